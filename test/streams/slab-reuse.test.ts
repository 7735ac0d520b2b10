// The memory of a log's slabs: one that nobody has a view of becomes another's, and what somebody has a view of stays as
// it is.

import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { Slab } from '../../src/streams/slab.ts';
import { StreamLog } from '../../src/streams/stream-log.ts';
import { appendTo, INTER, KEY, LIMITS, linesOf, SLAB_BYTES } from './log-rig.ts';
import { PAYLOAD } from './stream-rig.ts';

const FRAME_BYTES = 10_000;
/** Enough that all slabs from there on have the full length. */
const WARM_UP_FRAMES = 60;

/** Ways to see a message that begins at a position and is the log's last. */
const READS: Readonly<Record<string, (log: StreamLog, position: number) => readonly Uint8Array[]>> = {
  'a range': (log, position) => log.read(position, SLAB_BYTES).chunks,
  'a range as one': (log, position) => log.readAsOne(position, SLAB_BYTES).chunks,
  'one message': (log, position) => {
    const entry = log.entryFrom(position);
    return entry === null ? [] : [log.bytesOf(entry)];
  },
};

/** A log that keeps little, of long frames, with slabs of the full length at its end. */
function warmLog(): StreamLog {
  const log = new StreamLog({ ...LIMITS, gopCacheBytes: 0, gopCacheMs: 0, lagBytes: 100_000 });
  appendTo(log, KEY, 0, PAYLOAD.key(0, FRAME_BYTES));
  appendFrames(log, 1, WARM_UP_FRAMES);
  return log;
}

function appendFrames(log: StreamLog, first: number, count: number): void {
  for (let n = first; n < first + count; n++) appendTo(log, INTER, n * 40, PAYLOAD.inter(n, FRAME_BYTES));
}

/** How many buffers of a slab's length are made from here on. */
function countSlabs(t: TestContext): () => number {
  const { mock } = t.mock.method(Buffer, 'allocUnsafeSlow');
  return () => mock.calls.filter((call) => call.arguments[0] === SLAB_BYTES).length;
}

describe('StreamLog, memory of its slabs', () => {
  for (const [name, read] of Object.entries(READS)) {
    it(`writes nothing into what was seen as ${name}, however far it runs on`, () => {
      const log = warmLog();
      const seen: { readonly view: Uint8Array; readonly copy: Buffer }[] = [];
      for (let n = 0; n < 200; n++) {
        const position = log.endPosition;
        appendFrames(log, WARM_UP_FRAMES + 1 + n, 1);
        // Of each slab something is seen, and of none all.
        if (n % 3 === 0) seen.push(...read(log, position).map((view) => ({ view, copy: Buffer.from(view) })));
      }
      assert.equal(seen.length, 67);
      for (const { view, copy } of seen) assert.ok(copy.equals(view));
    });
  }

  it('makes no buffer for a slab where nobody reads, once it has as many as it needs', (t) => {
    const log = warmLog();
    const madeSlabs = countSlabs(t);
    appendFrames(log, WARM_UP_FRAMES + 1, 200);
    assert.equal(madeSlabs(), 0);
    const position = log.endPosition;
    appendFrames(log, WARM_UP_FRAMES + 201, 1);
    const last = WARM_UP_FRAMES + 201;
    assert.deepEqual(linesOf(log.read(position, SLAB_BYTES).chunks), [`inter ${last} @${last * 40}`]);
  });

  it('makes one for each slab of which something was seen, and none again behind it', (t) => {
    const log = warmLog();
    const madeSlabs = countSlabs(t);
    log.read(log.lagPosition, 1);
    appendFrames(log, WARM_UP_FRAMES + 1, 200);
    assert.equal(madeSlabs(), 1);
  });

  it('keeps no memory for slabs that will not come, once the publish is over', () => {
    const log = warmLog();
    const heldBytes = log.heldBytes;
    log.end();
    assert.equal(log.heldBytes, heldBytes - SLAB_BYTES);
  });
});

describe('Slab', () => {
  it('gives its memory away until somebody has a view of it', () => {
    const bytes = new Uint8Array(SLAB_BYTES);
    const slab = new Slab(0, bytes);
    assert.ok(slab.unreadBytes === bytes);
    slab.bytesBetween(0, 1);
    assert.ok(slab.unreadBytes === null);
  });

  it('gives none away of another length than the usual one', () => {
    for (const lengthBytes of [SLAB_BYTES - 1, SLAB_BYTES + 1]) {
      assert.ok(new Slab(0, new Uint8Array(lengthBytes)).unreadBytes === null);
    }
  });
});
