// Messages of several tracks: every track read, what is broken refused, and tracks taken out.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import '../../support/property-sizes.ts';
import { readAudioHeader, readVideoHeader } from '../../../src/protocol/flv/media-header.ts';
import type { MediaHeader } from '../../../src/protocol/flv/media-record.ts';
import { MAX_TRACKS_OF_MESSAGE, onlyTracks } from '../../../src/protocol/flv/multitrack.ts';
import { bytesOf, hexOf } from '../../support/vectors.ts';

const audio = (hex: string) => readAudioHeader(bytesOf(hex));
const video = (hex: string) => readVideoHeader(bytesOf(hex));

/** `codec track kind`, with `key` for a keyframe and the composition time where there is one. */
function line({ codec, trackId, kind, isKeyframe, compositionTimeMs }: MediaHeader): string {
  const what = isKeyframe ? 'key' : kind;
  return `${codec} ${trackId} ${what}${compositionTimeMs === 0 ? '' : ` ${compositionTimeMs}`}`;
}

/** The record's own line, then those of its tracks. */
function lines(header: MediaHeader): string[] {
  return [line(header), ...(header.tracks ?? []).map(line)];
}

const HVC1 = '68766331';
const AVC1 = '61766331';
const AV01 = '61763031';

describe('Messages of several tracks', () => {
  it('tell every track of one codec, and every track of its own', () => {
    assert.deepEqual(lines(video(`96 10 ${HVC1} 00 000001 aa 01 000002 bbcc 07 000001 dd`)), [
      'hvc1 0 sequence-header',
      'hvc1 0 sequence-header',
      'hvc1 1 sequence-header',
      'hvc1 7 sequence-header',
    ]);
    assert.deepEqual(lines(video(`96 21 ${AVC1} 00 000004 00002165 ${AV01} 02 000002 1200`)), [
      'avc1 0 key 33',
      'avc1 0 key 33',
      'av01 2 key',
    ]);
    assert.deepEqual(lines(audio('95 21 4f707573 00 000001 fc 61632d33 01 000002 0b77')), [
      'Opus 0 frame',
      'Opus 0 frame',
      'ac-3 1 frame',
    ]);
  });

  it('say in the record itself what the track of the lowest id says, of those that say something', () => {
    assert.equal(line(video(`96 13 ${HVC1} 05 000001 26 02 000001 26 03 000001 26`)), 'hvc1 2 key');
    assert.equal(line(video(`96 13 ${HVC1} 00 000000 03 000001 26`)), 'hvc1 3 key', 'track 0 has no body');
    assert.equal(line(video(`96 20 78787878 00 000001 01 ${HVC1} 01 000001 02`)), 'hvc1 1 sequence-header');
    assert.equal(line(video(`96 20 ${HVC1} 00 000000 78787878 01 000001 02`)), 'null 1 unknown-header');
    assert.equal(line(video(`96 13 ${HVC1} 04 000000 03 000000`)), 'hvc1 3 other', 'none has a body');
  });

  it('give the nanoseconds of the message to each track', () => {
    const header = video(`97 02 07a120 06 13 ${HVC1} 00 000001 26 01 000001 26`);
    assert.deepEqual(
      [header, ...(header.tracks ?? [])].map(({ timestampOffsetNs }) => timestampOffsetNs),
      [500_000, 500_000, 500_000],
    );
  });

  it('judge a track without a frame type by its own bytes, and not by those of the next [item 83]', () => {
    const avc = '00000001';
    const track = (id: string, data: string) => `${id} 00000${data.length / 2} ${data}`;
    assert.deepEqual(lines(video(`86 13 ${AVC1} ${track('00', `${avc}41`)} ${track('01', `${avc}65`)}`)), [
      'avc1 0 frame',
      'avc1 0 frame',
      'avc1 1 key',
    ]);
    // The length of a unit of 5 bytes without its bytes; what follows would make it one.
    assert.equal(
      line(video(`86 23 ${AVC1} 00 000004 ${avc} ${'65'.repeat(4)} 01 000001 65`)),
      'avc1 0 frame',
    );
  });

  it('read metadata of a track whatever the frame type, and tell what takes it back', () => {
    const name = `02 0009 ${Buffer.from('colorInfo').toString('hex')}`;
    assert.equal(line(video(`d6 04 ${HVC1} 03 ${name} 03 0001 61 05 000009`)), 'hvc1 3 metadata');
    assert.deepEqual(lines(video(`d6 14 ${HVC1} 00 00000d ${name} 06 01 00000d ${name} 00`)), [
      'hvc1 0 metadata-reset',
      'hvc1 0 metadata-reset',
      'hvc1 1 metadata',
    ]);
  });

  it('are refused where a track runs past the end, there is none, or one comes twice [item 83]', () => {
    for (const hex of [
      '97 00 00 06',
      `96 10 ${HVC1} 00 000001 01 00 000001 01`,
      `96 10 ${HVC1} 00 000001 01 01 000001 01 00 000000`,
      `96 20 ${HVC1} 00 000001 01 ${AVC1} 00 000001 01`,
      `96 10 ${HVC1}`,
      '96 20',
      `96 10 ${HVC1} 00`,
      `96 10 ${HVC1} 00 0000`,
      `96 10 ${HVC1} 00 000003 0102`,
      `96 10 ${HVC1} 00 000001 01 01 ffffff 01`,
      `96 10 ${HVC1} 00 000001 01 01`,
      `96 20 ${HVC1} 00 000001 01 6876`,
      `96 11 ${HVC1} 00 000002 0000`,
      `96 01 ${HVC1}`,
      '96 01 6876',
    ]) {
      assert.equal(video(hex).kind, 'malformed', hex);
      assert.equal(video(hex).tracks, null);
    }
    assert.equal(audio('95 11 6d703461 00 000002 21').kind, 'malformed');
  });

  it('are refused within another, and passed on where their layout is not known [item 83]', () => {
    for (const layout of ['0', '1', '2', '3']) {
      assert.equal(video(`96 ${layout}6 ${HVC1} 00 000001 01`).kind, 'malformed');
      assert.equal(audio(`95 ${layout}5 6d703461 00 000001 01`).kind, 'malformed');
    }
    assert.equal(video(`96 31 ${HVC1} 00 000001 01`).kind, 'other');
  });

  it('are read up to the limit of tracks, and passed on unread beyond it, however many there are [item 83]', () => {
    const track = (id: number) => `${id.toString(16).padStart(2, '0')} 000001 26`;
    const tracks = (count: number) =>
      `96 13 ${HVC1} ${Array.from({ length: count }, (_, id) => track(id)).join('')}`;
    assert.equal(video(tracks(MAX_TRACKS_OF_MESSAGE)).tracks?.length, MAX_TRACKS_OF_MESSAGE);
    assert.equal(video(tracks(MAX_TRACKS_OF_MESSAGE + 1)).kind, 'other');
    const long = Uint8Array.from(Buffer.alloc(8 * 1024 * 1024));
    long.set(bytesOf(tracks(256)));
    for (let times = 0; times < 2000; times += 1) assert.equal(readVideoHeader(long).kind, 'other');
    long.fill(0, 6);
    for (let times = 0; times < 2000; times += 1) assert.equal(readVideoHeader(long).kind, 'malformed');
  });
});

describe('onlyTracks', () => {
  it('leaves the tracks asked for as they were, with what stands in front of them', () => {
    const front = `97 00 ff 06 10 ${HVC1}`;
    const tracks = ['00 000001 aa', '01 000002 bbcc', '02 000000'];
    const whole = bytesOf(`${front} ${tracks.join('')}`);
    const hex = (text: string) => text.replaceAll(' ', '');
    assert.equal(hexOf(onlyTracks(whole, 'video', [1])), hex(`${front} ${tracks[1]}`));
    assert.equal(hexOf(onlyTracks(whole, 'video', [0, 2])), hex(`${front} ${tracks[0]} ${tracks[2]}`));
    const audios = bytesOf('95 20 4f707573 00 000001 aa 6d703461 01 000002 bbcc');
    assert.equal(hexOf(onlyTracks(audios, 'audio', [1])), '95206d70346101000002bbcc');
  });

  it('is a bug of ours with a message that has no tracks', () => {
    assert.throws(() => onlyTracks(bytesOf('96 16'), 'video', [0]), { name: 'Error' });
  });

  it('leaves a message whose tracks read as they did before', () => {
    const arbitraryTracks = fc.uniqueArray(
      fc.record(
        { id: fc.nat(255), data: fc.uint8Array({ minLength: 1, maxLength: 5 }) },
        { noNullPrototype: true },
      ),
      { minLength: 1, maxLength: 8, selector: ({ id }) => id },
    );
    fc.assert(
      fc.property(arbitraryTracks, fc.nat(), (tracks, choice) => {
        const parts = tracks.map(({ id, data }) => [id, 0, 0, data.length, ...data]);
        const whole = Uint8Array.from([...bytesOf(`96 10 ${HVC1}`), ...parts.flat()]);
        const kept = tracks.filter(
          (_, index) => index === choice % tracks.length || (choice >> index) % 2 === 1,
        );
        const cut = onlyTracks(
          whole,
          'video',
          kept.map(({ id }) => id),
        );
        const read = readVideoHeader(cut).tracks?.map(({ trackId, bodyOffset, bodyEnd }) => ({
          id: trackId,
          data: cut.slice(bodyOffset, bodyEnd),
        }));
        assert.deepEqual(read, kept);
      }),
    );
  });
});
