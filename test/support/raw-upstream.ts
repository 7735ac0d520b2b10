// A server behind the gateway as bare bytes: it shakes hands, keeps what it is told, and says what the test says. How it
// goes wrong is the test's choice. It shares no code with src.

import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { serverHandshake } from './client-wire.ts';
import type { Cleaner } from './programs.ts';

const WAIT_LIMIT_MS = 10_000;
const C0_C1_BYTES = 1537;
const HANDSHAKE_BYTES = C0_C1_BYTES + 1536;

/** How it behaves; a server that does all right and waits for the test by default. */
export type RawUpstreamOptions = {
  /** What it answers C0 C1 with; null for nothing. */
  readonly handshake?: ((c0c1: Buffer) => Uint8Array) | null;
  /** Called when a connection was taken. */
  readonly onConnection?: (connection: RawConnection) => void;
  /** Called once, when the first bytes behind the handshake came. */
  readonly onConnect?: (connection: RawConnection) => void;
};

/** One connection to it. */
export class RawConnection {
  readonly socket: Socket;
  /** All that came. */
  readonly #received: Buffer[] = [];
  receivedBytes = 0;
  isOver = false;
  readonly #watchers = new Set<() => void>();

  constructor(socket: Socket, { handshake = serverHandshake, onConnect }: RawUpstreamOptions) {
    this.socket = socket;
    let isAnswered = false;
    let isConnected = false;
    socket.on('data', (bytes: Buffer) => {
      this.#received.push(bytes);
      this.receivedBytes += bytes.length;
      if (!isAnswered && handshake !== null && this.receivedBytes >= C0_C1_BYTES) {
        isAnswered = true;
        socket.write(handshake(Buffer.concat(this.#received).subarray(0, C0_C1_BYTES)));
      }
      if (!isConnected && this.receivedBytes > HANDSHAKE_BYTES) {
        isConnected = true;
        onConnect?.(this);
      }
      this.#look();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.isOver = true;
      this.#look();
    });
  }

  /** What came behind the handshake. */
  get said(): Buffer {
    return Buffer.concat(this.#received).subarray(HANDSHAKE_BYTES);
  }

  /** Resolves once so many bytes came behind the handshake. */
  async waitForBytes(countBytes: number): Promise<Buffer> {
    await this.#waitUntil(
      () => this.receivedBytes - HANDSHAKE_BYTES >= countBytes,
      () => `${this.receivedBytes - HANDSHAKE_BYTES} of ${countBytes} bytes`,
    );
    return this.said;
  }

  /** Resolves once the connection is gone. */
  waitForEnd(): Promise<void> {
    return this.#waitUntil(
      () => this.isOver,
      () => 'no end',
    );
  }

  /** Writes bytes; resolves once they have left, or the connection is gone. */
  async send(bytes: Uint8Array): Promise<void> {
    await new Promise<void>((resolve) => {
      this.socket.write(bytes, () => resolve());
    });
  }

  async #waitUntil(isTrue: () => boolean, found: () => string): Promise<void> {
    if (isTrue()) return;
    await new Promise<void>((resolve, reject) => {
      const limit = setTimeout(() => {
        this.#watchers.delete(look);
        reject(new Error(`waited ${WAIT_LIMIT_MS} ms for an upstream's client, found ${found()}`));
      }, WAIT_LIMIT_MS);
      const look = (): void => {
        if (!isTrue()) return;
        clearTimeout(limit);
        this.#watchers.delete(look);
        resolve();
      };
      this.#watchers.add(look);
    });
  }

  #look(): void {
    for (const look of this.#watchers) look();
  }
}

/** A server that was started. */
export type RawUpstream = {
  readonly port: number;
  readonly url: string;
  /** All there ever were. */
  readonly connections: readonly RawConnection[];
  /** The one of this index, as soon as it is there. */
  readonly connection: (index?: number) => Promise<RawConnection>;
  /** Those that are open. */
  readonly openCount: () => number;
};

/** Starts one on a free port of the loopback. */
export async function startRawUpstream(
  cleaner: Cleaner,
  options: RawUpstreamOptions = {},
): Promise<RawUpstream> {
  const connections: RawConnection[] = [];
  const server = createServer({ noDelay: true }, (socket) => {
    const connection = new RawConnection(socket, options);
    connections.push(connection);
    options.onConnection?.(connection);
    server.emit('taken');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleaner.after(() => {
    for (const { socket } of connections) socket.destroy();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const connection = async (index = 0): Promise<RawConnection> => {
    const signal = AbortSignal.timeout(WAIT_LIMIT_MS);
    for (;;) {
      const found = connections[index];
      if (found !== undefined) return found;
      await once(server, 'taken', { signal });
    }
  };
  const openCount = (): number => connections.filter(({ isOver }) => !isOver).length;
  return { port, url: `rtmp://127.0.0.1:${port}`, connections, connection, openCount };
}
