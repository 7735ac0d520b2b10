// Input that brings up many events: reading stops at the limit, goes on when they were taken, and ends in the same,
// however it is cut.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MAX_HELD_INPUT_BYTES, MAX_WAITING_EVENTS } from '../../../../src/protocol/rtmp/limits.ts';
import type { ServerEvent } from '../../../../src/protocol/rtmp/server/server-events.ts';
import { chunk, join } from '../../../support/chunk-wire.ts';
import { splitEvery } from '../../../support/splits.ts';
import { assertRefused, connected, describeEvent, publishing, type ServerBench } from './server-bench.ts';

/** One message, and then `count` - 1 further ones behind a header of one byte each; times go up by one ms. */
function flood(count: number, payload = BYTE): Uint8Array {
  const first = chunk({
    format: 0,
    chunkStreamId: 6,
    typeId: 9,
    messageStreamId: 1,
    timeMs: 1,
    payload,
  });
  const next = join([Uint8Array.of(0xc6), payload]);
  const rest = new Uint8Array(next.length * (count - 1)).map((_, index) => next[index % next.length] ?? 0);
  return join([first, rest]);
}

const BYTE = Uint8Array.of(7);
const COUNT = 5 * MAX_WAITING_EVENTS + 7;
const LINES = Array.from({ length: COUNT }, (_, index) => `video 1 @${index + 1} 07`);

/** What comes by one drain after the other, until nothing does. */
function drains({ session }: ServerBench): (readonly ServerEvent[])[] {
  const all: (readonly ServerEvent[])[] = [];
  for (let events = session.drainEvents(); events.length > 0; events = session.drainEvents())
    all.push(events);
  return all;
}

function linesOf(all: readonly (readonly ServerEvent[])[]): string[] {
  return all.flat().map(describeEvent);
}

describe('RtmpServerSession, where many events come up', () => {
  it('gives a bounded number of them a drain, all of them in order, and leaves nothing unread', () => {
    const bench = publishing();
    bench.session.receive(flood(COUNT), 0);
    const all = drains(bench);
    assert.deepEqual(
      all.map(({ length }) => length),
      [...new Array(5).fill(MAX_WAITING_EVENTS), 7],
    );
    assert.deepEqual(linesOf(all), LINES);
    bench.session.receive(Uint8Array.of(0xc6, 8), 0);
    assert.deepEqual(linesOf(drains(bench)), [`video 1 @${COUNT + 1} 08`]);
  });

  it('gives the same however the input is cut, drained after each piece or at the end', () => {
    const input = flood(COUNT);
    for (const pieceLengthBytes of [1, 2, 3, 1000, 2057, 4096]) {
      const often = publishing();
      const once = publishing();
      const seen: (readonly ServerEvent[])[] = [];
      for (const piece of splitEvery(input, pieceLengthBytes)) {
        often.session.receive(piece, 0);
        seen.push(...drains(often));
        once.session.receive(piece, 0);
      }
      assert.deepEqual(linesOf(seen), LINES, `pieces of ${pieceLengthBytes}`);
      const all = drains(once);
      assert.ok(all.every(({ length }) => length <= MAX_WAITING_EVENTS));
      assert.deepEqual(linesOf(all), LINES, `pieces of ${pieceLengthBytes}, drained once`);
    }
  });

  it('reads on before new bytes where the events were taken by one drain only', () => {
    const bench = publishing();
    bench.session.receive(flood(MAX_WAITING_EVENTS + 2), 0);
    const first = bench.session.drainEvents();
    bench.session.receive(Uint8Array.of(0xc6, 9), 0);
    const lines = linesOf([first, ...drains(bench)]);
    assert.deepEqual(lines, [
      ...LINES.slice(0, MAX_WAITING_EVENTS + 2),
      `video 1 @${MAX_WAITING_EVENTS + 3} 09`,
    ]);
  });

  it('stops at the limit behind a decision too, and for a decision among them', () => {
    const bench = connected({ decisions: 'left to the test' });
    const { client, session } = bench;
    const publish = client.onStream(1, 'publish', 'key');
    const play = client.onStream(2, 'play', 'key');
    session.receive(join([publish, flood(COUNT), play, client.onStream(3, 'play', 'other')]), 0);
    assert.equal(linesOf(drains(bench)).length, 1);
    session.acceptPublish();
    const all = drains(bench);
    assert.ok(all.every(({ length }) => length <= MAX_WAITING_EVENTS));
    assert.deepEqual(linesOf(all).slice(0, -1), LINES);
    assert.ok(session.isDecisionDue);
    session.acceptPlay();
    assert.match(linesOf(drains(bench)).join(), /^play 3 "other"/);
  });

  it('throws an error that is met while it goes on from the drain behind the events before it', () => {
    const bench = publishing();
    const broken = chunk({ format: 0, chunkStreamId: 6, typeId: 9, lengthBytes: 0xffffff });
    bench.session.receive(join([flood(MAX_WAITING_EVENTS + 1), broken]), 0);
    assert.equal(bench.session.drainEvents().length, MAX_WAITING_EVENTS);
    assert.equal(bench.session.drainEvents().length, 1);
    assert.equal(bench.session.state, 'closed');
    assertRefused('rtmp-message-too-large', () => bench.session.drainEvents());
    assert.deepEqual(bench.session.drainEvents(), []);
  });

  it('throws it at once where no event came before it, and no more once it was closed', () => {
    const broken = chunk({ format: 0, chunkStreamId: 6, typeId: 9, lengthBytes: 0xffffff });
    const bench = publishing();
    bench.session.receive(join([flood(MAX_WAITING_EVENTS), broken]), 0);
    bench.session.drainEvents();
    assertRefused('rtmp-message-too-large', () => bench.session.drainEvents());
    const closed = publishing();
    closed.session.receive(join([flood(MAX_WAITING_EVENTS + 1), broken]), 0);
    closed.session.drainEvents();
    closed.session.drainEvents();
    closed.session.close();
    assert.deepEqual(closed.session.drainEvents(), []);
  });

  it('takes more in one piece than it keeps behind a decision, and refuses more where nobody drains', () => {
    const bench = publishing();
    const count = MAX_HELD_INPUT_BYTES / 16;
    // Long enough to be no tiny chunks.
    bench.session.receive(flood(count, new Uint8Array(16)), 0);
    assert.equal(drains(bench).flat().length, count);
    bench.session.receive(flood(MAX_WAITING_EVENTS + 1), 0);
    assertRefused('rtmp-pending-input-exceeded', () =>
      bench.session.receive(new Uint8Array(MAX_HELD_INPUT_BYTES), 0),
    );
  });
});
