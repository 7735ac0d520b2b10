import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FlvTagReader } from '../../bench/support/flv-tag-reader.ts';
import { everyTwoWaySplit } from '../support/splits.ts';

const HEADER = Buffer.from('464c5601010000000900000000', 'hex');

/** A tag with its size behind it; five bytes stand in front of the frame. */
function tag(typeId: number, frame: string): Buffer {
  const payload = Buffer.from(`\x17\x01\x00\x00\x00${frame}`, 'latin1');
  const head = Buffer.alloc(11);
  head[0] = typeId;
  head.writeUIntBE(payload.length, 1, 3);
  const size = Buffer.alloc(4);
  size.writeUInt32BE(head.length + payload.length);
  return Buffer.concat([head, payload, size]);
}

describe('FlvTagReader', () => {
  it('gives each tag once it is whole, whichever way the stream is split', () => {
    const stream = Buffer.concat([HEADER, tag(9, 'one'), tag(8, ''), tag(9, 'three')]);
    for (const pieces of everyTwoWaySplit(stream)) {
      const reader = new FlvTagReader();
      const tags = pieces.flatMap((piece) => reader.receive(Buffer.from(piece)));
      assert.deepEqual(
        tags.map(({ typeId, frame }) => [typeId, frame.toString('latin1')]),
        [
          [9, 'one'],
          [8, ''],
          [9, 'three'],
        ],
      );
    }
  });

  it('refuses what is no FLV', () => {
    assert.throws(() => new FlvTagReader().receive(Buffer.from('not a video at all')), /expected FLV/);
  });
});
