// The load of the floors: connections that read what the bare write or the bare WebSocket server sends, that poll the bare
// Fastify route, that read what this program sends through the bare pipe, or that send what the bare reader reads. None
// may starve: a floor that serves half of its clients is none.

import type { AddressInfo, Server, Socket } from 'node:net';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LoadEvent, LoadResult } from '../support/load-events.ts';
import type { PollContext } from './bare-client.ts';
import { BareClient, BareWebSocketClient, PollClient } from './bare-client.ts';
import { addressOf, mediaOf } from './clients.ts';
import { startSpread } from './fanin-run.ts';
import { FaultKind, FaultList } from './fault-list.ts';
import type { LoadOptions } from './load-options.ts';
import { LoadMode } from './load-options.ts';
import { faultsOf, forEachAtOnce, measuredStretch, NO_VIEWERS } from './load-stretch.ts';
import { MediaPump } from './media-pump.ts';
import type { TlsRecord } from './open-socket.ts';
import type { Scheme } from './scheme.ts';
import { CARRIERS, perScheme, schemeOfEach } from './scheme.ts';

const CONNECTS_AT_ONCE = 20;
const MAX_GROUPS = 10;
/** LIMIT: bytes of one client that may wait in this process at the end. */
const MAX_QUEUED_BYTES = 100_000;
/** A client that gets less than this share of what one gets on average is starved. */
const LEAST_SHARE = 0.5;

/** Runs it all. */
export async function runBare(options: LoadOptions, say: (event: LoadEvent) => void): Promise<LoadResult> {
  const { mode, pollMs } = options;
  const faults = new FaultList();
  const counts = { isSteady: false, arrivals: 0, requests: 0 };
  const context: PollContext = { faults, pollMs, ...counts };
  const tls: TlsRecord = { ciphers: new Set() };
  const clients = schemeOfEach(options).map((scheme) => createClient(options, scheme, context, tls));
  const accepted: Socket[] = [];
  const target = mode === LoadMode.BarePipe ? await listen(accepted) : null;
  await forEachAtOnce(clients, CONNECTS_AT_ONCE, async (client) => {
    await client.open();
    if (target !== null) client.send(`${(target.address() as AddressInfo).port}\n`);
  });
  if (target !== null) await untilAccepted(accepted, clients.length);
  const pumps = createPumps(
    options,
    mode === LoadMode.BareSend ? clients.map(senderOf) : accepted.map(writerOf),
  );
  await startSpread(pumps);
  await sleep(options.settleMs);
  const figures = await measuredStretch({
    say,
    setSteady: (isSteady) => {
      context.isSteady = isSteady;
    },
    until: () => sleep(options.seconds * 1000),
  });
  for (const pump of pumps) pump.stop();
  const queued = clients.filter(({ queuedBytes }) => queuedBytes > MAX_QUEUED_BYTES).length;
  if (queued > 0) faults.add(FaultKind.Starved, `${queued} clients whose bytes were not taken`, queued);
  const bytes = clients.reduce((sum, { steadyBytes }) => sum + steadyBytes, 0);
  if (mode !== LoadMode.BareSend) findStarved(clients, bytes, faults);
  for (const client of clients) client.stop();
  for (const socket of accepted) socket.destroy();
  target?.close();
  return {
    ...perScheme(() => NO_VIEWERS),
    bare: { clients: clients.length, bytes, arrivals: context.arrivals, requests: context.requests },
    publishers: 0,
    ...figures,
    sentMessages: pumps.reduce((sum, { sent }) => sum + sent.nextSequence, 0),
    sendLateP99Ms: pumps.length === 0 ? null : Math.max(...pumps.map(latenessOf)),
    basesMs: [],
    ciphers: [...tls.ciphers],
    ...faultsOf(faults),
  };
}

function createClient(
  options: LoadOptions,
  scheme: Scheme,
  context: PollContext,
  tls: TlsRecord,
): BareClient {
  const address = addressOf(options, scheme, tls);
  if (options.mode === LoadMode.BarePoll) return new PollClient(address, context);
  const isFramed = CARRIERS[scheme].framing === 'websocket';
  return isFramed ? new BareWebSocketClient(address, context) : new BareClient(address, context);
}

/** Pumps that send media to so many groups of writers, each group at its own moments. */
function createPumps(options: LoadOptions, writers: readonly ((bytes: Buffer) => void)[]): MediaPump[] {
  return Array.from({ length: Math.min(MAX_GROUPS, writers.length) }, (_, group) => {
    const own = writers.filter((_writer, index) => index % MAX_GROUPS === group);
    const write = (bytes: Buffer): void => {
      for (const each of own) each(bytes);
    };
    return new MediaPump({ source: mediaOf(options), isStamped: true, startMs: 0, write });
  });
}

function senderOf(client: BareClient): (bytes: Buffer) => void {
  return (bytes) => client.send(bytes);
}

function writerOf(socket: Socket): (bytes: Buffer) => void {
  return (bytes) => {
    socket.write(bytes);
  };
}

function latenessOf({ lateness }: MediaPump): number {
  return lateness.percentileMs(0.99) ?? 0;
}

/** Where the bare pipe's other ends come out. */
function listen(accepted: Socket[]): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer({ noDelay: true }, (socket) => {
      socket.on('error', () => socket.destroy());
      accepted.push(socket);
    });
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => resolve(server));
  });
}

async function untilAccepted(accepted: readonly Socket[], count: number): Promise<void> {
  const steps = 500;
  for (let step = 0; step < steps && accepted.length < count; step++) await sleep(10);
  if (accepted.length < count) throw new Error(`${accepted.length} of ${count} pipes came out`);
}

function findStarved(clients: readonly BareClient[], bytes: number, faults: FaultList): void {
  const leastBytes = (bytes / clients.length) * LEAST_SHARE;
  const starved = clients.filter(({ steadyBytes }) => steadyBytes === 0 || steadyBytes < leastBytes).length;
  if (starved > 0) {
    faults.add(FaultKind.Starved, `${starved} clients with under half of what others got`, starved);
  }
}
