// One hostile client after the other on a connection of its own: it fires some requests, waits for their answers, and
// fires more. Where the server ends the connection, the next shot comes on a new one, from another address.

import type { Socket } from 'node:net';
import type { AnyReply } from './any-reply-reader.ts';
import { AnyReplyReader } from './any-reply-reader.ts';
import type { HostileTally, Shot } from './hostile-tally.ts';
import type { Address } from './open-socket.ts';
import { openSocket } from './open-socket.ts';

/** LIMIT: three seconds are the longest that the gateway keeps a request waiting; the rest is a busy machine's. */
const ANSWER_LIMIT_MS = 20_000;

type Waiting = {
  readonly shot: Shot;
  readonly replies: AnyReply[];
  readonly finish: (endedBy: string | null) => void;
};

/** A connection at a time. */
export class HostileLane {
  readonly #addressOf: () => Address;
  readonly #tally: HostileTally;
  #socket: Socket | null = null;
  #waiting: Waiting | null = null;
  #isLast = false;

  /** @param addressOf where to connect to, and from which address, for each connection anew */
  constructor(addressOf: () => Address, tally: HostileTally) {
    this.#addressOf = addressOf;
    this.#tally = tally;
  }

  /** Fires, and gives the answers that came. One shot at a time. */
  async fire(kind: string, shot: Shot): Promise<readonly AnyReply[]> {
    const socket = this.#socket ?? this.#connect();
    const { promise, resolve } = Promise.withResolvers<string | null>();
    const waiting: Waiting = { shot, replies: [], finish: resolve };
    this.#waiting = waiting;
    const limit = setTimeout(() => resolve(`not answered within ${ANSWER_LIMIT_MS} ms`), ANSWER_LIMIT_MS);
    socket.cork();
    for (const piece of shot.pieces) socket.write(piece);
    socket.uncork();
    if (shot.isLeft) socket.write('', () => resolve('left'));
    const endedBy = await promise;
    clearTimeout(limit);
    this.#waiting = null;
    if (endedBy !== null || this.#isLast) this.drop();
    this.#tally.take(kind, shot, waiting.replies, endedBy);
    return waiting.replies;
  }

  /** Ends the connection; the next shot has another one. */
  drop(): void {
    this.#socket?.destroy();
    this.#socket = null;
    this.#isLast = false;
  }

  #connect(): Socket {
    const reader = new AnyReplyReader();
    const socket = openSocket(this.#addressOf(), {
      bytes: (bytes, lengthBytes) => {
        if (this.#socket === socket) this.#received(reader.receive(bytes, lengthBytes));
      },
      failed: (text) => {
        if (this.#socket === socket) this.#failed(text);
      },
    });
    this.#socket = socket;
    return socket;
  }

  #received(replies: readonly AnyReply[]): void {
    const waiting = this.#waiting;
    if (waiting === null) return;
    waiting.replies.push(...replies);
    if (replies.some(({ isLast }) => isLast)) this.#isLast = true;
    const isWhole = waiting.replies.length >= waiting.shot.requestCount;
    if (isWhole) waiting.finish(null);
    else if (this.#isLast) waiting.finish('the server said that it was the last');
  }

  #failed(text: string): void {
    if (this.#waiting === null) this.drop();
    else this.#waiting.finish(text);
  }
}
