// A minute through a proxy that limits its connections: the proxy stands between two forwarders that count, one in front
// of it and one behind. Programs publish and play a file, or an emulated client that connects again does so with numbered
// media, both at once; what is asserted afterwards is that nothing was missing and nothing came late.

import assert from 'node:assert/strict';
import { HaishinKitClient } from '../support/clients/haishinkit-client.ts';
import {
  assertSameMedia,
  MEDIA_START,
  type MediaMessage,
  numberedMedia,
} from '../support/clients/numbered-media.ts';
import type { Address } from '../support/clients/raw-http.ts';
import { type CountingProxy, startCountingProxy } from '../support/counting-proxy.ts';
import { assertReceived } from '../support/frames.ts';
import type { GatewayProcess, LogLine } from '../support/gateway-process.ts';
import { playWithFfmpeg } from '../support/players.ts';
import { type Cleaner, type RunningProgram, sleep } from '../support/programs.ts';
import { FFMPEG_RTMPT_TAIL_FRAMES, publishWithFfmpeg } from '../support/publishers.ts';
import { assertEndedWell, endByItself, withOutputOf } from './pairing.ts';

/** What a player has to get. */
export const MINUTE_MS = 60_000;
/** Time after which proxies and programs of a minute are killed. */
export const MINUTE_LIFE_MS = 150_000;
/** Length of the file, for a player that comes late and then waits for a keyframe, and of what is sent. */
export const SOURCE_S = 63;

/** LIMIT: a pause this long would be seen. The rest of the tests may run on the same machine, so it is no less. */
const GAP_MS = 2000;
const JOIN_DELAY_MS = 700;
const END_LIMIT_MS = 10_000;
const LOG_LIMIT_MS = 10_000;
/** Time between two looks at what is due: what is due then leaves in two requests at most. */
const STEP_MS = 60;

/** A started proxy: where clients find it, and how they are to be told. */
export type MinuteProxy = {
  readonly port: number;
  /** True for one that clients know of, and ask for the gateway's own address. */
  readonly isForward?: boolean;
};

/** Starts a proxy in front of the gateway at that port. */
export type StartProxy = (cleaner: Cleaner, gatewayPort: number) => Promise<MinuteProxy>;

/** A proxy between two forwarders. */
export type CountedProxy = {
  /** What clients connect to. */
  readonly front: CountingProxy;
  /** What the proxy connects to. */
  readonly back: CountingProxy;
  readonly isForward: boolean;
};

/** Starts a proxy, and the forwarders around it. */
export async function startCounted(
  cleaner: Cleaner,
  gateway: GatewayProcess,
  start: StartProxy,
): Promise<CountedProxy> {
  const back = await startCountingProxy(cleaner, gateway.ports[0] ?? 0);
  const proxy = await start(cleaner, back.port);
  // Whoever waited for the proxy to listen was counted by nobody: the forwarder in front came later.
  const front = await startCountingProxy(cleaner, proxy.port);
  return { front, back, isForward: proxy.isForward === true };
}

/** Two ffmpegs, of which one has published a file for its length and the other one has played it. */
export type ProgramMinute = { readonly publisher: RunningProgram; readonly player: RunningProgram };

/** Lets ffmpeg publish the file and play it through the proxy, to its end. */
export async function runPrograms(
  cleaner: Cleaner,
  { front, back, isForward }: CountedProxy,
  sourcePath: string,
  streamName: string,
): Promise<ProgramMinute> {
  const env: Record<string, string> = isForward ? { http_proxy: `http://127.0.0.1:${front.port}` } : {};
  const options = { env, limitMs: MINUTE_LIFE_MS };
  const url = `rtmpt://127.0.0.1:${isForward ? back.port : front.port}/live/${streamName}`;
  const publisher = publishWithFfmpeg(cleaner, sourcePath, url, options);
  await sleep(JOIN_DELAY_MS);
  const player = playWithFfmpeg(cleaner, url, options);
  assertEndedWell(publisher, await publisher.ended);
  await endByItself(player, END_LIMIT_MS);
  return { publisher, player };
}

/** Every frame of a minute came, and at no time did the publisher or the player have to wait. */
export async function assertProgramMinute(
  gateway: GatewayProcess,
  { player }: ProgramMinute,
  sourcePath: string,
  streamName: string,
): Promise<void> {
  withOutputOf(player, () => {
    assertReceived(sourcePath, player.outputPath, {
      tailFrames: FFMPEG_RTMPT_TAIL_FRAMES,
      minDurationMs: MINUTE_MS,
    });
  });
  for (const role of ['publisher', 'player']) {
    assertNoPause(await endedLine(gateway, streamName, role));
  }
}

/** Media that came to a player, and the longest time in which none did. */
export type EmulatedMinute = {
  readonly sent: readonly MediaMessage[];
  readonly received: readonly MediaMessage[];
  readonly longestPauseMs: number;
};

/** Lets an emulated HaishinKit publish numbered media at its own speed, and another one play it, for a minute. */
export async function runEmulated(
  cleaner: Cleaner,
  { front }: CountedProxy,
  streamName: string,
): Promise<EmulatedMinute> {
  const address: Address = { host: '127.0.0.1', port: front.port };
  const [publisher, player] = [
    new HaishinKitClient(cleaner, address),
    new HaishinKitClient(cleaner, address),
  ];
  await publisher.publish('live', streamName);
  await player.play('live', streamName);
  const sent = [...MEDIA_START, ...mediaOfAMinute()];
  let lastMs = performance.now();
  let longestPauseMs = 0;
  let seenCount = 0;
  const isWhole = (): boolean => {
    const { length } = player.received.media;
    if (length > seenCount) {
      longestPauseMs = Math.max(longestPauseMs, performance.now() - lastMs);
      lastMs = performance.now();
      seenCount = length;
    }
    return length >= sent.length;
  };
  const arrival = player.received.waitUntil(isWhole, 'all media', MINUTE_LIFE_MS);
  await Promise.all([arrival, sendInTime(publisher, sent)]);
  await publisher.close();
  await player.close();
  return { sent, received: player.received.media, longestPauseMs };
}

/** Every message of a minute came, to the byte, and none of them late. */
export function assertEmulatedMinute({ sent, received, longestPauseMs }: EmulatedMinute): void {
  assert.ok((sent.at(-1)?.timestampMs ?? 0) >= MINUTE_MS);
  assertSameMedia(received, sent);
  assert.ok(longestPauseMs < GAP_MS, `nothing came for ${longestPauseMs} ms`);
}

function mediaOfAMinute(): MediaMessage[] {
  const [{ timestampMs: stepMs } = { timestampMs: 0 }] = numberedMedia(1, 2);
  return numberedMedia(2 * Math.ceil((SOURCE_S * 1000) / stepMs));
}

async function sendInTime(publisher: HaishinKitClient, media: readonly MediaMessage[]): Promise<void> {
  const startMs = performance.now();
  for (const message of media) {
    while (performance.now() - startMs < message.timestampMs) await sleep(STEP_MS);
    await publisher.sendMedia(message);
  }
}

/** The line of the end of the session that had this role in that live stream. */
function endedLine(gateway: GatewayProcess, streamName: string, role: string): Promise<LogLine> {
  const isIt = (line: LogLine): boolean =>
    line.msg === 'session ended' && line['stream'] === streamName && line['role'] === role;
  return gateway.waitForLine(isIt, LOG_LIMIT_MS);
}

function assertNoPause(line: LogLine): void {
  const text = JSON.stringify(line);
  const { longestRoundTripMs, longestHoldMs, missingRequests } = line['tunnel'] as Record<string, number>;
  assert.equal(line['skips'], 0, text);
  assert.equal(missingRequests, 0, text);
  assert.ok((longestRoundTripMs ?? 0) < GAP_MS, text);
  // Of one that never polls it is null.
  assert.ok((longestHoldMs ?? 0) < GAP_MS, text);
}
