// Headers of Enhanced RTMP, against the vectors and damaged.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import '../../support/property-sizes.ts';
import { readAudioHeader, readVideoHeader } from '../../../src/protocol/flv/media-header.ts';
import type { MediaHeader } from '../../../src/protocol/flv/media-record.ts';
import { everyTwoWaySplit } from '../../support/splits.ts';
import { bytesOf, vectorsOf } from '../../support/vectors.ts';
import { LEGACY } from './blank-header.ts';

const ENHANCED: MediaHeader = { ...LEGACY, isEnhanced: true };

const audio = (hex: string) => readAudioHeader(bytesOf(hex));
const video = (hex: string) => readVideoHeader(bytesOf(hex));

describe('Enhanced RTMP headers', () => {
  const KINDS = {
    v: ['sequence-header', 'frame', 'end', 'frame', 'metadata', 'sequence-header'],
    a: ['sequence-header', 'frame', 'end'],
  };

  for (const { id, desc, bytes, er } of vectorsOf('ERTMP')) {
    if (er === undefined) continue;
    const track = er.tracks?.[0];
    const body = er.body ?? track?.body ?? '';
    it(`tells what ${id} is: ${desc.slice(0, 60)}`, () => {
      const header = er.k === 'v' ? readVideoHeader(bytes) : readAudioHeader(bytes);
      const kind = KINDS[er.k][er.pt];
      const bodyBytes = bytesOf(body);
      assert.deepEqual(
        { ...header, bodyOffset: 0 },
        {
          ...ENHANCED,
          codec: er.cc ?? track?.cc,
          kind,
          isKeyframe: kind === 'frame' && er.ft === 1,
          trackId: track?.id ?? 0,
          compositionTimeMs: er.cts ?? track?.cts ?? 0,
        },
      );
      assert.deepEqual(bytes.subarray(header.bodyOffset, header.bodyOffset + bodyBytes.length), bodyBytes);
    });

    it(`takes ${id} cut anywhere`, () => {
      for (const [head] of everyTwoWaySplit(bytes)) {
        const header = er.k === 'v' ? readVideoHeader(head) : readAudioHeader(head);
        assert.ok(header.bodyOffset <= head.length);
      }
    });
  }

  it('reads colour metadata whatever its frame type', () => {
    for (const first of ['84', 'd4', '94']) {
      assert.deepEqual(video(`${first} 68766331 02`), {
        ...ENHANCED,
        codec: 'hvc1',
        kind: 'metadata',
        bodyOffset: 5,
      });
    }
  });

  it('reads an MPEG-2 TS sequence start and a multichannel configuration', () => {
    assert.equal(video('95 61763031 80').kind, 'sequence-header');
    assert.equal(audio('94 4f707573 01 02 00000003').kind, 'metadata');
  });

  it('takes an audio sequence start without a body for one: ac-3 has none', () => {
    assert.equal(audio('90 61632d33').kind, 'sequence-header');
  });

  it('takes a command frame for no video, with ModEx before it or not', () => {
    assert.equal(video('d1 00').kind, 'other');
    assert.equal(video('d7 02 07a120 01 68766331 00000000').kind, 'other');
  });

  it('neither keeps nor names what has an unknown FourCC or packet type', () => {
    assert.deepEqual(video('90 0a0d2020 01'), { ...ENHANCED, bodyOffset: 5 });
    assert.deepEqual(video('91 78787878 01'), {
      ...ENHANCED,
      kind: 'frame',
      isKeyframe: true,
      bodyOffset: 5,
    });
    assert.equal(video('98 68766331 01').kind, 'other');
    assert.equal(audio('96 6d703461 01').kind, 'other');
    assert.equal(audio('90 78787878 01').kind, 'other');
  });

  it('takes the frame type of a coded frame, and the coded bytes only where it is 0', () => {
    const keys = ['avc1 0000000165', 'hvc1 0000000226', 'hvc1 00000001 4000000002 2601', 'vvc1 000000020038'];
    const inters = ['avc1 0000000141', 'hvc1 0000000202', 'vvc1 000000020000'];
    for (const [lists, isKeyframe] of [
      [keys, true],
      [inters, false],
    ] as const) {
      for (const entry of lists) {
        const [codec = '', ...rest] = entry.split(' ');
        const tail = `${Buffer.from(codec).toString('hex')} ${rest.join('')}`;
        assert.equal(video(`83 ${tail}`).isKeyframe, isKeyframe, entry);
        assert.equal(video(`93 ${tail}`).isKeyframe, true, entry);
        assert.equal(video(`a3 ${tail}`).isKeyframe, false, entry);
      }
    }
    assert.equal(video('81 76703039 82').isKeyframe, true, 'VP9 key');
    assert.equal(video('81 76703039 86').isKeyframe, false, 'VP9 inter');
    assert.equal(video('81 76703038 10').isKeyframe, true, 'VP8 key');
    assert.equal(video('81 76703038 11').isKeyframe, false, 'VP8 inter');
    assert.equal(video('81 61763031 0a0100').isKeyframe, true, 'AV1 sequence header');
    assert.equal(video('81 61763031 1200 320110').isKeyframe, true, 'AV1 key behind a temporal delimiter');
    assert.equal(video('81 61763031 320130').isKeyframe, false, 'AV1 inter');
    assert.equal(video('83 61766331 00000001').isKeyframe, false, 'cut short');
    assert.equal(video('81 76703039 b0').isKeyframe, true, 'VP9 key of profile 3');
    assert.equal(video('81 76703039 42').isKeyframe, false, 'no VP9 frame marker');
    assert.equal(video('81 61763031 3610 01 10').isKeyframe, true, 'AV1 key with an extension byte');
    assert.equal(video('81 61763031 10').isKeyframe, false, 'AV1 unit without a length before any frame');
    assert.equal(video('81 6d703461 00').isKeyframe, false, 'a codec of audio');
    assert.equal(
      video(`83 61766331 ${'0000000109'.repeat(64)} 0000000165`).isKeyframe,
      false,
      'too many units before',
    );
    assert.equal(
      video(`83 61766331 ${'0000000109'.repeat(63)} 0000000165`).isKeyframe,
      true,
      'as many as may be',
    );
  });

  it('refuses tracks that run past the end, none at all, and multitrack within multitrack', () => {
    assert.equal(video('96 10 68766331 00 000003 0102').kind, 'other');
    assert.equal(video('96 10 68766331').kind, 'other');
    assert.equal(video('96 26 68766331 00 000001 01').kind, 'other');
    assert.equal(video('96 31 68766331 00 000001 01').kind, 'other');
    assert.equal(audio('95 05 6d703461 01 01').kind, 'other');
  });

  it('refuses a ModEx prefix that runs past the end, and an endless chain of them', () => {
    assert.equal(video('97 10 0000').kind, 'other');
    assert.equal(video('97 ff ff').kind, 'other');
    const chain = Uint8Array.from(Buffer.alloc(3_000_001, Buffer.from('970007', 'hex')));
    assert.equal(readVideoHeader(chain).kind, 'other');
  });

  it('reads any bytes as some header whose body lies within them', () => {
    const heads = fc.uint8Array({ maxLength: 40 });
    fc.assert(
      fc.property(heads, fc.integer({ min: 0, max: 255 }), (tail, first) => {
        const payload = Uint8Array.from([first, ...tail]);
        for (const header of [readAudioHeader(payload), readVideoHeader(payload)]) {
          assert.ok(header.bodyOffset >= 0 && header.bodyOffset <= payload.length);
          assert.ok(!header.isKeyframe || header.kind === 'frame');
        }
      }),
      { numRuns: 5000 },
    );
  });
});
