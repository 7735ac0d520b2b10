// FLV files and tags, and the headers of audio and video in them, legacy and Enhanced RTMP.

import assert from 'node:assert/strict';
import {
  FLV_TAG_HEADER_BYTES,
  parseFlvFileHeader,
  parseFlvTag,
  serializeFlvTag,
} from '../../src/protocol/flv/flv-tag-codec.ts';
import { readAudioHeader, readVideoHeader } from '../../src/protocol/flv/media-header.ts';
import { vectorsFromTextOf, vectorsOf } from '../../test/support/vectors.ts';
import { type FuzzTarget, hexOf, outcomeOf } from '../support/fuzz-target.ts';

function headerWord(payload: Uint8Array): string {
  const words = [readAudioHeader(payload), readVideoHeader(payload)].map((header) => {
    const { kind, codec, trackId, bodyOffset, compositionTimeMs } = header;
    assert.ok(
      bodyOffset >= 0 && bodyOffset <= payload.length,
      `a body at ${bodyOffset} of ${payload.length}`,
    );
    assert.ok(Number.isInteger(trackId) && trackId >= 0 && trackId <= 255);
    assert.ok(compositionTimeMs >= -0x800000 && compositionTimeMs <= 0x7fffff);
    assert.ok(!header.isKeyframe || kind === 'frame');
    return `${kind} ${codec} ${header.isKeyframe} ${header.isEnhanced}`;
  });
  return words.join();
}

/** FLV file header, tags, media headers. */
export const FLV: FuzzTarget = {
  seeds: () => [...vectorsOf('FLV'), ...vectorsFromTextOf('FLV')].map(({ bytes }) => bytes),
  fuzz: (data) => {
    const file = outcomeOf(() => parseFlvFileHeader(data));
    let offset = 'value' in file && file.value !== null ? file.value.nextOffset : 0;
    let tags = 0;
    for (let tag = parseFlvTag(data, offset); tag !== null; tag = parseFlvTag(data, offset)) {
      tags += 1;
      assert.ok(tag.nextOffset >= offset + FLV_TAG_HEADER_BYTES, 'a tag goes forward');
      const again = parseFlvTag(serializeFlvTag(tag), 0);
      assert.deepEqual([again?.typeId, again?.timestampMs], [tag.typeId, tag.timestampMs]);
      assert.equal(hexOf(again?.payload ?? new Uint8Array(0)), hexOf(tag.payload));
      headerWord(tag.payload);
      offset = tag.nextOffset;
      if (offset > data.length) break;
    }
    return `${'code' in file ? file.code : file.value === null} ${Math.min(tags, 5)} ${headerWord(data)}`;
  },
};

/** The headers alone, so that nothing else is in the way of what is changed. */
export const ENHANCED: FuzzTarget = {
  seeds: () => [...vectorsOf('ERTMP'), ...vectorsFromTextOf('ERTMP')].map(({ bytes }) => bytes),
  fuzz: headerWord,
};
