// One run of the case `hostile`: a fresh gateway with its inspector open and everything else by default, the load program
// against it, and the gateway's memory before the flood, on the way, and when all that was left behind has had its time.

import type { MemoryBytes } from '../../test/support/memory-probe.ts';
import { INSPECTED, MemoryProbe } from '../../test/support/memory-probe.ts';
import { culvertWith } from './culvert-server.ts';
import type { HostileResult, LoadResult } from './load-events.ts';
import { runLoadProgram } from './load-program.ts';
import { cpuMs } from './process-usage.ts';

/** What came of it. */
export type HostileMeasurement = {
  /** Publisher and viewers are there, and nobody else. */
  readonly before: MemoryBytes;
  /** While the flood lasts, evenly over its requests. */
  readonly during: readonly MemoryBytes[];
  /** Publisher and viewers are still there. */
  readonly after: MemoryBytes;
  /** The gateway's over the flood; publisher and viewers are in it. */
  readonly serverCpuMs: number;
  readonly load: LoadResult;
  readonly hostile: HostileResult;
};

/** Runs the load program with these options. @throws Error where it ends before all was weighed */
export async function measureHostile(loadArgs: readonly string[]): Promise<HostileMeasurement> {
  const kind = culvertWith({ env: INSPECTED });
  const server = await kind.start();
  const { pid } = server.process;
  const probe = await MemoryProbe.open(pid, server.process.errorOutput());
  try {
    const weighings: Promise<MemoryBytes>[] = [];
    const cpuAt = new Map<string, number>();
    const load = await runLoadProgram(server, kind, loadArgs, (type) => {
      if (type !== 'result') cpuAt.set(type, cpuMs(pid));
      if (type === 'weigh') weighings.push(probe.measure());
    });
    const weights = await Promise.all(weighings);
    const [before, ...during] = weights;
    const after = during.pop();
    const [from, to] = [cpuAt.get('steady'), cpuAt.get('steady-end')];
    const { hostile } = load;
    if (before === undefined || after === undefined || hostile === undefined) {
      throw new Error(`the load ended when the gateway was weighed ${weights.length} times`);
    }
    if (from === undefined || to === undefined) throw new Error('a load run without a measured stretch');
    return { before, during, after, serverCpuMs: to - from, load, hostile };
  } finally {
    probe.close();
    await server.stop();
  }
}
