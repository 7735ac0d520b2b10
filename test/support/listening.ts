// Free ports of the loopback for programs that cannot pick one themselves, and waiting until they listen.

import { connect, createServer } from 'node:net';
import { type RunningProgram, sleep } from './programs.ts';

const READY_LIMIT_MS = 10_000;
const READY_STEP_MS = 25;

/** A port of the loopback on which nobody listens at this moment. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}

/** Resolves once `port` takes connections. @throws Error with the program's words where it ends or takes too long */
export async function untilListening(port: number, program: RunningProgram): Promise<void> {
  let hasEnded = false;
  void program.ended.then(() => {
    hasEnded = true;
  });
  for (let waitedMs = 0; waitedMs < READY_LIMIT_MS && !hasEnded; waitedMs += READY_STEP_MS) {
    if (await canConnect(port)) return;
    await sleep(READY_STEP_MS);
  }
  throw new Error(`Nobody listens on port ${port}. ${program.describe()}`);
}

function canConnect(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
