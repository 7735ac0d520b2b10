// From a publisher's bytes to a player's, through the connections of both: what is kept for those who come late, what
// is passed on as it is, where a play begins and begins again, and that an end is told once.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { headersAt, OPTIONS, PAYLOAD } from '../streams/stream-rig.ts';
import { amf, WireEcmaArray, type WireValue } from '../support/amf-wire.ts';
import { setChunkSize } from '../support/chunk-wire.ts';
import { ServerReplyReader } from '../support/server-reply-reader.ts';
import { hexOf, vectorOf } from '../support/vectors.ts';
import { SessionRig, sendInter, sendKey, type TestPeer } from './session-rig.ts';

/** Metadata and headers with number `number`, as an encoder sends them. */
function sendHeaders(peer: TestPeer, timestampMs: number, number = 1, title = 'one'): void {
  const { say } = peer;
  const metadata = amf('@setDataFrame', 'onMetaData', new WireEcmaArray({ title }));
  peer.send(say.message(18, metadata, { messageStreamId: 1, chunkStreamId: 4, timestampMs }));
  peer.send(say.video(1, timestampMs, PAYLOAD.videoHeader(number)));
  peer.send(say.audio(1, timestampMs, PAYLOAD.audioHeader(number)));
}

/** Sends sound of that number. */
function sendSound(peer: TestPeer, timestampMs: number, number: number): void {
  peer.send(peer.say.audio(1, timestampMs, PAYLOAD.audio(number)));
}

/** A player on NetStream 1 that asks with these arguments, and what it hears. */
function playWith(rig: SessionRig, ...args: readonly WireValue[]): { player: TestPeer; heard: string[] } {
  const player = rig.connected();
  player.send(player.say.call('createStream', 2), player.say.onStream(1, 'play', 's', ...args));
  return { player, heard: player.heard() };
}

const PLAYED = [
  '0 _result 2 null 1',
  'begin 1',
  '1 onStatus status NetStream.Play.Reset',
  '1 onStatus status NetStream.Play.Start',
  '1 data "|RtmpSampleAccess" true true',
];

describe('RtmpConnection, media to late joiners', () => {
  it('gives metadata, headers and a keyframe first, and then all that follows it [item 74] [item 75]', () => {
    const rig = new SessionRig();
    const publisher = rig.publisher('s');
    sendHeaders(publisher, 0);
    for (let n = 0; n < 5; n++) (n % 3 === 0 ? sendKey : sendInter)(publisher, n * 40, n);
    sendSound(publisher, 165, 1);
    assert.deepEqual(playWith(rig).heard, [
      ...PLAYED,
      ...headersAt(120),
      'key 3 @120',
      'inter 4 @160',
      'audio 1 @165',
    ]);
  });

  it('starts in sound alone and in pictures alone [item 74]', () => {
    const sound = new SessionRig();
    const speaker = sound.publisher('s');
    speaker.send(speaker.say.audio(1, 0, PAYLOAD.audioHeader(1)));
    sendSound(speaker, 0, 1);
    assert.deepEqual(playWith(sound).heard, [...PLAYED, 'audio-header 1 @0', 'audio 1 @0']);
    const pictures = new SessionRig();
    const camera = pictures.publisher('s');
    camera.send(camera.say.video(1, 0, PAYLOAD.videoHeader(1)));
    sendKey(camera, 0, 1);
    sendInter(camera, 40, 2);
    const expected = ['video-header 1 @0', 'key 1 @0', 'inter 2 @40'];
    assert.deepEqual(playWith(pictures).heard, [...PLAYED, ...expected]);
  });

  for (const [name, start] of [
    ['any, in ms', [-2000]],
    ['any, in seconds', [-2]],
    ['live alone, in ms', [-1000]],
    ['live alone, in seconds', [-1]],
    ['0, as librtmp has it for live streams', [0]],
    ['5000, of a recording that does not exist', [5000]],
    ['missing', []],
    ['NaN', [Number.NaN]],
  ] as const) {
    it(`plays live where the start is ${name} [item 66]`, () => {
      const rig = new SessionRig();
      const publisher = rig.publisher('s');
      sendHeaders(publisher, 0);
      sendKey(publisher, 0, 1);
      const { player, heard } = playWith(rig, ...start);
      assert.deepEqual(heard, [...PLAYED, ...headersAt(0), 'key 1 @0']);
      sendInter(publisher, 40, 2);
      rig.scheduler.run();
      assert.deepEqual(player.heard(), ['inter 2 @40']);
    });
  }
});

describe('RtmpConnection, metadata and headers', () => {
  for (const [name, value, expected] of [
    ['an ECMA array', new WireEcmaArray({ title: 'x' }), 'data "onMetaData" [title: "x"] @0'],
    ['an Object', { title: 'x' }, 'data "onMetaData" [title: "x"] @0'],
  ] as const) {
    it(`passes metadata on as an ECMA array that came as ${name}, without @setDataFrame, and keeps it [item 75]`, () => {
      const rig = new SessionRig();
      const publisher = rig.publisher('s');
      const early = rig.player('s');
      publisher.send(publisher.say.data(1, '@setDataFrame', 'onMetaData', value));
      sendKey(publisher, 0, 1);
      rig.scheduler.run();
      assert.deepEqual(early.heard(), [expected, 'key 1 @0']);
      assert.deepEqual(playWith(rig).heard, [...PLAYED, expected, 'key 1 @0']);
    });
  }

  it('forgets what @clearDataFrame names, for those who come behind it [item 75]', () => {
    const rig = new SessionRig();
    const publisher = rig.publisher('s');
    sendHeaders(publisher, 0);
    publisher.send(publisher.say.data(1, '@clearDataFrame', 'onMetaData'));
    sendKey(publisher, 0, 1);
    assert.deepEqual(playWith(rig).heard, [...PLAYED, 'video-header 1 @0', 'audio-header 1 @0', 'key 1 @0']);
  });

  it('passes on headers and metadata that change, where they change, and keeps the new ones [item 76]', () => {
    const rig = new SessionRig();
    const publisher = rig.publisher('s');
    sendHeaders(publisher, 0);
    sendKey(publisher, 0, 1);
    const { player } = playWith(rig);
    sendInter(publisher, 40, 2);
    sendHeaders(publisher, 80, 2, 'two');
    sendKey(publisher, 80, 3);
    rig.scheduler.run();
    const [metadata = '', ...headers] = headersAt(80, 2, 'two');
    const changed = player.heard();
    assert.equal(changed[0], 'inter 2 @40');
    assert.deepEqual(
      changed.slice(1).map((line) => line.split(' @')[0]),
      [...[metadata, ...headers].map((line) => line.split(' @')[0]), 'key 3'],
    );
    assert.deepEqual(playWith(rig).heard, [...PLAYED, metadata, ...headers, 'key 3 @80']);
  });
});

describe('RtmpConnection, what goes through unchanged', () => {
  /** Bodies and times of what a player of `s` is sent from here on, sound and pictures. */
  function mediaOf(player: TestPeer): string[] {
    const reader = new ServerReplyReader();
    reader.read(setChunkSize(OPTIONS.chunkSizeBytes));
    return reader
      .read(player.link.readPulled())
      .filter(({ typeId }) => typeId === 8 || typeId === 9)
      .map(({ typeId, timestampMs, payload }) => `${typeId} @${timestampMs} ${hexOf(payload)}`);
  }

  it('passes on media of no bytes and of one byte, and any late joiner is served behind it [item 81]', () => {
    const rig = new SessionRig();
    const publisher = rig.publisher('s');
    sendKey(publisher, 0, 1);
    const player = rig.player('s');
    const expected: string[] = [];
    for (let first = -1; first < 256; first++) {
      const payload = first < 0 ? new Uint8Array(0) : Uint8Array.of(first);
      publisher.send(publisher.say.audio(1, 20, payload), publisher.say.video(1, 20, payload));
      expected.push(`8 @20 ${hexOf(payload)}`, `9 @20 ${hexOf(payload)}`);
    }
    rig.scheduler.run();
    assert.deepEqual(mediaOf(player), expected);
    assert.deepEqual(publisher.link.internalErrors, []);
    sendKey(publisher, 40, 2);
    assert.deepEqual(playWith(rig).heard, [...PLAYED, 'key 2 @40']);
  });

  it('keeps bodies, order and distances in time, whatever the chunks they came in [item 78]', () => {
    const rig = new SessionRig();
    const publisher = rig.publisher('s');
    publisher.send(publisher.say.setChunkSize(77));
    const player = rig.player('s');
    const expected: string[] = [];
    const startMs = 5_000_000;
    for (let n = 0; n < 200; n++) {
      const isSound = n % 3 === 2;
      const payload = isSound
        ? PAYLOAD.audio(n, 12 + n)
        : (n % 30 === 0 ? PAYLOAD.key : PAYLOAD.inter)(n, 50 * n);
      const say = isSound ? publisher.say.audio : publisher.say.video;
      publisher.send(say.call(publisher.say, 1, startMs + 7 * n, payload));
      expected.push(`${isSound ? 8 : 9} ${7 * n} ${hexOf(payload)}`);
    }
    rig.scheduler.run();
    const heard = mediaOf(player).map((line) => /^(\d) @(\d+) (.*)$/.exec(line)?.slice(1) ?? []);
    const [[, baseMs = ''] = []] = heard;
    assert.deepEqual(
      heard.map(([typeId, timeMs, body]) => `${typeId} ${Number(timeMs) - Number(baseMs)} ${body}`),
      expected,
    );
  });

  it('takes an aggregate apart for players, as if each tag had come alone [item 80]', () => {
    const rig = new SessionRig();
    const publisher = rig.publisher('s');
    sendKey(publisher, 1000, 1);
    const player = rig.player('s');
    const { bytes, msgs } = vectorOf('F-9');
    publisher.send(publisher.say.message(22, bytes, { messageStreamId: 1, timestampMs: 1000 }));
    rig.scheduler.run();
    const [first, second] = mediaOf(player);
    const bodies = (msgs ?? []).filter(({ ty }) => ty !== 18).map(({ ty, body }) => `${ty} ${body}`);
    const withoutTime = (line = '') => line.replace(/@\d+ /, '');
    assert.deepEqual([withoutTime(first), withoutTime(second)], bodies.slice(0, 2));
  });
});

describe('RtmpConnection, ends that are told once', () => {
  const WAYS: Readonly<Record<string, (peer: TestPeer, rig: SessionRig) => void>> = {
    closeStream: (peer) => peer.send(peer.say.onStream(1, 'closeStream')),
    FCUnpublish: (peer) => peer.send(peer.say.call('FCUnpublish', 3, 's')),
    'a reset': (peer) => peer.link.drop('peer-reset'),
    'a timeout': (_, rig) => rig.clock.advance(3 * 60_000),
  };
  for (const [name, end] of Object.entries(WAYS)) {
    it(`tells players of the end of a publish by ${name}, behind its last frame, once [item 71]`, () => {
      const rig = new SessionRig();
      const publisher = rig.publisher('s');
      sendKey(publisher, 0, 1);
      const player = rig.player('s');
      const stayAlive = (): void => player.send(player.say.call('_checkbw', 9));
      for (let n = 0; n < 5; n++) rig.wheel.at(rig.clock.nowMs() + n * 40_000, stayAlive);
      sendInter(publisher, 40, 2);
      end(publisher, rig);
      rig.scheduler.run();
      publisher.send(publisher.say.onStream(1, 'closeStream'), publisher.say.call('deleteStream', 0, 1));
      publisher.link.drop();
      rig.scheduler.run();
      player.link.pull();
      assert.deepEqual(
        player.heard().filter((line) => !/_result|^ping|^ack/.test(line)),
        ['inter 2 @40', 'eof 1', '1 onStatus status NetStream.Play.UnpublishNotify'],
      );
    });
  }
});
