// Starting a peer: a folder of its own for its configuration and what it writes, a free port of the loopback, and both
// given back when it stops.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BenchServer } from './bench-server.ts';
import type { PinnedProcess } from './pinned-process.ts';
import { SERVER_CORE, startPinned } from './pinned-process.ts';
import { freePort, untilListening } from './ports.ts';

/** Starts a peer and waits until it listens. `prepare` writes its configuration and gives its command line. */
export async function startPeer(
  name: string,
  prepare: (folder: string, port: number) => { readonly command: string; readonly args: readonly string[] },
): Promise<BenchServer> {
  const folder = mkdtempSync(join(tmpdir(), `culvert-bench-${name}-`));
  const port = await freePort();
  const { command, args } = prepare(folder, port);
  const running: PinnedProcess = startPinned(SERVER_CORE, command, args);
  // WHY: what it writes for people is read and dropped, or it would wait for a full pipe one day.
  running.child.stdout?.resume();
  const stop = async (): Promise<void> => {
    await running.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await untilListening(port, running);
  } catch (error) {
    await stop();
    throw error;
  }
  return { port, process: running, stop };
}
