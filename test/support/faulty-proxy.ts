// A TCP forwarder on the loopback that loses requests and replies of a tunnel where a test says so, or falls silent. It
// expects one request at a time on a connection, whose head begins a segment.

import { connect, createServer, type Socket } from 'node:net';
import type { Cleaner } from './programs.ts';

/** What befalls a request: it never arrives, its reply never does, or half of its reply does. */
export type Fault = 'request-lost' | 'reply-lost' | 'reply-halved';

/** A running forwarder. */
export type FaultyProxy = {
  readonly port: number;
  /** Decides about each request, by how many POSTs came before it and its path. */
  faultOf: (index: number, path: string) => Fault | null;
  /** Faults so far. */
  readonly faults: Fault[];
  /** Passes nothing on any more; connections stay open. */
  fallSilent(): void;
};

/** Starts a forwarder to a port of the loopback; `cleaner` stops it. */
export async function startFaultyProxy(cleaner: Cleaner, targetPort: number): Promise<FaultyProxy> {
  const sockets = new Set<Socket>();
  const faults: Fault[] = [];
  let posts = 0;
  let isSilent = false;
  const server = createServer((client) => {
    const target = connect({ host: '127.0.0.1', port: targetPort });
    let fault: Fault | null = null;
    const drop = (): void => {
      if (fault !== null) faults.push(fault);
      fault = null;
      client.resetAndDestroy();
      target.resetAndDestroy();
    };
    for (const socket of [client, target]) {
      socket.setNoDelay(true);
      sockets.add(socket);
      // WHY: the close that follows is all there is to do.
      socket.on('error', () => socket.destroy());
      socket.once('close', () => {
        sockets.delete(socket);
        client.destroy();
        target.destroy();
      });
    }
    client.on('data', (bytes: Buffer) => {
      if (isSilent) return;
      const path = /^POST (\S+)/.exec(bytes.toString('latin1', 0, 200))?.[1];
      if (path !== undefined) fault = proxy.faultOf(posts++, path);
      if (fault === 'request-lost') drop();
      else target.write(bytes);
    });
    target.on('data', (bytes: Buffer) => {
      if (isSilent) return;
      if (fault === null) client.write(bytes);
      else if (fault === 'reply-lost') drop();
      else client.write(bytes.subarray(0, Math.ceil(bytes.length / 2)), drop);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleaner.after(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the forwarder has no port');
  const proxy: FaultyProxy = {
    port: address.port,
    faultOf: () => null,
    faults,
    fallSilent: () => {
      isSilent = true;
    },
  };
  return proxy;
}
