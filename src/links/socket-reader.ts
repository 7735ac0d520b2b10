// Reads a socket that was dialled, past what Node's streams do for each read: all such sockets read into one buffer, and
// what came is lent to whoever can carry it on at once. Only what has to wait costs memory of its own.
// It stands on `onread` of net.connect: https://nodejs.org/api/net.html#socketconnectoptions-connectlistener

import type { OnReadOpts, Socket } from 'node:net';
import type { PipeOwner } from './byte-pipe.ts';

/** LIMIT: what is read at once: as much as Node's streams read. */
const READ_BYTES = 64 * 1024;

/** LIMIT: what is lent at once. Whoever cannot give it back at once holds a buffer of so many bytes, one for each socket. */
const MAX_LENT_BYTES = 16 * 1024;

/** WHY one for all: Node calls back in the middle of a read, before it reads anything else. */
const READ_BUFFER = Buffer.allocUnsafeSlow(READ_BYTES);

/** What is lent stands in it, and is gone when the next read comes; where somebody holds it, another one takes its place. */
let lendingBuffer = Buffer.allocUnsafeSlow(MAX_LENT_BYTES);

/** What a socket reads, from `connect` on. */
export class SocketReader {
  /** For `onread` of the socket that it reads. */
  readonly onread: OnReadOpts = { buffer: READ_BUFFER, callback: (countBytes) => this.#read(countBytes) };
  #socket: Socket | null = null;
  #owner: PipeOwner | null = null;
  /** What came before anybody listened. It is one read, for no other follows until somebody does. */
  #early: Uint8Array | null = null;
  #isPaused = false;
  #isReading = false;

  /** Names who gets what is read, and what was read before. */
  listen(socket: Socket, owner: PipeOwner): void {
    this.#socket = socket;
    this.#owner = owner;
    if (this.#isPaused) socket.pause();
    else this.#start();
  }

  /** Reads no more. */
  pause(): void {
    if (this.#isPaused) return;
    this.#isPaused = true;
    // In the middle of a read it is stopped behind it.
    if (!this.#isReading) this.#socket?.pause();
  }

  /** Reads again. */
  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    if (!this.#isReading) this.#start();
  }

  #start(): void {
    if (this.#early === null) this.#socket?.resume();
    // WHY later, as a stream does: nobody expects bytes in the middle of `attach`.
    else queueMicrotask(() => this.#giveEarly());
  }

  #giveEarly(): void {
    const early = this.#early;
    if (early === null || this.#isPaused) return;
    this.#early = null;
    this.#owner?.received(early);
    if (!this.#isPaused) this.#socket?.resume();
  }

  /** Node stops reading where it gives false. */
  #read(countBytes: number): boolean {
    const owner = this.#owner;
    if (owner === null) {
      this.#early = copyOf(countBytes);
      return false;
    }
    this.#isReading = true;
    if (countBytes > MAX_LENT_BYTES || !lend(countBytes, owner)) owner.received(copyOf(countBytes));
    this.#isReading = false;
    return !this.#isPaused;
  }
}

function lend(countBytes: number, owner: PipeOwner): boolean {
  READ_BUFFER.copy(lendingBuffer, 0, 0, countBytes);
  const fate = owner.lent(lendingBuffer.subarray(0, countBytes));
  if (fate === 'kept') lendingBuffer = Buffer.allocUnsafeSlow(MAX_LENT_BYTES);
  return fate !== 'refused';
}

/** WHY no part of Node's pool: a few bytes that wait for long would keep all of it. */
function copyOf(countBytes: number): Uint8Array {
  const copy = Buffer.allocUnsafeSlow(countBytes);
  READ_BUFFER.copy(copy, 0, 0, countBytes);
  return copy;
}
