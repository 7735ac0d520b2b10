// Headers of Enhanced RTMP with one track, and what may stand in front of it. The vectors are in enhanced-vectors.test.ts,
// messages of several tracks in multitrack.test.ts.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import '../../support/property-sizes.ts';
import { readAudioHeader, readVideoHeader } from '../../../src/protocol/flv/media-header.ts';
import { bytesOf } from '../../support/vectors.ts';
import { ENHANCED, withoutEnd } from './blank-header.ts';

const audio = (hex: string) => withoutEnd(readAudioHeader(bytesOf(hex)), bytesOf(hex));
const video = (hex: string) => withoutEnd(readVideoHeader(bytesOf(hex)), bytesOf(hex));

describe('Enhanced RTMP headers', () => {
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

  it('takes a sequence start without a body for one only where the codec needs none', () => {
    for (const codec of ['ac-3', 'ec-3', '.mp3', 'Opus']) {
      assert.equal(audio(`90 ${Buffer.from(codec).toString('hex')}`).kind, 'sequence-header', codec);
    }
    for (const codec of ['mp4a', 'fLaC']) {
      const fourCc = Buffer.from(codec).toString('hex');
      assert.equal(audio(`90 ${fourCc}`).kind, 'other', codec);
      assert.equal(audio(`90 ${fourCc} 11`).kind, 'sequence-header', codec);
    }
    assert.equal(video('90 68766331').kind, 'other');
  });

  it('takes a command frame for no video, with ModEx before it or not', () => {
    assert.equal(video('d1 00').kind, 'other');
    assert.equal(video('d7 02 07a120 01 68766331 00000000').kind, 'other');
  });

  it('neither keeps nor names what has an unknown FourCC or packet type', () => {
    assert.deepEqual(video('90 0a0d2020 01'), { ...ENHANCED, kind: 'unknown-header', bodyOffset: 5 });
    assert.deepEqual(video('91 78787878 01'), {
      ...ENHANCED,
      kind: 'frame',
      isKeyframe: true,
      bodyOffset: 5,
    });
    assert.equal(video('98 68766331 01').kind, 'other');
    assert.equal(audio('96 6d703461 01').kind, 'other');
    assert.equal(audio('90 78787878 01').kind, 'unknown-header');
  });

  it('passes on packet types that are not known, however little follows [item 83]', () => {
    for (const packetType of ['8', '9', 'a', 'b', 'c', 'd', 'e', 'f']) {
      for (const rest of ['01', '0102', '01020304', '6876633101']) {
        assert.equal(video(`9${packetType} ${rest}`).kind, 'other', packetType);
        assert.equal(video(`d${packetType} ${rest}`).kind, 'other', packetType);
        assert.equal(audio(`9${packetType} ${rest}`).kind, 'other', packetType);
      }
    }
    for (const packetType of ['3', '6']) assert.equal(audio(`9${packetType} 0102`).kind, 'other');
    assert.equal(video('97 00 00 08').kind, 'other', 'behind ModEx');
    assert.equal(video('96 18').kind, 'other', 'of several tracks');
    assert.equal(audio('95 13 01').kind, 'other', 'of several tracks');
    assert.equal(audio('97 00 00 06').kind, 'other', 'behind ModEx');
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

  it('passes on a command frame as it is, with a FourCC behind it or not [item 83]', () => {
    assert.equal(video('d0 01').kind, 'other');
    assert.equal(video('d3 68766331 0000000226').kind, 'other');
    assert.equal(video('d6 01').kind, 'other');
    assert.equal(video('d7 00 00 f1').kind, 'malformed', 'no command');
  });

  it('takes back colour information that is Undefined or of nothing', () => {
    const name = `02 0009 ${Buffer.from('colorInfo').toString('hex')}`;
    for (const nothing of ['06', '03 000009', '08 00000000 000009']) {
      assert.equal(video(`d4 68766331 ${name} ${nothing}`).kind, 'metadata-reset', nothing);
      assert.equal(video(`84 61763031 ${name} ${nothing} 00`).kind, 'metadata', `${nothing} and more`);
      assert.equal(video(`84 61763031 ${name.replace('49', '69')} ${nothing}`).kind, 'metadata', 'a name');
    }
    const others = ['', '05', '03', '03 0000', '03 0001 61 05 000009', '08 00000001', '02 0000', '00'];
    for (const other of others) assert.equal(video(`84 68766331 ${name} ${other}`).kind, 'metadata', other);
    assert.equal(video('84 68766331').kind, 'other');
    assert.equal(audio(`94 4f707573 ${name} 06`).kind, 'metadata', 'of audio');
  });

  it('reads nanoseconds of a ModEx prefix, and skips prefixes of other kinds by their size [item 83]', () => {
    const nanoseconds = (hex: string) => [video(hex).kind, video(hex).timestampOffsetNs];
    assert.deepEqual(nanoseconds('97 02 0f423f 03 68766331 26'), ['frame', 999_999]);
    assert.deepEqual(nanoseconds('97 02 0f4240 03 68766331 26'), ['frame', 0], 'a whole millisecond');
    assert.deepEqual(nanoseconds('97 01 ffff 03 68766331 26'), ['frame', 0], 'too short');
    assert.deepEqual(nanoseconds('97 03 07a120ff 03 68766331 26'), ['frame', 500_000], 'longer');
    assert.deepEqual(nanoseconds('97 02 07a120 13 68766331 26'), ['frame', 0], 'another kind');
    assert.deepEqual(
      nanoseconds('97 00 99 f7 02 07a120 03 68766331 26'),
      ['frame', 500_000],
      'the second of two',
    );
    assert.deepEqual(nanoseconds('97 02 00007b 07 00 99 f3 68766331 26'), ['frame', 123], 'the first of two');
    assert.equal(audio('97 02 0001c8 01 4f707573 fc').timestampOffsetNs, 456);
    assert.equal(audio('97 02 0001c8 01 4f707573 fc').codec, 'Opus');
  });

  it('takes eight ModEx prefixes, and no ninth [item 83]', () => {
    const chain = (prefixes: number) => `97 ${'00 00 f7'.repeat(prefixes - 1)} 00 00 f3 68766331 26`;
    assert.equal(video(chain(8)).kind, 'frame');
    assert.equal(video(chain(9)).kind, 'malformed');
  });

  it('refuses a ModEx prefix that runs past the end [item 83]', () => {
    for (const hex of ['97 10', '97 10 0000', '97 02 07a120', '97 ff', '97 ff ff', '97 ff 00ff 00']) {
      assert.equal(video(hex).kind, 'malformed', hex);
      assert.equal(audio(hex).kind, 'malformed', hex);
    }
    const longest = `97 ff ffff ${'00'.repeat(65_536)} 03 68766331 26`;
    assert.equal(video(longest).kind, 'frame', 'a prefix of 65,536 bytes');
  });

  it('gives up an endless chain of ModEx prefixes after the ninth, however long it is [item 83]', () => {
    const chain = Uint8Array.from(Buffer.alloc(8 * 1024 * 1024, Buffer.from('970007', 'hex')));
    // So many times, that going through the chain each time would take minutes.
    for (let times = 0; times < 20_000; times += 1) {
      assert.equal(readVideoHeader(chain).kind, 'malformed');
    }
    assert.equal(readAudioHeader(chain).kind, 'malformed');
  });

  it('refuses what ends within its FourCC or its composition time [item 83]', () => {
    for (const hex of ['90 68', '90 6876', '91 68766331 00', '91 68766331 0000']) {
      assert.equal(video(hex).kind, 'malformed', hex);
    }
    assert.equal(audio('90 6d7034').kind, 'malformed');
    for (const one of ['90', '96', '97', 'd1', '80'])
      assert.equal(video(one).kind, 'other', 'one byte passes');
    for (const one of ['90', '95', '97', '9f']) assert.equal(audio(one).kind, 'other', 'one byte passes');
    assert.equal(video('91 68766331').kind, 'other', 'no body at all');
    assert.equal(video('91 68766331 000000').kind, 'other', 'no data');
  });

  it('reads any bytes as some header whose body lies within them [item 83]', () => {
    const heads = fc.uint8Array({ maxLength: 40 });
    const firsts = fc.oneof(fc.integer({ min: 0, max: 255 }), fc.constantFrom(0x95, 0x96, 0x97, 0xd6, 0x81));
    fc.assert(
      fc.property(heads, firsts, (tail, first) => {
        const payload = Uint8Array.from([first, ...tail]);
        for (const header of [readAudioHeader(payload), readVideoHeader(payload)]) {
          for (const each of [header, ...(header.tracks ?? [])]) {
            assert.ok(each.bodyOffset >= 0 && each.bodyOffset <= each.bodyEnd);
            assert.ok(each.bodyEnd <= payload.length);
            assert.ok(!each.isKeyframe || each.kind === 'frame');
            assert.ok(each.timestampOffsetNs >= 0 && each.timestampOffsetNs <= 999_999);
          }
        }
      }),
      { numRuns: 5000 },
    );
  });
});
