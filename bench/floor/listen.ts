// What the four floor programs share: they listen on a free port of the loopback and say which, as a JSON line.

import type { AddressInfo, Server } from 'node:net';

/** Listens, and says where. */
export function listen(server: Server): void {
  server.listen(0, '127.0.0.1', () => {
    const { port } = server.address() as AddressInfo;
    process.stdout.write(`${JSON.stringify({ port })}\n`);
  });
}

/** The whole number that stands at `index` of the command line. @throws Error where there is none */
export function numberArgument(index: number, name: string): number {
  const value = Number(process.argv[index + 2]);
  if (!Number.isInteger(value) || value < 0)
    throw new Error(`expected ${name}, got ${process.argv[index + 2]}`);
  return value;
}
