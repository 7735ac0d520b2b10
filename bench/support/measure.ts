// One stretch of a case: a fresh server, the load program against it, and the server's CPU time between the moments at
// which the load program says that the steady part begins and ends.

import { performance } from 'node:perf_hooks';
import { createInterface } from 'node:readline';
import type { BenchServer, ServerKind } from './bench-server.ts';
import type { LoadEvent, LoadResult } from './load-events.ts';
import { LOAD_CORE, startPinned } from './pinned-process.ts';
import { cpuMs, residentBytes } from './process-usage.ts';

/** What came of one stretch. */
export type Measurement = {
  readonly server: string;
  /** Which viewers there were, in words: a row's name in tables. */
  readonly viewers: string;
  readonly viewerCount: number;
  readonly measuredMs: number;
  readonly serverCpuMs: number;
  readonly cpuMsPerViewerSecond: number;
  /** The server's CPU time as a share of one core; near 1 it was at its limit, and latency says nothing. */
  readonly serverCpuShare: number;
  readonly residentBytes: number;
  readonly load: LoadResult;
};

/** What a stretch puts on the server. */
export type Stretch = {
  readonly server: ServerKind;
  readonly viewers: string;
  readonly viewerCount: number;
  /** The load program's options but for the address. */
  readonly loadArgs: readonly string[];
};

type Sample = { readonly atMs: number; readonly cpuMs: number; readonly residentBytes: number };

/** Runs one stretch. @throws Error where the server or the load program does not come to an end */
export async function measure(stretch: Stretch): Promise<Measurement> {
  const server = await stretch.server.start();
  try {
    const { before, after, load } = await runLoadProgram(server, stretch);
    const measuredMs = after.atMs - before.atMs;
    const serverCpuMs = after.cpuMs - before.cpuMs;
    const viewerSeconds = (stretch.viewerCount * measuredMs) / 1000;
    return {
      server: stretch.server.name,
      viewers: stretch.viewers,
      viewerCount: stretch.viewerCount,
      measuredMs,
      serverCpuMs,
      cpuMsPerViewerSecond: serverCpuMs / viewerSeconds,
      serverCpuShare: serverCpuMs / measuredMs,
      residentBytes: after.residentBytes,
      load,
    };
  } finally {
    await server.stop();
  }
}

async function runLoadProgram(
  server: BenchServer,
  { server: kind, loadArgs }: Stretch,
): Promise<{ before: Sample; after: Sample; load: LoadResult }> {
  const url = `rtmp://127.0.0.1:${server.port}/live/bench`;
  const startArgs = kind.startsAtKeyframe ? [] : ['--start-anywhere'];
  const args = ['bench/load.ts', '--url', url, ...startArgs, ...loadArgs];
  const program = startPinned(LOAD_CORE, process.execPath, args);
  const { pid } = server.process;
  let before: Sample | null = null;
  let after: Sample | null = null;
  let load: LoadResult | null = null;
  const take = (event: LoadEvent): void => {
    if (event.type === 'steady') before = sample(pid);
    if (event.type === 'steady-end') after = sample(pid);
    if (event.type === 'result') load = event.result;
  };
  if (program.child.stdout !== null) {
    createInterface({ input: program.child.stdout }).on('line', (line) => take(parseEvent(line)));
  }
  try {
    await Promise.race([
      program.ended,
      server.process.ended.then(() => {
        throw new Error(`${kind.name} ended: ${server.process.errorOutput()}`);
      }),
    ]);
  } finally {
    await program.stop();
  }
  if (before === null || after === null || load === null) {
    throw new Error(`the load program came to no result: ${program.errorOutput()}`);
  }
  return { before, after, load };
}

function sample(pid: number): Sample {
  return { atMs: performance.now(), cpuMs: cpuMs(pid), residentBytes: residentBytes(pid) };
}

function parseEvent(line: string): LoadEvent {
  return JSON.parse(line) as LoadEvent;
}
