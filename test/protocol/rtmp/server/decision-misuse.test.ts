// Decisions that are not due, come too late, or bring up what is wrong behind them.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  assertOurBug,
  assertRefused,
  CONNECT_REPLIES,
  greeted,
  playing,
  publishing,
} from './server-bench.ts';

describe('RtmpServerSession, decided wrongly', () => {
  it('closes on what is wrong behind a decision, in the hands of who decides', () => {
    const bench = greeted({ decisions: 'left to the test' });
    bench.receiveAtOnce(bench.client.connect('live'), bench.client.connect('live'));
    assertRefused('rtmp-connect-repeated', () => bench.session.acceptConnect());
    assert.equal(bench.session.state, 'closed');
    assert.deepEqual(bench.replies(), CONNECT_REPLIES);
  });

  it('takes decisions that are not due for a bug of ours, and goes on', () => {
    const bench = greeted({ decisions: 'left to the test' });
    const { client, session } = bench;
    const decisions = {
      acceptConnect: () => session.acceptConnect(),
      rejectConnect: () => session.rejectConnect('NetConnection.Connect.Rejected', ''),
      acceptPublish: () => session.acceptPublish(),
      rejectPublish: () => session.rejectPublish('NetStream.Publish.BadName', ''),
      acceptPlay: () => session.acceptPlay(),
      rejectPlay: () => session.rejectPlay('NetStream.Play.Failed', ''),
    };
    const assertOnly = (...due: readonly (keyof typeof decisions)[]) => {
      const { state } = session;
      for (const [name, decide] of Object.entries(decisions)) {
        if (!due.some((each) => each === name)) assertOurBug(decide);
      }
      assert.equal(session.state, state);
      assert.equal(session.isDecisionDue, due.length > 0);
    };
    assertOnly();
    bench.receive(client.connect('live'));
    assertOnly('acceptConnect', 'rejectConnect');
    session.acceptConnect();
    assertOnly();
    bench.receive(client.call('createStream', 2), client.onStream(1, 'publish', 'key'));
    assertOnly('acceptPublish', 'rejectPublish');
    session.acceptPublish();
    assertOnly();
    bench.receive(client.onStream(2, 'play', 'key'));
    assertOnly('acceptPlay', 'rejectPlay');
    session.acceptPlay();
    assertOnly();
    session.close();
    assertOnly();
  });

  it('takes a decision after the end for a bug of ours, and says nothing more', () => {
    for (const bench of [publishing({ decisions: 'left to the test' }), playing()]) {
      bench.session.close();
      bench.session.publishEnded(1);
      bench.session.publishStarted(1);
      bench.session.endStreams('over');
      assert.deepEqual(bench.replies(), []);
      assertOurBug(() => bench.session.acceptPublish());
      assert.equal(bench.session.state, 'closed');
    }
  });
});
