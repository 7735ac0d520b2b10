// The scene that every emulated client has to pass: it plays what a plain RTMP client publishes, publishes what one plays,
// to the byte and in order, and its close ends the publish.

import assert from 'node:assert/strict';
import type { Overrides } from '../../../src/config/config-type.ts';
import type { Config } from '../../../src/config/schema.ts';
import type { ClientEvent } from '../../../src/protocol/rtmp/client/client-events.ts';
import {
  assertSameMedia,
  MEDIA_START,
  type MediaMessage,
  numberedMedia,
} from '../../support/clients/numbered-media.ts';
import { type Address, PATIENCE_MS } from '../../support/clients/raw-http.ts';
import { MessageType } from '../../support/clients/rtmp-bytes.ts';
import type { PlayingClient, PublishingClient } from '../../support/clients/tunnel-client.ts';
import { type Cleaner, sleep } from '../../support/programs.ts';
import { TestClient } from '../../support/test-client.ts';
import { type LogEntry, startTestGateway, type TestGateway } from '../../support/test-gateway.ts';

/** The application of all scenes. */
export const APP = 'live';

/** What is sent where nothing else is said: metadata and headers, then pictures and sound; 60 messages in all. */
export const SENT: readonly MediaMessage[] = [...MEDIA_START, ...numberedMedia(57)];

/** How often a log is looked at, which tells nobody that it has grown. */
const LOOK_EVERY_MS = 5;

let nextStreamNumber = 1;

/** A name that no other scene uses. */
export function newStreamName(): string {
  return `scene-${nextStreamNumber++}`;
}

/** A gateway with the settings that operators have, or others. */
export async function startScene(
  cleaner: Cleaner,
  settings: Overrides<Config> = {},
): Promise<TestGateway & { readonly address: Address }> {
  const started = await startTestGateway(cleaner, settings);
  return { ...started, address: { host: '127.0.0.1', port: started.port } };
}

/** Sound, pictures and metadata that a plain client has received. */
export function mediaOfEvents(events: readonly ClientEvent[]): MediaMessage[] {
  const media: MediaMessage[] = [];
  for (const event of events) {
    if (event.type === 'media') {
      const typeId = event.kind === 'audio' ? MessageType.Audio : MessageType.Video;
      media.push({ typeId, timestampMs: event.timestampMs, payload: event.payload });
    } else if (event.type === 'data' && event.name === 'onMetaData') {
      media.push({ typeId: MessageType.Data, timestampMs: event.timestampMs, payload: event.payload });
    }
  }
  return media;
}

/** Sends media by a plain client, one message behind the other without a pause. */
export function sendAll(publisher: TestClient, messages: readonly MediaMessage[]): void {
  for (const { typeId, timestampMs, payload } of messages) {
    if (typeId === MessageType.Audio) publisher.session.sendAudio(timestampMs, payload);
    else if (typeId === MessageType.Video) publisher.session.sendVideo(timestampMs, payload);
    else publisher.session.sendData(timestampMs, payload);
    publisher.wake();
  }
}

/** A plain client publishes, the emulated one plays: it gets everything, and hears of the end. */
export async function playsEverything(cleaner: Cleaner, player: PlayingClient, port: number): Promise<void> {
  const streamName = newStreamName();
  const publisher = await TestClient.overTcp(cleaner, port, APP);
  await publisher.publish(streamName);
  await player.play(APP, streamName);
  sendAll(publisher, SENT);
  await player.received.waitForMedia(SENT.length);
  assertSameMedia(player.received.media, SENT);
  publisher.session.closeStream();
  publisher.wake();
  await player.received.waitForStatus('NetStream.Play.UnpublishNotify');
  await player.close();
  assert.equal(player.received.failure, null);
}

/** The emulated client publishes, a plain one plays: it gets everything, and the close ends the publish. */
export async function publishesEverything(
  cleaner: Cleaner,
  publisher: PublishingClient,
  port: number,
): Promise<void> {
  const streamName = newStreamName();
  await publisher.publish(APP, streamName);
  const watcher = await watch(cleaner, port, streamName);
  for (const message of SENT) await publisher.sendMedia(message);
  await watcher.waitUntil(() => mediaOfEvents(watcher.events).length >= SENT.length);
  assertSameMedia(mediaOfEvents(watcher.events), SENT);
  await publisher.close();
  await watcher.waitFor(({ type }) => type === 'play-stopped');
  assert.equal(publisher.received.failure, null);
  await isFree(cleaner, port, streamName);
}

/** An emulated client publishes, another one plays. */
export async function carriesBetween(publisher: PublishingClient, player: PlayingClient): Promise<void> {
  const streamName = newStreamName();
  await publisher.publish(APP, streamName);
  await player.play(APP, streamName);
  for (const message of SENT) await publisher.sendMedia(message);
  await player.received.waitForMedia(SENT.length);
  assertSameMedia(player.received.media, SENT);
  await publisher.close();
  await player.received.waitForStatus('NetStream.Play.UnpublishNotify');
  await player.close();
  assert.equal(player.received.failure, null);
  assert.equal(publisher.received.failure, null);
}

/** A plain client that plays a stream. */
export async function watch(cleaner: Cleaner, port: number, streamName: string): Promise<TestClient> {
  const watcher = await TestClient.overTcp(cleaner, port, APP);
  assert.equal((await watcher.play(streamName)).type, 'play-started');
  return watcher;
}

/** Asserts that a name can be published anew: whoever had it has ended. */
export async function isFree(cleaner: Cleaner, port: number, streamName: string): Promise<void> {
  const next = await TestClient.overTcp(cleaner, port, APP);
  assert.equal((await next.publish(streamName)).type, 'publish-started');
}

/** Asserts that `doing` fails with a message that fits, well before tests lose patience. */
export async function breaks(doing: Promise<unknown>, pattern: RegExp): Promise<void> {
  const limit = AbortSignal.timeout(PATIENCE_MS + 1000);
  const late = new Promise<never>((_, reject) => {
    limit.addEventListener('abort', () => reject(new Error('it neither broke nor went on')));
  });
  await assert.rejects(Promise.race([doing, late]), pattern);
}

/** Waits for the end of the tunnel's session of this role in a gateway's log, and gives the reason. */
export async function sessionEnd(log: readonly LogEntry[], role: 'player' | 'publisher'): Promise<string> {
  const limitMs = performance.now() + PATIENCE_MS;
  while (performance.now() < limitMs) {
    const ends = log
      .filter(({ message }) => message === 'session ended')
      .map(({ fields }) => new Map(Object.entries(fields)));
    const end = ends.find((fields) => fields.get('transport') === 'rtmpt' && fields.get('role') === role);
    if (end !== undefined) return String(end.get('reason'));
    await sleep(LOOK_EVERY_MS);
  }
  throw new Error(`no session of a ${role} ended within ${PATIENCE_MS} ms`);
}
