// The client session as a publisher that is refused, or that ends.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { serverCommand, serverStatus } from '../../../support/client-wire.ts';
import { ClientHarness, names } from './client-harness.ts';

const ERROR = { level: 'error', code: 'NetStream.Publish.BadName', description: 'in use' };
const CREATED = serverCommand(0, '_result', 4, null, 1);

describe('ClientSession, refused to publish', () => {
  for (const code of ['BadName', 'Denied', 'Rejected', 'Unauthorized']) {
    for (const level of ['error', 'status']) {
      it(`tells of NetStream.Publish.${code} at level ${level}, and gives the stream back`, () => {
        const harness = new ClientHarness().connect();
        harness.session.publish('cam');
        harness.receive(CREATED);
        harness.messages();
        const [event, ...more] = harness.receive(serverStatus(1, `NetStream.Publish.${code}`, level));
        assert.ok(event?.type === 'publish-rejected');
        assert.equal(event.status.description, `said NetStream.Publish.${code}`);
        assert.deepEqual(more, []);
        assert.deepEqual(harness.said(), [[0, 'deleteStream', 6, null, 1]]);
        assert.equal(harness.session.nextDeadlineMs(), null);
      });
    }
  }

  it('takes any status of level error, and an _error to publish, for a refusal', () => {
    for (const answer of [
      serverStatus(1, 'Custom.Error', 'error'),
      serverCommand(1, '_error', 5, null, ERROR),
    ]) {
      const harness = new ClientHarness().connect();
      harness.session.publish('cam');
      assert.equal(harness.receive(CREATED, answer)[0]?.type, 'publish-rejected');
    }
  });

  it('takes an _error to createStream for a refusal, with nothing to give back', () => {
    const harness = new ClientHarness().connect();
    harness.session.publish('cam');
    harness.messages();
    assert.deepEqual(names(harness.receive(serverCommand(0, '_error', 4, null, ERROR))), [
      'publish-rejected NetStream.Publish.BadName',
    ]);
    assert.deepEqual(harness.said(), []);
  });

  it('may publish again afterwards', () => {
    const harness = new ClientHarness().connect();
    harness.session.publish('cam');
    harness.receive(CREATED, serverStatus(1, 'NetStream.Publish.BadName', 'error'));
    harness.messages();
    harness.session.publish('cam2');
    assert.deepEqual(
      harness.said().map((said) => said[1]),
      ['releaseStream', 'FCPublish', 'createStream'],
    );
    harness.receive(serverCommand(0, '_result', 9, null, 2));
    assert.deepEqual(harness.said(), [[2, 'publish', 10, null, 'cam2', 'live']]);
    assert.deepEqual(names(harness.receive(serverStatus(1, 'NetStream.Publish.Start'))), [
      'status NetStream.Publish.Start',
    ]);
    assert.deepEqual(names(harness.receive(serverStatus(2, 'NetStream.Publish.Start'))), [
      'publish-started NetStream.Publish.Start',
    ]);
  });

  for (const id of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 32, 'one', null, undefined]) {
    it(`ends where createStream is answered with ${String(id)} as an id`, () => {
      const harness = new ClientHarness().connect();
      harness.session.publish('cam');
      assert.throws(() => harness.receive(serverCommand(0, '_result', 4, null, id)), {
        name: 'RtmpError',
        code: 'rtmp-command-malformed',
      });
      assert.deepEqual(names(harness.session.drainEvents()), ['closed']);
    });
  }

  it('takes the highest message stream id', () => {
    const harness = new ClientHarness().connect();
    harness.session.publish('cam');
    harness.messages();
    harness.receive(serverCommand(0, '_result', 4, null, 2 ** 32 - 1));
    assert.equal(harness.said()[0]?.[0], 2 ** 32 - 1);
  });
});

describe('ClientSession, publishing ends', () => {
  it('says FCUnpublish and deleteStream when the stream is closed', () => {
    const harness = new ClientHarness().publish('cam?tok=1');
    harness.session.closeStream();
    assert.deepEqual(harness.said(), [
      [0, 'FCUnpublish', 6, null, 'cam?tok=1'],
      [0, 'deleteStream', 7, null, 1],
    ]);
    assert.equal(harness.session.sendVideo(0, new Uint8Array(1)), false);
    assert.deepEqual(names(harness.receive(serverStatus(1, 'NetStream.Unpublish.Success'))), [
      'status NetStream.Unpublish.Success',
    ]);
    harness.session.closeStream();
    assert.deepEqual(harness.said(), []);
  });

  it('says the same when the session is closed, and nothing twice', () => {
    const harness = new ClientHarness().publish();
    harness.session.sendVideo(5, Uint8Array.of(1));
    harness.session.close({ code: 'done', message: 'enough' });
    assert.deepEqual(names(harness.session.drainEvents()), ['closed']);
    assert.deepEqual(
      harness.said().map((said) => said[1]),
      ['01', 'FCUnpublish', 'deleteStream'],
    );
  });

  for (const code of ['NetStream.Unpublish.Success', 'NetStream.Publish.BadName', 'NetStream.Failed']) {
    it(`tells that publishing stopped on ${code}, and sends nothing more`, () => {
      const harness = new ClientHarness().publish();
      assert.deepEqual(names(harness.receive(serverStatus(1, code))), [`publish-stopped ${code}`]);
      assert.equal(harness.session.isPublishing, false);
      assert.equal(harness.session.sendVideo(0, new Uint8Array(1)), false);
      assert.deepEqual(names(harness.receive(serverStatus(1, code))), [`status ${code}`]);
      harness.session.closeStream();
      assert.deepEqual(
        harness.said().map((said) => said[1]),
        ['FCUnpublish', 'deleteStream'],
      );
    });
  }

  it('goes on where a status tells of something else', () => {
    const harness = new ClientHarness().publish();
    const events = harness.receive(
      serverStatus(1, 'NetStream.Record.Start'),
      serverStatus(1, 'NetStream.Record.Failed', 'error'),
      serverStatus(0, 'NetConnection.Connect.AppShutdown', 'error'),
      serverStatus(1, 'NetStream.Publish.Start'),
    );
    assert.deepEqual(names(events), [
      'status NetStream.Record.Start',
      'status NetStream.Record.Failed',
      'status NetConnection.Connect.AppShutdown',
      'status NetStream.Publish.Start',
    ]);
    assert.equal(harness.session.isPublishing, true);
  });

  it('gives a stream back as soon as it is created where it was closed before', () => {
    const harness = new ClientHarness().connect();
    harness.session.publish('cam');
    harness.session.closeStream();
    harness.session.publish('cam2');
    assert.deepEqual(
      harness.said().map((said) => said.slice(1, 3)),
      [
        ['releaseStream', 2],
        ['FCPublish', 3],
        ['createStream', 4],
        ['FCUnpublish', 5],
        ['releaseStream', 6],
        ['FCPublish', 7],
        ['createStream', 8],
      ],
    );
    assert.deepEqual(harness.receive(CREATED), []);
    assert.deepEqual(harness.said(), [[0, 'deleteStream', 9, null, 1]]);
    assert.deepEqual(harness.receive(CREATED), []);
    assert.deepEqual(harness.said(), []);
    harness.receive(serverCommand(0, '_result', 8, null, 2));
    assert.deepEqual(harness.said(), [[2, 'publish', 10, null, 'cam2', 'live']]);
  });

  it('remembers no more than 16 such streams', () => {
    const harness = new ClientHarness().connect();
    for (let i = 0; i < 17; i++) {
      harness.session.publish('cam');
      harness.session.closeStream();
    }
    const created = harness.said().filter((said) => said[1] === 'createStream');
    const ids = created.map((said) => Number(said[2]));
    assert.equal(ids.length, 17);
    for (const [index, id] of ids.entries())
      harness.receive(serverCommand(0, '_result', id, null, index + 1));
    assert.deepEqual(
      harness.said().map((said) => said[4]),
      Array.from({ length: 16 }, (_, index) => index + 2),
    );
  });

  it('ends when createStream or publish is not answered in time', () => {
    for (const [answer, command] of [
      [null, 'createStream'],
      [CREATED, 'publish'],
    ] as const) {
      const harness = new ClientHarness({ commandTimeoutMs: 200 }).connect();
      harness.session.publish('cam');
      harness.session.tick(1000);
      if (answer !== null) harness.receive(answer);
      harness.session.tick(1100);
      const deadlineMs = answer === null ? 1200 : 1300;
      assert.equal(harness.session.nextDeadlineMs(), deadlineMs);
      harness.session.tick(deadlineMs - 1);
      assert.throws(() => harness.session.tick(deadlineMs), {
        code: 'rtmp-peer-silent',
        message: `expected an answer to ${command} within 200 ms, got none`,
      });
      assert.deepEqual(names(harness.session.drainEvents()), ['closed']);
    }
  });

  it('has no deadline once publishing', () => {
    const harness = new ClientHarness().publish();
    assert.equal(harness.session.nextDeadlineMs(), null);
    harness.session.tick(1e9);
    assert.equal(harness.session.isPublishing, true);
  });
});
