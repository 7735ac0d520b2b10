// One stretch of a case: a fresh server, the load program against it, and the server's CPU time between the moments at
// which the load program says that the steady part begins and ends.

import type { BenchServer, ServerKind } from './bench-server.ts';
import type { LoadResult } from './load-events.ts';
import { runLoadProgram } from './load-program.ts';
import { cpuMs, residentBytes } from './process-usage.ts';

/** What a stretch puts on the server. */
export type Stretch = {
  readonly server: ServerKind;
  /** What is asked of the server, in words. Servers of one group do the same, and are compared. */
  readonly group: string;
  /** Viewers, publishers, or clients of a floor. */
  readonly clientCount: number;
  /** The load program's options but for the address. */
  readonly loadArgs: readonly string[];
  /** The server as it is to be, by what was measured before: for a floor that is to do as much as the gateway did. */
  readonly serverAfter?: (earlier: readonly Measurement[]) => ServerKind;
};

/** What came of one stretch. */
export type Measurement = {
  readonly server: string;
  readonly isPeer: boolean;
  readonly group: string;
  readonly clientCount: number;
  /** Begin of the measured stretch by the machine's monotonic clock. */
  readonly startedAtMs: number;
  readonly measuredMs: number;
  readonly serverCpuMs: number;
  readonly cpuMsPerClientSecond: number;
  /** The server's CPU time as a share of one core; near 1 it was at its limit, and latency says nothing. */
  readonly serverCpuShare: number;
  readonly residentBytes: number;
  /** Of the server behind the one under test, which shares the load program's core; null where there is none. */
  readonly behind: BehindCost | null;
  readonly load: LoadResult;
};

/** What a server behind the one under test cost. */
export type BehindCost = {
  readonly cpuMsPerClientSecond: number;
  /** CPU time as a share of one core. */
  readonly cpuShare: number;
};

const NS_PER_MS = 1e6;
/** LIMIT: of the core that the load program shares with a server behind the one under test. */
const MAX_SHARED_CORE_SHARE = 0.9;

type Sample = {
  readonly atMs: number;
  readonly cpuMs: number;
  readonly residentBytes: number;
  /** CPU time of the server behind. */
  readonly behindMs: number;
};

/** Runs one stretch. @throws Error where the server or the load program does not come to an end */
export async function measure({ server: kind, group, clientCount, loadArgs }: Stretch): Promise<Measurement> {
  const server = await kind.start();
  try {
    const samples = new Map<string, Sample>();
    const load = await runLoadProgram(server, kind, loadArgs, (type) => {
      if (type !== 'result') samples.set(type, sample(server));
    });
    const [before, after] = [samples.get('steady'), samples.get('steady-end')];
    if (before === undefined || after === undefined) throw new Error('a load run without a measured stretch');
    const measuredMs = after.atMs - before.atMs;
    const serverCpuMs = after.cpuMs - before.cpuMs;
    const behindMs = after.behindMs - before.behindMs;
    const clientSeconds = (clientCount * measuredMs) / 1000;
    const behind =
      server.behind === undefined
        ? null
        : { cpuMsPerClientSecond: behindMs / clientSeconds, cpuShare: behindMs / measuredMs };
    return {
      server: kind.name,
      isPeer: kind.isPeer,
      group,
      clientCount,
      startedAtMs: before.atMs,
      measuredMs,
      serverCpuMs,
      cpuMsPerClientSecond: serverCpuMs / clientSeconds,
      serverCpuShare: serverCpuMs / measuredMs,
      residentBytes: after.residentBytes,
      behind,
      load: besideBehind(load, behind),
    };
  } finally {
    await server.stop();
  }
}

/**
 * The result of a load run that shares its core with a server behind the one under test.
 * WHY: where both together fill their core, each waits for the other, and latency is that of the queue between them.
 */
export function besideBehind(load: LoadResult, behind: BehindCost | null): LoadResult {
  const coreShare = load.loadCpuShare + (behind?.cpuShare ?? 0);
  return { ...load, isVoid: load.isVoid || (behind !== null && coreShare > MAX_SHARED_CORE_SHARE) };
}

function sample({ process: { pid }, behind }: BenchServer): Sample {
  return {
    atMs: Number(process.hrtime.bigint()) / NS_PER_MS,
    cpuMs: cpuMs(pid),
    residentBytes: residentBytes(pid),
    behindMs: behind === undefined ? 0 : cpuMs(behind.process.pid),
  };
}
