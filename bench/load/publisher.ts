// A client that publishes what it is given: from connecting to the server's yes, and then bytes. What is sent comes from
// a media pump, which may feed many.

import type { ClientListener, ClientScript } from './client-session.ts';
import { ClientSession } from './client-session.ts';
import type { Transport, TransportFactory, TransportListener } from './transport.ts';

/** What makes a publisher. */
export type PublisherOptions = {
  /** Its name in faults. */
  readonly name: string;
  readonly script: ClientScript;
  readonly connect: TransportFactory;
  /** The connection has failed, or the server refused the publish. */
  readonly onFailed: (text: string) => void;
};

/** Publishes. */
export class Publisher implements ClientListener, TransportListener {
  readonly #options: PublisherOptions;
  readonly #session: ClientSession;
  readonly #transport: Transport;
  #onStarted: (() => void) | null = null;
  #isStopped = false;

  constructor(options: PublisherOptions) {
    this.#options = options;
    this.#session = new ClientSession(options.script, this);
    this.#transport = options.connect(this);
  }

  /** Bytes that the server has not taken. */
  get queuedBytes(): number {
    return this.#transport.queuedBytes;
  }

  /** Connects; resolves when the server has said that the publish has started. */
  start(): Promise<void> {
    return new Promise((resolve) => {
      this.#onStarted = resolve;
      this.#transport.open();
      this.#session.begin();
    });
  }

  /** Ends the connection. */
  close(): void {
    this.#isStopped = true;
    this.#transport.close();
  }

  send(bytes: Buffer): void {
    this.#transport.send(bytes);
  }

  status(code: string): void {
    if (code !== 'NetStream.Publish.Start') this.failed(`the server said ${code}`);
    else this.#onStarted?.();
  }

  received(bytes: Buffer, from: number, to: number): void {
    this.#session.receive(bytes, from, to);
  }

  failed(text: string): void {
    if (this.#isStopped) return;
    this.close();
    this.#options.onFailed(`${this.#options.name}: ${text}`);
  }

  replied(): void {
    // What a tunnel's reply ends with is checked by viewers.
  }

  idle(): void {
    // A publisher's script always publishes.
  }

  data(): void {
    // A server says nothing by data messages to a publisher.
  }

  mediaPiece(): void {
    // A server sends a publisher no media.
  }

  mediaEnd(): void {
    // A server sends a publisher no media.
  }
}
