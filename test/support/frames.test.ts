// The checker of received streams is checked: a copy of a stream passes, and each way to spoil one is found.

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { type FlvTag, readFlvFile } from './flv-file.ts';
import { assertReceived, type ReceivedOptions } from './frames.ts';
import { mediaFile } from './media.ts';
import { newFilePath, Scope } from './programs.ts';

const TAG_HEADER_BYTES = 11;
const AFTER_TAG_BYTES = 4;

describe('assertReceived', () => {
  const scope = new Scope();
  let sourcePath = '';
  let head: Buffer;
  let pieces: Buffer[] = [];
  let tags: readonly FlvTag[] = [];

  before(async () => {
    sourcePath = await mediaFile(scope, 'h264-aac', 3);
    tags = readFlvFile(sourcePath).tags;
    const bytes = readFileSync(sourcePath);
    head = bytes.subarray(0, tags[0]?.offsetBytes);
    pieces = tags.map((tag) => {
      const bodyBytes = bytes.readUIntBE(tag.offsetBytes + 1, 3);
      return bytes.subarray(
        tag.offsetBytes,
        tag.offsetBytes + TAG_HEADER_BYTES + bodyBytes + AFTER_TAG_BYTES,
      );
    });
  });
  after(() => scope.close());

  function check(spoilt: readonly Buffer[], options: ReceivedOptions = { fromStart: true }): void {
    const path = newFilePath('spoilt.flv');
    writeFileSync(path, Buffer.concat([head, ...spoilt]));
    assertReceived(sourcePath, path, options);
  }

  /** Index of the `nth` frame of a type. */
  function frameIndex(type: 'audio' | 'video', nth: number): number {
    const indices = [...tags.keys()].filter(
      (index) => tags[index]?.type === type && tags[index]?.role === 'frame',
    );
    return indices[nth] ?? -1;
  }

  function changed(index: number, change: (tag: Buffer) => void): Buffer[] {
    return pieces.map((piece, at) => {
      if (at !== index) return piece;
      const copy = Buffer.from(piece);
      change(copy);
      return copy;
    });
  }

  it('knows the number of frames that the source was made with', () => {
    const frames = tags.filter((tag) => tag.role === 'frame' && tag.type === 'video');
    assert.equal(frames.length, 90);
    assert.equal(frames.filter((tag) => tag.isKeyframe).length, 3);
    assert.ok(frames.some((tag) => tag.compositionTimeMs > 67));
    const hashes = new Set(tags.filter((tag) => tag.role === 'frame').map((tag) => tag.payloadHash));
    assert.equal(hashes.size, tags.filter((tag) => tag.role === 'frame').length);
  });

  it('accepts a copy, one whose times are all shifted alike, and one that begins with a later keyframe', () => {
    check(pieces);
    const shifted = pieces.map((piece) => {
      const copy = Buffer.from(piece);
      copy.writeUIntBE(copy.readUIntBE(4, 3) + 5000, 4, 3);
      return copy;
    });
    check(shifted);
    const headers = pieces.slice(0, 3);
    check([...headers, ...pieces.slice(frameIndex('video', 30))], {});
  });

  for (const type of ['audio', 'video'] as const) {
    it(`finds a frame of ${type} that is lost, doubled or displaced`, () => {
      const index = frameIndex(type, 40);
      const other = frameIndex(type, 43);
      const piece = pieces[index] ?? Buffer.alloc(0);
      assert.throws(() => check(pieces.filter((_, at) => at !== index)), /were lost or come later/);
      assert.throws(() => check(pieces.toSpliced(index, 0, piece)), /has come before/);
      assert.throws(
        () => check(pieces.toSpliced(index, 1).toSpliced(other, 0, piece)),
        /were lost or come later/,
      );
    });

    it(`finds a changed byte, and a time off by one millisecond, in one frame of ${type}`, () => {
      const index = frameIndex(type, 40);
      const spoil = (tag: Buffer): unknown => tag.writeUInt8(tag.readUInt8(20) ^ 1, 20);
      assert.throws(() => check(changed(index, spoil)), /those of no frame of the source/);
      const delay = (tag: Buffer): unknown => tag.writeUIntBE(tag.readUIntBE(4, 3) + 1, 4, 3);
      assert.throws(() => check(changed(index, delay)), /time off by 1 ms/);
    });

    it(`finds that the sequence header of ${type} is missing, late or another one`, () => {
      const index = tags.findIndex((tag) => tag.type === type && tag.role === 'sequence-header');
      const piece = pieces[index] ?? Buffer.alloc(0);
      assert.throws(() => check(pieces.toSpliced(index, 1)), /no \w+ sequence header/);
      assert.throws(() => check([...pieces.toSpliced(index, 1), piece]), /comes after the first/);
      const spoil = (tag: Buffer): unknown =>
        tag.writeUInt8(tag.readUInt8(tag.length - 5) ^ 1, tag.length - 5);
      assert.throws(() => check(changed(index, spoil)), /sequence header differs/);
    });
  }

  it('finds frames that are missing at the end, beyond those that it forgives', () => {
    const short = pieces.slice(0, -6);
    assert.throws(() => check(short), /missing at the end/);
    assert.throws(() => check(short, { fromStart: true, tailFrames: 3 }), /missing at the end/);
    check(short, { fromStart: true, tailFrames: 6 });
  });

  it('finds a start that is late, a stream that begins in the middle, and one that is short', () => {
    const headers = pieces.slice(0, 3);
    assert.throws(() => check([...headers, ...pieces.slice(frameIndex('video', 30))]), /were not received/);
    assert.throws(() => check([...headers, ...pieces.slice(frameIndex('video', 20))], {}), /is no keyframe/);
    assert.throws(() => check(pieces, { minDurationMs: 3500 }), /only \d+ ms/);
    assert.throws(() => check(headers, {}), /no keyframe was received/);
  });
});
