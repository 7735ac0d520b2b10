// Slow clients: a head or a body that comes a byte at a time, for as long as the server waits or the run lasts.

import type { Socket } from 'node:net';
import { AnyReplyReader } from './any-reply-reader.ts';
import type { HostileTally } from './hostile-tally.ts';
import type { Address } from './open-socket.ts';
import { openSocket } from './open-socket.ts';

const STEP_MS = 100;
/** Too slow is an answer here, and so is that there is no such session. */
const ALLOWED: ReadonlySet<number> = new Set([404, 408, 429]);
const TARGETS = { head: 'a slow head', body: 'a slow body' } as const;

/** Slow clients, each of one request after the other. */
export class HostileTrickle {
  readonly #tally: HostileTally;
  readonly #sockets = new Set<Socket>();
  readonly #timer: NodeJS.Timeout;

  /** Connects one for each address; every second one is slow with its head, the others with a body. */
  constructor(addresses: readonly Address[], tally: HostileTally) {
    this.#tally = tally;
    for (const [index, address] of addresses.entries())
      this.#connect(address, index % 2 === 0 ? 'head' : 'body');
    this.#timer = setInterval(() => {
      for (const socket of this.#sockets) socket.write('a');
    }, STEP_MS);
  }

  /** Ends them. */
  stop(): void {
    clearInterval(this.#timer);
    for (const socket of [...this.#sockets]) socket.destroy();
  }

  #connect(address: Address, slow: 'head' | 'body'): void {
    const reader = new AnyReplyReader();
    const finish = (replies: ReturnType<AnyReplyReader['receive']>): void => {
      if (!this.#sockets.delete(socket)) return;
      const shot = { pieces: [], requestCount: 1, allowed: ALLOWED, mayEnd: true };
      this.#tally.take(TARGETS[slow], shot, replies.slice(0, 1), null);
      socket.destroy();
    };
    const socket = openSocket(address, {
      bytes: (bytes, lengthBytes) => {
        const replies = reader.receive(bytes, lengthBytes);
        if (replies.length > 0) finish(replies);
      },
      failed: () => finish([]),
    });
    this.#sockets.add(socket);
    const head = 'POST /send/AAAAAAAAAAAAAAAAAAAAAA/1 HTTP/1.1\r\nHost: gateway.example\r\n';
    socket.write(slow === 'head' ? `${head}X-Slow: ` : `${head}Content-Length: 1000000\r\n\r\n`);
  }
}
