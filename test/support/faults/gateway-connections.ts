// The fault-making proxy's connections to the gateway: kept alive, one request at a time on each, whatever session it is of.
// So one connection carries many sessions, and a session's requests travel on any of them.

import { connect, type Socket } from 'node:net';
import type { Address } from '../clients/raw-http.ts';
import { writeTo } from './byte-split.ts';
import { type HttpMessage, HttpReader } from './http-reader.ts';

/** A request on its way to the gateway. */
export type Post = {
  /** Resolves when its bytes have left, or the connection is gone. */
  readonly written: Promise<void>;
  /** Resolves with the whole reply. Rejects where the connection ends before. */
  readonly reply: Promise<HttpMessage>;
};

/** How a request is posted. */
export type PostOptions = {
  readonly isSplit: boolean;
  /** The connection is closed behind the reply. */
  readonly isLast: boolean;
};

/** All of them. */
export class GatewayConnections {
  readonly #address: Address;
  readonly #onFailed: (error: Error) => void;
  readonly #open = new Set<GatewayConnection>();
  readonly #free: GatewayConnection[] = [];

  /** `onFailed` hears of what a gateway says without being asked. */
  constructor(address: Address, onFailed: (error: Error) => void) {
    this.#address = address;
    this.#onFailed = onFailed;
  }

  /** Sends a request on the connection that was free for longest, or on a new one. */
  post(bytes: Buffer, options: PostOptions): Post {
    const connection = this.#take();
    const { written, reply } = connection.post(bytes, options.isSplit);
    const freed = (message: HttpMessage): HttpMessage => {
      if (message.isLast || options.isLast) connection.end();
      else this.#free.push(connection);
      return message;
    };
    return { written, reply: reply.then(freed) };
  }

  /** Ends them all. */
  close(): void {
    for (const connection of this.#open) connection.end();
  }

  #take(): GatewayConnection {
    for (let free = this.#free.shift(); free !== undefined; free = this.#free.shift()) {
      if (!free.isGone) return free;
    }
    const connection = new GatewayConnection(this.#address, this.#onFailed, () =>
      this.#open.delete(connection),
    );
    this.#open.add(connection);
    return connection;
  }
}

/** One of them. */
class GatewayConnection {
  readonly #socket: Socket;
  readonly #reader = new HttpReader();
  readonly #onFailed: (error: Error) => void;
  #asking: { resolve(reply: HttpMessage): void; reject(error: Error): void } | null = null;

  constructor(address: Address, onFailed: (error: Error) => void, onGone: () => void) {
    this.#onFailed = onFailed;
    this.#socket = connect({ ...address, noDelay: true });
    this.#socket.on('data', (bytes: Buffer) => this.#receive(bytes));
    // An error is an end: `close` follows it.
    this.#socket.on('error', () => this.#socket.destroy());
    this.#socket.on('close', () => {
      this.#asking?.reject(new Error('the gateway ended a connection where a reply was needed'));
      onGone();
    });
  }

  get isGone(): boolean {
    return this.#socket.destroyed || this.#socket.readableEnded;
  }

  post(bytes: Buffer, isSplit: boolean): Post {
    const reply = new Promise<HttpMessage>((resolve, reject) => {
      this.#asking = { resolve, reject };
    });
    return { written: this.#write(bytes, isSplit), reply };
  }

  end(): void {
    this.#socket.destroy();
  }

  async #write(bytes: Buffer, isSplit: boolean): Promise<void> {
    // What is written before a connection stands leaves in one piece.
    if (this.#socket.connecting) {
      await new Promise<void>((resolve) => {
        this.#socket.once('connect', resolve).once('close', () => resolve());
      });
    }
    await writeTo(this.#socket, bytes, isSplit);
  }

  #receive(bytes: Buffer): void {
    for (const reply of this.#reader.receive(bytes)) {
      const asking = this.#asking;
      this.#asking = null;
      if (asking === null) this.#onFailed(new Error(`the gateway said unasked: ${reply.startLine}`));
      else asking.resolve(reply);
    }
  }
}
