// The reading half of a client session: handshake, then chunks, then whole messages into the inbox. It stops behind a
// message where too many events wait, and keeps what follows until they were taken. [RTMP 5.2, 5.3]

import { ChunkDecoder } from '../chunk-decoder.ts';
import type { FloodLimits } from '../flood-limits.ts';
import { HeldInput } from '../held-input.ts';
import { MAX_MESSAGE_BYTES_BEFORE_CONNECT } from '../limits.ts';
import type { RtmpMessage } from '../message.ts';
import { readInPieces } from '../piece-reader.ts';
import { SameTimeHabit } from '../same-time-habit.ts';
import type { ClientGreeting } from './client-greeting.ts';

/** What the reader works on. */
export type ClientReaderContext = {
  readonly greeting: ClientGreeting;
  readonly floods: FloodLimits;
  /** All of S2 was received. */
  readonly greeted: () => void;
  /** Takes in a whole message. */
  readonly onMessage: (message: RtmpMessage) => void;
  /** True while nothing further is to be read, for too many events wait. */
  readonly isHeld: () => boolean;
};

/** Reads one connection's input in order. */
export class ClientReader {
  readonly #context: ClientReaderContext;
  #decoder = new ChunkDecoder({ maxMessageBytes: MAX_MESSAGE_BYTES_BEFORE_CONNECT }, new SameTimeHabit());
  readonly #held = new HeldInput();
  #isStopped = false;
  #isOver = false;
  readonly #onMessage = (message: RtmpMessage): boolean => {
    this.#context.onMessage(message);
    this.#isStopped = this.#context.isHeld();
    return !this.#isStopped && !this.#isOver;
  };

  constructor(context: ClientReaderContext) {
    this.#context = context;
  }

  /** True where it stopped behind a message: there may be more to read, though no further byte comes. */
  get isStopped(): boolean {
    return this.#isStopped && !this.#isOver;
  }

  /**
   * Since when a message that the server began has made no progress, ms; null where none is unfinished. While events
   * wait it is us who do not read on.
   */
  stillSinceMs(nowMs: number): number | null {
    return this.#decoder.stillSinceMs(nowMs, !this.#isStopped);
  }

  /** Largest message taken from now on, bytes. */
  setMaxMessageBytes(maxMessageBytes: number): void {
    this.#decoder.maxMessageBytes = maxMessageBytes;
  }

  /**
   * Reads `bytes`, or keeps a copy of what is not to be read yet.
   * @throws RtmpError of the handshake, the chunk decoder and the messages; 'rtmp-pending-input-exceeded', 'rtmp-flood'
   */
  receive(bytes: Uint8Array): void {
    const chunks = this.#behindHandshake(bytes);
    if (this.#isStopped || this.#context.isHeld()) {
      this.#isStopped = true;
      this.#held.add(chunks);
      this.goOn();
      return;
    }
    const rest = chunks.subarray(this.#read(chunks));
    if (!this.#isOver) this.#held.keep(rest);
  }

  /** Reads on with what was kept, where it may. @throws RtmpError as `receive` */
  goOn(): void {
    if (this.#context.isHeld()) return;
    this.#isStopped = false;
    // WHY: asked even where nothing was kept, for the decoder may have looked ahead.
    this.#held.drop(this.#read(this.#held.bytes));
  }

  /** Forgets what was kept, unfinished messages too; nothing is read any more. */
  stop(): void {
    this.#isOver = true;
    this.#held.clear();
    this.#decoder = new ChunkDecoder({ maxMessageBytes: 0 });
  }

  /** What of `bytes` is the chunk stream's. */
  #behindHandshake(bytes: Uint8Array): Uint8Array {
    const { greeting, greeted } = this.#context;
    if (greeting.isDone) return bytes;
    const chunks = bytes.subarray(greeting.receive(bytes));
    if (greeting.isDone) greeted();
    return chunks;
  }

  /** Reads what may be read now, and returns the offset of the first byte that was not. */
  #read(bytes: Uint8Array): number {
    const mayGoOn = (): boolean => !this.#isStopped && !this.#isOver;
    return readInPieces(this.#decoder, bytes, this.#context.floods, this.#onMessage, mayGoOn);
  }
}
