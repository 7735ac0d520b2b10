// What is kept for late joiners, as it counts in what a stream holds.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  ENTRY_BYTES,
  MAX_SLAB_PLACES_BYTES,
  STICKY_BYTES,
  STICKY_REFERENCE_BYTES,
} from '../../src/streams/limits.ts';
import { StickySet } from '../../src/streams/sticky.ts';
import { StreamLog } from '../../src/streams/stream-log.ts';
import { AUDIO_ENTRY, appendTo, HEADER_BYTES, LIMITS } from './log-rig.ts';
import { PAYLOAD, StreamRig } from './stream-rig.ts';

describe('LiveStream, what is kept for late joiners', () => {
  it('counts in what is held, where it changes from one place to begin to the next', () => {
    const rig = new StreamRig();
    rig.stream.beginPublish();
    const header = (number: number) => rig.stream.publishVideo(0, PAYLOAD.videoHeader(number));
    const headerBytes = PAYLOAD.videoHeader(1).length;
    const heldBytesOf = (work: () => void) => {
      const before = rig.stream.stats.heldBytes;
      work();
      return rig.stream.stats.heldBytes - before;
    };
    header(1);
    rig.audioHeader(0, 1);
    const listBytes = 2 * STICKY_REFERENCE_BYTES;
    const firstBytes = listBytes + 2 * STICKY_BYTES + headerBytes + PAYLOAD.audioHeader(1).length;
    assert.equal(
      heldBytesOf(() => rig.key(0, 1)),
      ENTRY_BYTES + firstBytes,
    );
    for (const again of [() => rig.key(0, 2), () => header(1), () => rig.key(0, 3)]) {
      assert.equal(heldBytesOf(again), ENTRY_BYTES, 'the same headers again');
    }
    assert.equal(
      heldBytesOf(() => header(2)),
      ENTRY_BYTES,
    );
    const changedBytes = listBytes + STICKY_BYTES + headerBytes;
    assert.equal(
      heldBytesOf(() => rig.key(0, 4)),
      ENTRY_BYTES + changedBytes,
    );
  });

  it('counts for lag, so that headers that change all the time do not pile up', () => {
    const log = new StreamLog({ ...LIMITS, lagBytes: 512 * 1024, gopCacheBytes: 512 * 1024 });
    const set = new StickySet();
    const header = (value: number) => ({
      ...{ typeId: 8, chunkStreamId: 4, messageStreamId: 1, timestampMs: 0 },
      payload: Uint8Array.of(0x90, 0x61, 0x63, 0x2d, 0x33, value & 255, value >> 8),
    });
    for (let n = 0; n < 20_000; n++) {
      set.put(`key ${n % 64}`, header(n));
      appendTo(log, { ...AUDIO_ENTRY, sticky: set.messages }, 0, new Uint8Array(0));
    }
    // Each place holds a list of 64 headers, one of them new.
    const placeBytes = HEADER_BYTES + ENTRY_BYTES + 64 * STICKY_REFERENCE_BYTES + STICKY_BYTES + 7;
    const places = (log.endPosition - log.startPosition) / HEADER_BYTES;
    assert.ok(places >= Math.floor((512 * 1024) / placeBytes), `${places}`);
    assert.ok(places <= (512 * 1024 + MAX_SLAB_PLACES_BYTES) / placeBytes + 2, `${places}`);
    assert.ok(log.heldBytes >= places * (placeBytes - HEADER_BYTES), `${log.heldBytes}`);
  });
});
