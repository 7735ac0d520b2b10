// The floors as servers under test: four tiny programs that do the least that a case asks for, so that its cost can be
// told as a multiple of theirs.

import { createInterface } from 'node:readline';
import { fastify } from 'fastify';
import type { BenchServer, ServerKind } from './bench-server.ts';
import { SERVER_CORE, startPinned } from './pinned-process.ts';

/** One shared buffer of `bytes`, written to each connection every `tickMs`. */
export function bareWrite(tickMs: number, bytes: number): ServerKind {
  return floor('bare write', `${bytes} bytes every ${tickMs} ms`, 'write', [tickMs, bytes]);
}

/** A bare Fastify route whose replies hold `bytes`, given at once (`tickMs` 0) or at the next tick. */
export function bareFastify(tickMs: number, bytes: number): ServerKind {
  const when = tickMs === 0 ? 'at once' : `at a tick of ${tickMs} ms`;
  return floor('bare Fastify', `${fastify().version}, ${bytes} bytes ${when}`, 'poll', [tickMs, bytes]);
}

/** Two sockets and `pipe`. */
export const BARE_PIPE: ServerKind = floor('bare pipe', 'both ways', 'pipe', []);

/** A listener that drops what it reads. */
export const BARE_READER: ServerKind = floor('bare reader', 'of every byte', 'read', []);

/** Bytes that a stream of `kbps` (kbit/s) makes in `ms`. */
export function bytesIn(kbps: number, ms: number): number {
  return Math.round((kbps * ms) / 8);
}

function floor(name: string, version: string, program: string, words: readonly number[]): ServerKind {
  return {
    name,
    startsAtKeyframe: true,
    hasTunnel: false,
    isPeer: false,
    version: () => version,
    start: () => start(program, words.map(String)),
  };
}

async function start(program: string, words: readonly string[]): Promise<BenchServer> {
  const running = startPinned(SERVER_CORE, process.execPath, [`bench/floor/${program}.ts`, ...words]);
  const { stdout } = running.child;
  if (stdout === null) throw new Error('a floor without a standard output');
  const said = new Promise<string>((resolve) => {
    createInterface({ input: stdout }).once('line', resolve);
  });
  const line = await Promise.race([said, running.ended.then(() => null)]);
  if (line === null) throw new Error(`the floor "${program}" ended: ${running.errorOutput()}`);
  const { port } = JSON.parse(line) as { readonly port: number };
  return { port, process: running, stop: running.stop };
}
