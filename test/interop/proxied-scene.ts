// What the tests of proxies share: the gateway and the proxy as docs/proxies.md configures them, moved to the loopback.
// There the proxy asks the gateway from an address of its own, 127.0.0.9, which alone is trusted, so that a client's
// 127.0.0.1 can only have been told by it.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { assertDecodesClean, assertReceived, type ReceivedOptions } from '../support/frames.ts';
import { type GatewayProcess, type LogLine, startGateway } from '../support/gateway-process.ts';
import { mediaFile } from '../support/media.ts';
import { readBlock } from '../support/page-blocks.ts';
import { type Cleaner, newFilePath, type RunningProgram, sleep } from '../support/programs.ts';
import { type PublisherOptions, publishWithFfmpeg } from '../support/publishers.ts';
import { assertEndedWell, endByItself, withOutputOf } from './pairing.ts';

/** Where a client seems to be, as everybody on the loopback. */
export const CLIENT_ADDRESS = '127.0.0.1';
/** Where the proxy asks the gateway from. */
export const PROXY_ADDRESS = '127.0.0.9';
/** The same in the page. */
export const PAGE_PROXY_ADDRESS = '10.0.0.9';

const LOG_LIMIT_MS = 10_000;
const DURATION_S = 4;
const JOIN_DELAY_MS = 700;
const END_LIMIT_MS = 6000;
const MIN_RECEIVED_MS = 1500;

/** A block of the page of proxies. */
export function pageBlock(
  heading: string,
  language: string,
  replacements: Readonly<Record<string, string>> = {},
  index = 0,
): string {
  return readBlock({ page: 'proxies.md', heading, language, index }, replacements);
}

/**
 * Starts a gateway with the page's culvert.yaml under `heading`, which has `listen` there, on a free port; `change` makes
 * its text another one.
 */
export function startPageGateway(
  cleaner: Cleaner,
  heading: string,
  listen: string,
  change: (text: string) => string = (text) => text,
): Promise<GatewayProcess> {
  const kind = listen.startsWith('any:') ? 'any:' : '';
  const moved = { [`"${listen}"`]: `"${kind}127.0.0.1:0"`, [PAGE_PROXY_ADDRESS]: PROXY_ADDRESS };
  const path = newFilePath('culvert.yaml');
  writeFileSync(path, change(pageBlock(heading, 'yaml', moved)));
  return startGateway(cleaner, { listen: [], args: ['--config', path] });
}

/** Who publishes where and who plays it. */
export type ProxiedScene = {
  readonly publishUrl: string;
  readonly publisher?: PublisherOptions;
  readonly received?: ReceivedOptions;
  readonly players: readonly (() => RunningProgram)[];
};

/** ffmpeg publishes a few seconds, players join it, and every frame from there on comes to each of them. */
export async function assertScenePlays(cleaner: Cleaner, scene: ProxiedScene): Promise<void> {
  const sourcePath = await mediaFile(cleaner, 'h264-aac', DURATION_S);
  const publisher = publishWithFfmpeg(cleaner, sourcePath, scene.publishUrl, scene.publisher);
  await sleep(JOIN_DELAY_MS);
  const players = scene.players.map((start) => start());
  assertEndedWell(publisher, await publisher.ended);
  await Promise.all(players.map((player) => endByItself(player, END_LIMIT_MS)));
  for (const player of players) {
    withOutputOf(player, () => {
      assertReceived(sourcePath, player.outputPath, { minDurationMs: MIN_RECEIVED_MS, ...scene.received });
    });
    await assertDecodesClean(cleaner, player.outputPath);
  }
}

/** The lines of sessions that were connected, in order, once there are `count`. */
export async function connectedLines(gateway: GatewayProcess, count: number): Promise<LogLine[]> {
  const all = (): LogLine[] => gateway.lines.filter(({ msg }) => msg === 'session connected');
  await gateway.waitForLine(() => all().length >= count, LOG_LIMIT_MS);
  assert.equal(all().length, count, `more than ${count} sessions were connected`);
  return all();
}

/** Resolves once a line says that a connection from `remoteAddress` was refused for `reason`. */
export async function assertRefused(
  gateway: GatewayProcess,
  reason: string,
  remoteAddress: string,
): Promise<void> {
  await gateway.waitForLine(
    (line) =>
      line.msg === 'connection refused' &&
      line['reason'] === reason &&
      line['remoteAddress'] === remoteAddress,
    LOG_LIMIT_MS,
  );
}

/** Nobody was refused, and nothing was logged above info. */
export function assertQuiet(gateway: GatewayProcess): void {
  assert.deepEqual(gateway.alarms(), []);
  assert.deepEqual(
    gateway.lines.filter(({ msg }) => msg.includes('refused')),
    [],
  );
}
