// The vectors of Enhanced RTMP: whole, and cut at every byte.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readAudioHeader, readVideoHeader } from '../../../src/protocol/flv/media-header.ts';
import type { MediaHeader, MediaHeaderKind } from '../../../src/protocol/flv/media-record.ts';
import { everyTwoWaySplit } from '../../support/splits.ts';
import {
  assertCovered,
  hexOf,
  type VectorEnhancedHeader,
  vectorsFromTextOf,
  vectorsOf,
} from '../../support/vectors.ts';

/** What the packet types of both media mean, by number. */
const KINDS: Readonly<Record<'a' | 'v', readonly MediaHeaderKind[]>> = {
  v: ['sequence-header', 'frame', 'end', 'frame', 'metadata', 'sequence-header'],
  a: ['sequence-header', 'frame', 'end', 'other', 'metadata'],
};

const VECTORS = [...vectorsOf('ERTMP'), ...vectorsFromTextOf('ERTMP')].flatMap(({ er, ...vector }) =>
  er === undefined ? [] : [{ ...vector, er }],
);

/** What a header says of one track, in the words of the vectors. */
type Said = {
  readonly cc: string | null;
  readonly id: number;
  readonly cts: number;
  readonly nano: number;
  readonly kind: MediaHeaderKind;
  readonly isKeyframe: boolean;
  readonly body: string;
};

function read(er: VectorEnhancedHeader, bytes: Uint8Array): MediaHeader {
  return er.k === 'v' ? readVideoHeader(bytes) : readAudioHeader(bytes);
}

function said(header: MediaHeader, bytes: Uint8Array): Said {
  const { codec, trackId, compositionTimeMs, timestampOffsetNs, kind, isKeyframe } = header;
  const body = hexOf(bytes.subarray(header.bodyOffset, header.bodyEnd));
  const [cc, id, cts, nano] = [codec, trackId, compositionTimeMs, timestampOffsetNs];
  return { cc, id, cts, nano, kind, isKeyframe, body };
}

/** A command frame names no codec, and its command is no body of media. */
function expectedOf(er: VectorEnhancedHeader): Said[] {
  const kind = er.cc === undefined && er.tracks === undefined ? 'other' : (KINDS[er.k][er.pt] ?? 'other');
  const shared = { nano: er.nano ?? 0, kind, isKeyframe: kind === 'frame' && er.ft === 1 };
  if (er.tracks !== undefined) {
    return er.tracks.map(({ cc, id, cts = 0, body }) => ({ cc, id, cts, body, ...shared }));
  }
  const body = kind === 'other' ? '' : (er.body ?? '');
  return [{ cc: er.cc ?? null, id: 0, cts: er.cts ?? 0, body, ...shared }];
}

describe('Enhanced RTMP vectors', () => {
  it('are E-1 to E-17, each of them [item 83]', () => {
    assertCovered(
      VECTORS,
      Array.from({ length: 17 }, (_, index) => `E-${index + 1}`),
    );
  });

  for (const { id, desc, bytes, er } of VECTORS) {
    it(`say what ${id} is: ${desc.slice(0, 60)} [item 83]`, () => {
      const header = read(er, bytes);
      const expected = expectedOf(er);
      assert.ok(header.isEnhanced);
      assert.deepEqual(said(header, bytes), expected[0]);
      const hasManyTracks = er.mt === 1 || er.mt === 2;
      assert.deepEqual(
        header.tracks?.map((track) => said(track, bytes)) ?? null,
        hasManyTracks ? expected : null,
      );
    });

    it(`read ${id} cut anywhere as less of the same, and never beyond the cut [item 83]`, () => {
      const whole = read(er, bytes);
      for (const [head] of everyTwoWaySplit(bytes)) {
        // The bytes that were cut off stand behind the view; a copy has none there.
        const header = read(er, head);
        assert.deepEqual(header, read(er, head.slice()));
        assert.ok(header.bodyOffset <= header.bodyEnd && header.bodyEnd <= head.length);
        assert.ok([whole.codec, null].includes(header.codec));
        const isLess = ['other', 'malformed', whole.kind].includes(header.kind);
        assert.ok(isLess || head.length === 0, `${id} at ${head.length}: ${header.kind}`);
      }
    });
  }
});
