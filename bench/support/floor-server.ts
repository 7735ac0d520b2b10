// The floors as servers under test: tiny programs that do the least that a case asks for, in TLS where the case is, so
// that its cost can be told as a multiple of theirs.

import { createInterface } from 'node:readline';
import { fastify } from 'fastify';
import type { Scheme } from '../load/scheme.ts';
import { CARRIERS } from '../load/scheme.ts';
import { benchCertificate } from './bench-certificate.ts';
import type { BenchServer, ServerKind } from './bench-server.ts';
import { SERVER_CORE, startPinned } from './pinned-process.ts';

/** One shared buffer of `bytes`, written to each connection every `tickMs`, as it is, in TLS, or as a WebSocket's message. */
export function bareWrite(tickMs: number, bytes: number, scheme: Scheme = 'rtmp'): ServerKind {
  const program = CARRIERS[scheme].framing === 'websocket' ? 'broadcast' : 'write';
  return floor(bareWriteName(scheme), `${bytes} bytes every ${tickMs} ms`, program, [tickMs, bytes], scheme);
}

/** What it is called by what its clients come over. */
export function bareWriteName(scheme: Scheme): string {
  const { framing, isSecure } = CARRIERS[scheme];
  if (framing === 'websocket') return `bare ${scheme}`;
  return isSecure ? 'bare TLS write' : 'bare write';
}

/** A bare Fastify route whose replies hold `bytes`, given at once (`tickMs` 0) or at the next tick. */
export function bareFastify(tickMs: number, bytes: number, scheme: Scheme = 'rtmpt'): ServerKind {
  const when = tickMs === 0 ? 'at once' : `at a tick of ${tickMs} ms`;
  const version = `${fastify().version}, ${bytes} bytes ${when}`;
  return floor(bareFastifyName(scheme), version, 'poll', [tickMs, bytes], scheme);
}

/** What it is called by what its clients come over. */
export function bareFastifyName(scheme: Scheme): string {
  return CARRIERS[scheme].isSecure ? 'bare TLS Fastify' : 'bare Fastify';
}

/** Two sockets and `pipe`. */
export const BARE_PIPE: ServerKind = floor('bare pipe', 'both ways', 'pipe', [], 'rtmp');

/** The same, to one port of the loopback. */
export function barePipeTo(port: number): ServerKind {
  return floor(BARE_PIPE.name, BARE_PIPE.version(), 'pipe', [port], 'rtmp');
}

/** A listener that drops what it reads. */
export const BARE_READER: ServerKind = floor('bare reader', 'of every byte', 'read', [], 'rtmp');

/** Bytes that a stream of `kbps` (kbit/s) makes in `ms`. */
export function bytesIn(kbps: number, ms: number): number {
  return Math.round((kbps * ms) / 8);
}

function floor(
  name: string,
  version: string,
  program: string,
  words: readonly number[],
  scheme: Scheme,
): ServerKind {
  return {
    name,
    startsAtKeyframe: true,
    schemes: [scheme],
    isPeer: false,
    version: () => version,
    start: () => start(program, words.map(String), CARRIERS[scheme].isSecure),
  };
}

async function start(program: string, words: readonly string[], isSecure: boolean): Promise<BenchServer> {
  const args = [`bench/floor/${program}.ts`, ...words];
  if (isSecure) {
    const { certificatePath, keyPath } = await benchCertificate();
    args.push(certificatePath, keyPath);
  }
  const running = startPinned(SERVER_CORE, process.execPath, args);
  const { stdout } = running.child;
  if (stdout === null) throw new Error('a floor without a standard output');
  const said = new Promise<string>((resolve) => {
    createInterface({ input: stdout }).once('line', resolve);
  });
  const line = await Promise.race([said, running.ended.then(() => null)]);
  if (line === null) throw new Error(`the floor "${program}" ended: ${running.errorOutput()}`);
  const { port } = JSON.parse(line) as { readonly port: number };
  return { port, securePort: isSecure ? port : null, process: running, stop: running.stop };
}
