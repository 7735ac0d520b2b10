// Enhanced RTMP with real media: what ffmpeg encoded goes through the gateway by RTMP and RTMPT, message by message and
// byte for byte, to those who were there and to those who come late, and decodes again. Debian's ffmpeg can neither send
// nor play these codecs over RTMP, so that our own client carries them; rtmpdump writes what it gets.

import assert from 'node:assert/strict';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { writeElementaryFile } from '../support/elementary-files.ts';
import { type EncodedCodec, type EncodedMedia, encodeMedia } from '../support/encoded-media.ts';
import {
  legacyAvcMessagesOf,
  manyTracksMessagesOf,
  messagesOf,
  readTracksOf,
  trackMessagesOf,
  type WireMedia,
} from '../support/enhanced-wire.ts';
import { assertDecodesClean } from '../support/frames.ts';
import { startTestServer, type TestServer } from '../support/gateway-process.ts';
import { playWithRtmpdump } from '../support/players.ts';
import { type Cleaner, Scope, sleep } from '../support/programs.ts';
import { TestClient } from '../support/test-client.ts';
import { endByItself } from './pairing.ts';

const VIDEO: readonly EncodedCodec[] = ['avc1', 'hvc1', 'av01', 'vp08', 'vp09'];
const AUDIO: readonly EncodedCodec[] = ['Opus', 'fLaC', 'ac-3', 'ec-3', 'mp4a', '.mp3'];

/** Late joiners come when this share of the stream has passed, in the middle of a group of pictures. */
const LATE_AT = 0.6;
const START_LIMIT_MS = 5000;
const END_LIMIT_MS = 6000;
const POLL_MS = 50;

/** What players got: those who were there, by their transports, and those who came late. */
type Received = { readonly there: readonly TestClient[]; readonly late: readonly TestClient[] };

const scope = new Scope();
const medias = new Map<EncodedCodec, EncodedMedia>();
let server: TestServer;

function mediaOf(codec: EncodedCodec): EncodedMedia {
  const media = medias.get(codec);
  assert.ok(media !== undefined, `${codec} was not encoded`);
  return media;
}

/** The messages that a client has got, each as its kind, time and bytes. */
function gotBy(client: TestClient): string[] {
  return client.media.map(({ kind, timestampMs, payload }) =>
    lineOf({ kind, timestampMs, payload: Buffer.from(payload) }),
  );
}

function lineOf({ kind, timestampMs, payload }: Omit<WireMedia, 'isKeyframe'>): string {
  return `${kind} @${timestampMs} ${payload.toString('hex')}`;
}

function send(publisher: TestClient, messages: readonly WireMedia[]): void {
  for (const { kind, timestampMs, payload } of messages) {
    if (kind === 'video') publisher.session.sendVideo(timestampMs, payload);
    else publisher.session.sendAudio(timestampMs, payload);
  }
  publisher.wake();
}

/** Publishes `messages`; two players are there before the first, two come in the middle, by RTMP and RTMPT each. */
async function pass(
  cleaner: Cleaner,
  name: string,
  messages: readonly WireMedia[],
  openPublisher: typeof TestClient.overTcp = TestClient.overTcp,
): Promise<Received> {
  const port = server.ports[0] ?? 0;
  const players = async (): Promise<TestClient[]> => {
    const both = await Promise.all([
      TestClient.overTcp(cleaner, port, 'live'),
      TestClient.overTunnel(cleaner, port, 'live'),
    ]);
    for (const player of both) assert.equal((await player.play(name)).type, 'play-started');
    return both;
  };
  const there = await players();
  const publisher = await openPublisher(cleaner, port, 'live');
  assert.equal((await publisher.publish(name)).type, 'publish-started');
  const half = Math.floor(messages.length * LATE_AT);
  send(publisher, messages.slice(0, half));
  await Promise.all(there.map((player) => player.waitUntil(() => player.media.length === half)));
  const late = await players();
  await Promise.all(late.map((player) => player.waitUntil(() => player.media.length > 0)));
  send(publisher, messages.slice(half));
  const last = messages.at(-1)?.payload.toString('hex') ?? '';
  for (const player of [...there, ...late]) {
    await player.waitUntil(() => gotBy(player).at(-1)?.endsWith(` ${last}`) === true);
  }
  publisher.kill();
  for (const player of [...there, ...late]) player.kill();
  return { there, late };
}

/** Asserts that who was there got all of it, and who came late the headers and then all from one message on; gives
 * these messages' first. */
function assertPassed(
  messages: readonly WireMedia[],
  headers: readonly Buffer[],
  received: Received,
): WireMedia {
  const sent = messages.map(lineOf);
  for (const player of received.there) assert.deepEqual(gotBy(player), sent);
  const headerLines = headers.map((payload) => payload.toString('hex'));
  let begin: WireMedia | undefined;
  for (const player of received.late) {
    const got = gotBy(player);
    assert.deepEqual(
      got.slice(0, headers.length).map((line) => line.split(' ').at(-1)),
      headerLines,
      'the headers in force, once each',
    );
    const rest = got.slice(headers.length);
    const from = sent.indexOf(rest[0] ?? '');
    assert.ok(from > 0, 'a message that was sent');
    assert.ok(from > sent.length * LATE_AT - 30 * headers.length - 30, `from ${from} of ${sent.length} on`);
    assert.deepEqual(rest, sent.slice(from));
    begin = messages[from];
  }
  assert.ok(begin !== undefined);
  return begin;
}

/** Decodes what came of each track to each of these players. */
async function assertDecodes(cleaner: Cleaner, players: readonly TestClient[]): Promise<void> {
  for (const player of players) {
    const tracks = new Map<string, { codec: EncodedCodec; config: Buffer; frames: Buffer[] }>();
    for (const { kind, payload } of player.media) {
      for (const { trackId, codec, isHeader, isFrame, data } of readTracksOf(kind, payload)) {
        const key = `${kind} ${trackId}`;
        if (isHeader) tracks.set(key, { codec, config: data, frames: [] });
        else if (isFrame) tracks.get(key)?.frames.push(data);
      }
    }
    assert.ok(tracks.size > 0);
    for (const { codec, config, frames } of tracks.values()) {
      assert.ok(frames.length > 10, `${frames.length} frames of ${codec}`);
      await assertDecodesClean(cleaner, writeElementaryFile(codec, config, frames));
    }
  }
}

before(async () => {
  const starting = startTestServer(scope);
  const encoding = [...VIDEO, ...AUDIO].map(async (codec) => {
    medias.set(codec, await encodeMedia(scope, codec));
  });
  server = await starting;
  await Promise.all(encoding);
});
after(() => scope.close());

describe('Enhanced RTMP', { concurrency: 2 }, () => {
  for (const codec of VIDEO) {
    it(`carries ${codec} unchanged, and late joiners begin at a keyframe behind its header [item 83] [item 84]`, async (t) => {
      const messages = messagesOf(mediaOf(codec));
      const received = await pass(t, `video-${codec}`, messages, TestClient.overTunnel);
      const [header] = messages;
      const begin = assertPassed(messages, header === undefined ? [] : [header.payload], received);
      assert.ok(begin.isKeyframe);
      await assertDecodes(t, [...received.there.slice(0, 1), ...received.late]);
    });
  }

  for (const codec of AUDIO) {
    it(`carries ${codec} unchanged, and late joiners get its header first [item 83] [item 84]`, async (t) => {
      const messages = messagesOf(mediaOf(codec));
      const received = await pass(t, `audio-${codec.replace('.', '')}`, messages);
      const [header] = messages;
      assertPassed(messages, header === undefined ? [] : [header.payload], received);
      await assertDecodes(t, received.late);
    });
  }

  it('carries H.264 as track 0, HEVC as track 1, and sound of two tracks, each to late joiners from its header on [item 83]', async (t) => {
    const streams = [
      legacyAvcMessagesOf(mediaOf('avc1')),
      trackMessagesOf(mediaOf('hvc1'), 1),
      messagesOf(mediaOf('Opus')),
      trackMessagesOf(mediaOf('mp4a'), 1),
    ];
    const messages = streams.flat().sort((a, b) => a.timestampMs - b.timestampMs);
    const headers = streams.flatMap(([header]) => (header === undefined ? [] : [header.payload]));
    const received = await pass(t, 'tracks', messages);
    const begin = assertPassed(messages, headers, received);
    assert.equal(begin.payload.readUInt16BE(0), 0x1701, 'a keyframe of track 0');
    await assertDecodes(t, [...received.there.slice(0, 1), ...received.late]);
  });

  it('carries two codecs in each message, and late joiners begin at a message of keyframes [item 83]', async (t) => {
    const messages = manyTracksMessagesOf([mediaOf('avc1'), mediaOf('hvc1')]);
    const received = await pass(t, 'many-tracks', messages, TestClient.overTunnel);
    const [header] = messages;
    const begin = assertPassed(messages, header === undefined ? [] : [header.payload], received);
    assert.equal(begin.payload.readUInt16BE(0), 0x9621, 'keyframes');
    await assertDecodes(t, [...received.there.slice(0, 1), ...received.late]);
  });

  it('reaches rtmpdump, which writes every byte of it', async (t) => {
    const messages = messagesOf(mediaOf('hvc1'));
    const publisher = await TestClient.overTcp(t, server.ports[0] ?? 0, 'live');
    await publisher.publish('dumped');
    const half = Math.floor(messages.length * LATE_AT);
    send(publisher, messages.slice(0, half));
    const player = playWithRtmpdump(t, server.rtmpUrl('live/dumped'), { live: true });
    for (let waits = 0; sizeOf(player.outputPath) === 0 && waits < START_LIMIT_MS / POLL_MS; waits++) {
      await sleep(POLL_MS);
    }
    send(publisher, messages.slice(half));
    publisher.session.closeStream();
    publisher.wake();
    await endByItself(player, END_LIMIT_MS);
    const got = videoTagsOf(player.outputPath).map((payload) => payload.toString('hex'));
    // It leaves out video of five bytes and less, which the end of a sequence is.
    const sent = messages.slice(0, -1).map(({ payload }) => payload.toString('hex'));
    assert.equal(got[0], sent[0], 'the header first');
    const from = sent.indexOf(got[1] ?? '');
    assert.ok(from > 0 && messages[from]?.isKeyframe, 'then a keyframe');
    assert.deepEqual(got.slice(1), sent.slice(from));
  });
});

describe('The gateway, after all this', () => {
  it('has nothing above info in its log', () => {
    assert.deepEqual(server.alarms(), []);
  });
});

function sizeOf(path: string): number {
  return existsSync(path) ? statSync(path).size : 0;
}

/** Bodies of the video tags of an FLV file, in order. [FLV E.4.1] */
function videoTagsOf(path: string): Buffer[] {
  const bytes = readFileSync(path);
  const bodies: Buffer[] = [];
  for (let offset = 13; offset + 11 <= bytes.length; ) {
    const end = offset + 11 + bytes.readUIntBE(offset + 1, 3);
    if (bytes.readUInt8(offset) === 9) bodies.push(bytes.subarray(offset + 11, end));
    offset = end + 4;
  }
  return bodies;
}
