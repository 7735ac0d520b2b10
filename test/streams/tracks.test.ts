// Streams of several tracks, and of codecs that nobody knows: what late joiners get of each, and where they begin.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setChunkSize } from '../support/chunk-wire.ts';
import { ServerReplyReader } from '../support/server-reply-reader.ts';
import { bytesOf, hexOf } from '../support/vectors.ts';
import { OPTIONS, StreamRig, type TestViewer } from './stream-rig.ts';

const HVC1 = '68766331';
const OPUS = '4f707573';
const COLOR_INFO = `020009${Buffer.from('colorInfo').toString('hex')}`;
const BT2020 = `${COLOR_INFO}03000161000000000000000009000009`;

/** HEVC of one track: plain messages for track 0, OneTrack for the others. */
const track = (packetType: number, frameType: number, id: number, data: string) =>
  id === 0
    ? `${(0x80 | (frameType << 4) | packetType).toString(16)}${HVC1}${data}`
    : `${(0x86 | (frameType << 4)).toString(16)}0${packetType}${HVC1}0${id.toString(16)}${data}`;
const header = (id: number, data = 'aa') => track(0, 1, id, data);
const key = (id: number, data = '26') => track(3, 1, id, data);
const inter = (id: number, data = '02') => track(3, 2, id, data);
const end = (id: number) => track(2, 1, id, '');
const metadata = (id: number, data = BT2020) => track(4, 0, id, data);
/** The same of tracks up to 255. */
const trackHeader = (id: number) => `9600${HVC1}${id.toString(16).padStart(2, '0')}aa`;
const trackMetadata = (id: number, data: string) => `8604${HVC1}${id.toString(16).padStart(2, '0')}${data}`;
/** HEVC of several tracks in one message. */
const many = (packetType: number, frameType: number, ...tracks: readonly (readonly [number, string])[]) =>
  `${(0x86 | (frameType << 4)).toString(16)}1${packetType}${HVC1}${tracks
    .map(([id, data]) => `0${id}${(data.length / 2).toString(16).padStart(6, '0')}${data}`)
    .join('')}`;

class TracksRig extends StreamRig {
  #nowMs = 0;

  constructor() {
    super();
    this.stream.beginPublish();
  }

  /** Publishes video messages, 10 ms apart. */
  video(...messages: readonly string[]): this {
    for (const hex of messages) {
      this.stream.publishVideo(this.#nowMs, bytesOf(hex));
      this.#nowMs += 10;
    }
    return this;
  }

  sound(...messages: readonly string[]): this {
    for (const hex of messages) {
      this.stream.publishAudio(this.#nowMs, bytesOf(hex));
      this.#nowMs += 10;
    }
    return this;
  }

  pass(ms: number): this {
    this.#nowMs += ms;
    return this;
  }

  /** The bodies that somebody gets who comes now, as hex. */
  lateJoiner(): string[] {
    return bodiesOf(this.viewer());
  }
}

/** The bodies that a viewer gets now. */
function bodiesOf({ viewer }: TestViewer): string[] {
  const reader = new ServerReplyReader();
  reader.read(setChunkSize(OPTIONS.chunkSizeBytes));
  const chunks: Uint8Array[] = [];
  for (let taken = viewer.take(100_000); taken.length > 0; taken = viewer.take(100_000))
    chunks.push(...taken);
  return reader.read(Buffer.concat(chunks)).map(({ payload }) => hexOf(payload));
}

describe('LiveStream, headers of several tracks', () => {
  it('are kept in one message as it came, while it is in force for all of them', () => {
    const headers = many(0, 1, [0, 'aa'], [1, 'bbbb']);
    const rig = new TracksRig().video(headers, key(0), key(1));
    assert.deepEqual(rig.lateJoiner(), [headers, key(0), key(1)]);
    const again = many(0, 1, [0, 'ab'], [1, 'bb']);
    rig.video(again, many(3, 1, [0, '26'], [1, '26']));
    assert.deepEqual(rig.lateJoiner(), [again, many(3, 1, [0, '26'], [1, '26'])]);
  });

  it('are each sent once, in force, after one of them has changed', () => {
    const rig = new TracksRig().video(many(0, 1, [0, 'aa'], [1, 'bb'], [2, 'cc']), key(0));
    rig.video(header(1, 'b2'), key(0));
    assert.deepEqual(rig.lateJoiner(), [many(0, 1, [0, 'aa'], [2, 'cc']), header(1, 'b2'), key(0)]);
    rig.video(header(0, 'a2'), key(0));
    const both = [header(1, 'b2'), header(0, 'a2')];
    assert.deepEqual(rig.lateJoiner(), [many(0, 1, [2, 'cc']), ...both, key(0)]);
    rig.video(many(0, 1, [0, 'a3'], [1, 'b3'], [2, 'c3']), key(0));
    assert.deepEqual(rig.lateJoiner(), [many(0, 1, [0, 'a3'], [1, 'b3'], [2, 'c3']), key(0)]);
  });

  it('of a viewer who begins before a change are those from before it, and the change comes in its place', () => {
    const rig = new TracksRig().video(many(0, 1, [0, 'aa'], [1, 'bb']), key(0), header(1, 'b2'), inter(0));
    assert.deepEqual(rig.lateJoiner(), [many(0, 1, [0, 'aa'], [1, 'bb']), key(0), header(1, 'b2'), inter(0)]);
  });

  it('are kept of tracks whose codec is known', () => {
    const rig = new TracksRig().video(`9620787878780000000101${HVC1}01000001bb`, key(1));
    assert.deepEqual(rig.lateJoiner(), [`9620${HVC1}01000001bb`, key(1)]);
  });

  it('are in force no more where the track goes over to a codec that is not known', () => {
    const rig = new TracksRig().video(header(0), metadata(0), header(1), key(0), key(1));
    rig.video('9078787878aa', '9378787878bb');
    assert.deepEqual(rig.lateJoiner(), [header(1), '9378787878bb']);
    rig.video(header(0), key(0));
    assert.deepEqual(rig.lateJoiner(), [header(1), header(0), key(0)], 'it is back, without old colours');
    const several = new TracksRig().video(many(0, 1, [0, 'aa'], [1, 'bb']), key(0));
    several.video(`9620787878780100000101${HVC1}00000001cc`, key(0));
    assert.deepEqual(several.lateJoiner(), [`9620${HVC1}00000001cc`, key(0)]);
    const sound = new TracksRig().sound(`90${OPUS}aa`, `91${OPUS}fc`, '907878787801').pass(2000);
    sound.sound('917878787802').pass(2000).sound('917878787803');
    assert.deepEqual(sound.lateJoiner(), ['917878787802', '917878787803']);
  });

  it('of audio are kept just so', () => {
    const rig = new TracksRig().sound(`9510${OPUS}00000001aa01000001bb`, `9501${OPUS}01fc`);
    assert.deepEqual(rig.lateJoiner(), [`9510${OPUS}00000001aa01000001bb`, `9501${OPUS}01fc`]);
    const channels = `94${OPUS}010200000003`;
    const frame = `91${OPUS}fc`;
    rig.sound(`9500${OPUS}01b2`, channels, frame).pass(2000).sound(frame);
    assert.deepEqual(rig.lateJoiner(), [`9510${OPUS}00000001aa`, `9500${OPUS}01b2`, channels, frame, frame]);
  });

  it('fit for sixteen tracks of video and of audio, each with what is said about it, and no more', () => {
    const rig = new TracksRig();
    for (let id = 0; id < 16; id++) {
      rig.video(header(id), metadata(id));
      rig.sound(`9500${OPUS}0${id.toString(16)}aa`, `9504${OPUS}0${id.toString(16)}0002`);
    }
    assert.equal(rig.stream.stats.droppedMessages, 0);
    rig.video(key(0));
    assert.equal(rig.lateJoiner().length, 64 + 1);
    rig.video(`9600${HVC1}10aa`, key(0));
    assert.equal(rig.stream.stats.droppedMessages, 1, 'not kept');
    rig.video(header(3, 'bb'), key(0));
    const joined = rig.lateJoiner();
    assert.equal(joined.length, 64 + 1);
    assert.ok(joined.includes(header(3, 'bb')) && !joined.includes(header(3)));
  });

  it('stay after the end of a sequence: who goes on without a new header is still understood', () => {
    const rig = new TracksRig().video(header(0), key(0), end(0), key(0));
    assert.deepEqual(rig.lateJoiner(), [header(0), key(0)]);
  });
});

describe('LiveStream, colour information', () => {
  it('comes to late joiners behind the headers, though it came first', () => {
    const rig = new TracksRig().video(metadata(0), header(0), header(1), key(0));
    assert.deepEqual(rig.lateJoiner(), [header(0), header(1), metadata(0), key(0)]);
  });

  for (const [name, nothing] of [
    ['Undefined', `${COLOR_INFO}06`],
    ['an object of nothing', `${COLOR_INFO}03000009`],
  ] as const) {
    it(`goes where ${name} takes it back, of that track alone; who watches hears of it [item 83]`, () => {
      const rig = new TracksRig().video(header(0), metadata(0), metadata(1), key(0));
      const watching = rig.viewer();
      bodiesOf(watching);
      rig.video(metadata(1, nothing), key(0));
      assert.deepEqual(rig.lateJoiner(), [header(0), metadata(0), key(0)]);
      rig.video(metadata(0, nothing), key(0));
      assert.deepEqual(rig.lateJoiner(), [header(0), key(0)]);
      assert.deepEqual(bodiesOf(watching), [metadata(1, nothing), key(0), metadata(0, nothing), key(0)]);
      rig.video(metadata(0), key(0));
      assert.deepEqual(rig.lateJoiner(), [header(0), metadata(0), key(0)]);
    });
  }

  it('is taken back for who jumps, comes back from a pause or seeks, and not told to newcomers', () => {
    const nothing = metadata(0, `${COLOR_INFO}06`);
    const rig = new TracksRig().video(header(0), metadata(0), key(0));
    const jumping = rig.viewer();
    const pausing = rig.viewer();
    const seeking = rig.viewer();
    for (const viewer of [jumping, pausing, seeking]) {
      assert.deepEqual(bodiesOf(viewer), [header(0), metadata(0), key(0)]);
    }
    const setPause = (isPaused: boolean) => pausing.viewer.setFilter({ audio: true, video: true, isPaused });
    setPause(true);
    rig.video(nothing, key(0));
    for (let ms = 0; ms < 6000; ms += 500) rig.pass(490).video(inter(0));
    rig.video(key(0));
    setPause(false);
    seeking.viewer.restart();
    const inForce = [header(0), nothing, key(0)];
    for (const viewer of [jumping, pausing, seeking]) assert.deepEqual(bodiesOf(viewer), inForce);
    assert.equal(jumping.viewer.skips, 1);
    assert.deepEqual(rig.lateJoiner(), [header(0), key(0)]);
  });

  it('is taken back though there is no room to keep that', () => {
    const rig = new TracksRig();
    for (let id = 0; id < 32; id++) rig.video(trackHeader(id), trackMetadata(id, BT2020));
    rig.video(many(4, 0, [0, `${COLOR_INFO}06`], [1, `${COLOR_INFO}06`]), key(0));
    assert.equal(rig.stream.stats.droppedMessages, 0);
    const joined = rig.lateJoiner();
    assert.ok(!joined.includes(trackMetadata(0, BT2020)) && !joined.includes(trackMetadata(1, BT2020)));
    assert.ok(joined.includes(trackMetadata(2, BT2020)));
  });

  it('goes where its track changes to another codec, of that track alone', () => {
    const avcHeader = '170000000001640028';
    const avcKey = '1701000000aabb';
    const rig = new TracksRig().video(header(0), header(1), metadata(0), metadata(1), key(0));
    rig.video(header(0, 'ab'), key(0));
    assert.deepEqual(
      rig.lateJoiner(),
      [header(0, 'ab'), header(1), metadata(0), metadata(1), key(0)],
      'no other',
    );
    rig.video(avcHeader, avcKey);
    assert.deepEqual(rig.lateJoiner(), [avcHeader, header(1), metadata(1), avcKey]);
    const avcColours = `8461766331${BT2020}`;
    rig.video(avcColours, avcHeader, avcKey);
    assert.deepEqual(rig.lateJoiner(), [avcHeader, header(1), metadata(1), avcColours, avcKey]);
    rig.video(metadata(0), header(0), key(0));
    assert.deepEqual(rig.lateJoiner().slice(2), [metadata(1), metadata(0), key(0)], 'said in advance');
  });

  it('goes with the channel layout, where sound changes to another codec', () => {
    const rig = new TracksRig().sound(`94${OPUS}01060000003f`, `90${OPUS}4f707573`, `91${OPUS}fc`);
    rig.sound('af0012', 'af01aabb').pass(2000).sound('af01aabb');
    assert.deepEqual(rig.lateJoiner(), ['af0012', 'af01aabb', 'af01aabb']);
  });

  it('of several tracks in one message goes track by track', () => {
    const nothing = `${COLOR_INFO}06`;
    const rig = new TracksRig().video(header(0), many(4, 0, [0, BT2020], [1, BT2020]), key(0));
    rig.video(many(4, 0, [0, nothing], [2, BT2020]), key(0));
    assert.deepEqual(rig.lateJoiner(), [header(0), many(4, 0, [1, BT2020]), many(4, 0, [2, BT2020]), key(0)]);
  });
});

describe('LiveStream, where viewers of several tracks begin', () => {
  it('is a keyframe of track 0, not of another, while track 0 is there', () => {
    const rig = new TracksRig().video(header(0), header(1), key(0), key(1), inter(0), key(1));
    assert.deepEqual(rig.lateJoiner().slice(2), [key(0), key(1), inter(0), key(1)]);
  });

  it('is a message of several tracks that holds a keyframe of track 0', () => {
    const keys = many(3, 1, [1, '26'], [0, '26']);
    const rig = new TracksRig().video(header(0), key(0), keys, many(3, 2, [0, '02'], [1, '02']), key(1));
    assert.deepEqual(rig.lateJoiner(), [header(0), keys, many(3, 2, [0, '02'], [1, '02']), key(1)]);
  });

  it('is a keyframe of the lowest track where there is no track 0', () => {
    const rig = new TracksRig().video(header(2), header(5), key(2), key(5), inter(2));
    assert.deepEqual(rig.lateJoiner().slice(2), [key(2), key(5), inter(2)]);
  });

  it('is the next track where track 0 has been silent for more than three seconds', () => {
    const rig = new TracksRig().video(header(0), header(1), key(0));
    rig.pass(2900).video(key(1), inter(1));
    assert.deepEqual(rig.lateJoiner().slice(2), [key(0), key(1), inter(1)]);
    rig.pass(200).video(key(1), inter(1));
    assert.deepEqual(rig.lateJoiner().slice(2), [key(1), inter(1)]);
    rig.video(key(0), key(1));
    assert.deepEqual(rig.lateJoiner().slice(2), [key(0), key(1)], 'it is back');
  });

  it('is the next track at once where track 0 says that it has ended', () => {
    const rig = new TracksRig().video(header(0), header(1), key(0), end(0), key(1), inter(1));
    assert.deepEqual(rig.lateJoiner().slice(2), [key(1), inter(1)]);
    const all = new TracksRig().video(header(0), header(1), key(0), many(2, 1, [1, ''], [0, '']), key(1));
    assert.deepEqual(all.lateJoiner().slice(2), [key(1)]);
  });

  it('is known by the frame type where the codec is not, and nothing of that codec is kept [item 83]', () => {
    const unknown = (first: string) => `${first}787878780102`;
    const rig = new TracksRig().video(
      unknown('90'),
      unknown('91'),
      unknown('a1'),
      unknown('93'),
      unknown('a3'),
    );
    assert.deepEqual(rig.lateJoiner(), [unknown('93'), unknown('a3')]);
    rig.sound(`90${'78'.repeat(5)}`, `91${'78'.repeat(5)}`, `9f${'78'.repeat(5)}`);
    assert.deepEqual(
      rig.lateJoiner().slice(2),
      ['90', '91', '9f'].map((first) => first + '78'.repeat(5)),
    );
  });
});

describe('LiveStream, broken headers', () => {
  it('are dropped and counted, and everything else passes on as it came [item 83]', () => {
    const rig = new TracksRig().video(header(0), key(0));
    const watching = rig.viewer();
    bodiesOf(watching);
    const broken = [
      '9068',
      `9616${HVC1}00000001aa`,
      `9610${HVC1}`,
      `9610${HVC1}00000009aa`,
      '97ffff',
      `97${'0000f7'.repeat(9)}`,
      `91${HVC1}00`,
    ];
    const passed = ['', '80', 'd100', `98${HVC1}01`, `96310000`, `9a00000000`, `92${HVC1}`];
    rig.video(...broken).sound('97ffff', '9510', `9510${OPUS}00000009aa`);
    assert.deepEqual(bodiesOf(watching), []);
    assert.equal(rig.stream.stats.droppedMessages, broken.length + 3);
    assert.equal(rig.stream.stats.messagesIn, 2);
    rig.video(...passed);
    assert.deepEqual(bodiesOf(watching), passed);
    assert.equal(rig.stream.stats.droppedMessages, broken.length + 3);
  });
});
