import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ENTRY_BYTES, FIRST_SLAB_BYTES } from '../../src/streams/limits.ts';
import type { EntryRole } from '../../src/streams/log-entry.ts';
import { StreamLog } from '../../src/streams/stream-log.ts';
import {
  AUDIO_ENTRY,
  appendTo,
  filledLog,
  HEADER_BYTES,
  INTER,
  KEY,
  LIMITS,
  linesOf,
  SLAB_BYTES,
} from './log-rig.ts';
import { PAYLOAD } from './stream-rig.ts';

describe('StreamLog, what it holds', () => {
  it('drops what is past the limits by bytes', () => {
    const log = filledLog(2000, 5000, 1, { gopCacheBytes: 64 * 1024, lagBytes: 200_000 });
    assert.ok(log.endPosition - log.startPosition <= 200_000 + SLAB_BYTES);
    assert.ok(log.heldBytes <= 200_000 + 3 * SLAB_BYTES, `${log.heldBytes}`);
    assert.ok(log.lagPosition >= log.endPosition - 200_000);
    assert.ok(log.lagPosition <= log.endPosition - 200_000 + 5014);
  });

  it('drops what is past the limits by media time', () => {
    const log = filledLog(3000, 100, 40, { gopCacheMs: 1000, lagMs: 2000 });
    assert.equal(log.entryFrom(log.lagPosition)?.timestampMs, 3000 * 40 - 2000);
    assert.ok(log.heldBytes <= 5 * SLAB_BYTES, 'two slabs, their places, and a slab that is used again');
  });

  it('holds the newest group of pictures even where it is longer than the lag', () => {
    const log = filledLog(100, 10_000, 40, { gopCacheBytes: 2_000_000, lagBytes: 100_000 });
    assert.equal(log.startPosition, 0);
    assert.ok(log.lagPosition > 900_000 && log.lagPosition >= log.endPosition - 100_000);
    appendTo(log, KEY, 4040, PAYLOAD.key(101, 10_000));
    assert.ok(log.startPosition >= log.endPosition - 100_000 - SLAB_BYTES, 'and no longer than that');
  });

  it('takes no message for lag that is the newest, however long', () => {
    const log = filledLog(1, 300_000, 40, { gopCacheBytes: 64 * 1024, lagBytes: 64 * 1024 });
    assert.equal(log.entryFrom(log.lagPosition)?.timestampMs, 40);
    assert.equal(linesOf(log.read(log.lagPosition, 1).chunks).length, 1);
  });

  it('takes tracks that lie apart for what they are, and time that steps back too', () => {
    const log = new StreamLog(LIMITS);
    const audio: EntryRole = { kind: 'audio', sticky: null, isInterFrame: false, isHeader: false };
    for (let n = 0; n < 100; n++) {
      appendTo(log, audio, 90_000 + n * 40, PAYLOAD.audio(n));
      appendTo(log, n === 0 ? KEY : INTER, 100_000 + n * 40, PAYLOAD.inter(n));
    }
    assert.equal(log.lagPosition, 0, 'sound ten seconds behind the pictures is not lag');
    appendTo(log, INTER, 105_100, PAYLOAD.inter(100));
    // The pictures of 3.96 s and the step behind them, which counts for a second, and none of the sound.
    assert.equal(log.entryFrom(log.lagPosition)?.timestampMs, 100_000);
    appendTo(log, INTER, 105_200, PAYLOAD.inter(101));
    assert.equal(log.entryFrom(log.lagPosition)?.timestampMs, 100_080);
  });

  it('takes a jump ahead in time for a second', () => {
    const log = filledLog(10, 100, 40);
    for (let n = 1; n <= 4; n++) appendTo(log, INTER, 3_600_000 * n, PAYLOAD.inter(10 + n));
    assert.equal(log.lagPosition, 0);
    appendTo(log, INTER, 3_600_000 * 5, PAYLOAD.inter(15));
    assert.equal(log.entryFrom(log.lagPosition)?.timestampMs, 400);
  });

  it('measures lag across the wrap of time', () => {
    const log = new StreamLog(LIMITS);
    for (let n = 0; n < 200; n++) appendTo(log, AUDIO_ENTRY, (0xffff_f000 + n * 100) >>> 0, PAYLOAD.audio(n));
    assert.equal(log.entryFrom(log.lagPosition)?.timestampMs, (0xffff_f000 + 199 * 100 - 5000) >>> 0);
  });

  it('counts a fixed sum for each message, so that empty ones do not pile up', () => {
    const limits = { gopCacheBytes: 300_000, lagBytes: 300_000 };
    const log = filledLog(0, 20, 0, limits);
    const empty = new Uint8Array(0);
    for (let n = 0; n < 100_000; n++) appendTo(log, { ...INTER, isInterFrame: false }, 0, empty);
    const messageBytes = HEADER_BYTES + ENTRY_BYTES;
    const heldMessages = (log.endPosition - log.startPosition) / HEADER_BYTES;
    const slabMessages = SLAB_BYTES / HEADER_BYTES;
    assert.ok(heldMessages <= 300_000 / messageBytes + 2 * slabMessages, `${heldMessages}`);
    assert.equal(log.lagPosition, log.endPosition - Math.floor(300_000 / messageBytes) * HEADER_BYTES);
    assert.ok(log.heldBytes >= heldMessages * messageBytes, `${log.heldBytes}`);
    assert.equal(log.cachedEntryPoint, null);
  });

  it('begins with a small slab, and doubles it up to the full size', () => {
    const log = filledLog(0, 100, 0);
    assert.equal(log.heldBytes, FIRST_SLAB_BYTES + ENTRY_BYTES);
    const slabsBytes: number[] = [];
    for (let n = 1; n <= 200; n++) {
      appendTo(log, INTER, n, PAYLOAD.inter(n, 1000));
      const bytes = log.heldBytes - (n + 1) * ENTRY_BYTES;
      if (bytes !== slabsBytes.at(-1)) slabsBytes.push(bytes);
    }
    assert.deepEqual(
      slabsBytes.map((bytes) => bytes / 1024),
      [4, 12, 28, 60, 124, 188, 252],
    );
  });

  it('lets go of the range it shared when its slabs fall off', () => {
    const log = filledLog(1, 60_000, 1);
    const shared = log.read(0, 200_000);
    for (let n = 2; n < 40; n++) appendTo(log, INTER, n, PAYLOAD.inter(n, 60_000));
    assert.ok(log.startPosition > shared.nextPosition);
    assert.equal(linesOf(shared.chunks).length, 2, 'who took it can still send it');
    assert.notEqual(log.read(log.startPosition, 1).chunks, shared.chunks);
  });

  it('refuses the bytes of a message that it does not hold any more', () => {
    const log = filledLog(1, 60_000, 1);
    const entry = log.entryFrom(0);
    assert.ok(entry !== null);
    for (let n = 2; n < 40; n++) appendTo(log, INTER, n, PAYLOAD.inter(n, 60_000));
    assert.throws(() => log.bytesOf(entry), /position 0 is not held any more/);
  });
});
