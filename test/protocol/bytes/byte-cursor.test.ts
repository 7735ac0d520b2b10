import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import '../../support/property-sizes.ts';
import { ByteCursor } from '../../../src/protocol/bytes/byte-cursor.ts';
import { BytesError } from '../../../src/protocol/bytes/bytes-error.ts';
import { ProtocolError } from '../../../src/protocol/bytes/protocol-error.ts';
import { bytesOf } from '../../support/vectors.ts';

describe('ByteCursor', () => {
  it('reads each width from where it stands, most significant byte first', () => {
    const cursor = new ByteCursor(bytesOf('ff 0102 030405 f6070809 fffe c004000000000000'));
    assert.equal(cursor.readU8(), 0xff);
    assert.equal(cursor.readU16(), 0x0102);
    assert.equal(cursor.readU24(), 0x030405);
    assert.equal(cursor.readU32(), 0xf6070809);
    assert.equal(cursor.readI16(), -2);
    assert.equal(cursor.readF64(), -2.5);
    assert.equal(cursor.remainingBytes, 0);
  });

  it('reads 24 bits with the top one set as a positive number', () => {
    assert.equal(new ByteCursor(bytesOf('fffffe')).readU24(), 0xfffffe);
  });

  it('begins at the view it was given, not at the buffer behind it', () => {
    const cursor = new ByteCursor(bytesOf('aabbccdd').subarray(1, 3));
    assert.equal(cursor.readU16(), 0xbbcc);
    assert.equal(cursor.remainingBytes, 0);
  });

  it('gives bytes as a view and skips', () => {
    const bytes = bytesOf('0102030405');
    const cursor = new ByteCursor(bytes);
    cursor.skip(1);
    const view = cursor.readBytes(2);
    assert.deepEqual(view, bytesOf('0203'));
    assert.equal(view.buffer, bytes.buffer);
    assert.equal(cursor.offset, 3);
  });

  it('says what was wanted, where, and what was left', () => {
    const cursor = new ByteCursor(bytesOf('01020304'));
    cursor.skip(2);
    assert.throws(
      () => cursor.readU32(),
      (error) =>
        error instanceof BytesError &&
        error instanceof ProtocolError &&
        error.code === 'bytes-truncated' &&
        error.message === 'expected 4 bytes at offset 2, got 2',
    );
  });

  it('stays where it was after a refused read', () => {
    const cursor = new ByteCursor(bytesOf('0102'));
    assert.throws(() => cursor.readF64(), BytesError);
    assert.equal(cursor.readU16(), 0x0102);
  });

  it('refuses every read past the end', () => {
    const reads: ((cursor: ByteCursor) => unknown)[] = [
      (cursor) => cursor.readU8(),
      (cursor) => cursor.readU16(),
      (cursor) => cursor.readU24(),
      (cursor) => cursor.readU32(),
      (cursor) => cursor.readI16(),
      (cursor) => cursor.readF64(),
      (cursor) => cursor.readBytes(1),
      (cursor) => cursor.readUtf8(0xffff_ffff),
      (cursor) => cursor.skip(1),
    ];
    for (const read of reads) assert.throws(() => read(new ByteCursor(new Uint8Array(0))), BytesError);
  });

  it('reads short and long texts alike, ASCII or not', () => {
    const utf8 = new TextEncoder();
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 120 }), (text) => {
        const bytes = utf8.encode(text);
        assert.equal(new ByteCursor(bytes).readUtf8(bytes.length), text);
      }),
    );
  });

  it('replaces what is no UTF-8 and keeps a byte order mark', () => {
    assert.equal(new ByteCursor(bytesOf('61fffe62')).readUtf8(4), 'a\ufffd\ufffdb');
    assert.equal(new ByteCursor(bytesOf('efbbbf61')).readUtf8(4), '\ufeffa');
  });
});
