// One stretch of the case `memory`: a fresh gateway with its inspector open, its memory when nothing is connected, and
// again while the load program holds what it holds.

import { setTimeout as sleep } from 'node:timers/promises';
import type { MemoryBytes } from '../../test/support/memory-probe.ts';
import { INSPECTED, MemoryProbe } from '../../test/support/memory-probe.ts';
import { culvertWith } from './culvert-server.ts';
import type { LoadResult } from './load-events.ts';
import { runLoadProgram } from './load-program.ts';

/** What a stretch puts on the gateway. */
export type MemoryStretch = {
  /** What the viewers do, in words. */
  readonly group: string;
  /** Viewers to divide by; 0 where there is nothing to divide. */
  readonly clientCount: number;
  readonly loadArgs: readonly string[];
  /** Time between two samples while the load is steady, ms; null for one sample at its beginning. */
  readonly sampleEveryMs: number | null;
};

/** What came of it. */
export type MemoryMeasurement = {
  readonly group: string;
  readonly clientCount: number;
  /** The gateway with nobody connected. */
  readonly before: MemoryBytes;
  readonly samples: readonly MemoryBytes[];
  readonly load: LoadResult;
};

/** Runs one stretch. @throws Error where the load ended before it was measured */
export async function measureMemory(stretch: MemoryStretch): Promise<MemoryMeasurement> {
  const kind = culvertWith({ env: INSPECTED });
  const server = await kind.start();
  const probe = await MemoryProbe.open(server.process.pid, server.process.errorOutput());
  try {
    const before = await probe.measure();
    const samples: MemoryBytes[] = [];
    let sampling: Promise<void> = Promise.resolve();
    let isSteady = false;
    const sample = async (): Promise<void> => {
      do {
        if (stretch.sampleEveryMs !== null) await sleep(stretch.sampleEveryMs);
        if (!isSteady) return;
        const memory = await probe.measure();
        if (isSteady) samples.push(memory);
      } while (stretch.sampleEveryMs !== null && isSteady);
    };
    const load = await runLoadProgram(server, kind, stretch.loadArgs, (type) => {
      isSteady = type === 'steady';
      if (isSteady) sampling = sample();
    });
    await sampling;
    if (samples.length === 0) throw new Error(`${stretch.group}: the load ended before it was measured`);
    return { group: stretch.group, clientCount: stretch.clientCount, before, samples, load };
  } finally {
    probe.close();
    await server.stop();
  }
}
