// One connection of a client to the fault-making proxy: its requests are answered in order, one at a time, and it may be
// closed between two of them. It is closed by halves, and what the client has sent meanwhile goes nowhere: so a client that
// finds its connection ended, and no reply, may ask again without doing harm. What a client has sent whole before it went
// away itself goes on to the gateway: librtmp says /close and waits for nothing.

import type { Socket } from 'node:net';
import { writeTo } from './byte-split.ts';
import { type HttpMessage, HttpReader } from './http-reader.ts';

/** LIMIT: ms in which a client that was told of its connection's end has closed it. */
const CLOSE_GRACE_MS = 1000;

/** How a request is answered. */
export type ClientAnswer = {
  readonly bytes: Buffer;
  readonly isSplit: boolean;
  /** The connection is closed so long after, unless a request is under way by then; null where it is not. */
  readonly closeAfterMs: number | null;
  readonly onClosed: () => void;
};

/** What the proxy does for its clients. */
export type ClientServices = {
  /** Calls for the answer to a request. */
  readonly answer: (request: HttpMessage) => Promise<ClientAnswer>;
  /** There is no answer; the connection is ended. */
  readonly onFailed: (error: unknown) => void;
};

/** One of them; it needs a socket that may be open by half. */
export class ClientConnection {
  readonly #socket: Socket;
  readonly #services: ClientServices;
  readonly #reader = new HttpReader();
  readonly #requests: HttpMessage[] = [];
  #isServing = false;
  #isClosing = false;
  #closeTimer: NodeJS.Timeout | undefined;

  constructor(socket: Socket, services: ClientServices) {
    this.#socket = socket;
    this.#services = services;
    socket.on('data', (bytes: Buffer) => this.#receive(bytes));
    // A client that sends no more is gone: none of the tunnel's closes by halves.
    socket.on('end', () => this.#ended()).on('error', () => socket.destroy());
    socket.on('close', () => clearTimeout(this.#closeTimer));
  }

  /** Ends it at once. */
  end(): void {
    this.#socket.destroy();
  }

  #receive(bytes: Buffer): void {
    if (this.#isClosing) return;
    this.#requests.push(...this.#reader.receive(bytes));
    if (!this.#isServing && this.#requests.length > 0) void this.#serve();
  }

  async #serve(): Promise<void> {
    this.#isServing = true;
    try {
      for (let request = this.#requests.shift(); request !== undefined; request = this.#requests.shift()) {
        clearTimeout(this.#closeTimer);
        const answer = await this.#services.answer(request);
        await writeTo(this.#socket, answer.bytes, answer.isSplit);
        if (answer.closeAfterMs !== null) this.#closeIn(answer.closeAfterMs, answer.onClosed);
      }
    } catch (error) {
      this.#services.onFailed(error);
      this.#socket.destroy();
    }
    this.#isServing = false;
    if (this.#socket.readableEnded) this.#ended();
  }

  #ended(): void {
    if (!this.#isServing) this.#socket.destroy();
  }

  #closeIn(delayMs: number, onClosed: () => void): void {
    clearTimeout(this.#closeTimer);
    const close = (): void => {
      if (this.#requests.length > 0 || !this.#reader.isBetweenMessages || this.#socket.destroyed) return;
      this.#isClosing = true;
      onClosed();
      this.#socket.end();
      this.#closeTimer = setTimeout(() => this.#socket.destroy(), CLOSE_GRACE_MS);
    };
    if (delayMs === 0) close();
    else this.#closeTimer = setTimeout(close, delayMs);
  }
}
