// The reading half of a server session: handshake, then chunks, then whole messages into the inbox. It stops behind a
// message that asks for a decision and keeps what follows until the decision is made. [RTMP 5.2, 5.3]

import { ChunkDecoder } from '../chunk-decoder.ts';
import { ServerHandshake } from '../handshake/server-handshake.ts';
import { MAX_MESSAGE_BYTES_BEFORE_CONNECT } from '../limits.ts';
import type { RtmpMessage } from '../message.ts';
import { HeldInput } from './held-input.ts';
import type { OutputQueue } from './output-queue.ts';

/** What the reader works on. */
export type SessionReaderContext = {
  readonly randomBytes: (lengthBytes: number) => Uint8Array;
  readonly output: OutputQueue;
  /** Takes in a whole message. */
  readonly onMessage: (message: RtmpMessage) => void;
  /** True while nothing further is to be read. */
  readonly isHeld: () => boolean;
};

/** Reads one connection's input in order. */
export class SessionReader {
  readonly #context: SessionReaderContext;
  readonly #handshake: ServerHandshake;
  readonly #decoder = new ChunkDecoder({ maxMessageBytes: MAX_MESSAGE_BYTES_BEFORE_CONNECT });
  readonly #held = new HeldInput();
  readonly #onMessage = (message: RtmpMessage): boolean => {
    this.#context.onMessage(message);
    return !this.#context.isHeld();
  };

  constructor(context: SessionReaderContext) {
    this.#context = context;
    this.#handshake = new ServerHandshake({ randomBytes: context.randomBytes });
  }

  /** True once all of C2 was read. */
  get isHandshakeDone(): boolean {
    return this.#handshake.isDone;
  }

  /** Payload bytes of messages that were begun and are not complete. */
  get partialBytes(): number {
    return this.#decoder.partialBytes;
  }

  /** Largest message taken from now on, bytes. */
  setMaxMessageBytes(maxMessageBytes: number): void {
    this.#decoder.maxMessageBytes = maxMessageBytes;
  }

  /**
   * Reads `bytes`, or keeps a copy of what is not to be read yet.
   * @throws RtmpError of the handshake, the chunk decoder and the messages; 'rtmp-pending-input-exceeded'
   */
  receive(bytes: Uint8Array): void {
    const readBytes = this.#context.isHeld() ? 0 : this.#read(bytes);
    this.#held.add(bytes.subarray(readBytes));
  }

  /** Reads on with what was kept. @throws RtmpError as `receive` */
  goOn(): void {
    // WHY: asked even where nothing was kept, for the decoder may have looked ahead.
    this.#held.drop(this.#read(this.#held.bytes));
  }

  /** Forgets what was kept; nothing is read any more. */
  stop(): void {
    this.#held.clear();
  }

  /** Reads what may be read now, and returns the offset of the first byte that was not. */
  #read(bytes: Uint8Array): number {
    let offset = 0;
    if (!this.#handshake.isDone) {
      offset = this.#handshake.receive(bytes);
      const answer = this.#handshake.takeOutput();
      if (answer !== null) this.#context.output.putHandshake(answer);
      if (!this.#handshake.isDone) return offset;
    }
    return this.#decoder.receive(bytes, offset, this.#onMessage);
  }
}
