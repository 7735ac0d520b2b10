// Numbers of commands that are no sensible ids and times: NaN, infinite, negative, with a fraction, too large. None of
// them is more than a number to us: not an index, not a time to wait, not a size.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { connected, PLAY_REPLIES, playing, publishing, type ServerBench } from './server-bench.ts';

const ODD: readonly number[] = [
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  -1,
  -0,
  0.5,
  -2.5,
  2 ** 31,
  2 ** 32,
  2 ** 53,
  1e308,
  5e-324,
];

/** The session goes on: it makes a NetStream as ever. */
function assertLives(bench: ServerBench, id: number): void {
  bench.forget().receive(bench.client.call('createStream', 9));
  assert.deepEqual(bench.replies(), [`0 _result 9 null ${id}`]);
  const deadlineMs = bench.session.nextDeadlineMs();
  assert.ok(Number.isFinite(deadlineMs) && deadlineMs > 0, String(deadlineMs));
}

describe('RtmpServerSession, given odd numbers', () => {
  for (const value of ODD) {
    const shown = Object.is(value, -0) ? '-0' : String(value);

    it(`answers a call of transaction ${shown}, or takes it for one without [item 52]`, () => {
      const bench = connected();
      const { client } = bench;
      for (const name of ['getStreamLength', 'unheardOf']) bench.receive(client.call(name, value, 'key'));
      const isUsed = Number.isFinite(value) && value > 0;
      assert.deepEqual(
        bench.replies().map((line) => line.split(' ').slice(0, 3).join(' ')),
        isUsed ? [`0 _result ${value}`, `0 _error ${value}`] : [],
      );
      bench.receive(client.call('createStream', value));
      assert.match(bench.replies().join(), / null 1$/);
      assertLives(bench, 2);
    });

    it(`deletes nothing that is called ${shown} [item 52]`, () => {
      const bench = publishing();
      bench.receive(bench.client.call('deleteStream', 3, value), bench.client.call('closeStream', 4, value));
      bench.receive(bench.client.audio(1, 0, Uint8Array.of(0xaf)));
      assert.deepEqual(bench.events(), ['audio 1 @0 af']);
      assertLives(bench, 2);
    });

    it(`plays where start, duration and reset are ${shown} [item 52]`, () => {
      const bench = connected();
      bench.receive(bench.client.onStream(1, 'play', 'key', value, value, value));
      const [event, ...others] = bench.takeEvents();
      assert.deepEqual(others, []);
      assert.ok(event?.type === 'play');
      const { startMs } = event;
      assert.ok(startMs === null || (Number.isFinite(startMs) && startMs >= 0), String(startMs));
      assert.deepEqual(
        bench.replies(),
        PLAY_REPLIES.filter((line) => event.isReset || !line.endsWith('Reset')),
      );
      assertLives(bench, 2);
    });

    it(`pauses, resumes, seeks and chooses pictures with ${shown} [item 52]`, () => {
      const bench = playing();
      const { client } = bench;
      bench.receive(client.onStream(1, 'pause', true, value), client.onStream(1, 'pause', false, value));
      assert.deepEqual(bench.replies(), [
        '1 onStatus status NetStream.Pause.Notify',
        'begin 1',
        '1 onStatus status NetStream.Unpause.Notify',
      ]);
      for (const name of ['seek', 'receiveVideo', 'receiveAudio', 'pauseRaw']) {
        bench.receive(client.onStream(1, name, value, value));
      }
      assertLives(bench, 2);
    });

    it(`publishes where the kind of publish is ${shown} [item 52]`, () => {
      const bench = connected();
      bench.receive(bench.client.onStream(1, 'publish', 'key', value));
      assert.deepEqual(bench.events(), ['publish 1 "key" query "" live']);
      assertLives(bench, 2);
    });
  }

  it('publishes and plays on the ids that are none, and says so on them [item 52] [item 65]', () => {
    const bench = connected();
    const { client } = bench;
    for (const id of [0, 0x7fffffff, 0x80000000, 0xffffffff]) {
      bench.receive(client.onStream(id, 'publish', 'key'), client.onStream(id, 'play', 'key'));
      bench.receive(client.onStream(id, 'seek', 1), client.onStream(id, 'closeStream'));
      const failed = `${id} onStatus error NetStream.Failed`;
      assert.deepEqual(bench.replies(), [failed, failed]);
    }
    assert.deepEqual(bench.events(), []);
    assertLives(bench, 1);
  });
});
