import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { TunnelSettings } from '../../../src/protocol/rtmpt/limits.ts';
import { Bench, shaken } from './session-bench.ts';

describe('TunnelSession, answering', () => {
  it('answers a send at once with the polling byte alone when nothing is pending', () => {
    const bench = new Bench();
    bench.ask('send', 'a', 'bytes');
    assert.deepEqual(bench.endpoint.received, ['bytes']);
    assert.deepEqual(bench.answers, ['a: 200 1']);
  });

  it('gives the answer to a send in the reply to that send', () => {
    const bench = new Bench();
    bench.endpoint.onReceive = () => bench.endpoint.queue('S0S1S2');
    bench.ask('send', 'a', 'C0C1');
    assert.deepEqual(bench.answers, ['a: 200 1 S0S1S2']);
  });

  it('gives media in the replies to idles alone: librtmp pipelines its sends, and loses what has a reply right behind it', () => {
    const bench = new Bench();
    bench.endpoint.onReceive = () => bench.endpoint.queue('Play.Start');
    bench.endpoint.queueMedia('headers');
    bench.endpoint.queueMedia('keyframe');
    bench.ask('send', 'play', 'play');
    bench.endpoint.onReceive = () => undefined;
    bench.ask('send', 'buffer', 'SetBufferLength');
    bench.ask('idle', 'idle');
    assert.deepEqual(bench.answers, [
      'play: 200 1 Play.Start',
      'buffer: 200 1',
      'idle: 200 1 headerskeyframe',
    ]);
  });

  it('discards the body of an idle and feeds no empty body', () => {
    const bench = new Bench();
    bench.ask('idle', 'a', '\x00');
    bench.ask('send', 'b', '');
    assert.deepEqual(bench.endpoint.received, []);
  });

  it('answers an idle at once with what is pending', () => {
    const bench = new Bench();
    bench.endpoint.queue('one');
    bench.endpoint.queue('two');
    bench.ask('idle', 'a');
    assert.deepEqual(bench.answers, ['a: 200 1 onetwo']);
  });

  it('does not judge sequence numbers', () => {
    const bench = new Bench();
    for (const sequenceNumber of [0, 0, 7, null, 3]) {
      bench.session.receive({ type: 'send', sequenceNumber, body: Buffer.from('x') }, 't', bench.nowMs);
    }
    assert.equal(bench.endpoint.received.length, 5);
    assert.equal(bench.answers.length, 5);
  });

  it('lets replies grow while they come back full, and shrink again', () => {
    const bench = new Bench();
    for (let count = 0; count < 40; count++) bench.endpoint.queue('m'.repeat(20_000));
    const lengths: number[] = [];
    for (let count = 0; count < 4; count++) {
      bench.ask('send', 't');
      lengths.push((bench.answers.at(-1)?.length ?? 0) - 't: 200 1 '.length);
    }
    assert.deepEqual(lengths, [60_000, 120_000, 260_000, 360_000]);
    for (let count = 0; count < 5; count++) {
      bench.endpoint.queue('small');
      bench.ask('send', 't');
    }
    assert.equal(bench.endpoint.takenCaps.at(-1), 65_536);
  });

  it('carries a message longer than the cap whole', () => {
    const bench = new Bench({ maxReplyBytes: 10 });
    bench.endpoint.queue('longer than ten');
    bench.endpoint.queue('next');
    bench.ask('idle', 'a');
    assert.deepEqual(bench.answers, ['a: 200 1 longer than ten']);
  });
});

describe('TunnelSession, holding an idle [tunnel point 6]', () => {
  const HOLDS: readonly (readonly [string, boolean, Partial<TunnelSettings>, number])[] = [
    ['500 ms once set up', true, {}, 500],
    ['100 ms before that', false, {}, 100],
    ['4 s at most', true, { idleHoldMs: 60_000 }, 4000],
    ['4 s at most before set-up', false, { setupHoldMs: 60_000 }, 4000],
  ];
  for (const [name, isSetUp, settings, holdMs] of HOLDS) {
    it(`holds for ${name}`, () => {
      const bench = shaken(settings);
      bench.endpoint.isSetUp = isSetUp;
      bench.ask('idle', 'a');
      assert.equal(bench.deadlineMs(), holdMs);
      bench.at(holdMs - 1);
      assert.deepEqual(bench.answers, []);
      bench.at(holdMs);
      assert.deepEqual(bench.answers, ['a: 200 1']);
    });
  }

  it('answers at once where the hold is 0', () => {
    const bench = shaken({ setupHoldMs: 0 });
    bench.ask('idle', 'a');
    assert.deepEqual(bench.answers, ['a: 200 1']);
  });

  it('lets a held idle go with the first bytes', () => {
    const bench = shaken();
    bench.ask('idle', 'a');
    bench.session.wake(bench.nowMs);
    assert.deepEqual(bench.answers, []);
    bench.endpoint.queue('media');
    bench.session.wake(bench.nowMs);
    bench.session.wake(bench.nowMs);
    assert.deepEqual(bench.answers, ['a: 200 1 media']);
  });

  it('answers a held idle first when a send comes, and the send with what it caused', () => {
    const bench = shaken();
    bench.endpoint.onReceive = (text) => bench.endpoint.queue(`re:${text}`);
    bench.ask('idle', 'a');
    bench.ask('send', 'b', 'play');
    assert.deepEqual(bench.answers, ['a: 200 1', 'b: 200 1 re:play']);
  });

  it('answers a held idle when the next idle comes, and holds that one', () => {
    const bench = shaken();
    bench.ask('idle', 'a');
    bench.ask('idle', 'b');
    assert.deepEqual(bench.answers, ['a: 200 1']);
    bench.at(100);
    assert.deepEqual(bench.answers, ['a: 200 1', 'b: 200 1']);
  });

  it('does not split an answer when the endpoint wakes it in the middle of a send', () => {
    const bench = shaken();
    bench.endpoint.onReceive = () => {
      bench.endpoint.queue('one');
      bench.session.wake(bench.nowMs);
      bench.endpoint.queue('two');
    };
    bench.ask('send', 'a', 'connect');
    assert.deepEqual(bench.answers, ['a: 200 1 onetwo']);
  });

  it('drops the held idle of a client that is gone, and keeps its bytes for the next request', () => {
    const bench = shaken();
    bench.ask('idle', 'a');
    bench.session.abort((token) => token === 'a');
    bench.endpoint.queue('media');
    bench.session.wake(bench.nowMs);
    assert.deepEqual(bench.answers, []);
    bench.ask('idle', 'b');
    assert.deepEqual(bench.answers, ['b: 200 1 media']);
  });
});
