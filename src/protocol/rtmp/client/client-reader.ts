// The reading half of a client session: handshake, then chunks, then whole messages into the inbox. It stops behind a
// message where too many events wait, and keeps what follows until they were taken. [RTMP 5.2, 5.3]

import { ChunkDecoder } from '../chunk-decoder.ts';
import type { ChunkReaderContext } from '../chunk-reader.ts';
import { ChunkReader } from '../chunk-reader.ts';
import { MAX_MESSAGE_BYTES_BEFORE_CONNECT } from '../limits.ts';
import { SameTimeHabit } from '../same-time-habit.ts';
import type { ClientGreeting } from './client-greeting.ts';

/** What the reader works on. */
export type ClientReaderContext = ChunkReaderContext & {
  readonly greeting: ClientGreeting;
  /** All of S2 was received. */
  readonly greeted: () => void;
};

/** Reads one connection's input in order. */
export class ClientReader {
  readonly #context: ClientReaderContext;
  readonly #chunks: ChunkReader;

  constructor(context: ClientReaderContext) {
    this.#context = context;
    const limits = { maxMessageBytes: MAX_MESSAGE_BYTES_BEFORE_CONNECT };
    this.#chunks = new ChunkReader(context, new ChunkDecoder(limits, new SameTimeHabit()));
  }

  /** True where it stopped behind a message: there may be more to read, though no further byte comes. */
  get isStopped(): boolean {
    return this.#chunks.isStopped;
  }

  /**
   * Since when a message that the server began has made no progress, ms; null where none is unfinished. While events
   * wait it is us who do not read on.
   */
  stillSinceMs(nowMs: number): number | null {
    return this.#chunks.decoder.stillSinceMs(nowMs, !this.#chunks.isStopped);
  }

  /** Largest message taken from now on, bytes. */
  setMaxMessageBytes(maxMessageBytes: number): void {
    this.#chunks.decoder.maxMessageBytes = maxMessageBytes;
  }

  /** Reads `bytes`, or keeps a copy of what is not to be read yet. @throws RtmpError of the handshake and of the chunks */
  receive(bytes: Uint8Array): void {
    this.#chunks.receive(this.#behindHandshake(bytes));
  }

  /** Reads on with what was kept, where it may. @throws RtmpError as `receive` */
  goOn(): void {
    this.#chunks.goOn();
  }

  /** Forgets what was kept, unfinished messages too; nothing is read any more. */
  stop(): void {
    this.#chunks.stop();
  }

  /** What of `bytes` is the chunk stream's. */
  #behindHandshake(bytes: Uint8Array): Uint8Array {
    const { greeting, greeted } = this.#context;
    if (greeting.isDone) return bytes;
    const chunks = bytes.subarray(greeting.receive(bytes));
    if (greeting.isDone) greeted();
    return chunks;
  }
}
