// Sockets on the loopback, a server's and a client's, and an endpoint that gives what the test puts in.

import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import type { TestContext } from 'node:test';
import type { EndReason } from '../../src/errors.ts';
import type { LinkEndpoint } from '../../src/links/link.ts';

/** Both ends of one connection. */
export type SocketPair = { readonly server: Socket; readonly client: Socket };

/** Connects; both ends go with the test. `allowHalfOpen` as the HTTP server has it. */
export async function socketPair(t: TestContext, allowHalfOpen = true): Promise<SocketPair> {
  const listener = createServer({ allowHalfOpen });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const address = listener.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const client = connect({ host: '127.0.0.1', port: address.port, allowHalfOpen: true });
  const accepted = once(listener, 'connection');
  await once(client, 'connect');
  const [server]: Socket[] = await accepted;
  if (server === undefined) throw new Error('no connection');
  listener.close();
  t.after(() => {
    client.destroy();
    server.destroy();
  });
  client.on('error', () => client.destroy());
  return { server, client };
}

/** Waits until `look` gives the same number for many turns of the event loop; gives the number. */
export async function settled(look: () => number): Promise<number> {
  let value = look();
  for (let turns = 0; turns < 200; turns++) {
    await new Promise((resolve) => setImmediate(resolve));
    if (look() !== value) turns = 0;
    value = look();
  }
  return value;
}

/** Gives what the test puts in, and remembers what it hears. */
export class TestEndpoint implements LinkEndpoint {
  readonly isSetUp = true;
  /** What `take` gives next, one chunk a message. */
  messages: Uint8Array[] = [];
  /** What `failed` puts in as last words. */
  lastWords: Uint8Array | null = null;
  readonly heard: string[] = [];
  received = Buffer.alloc(0);
  get hasMore(): boolean {
    return this.messages.length > 0;
  }
  takenBytes = 0;
  largestTakeBytes = 0;
  onReceive: (bytes: Uint8Array) => void = () => undefined;
  onTake: () => void = () => undefined;

  receive(bytes: Uint8Array): void {
    this.received = Buffer.concat([this.received, bytes]);
    this.onReceive(bytes);
  }

  take(maxBytes: number): readonly Uint8Array[] {
    this.onTake();
    let count = 0;
    let lengthBytes = 0;
    for (const message of this.messages) {
      if (count > 0 && lengthBytes + message.length > maxBytes) break;
      lengthBytes += message.length;
      count++;
    }
    this.takenBytes += lengthBytes;
    this.largestTakeBytes = Math.max(this.largestTakeBytes, lengthBytes);
    return this.messages.splice(0, count);
  }

  takeDue(maxBytes: number): readonly Uint8Array[] {
    return this.take(maxBytes);
  }

  takeAnswers(maxBytes: number): readonly Uint8Array[] {
    return this.take(maxBytes);
  }

  failed(reason: EndReason): void {
    this.heard.push(`failed ${reason.code}`);
    if (this.lastWords !== null) this.messages = [this.lastWords];
  }

  closed(reason: EndReason): void {
    this.heard.push(`closed ${reason.code}`);
  }
}

/** Collects what comes, from now on. */
export class Collector {
  hasEnded = false;
  readonly #parts: Buffer[] = [];

  constructor(socket: Socket) {
    socket.on('data', (part: Buffer) => this.#parts.push(part));
    socket.on('end', () => {
      this.hasEnded = true;
    });
  }

  /** How many bytes came. */
  get lengthBytes(): number {
    return this.#parts.reduce((sum, { length }) => sum + length, 0);
  }

  /** All that came. */
  all(): Buffer {
    return Buffer.concat(this.#parts);
  }
}
