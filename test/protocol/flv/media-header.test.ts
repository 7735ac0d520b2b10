// Media headers as FLV has always had them; the enhanced ones are in enhanced-header.test.ts.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readAudioHeader, readVideoHeader } from '../../../src/protocol/flv/media-header.ts';
import { bytesOf } from '../../support/vectors.ts';
import { LEGACY, withoutEnd } from './blank-header.ts';

const audio = (hex: string) => withoutEnd(readAudioHeader(bytesOf(hex)), bytesOf(hex));
const video = (hex: string) => withoutEnd(readVideoHeader(bytesOf(hex)), bytesOf(hex));

describe('readAudioHeader', () => {
  it('tells an AAC sequence header from an AAC frame [FLV E.4.2.1]', () => {
    assert.deepEqual(audio('af 00 1210'), {
      ...LEGACY,
      codec: 'mp4a',
      kind: 'sequence-header',
      bodyOffset: 2,
    });
    assert.deepEqual(audio('af 01 21'), { ...LEGACY, codec: 'mp4a', kind: 'frame', bodyOffset: 2 });
    assert.equal(audio('af 02 21').kind, 'other');
  });

  it('names the codecs that have no sequence header', () => {
    const codecs = ['2f', 'e2', 'b2', 'b6', '72', '82', '62', '52', '42', '12', '02', '32'].map((first) => {
      const header = audio(`${first} fffb`);
      assert.deepEqual({ ...header, codec: null }, { ...LEGACY, kind: 'frame', bodyOffset: 1 });
      return header.codec;
    });
    assert.deepEqual(codecs, [
      ...[
        '.mp3',
        '.mp3',
        'speex',
        'speex',
        'alaw',
        'mulaw',
        'nellymoser',
        'nellymoser',
        'nellymoser',
        'adpcm',
      ],
      ...['pcm', 'pcm'],
    ]);
  });

  it('takes no bytes, one byte, and a header without data for nothing to decode [item 81]', () => {
    assert.deepEqual(audio(''), LEGACY);
    assert.deepEqual(audio('af'), { ...LEGACY, codec: 'mp4a', bodyOffset: 1 });
    assert.deepEqual(audio('af00'), { ...LEGACY, codec: 'mp4a', bodyOffset: 2 });
    assert.deepEqual(audio('2f'), { ...LEGACY, codec: '.mp3', bodyOffset: 1 });
  });
});

describe('readVideoHeader', () => {
  it('tells an AVC sequence header, key frame, inter frame and end of sequence [FLV E.4.3.1]', () => {
    const header = { ...LEGACY, codec: 'avc1', bodyOffset: 5 };
    assert.deepEqual(video('17 00 000000 0164'), { ...header, kind: 'sequence-header' });
    assert.deepEqual(video('17 01 000042 00'), {
      ...header,
      kind: 'frame',
      isKeyframe: true,
      compositionTimeMs: 66,
    });
    assert.deepEqual(video('27 01 ffffd8 00'), { ...header, kind: 'frame', compositionTimeMs: -40 });
    assert.deepEqual(video('17 02 000000'), { ...header, kind: 'end' });
  });

  it('reads codecs 12, 13 and 14 as AVC is read', () => {
    for (const [id, codec] of [
      ['c', 'hvc1'],
      ['d', 'av01'],
      ['e', 'vvc1'],
    ] as const) {
      assert.equal(video(`1${id} 00 000000 01`).codec, codec);
      assert.equal(video(`1${id} 00 000000 01`).kind, 'sequence-header');
      assert.equal(video(`1${id} 01 000000 01`).isKeyframe, true);
      assert.equal(video(`2${id} 01 000000 01`).isKeyframe, false);
    }
  });

  it('tells key frames of the codecs without a sequence header', () => {
    const vp6 = { ...LEGACY, codec: 'vp6', kind: 'frame', bodyOffset: 1 };
    assert.deepEqual(video('14 00'), { ...vp6, isKeyframe: true });
    assert.deepEqual(video('24 00'), vp6);
    assert.deepEqual(video('34 00'), vp6);
    assert.deepEqual(video('44 00'), { ...vp6, isKeyframe: true });
    assert.deepEqual(
      ['12', '13', '15', '16', '11'].map((first) => video(`${first} 00`).codec),
      [...['h263', 'screen', 'vp6a', 'screen2', 'jpeg']],
    );
  });

  it('takes a command frame for no video', () => {
    assert.deepEqual(video('57 00'), { ...LEGACY, codec: 'avc1', bodyOffset: 1 });
    assert.deepEqual(video('57 01 000000 00'), { ...LEGACY, codec: 'avc1', bodyOffset: 1 });
    assert.equal(video('52 01').kind, 'other');
  });

  it('takes no bytes, one byte, and a header without data for nothing to keep or begin at [item 81]', () => {
    assert.deepEqual(video(''), LEGACY);
    for (const hex of ['17', '1700', '17000000', '1700000000', '1701000000', '14', '90', '9168766331']) {
      assert.equal(video(hex).kind, 'other', hex);
      assert.equal(video(hex).isKeyframe, false, hex);
    }
  });
});
