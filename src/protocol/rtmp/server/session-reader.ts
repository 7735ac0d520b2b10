// The reading half of a server session: handshake, then chunks, then whole messages into the inbox. It stops behind a
// message that asks for a decision, and where too many events wait, and keeps what follows until it may go on.
// [RTMP 5.2, 5.3]

import { ChunkDecoder } from '../chunk-decoder.ts';
import type { FloodLimits } from '../flood-limits.ts';
import { ServerHandshake } from '../handshake/server-handshake.ts';
import { HeldInput } from '../held-input.ts';
import { MAX_MESSAGE_BYTES_BEFORE_CONNECT, MAX_PARTIAL_BYTES } from '../limits.ts';
import type { RtmpMessage } from '../message.ts';
import { readInPieces } from '../piece-reader.ts';
import type { LivenessFacts } from './liveness.ts';
import type { OutputQueue } from './output-queue.ts';

/** What the reader works on. */
type SessionReaderContext = {
  readonly randomBytes: (lengthBytes: number) => Uint8Array;
  /** True where RTMPE is spoken with clients that ask for it. */
  readonly rtmpe: boolean;
  readonly output: OutputQueue;
  readonly floods: FloodLimits;
  /** Takes in a whole message. */
  readonly onMessage: (message: RtmpMessage) => void;
  /** True while nothing further is to be read. */
  readonly isHeld: () => boolean;
  /** True while that is for a decision. */
  readonly isDecisionDue: () => boolean;
};

/** Reads one connection's input in order. */
export class SessionReader {
  readonly #context: SessionReaderContext;
  readonly #handshake: ServerHandshake;
  #decoder = new ChunkDecoder({
    maxMessageBytes: MAX_MESSAGE_BYTES_BEFORE_CONNECT,
    maxPartialBytes: 2 * MAX_MESSAGE_BYTES_BEFORE_CONNECT,
  });
  readonly #held = new HeldInput();
  #isStopped = false;
  readonly #onMessage = (message: RtmpMessage): boolean => {
    this.#context.onMessage(message);
    this.#isStopped = this.#context.isHeld();
    return !this.#isStopped;
  };

  readonly #mayGoOn = (): boolean => !this.#isStopped;

  constructor(context: SessionReaderContext) {
    this.#context = context;
    this.#handshake = new ServerHandshake(context);
  }

  /** True once all of C2 was read. */
  get isHandshakeDone(): boolean {
    return this.#handshake.isDone;
  }

  /** How far it has come at `nowMs`, for who watches the time. While a decision is due it is us who do not read on. */
  progress(nowMs: number): LivenessFacts {
    const stillSinceMs = this.#decoder.stillSinceMs(nowMs, !this.#context.isDecisionDue());
    return { isHandshakeDone: this.isHandshakeDone, stillSinceMs };
  }

  /** True where the client asked for RTMPE and got it. */
  get isEncrypted(): boolean {
    return this.#handshake.cipher !== null;
  }

  /** True where it stopped behind a message: there may be more to read, though no further byte comes. */
  get isStopped(): boolean {
    return this.#isStopped;
  }

  /** Connect was accepted: messages may have up to `maxMessageBytes` from now on. */
  connected(maxMessageBytes: number): void {
    this.#decoder.maxMessageBytes = maxMessageBytes;
    this.#decoder.maxPartialBytes = MAX_PARTIAL_BYTES;
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
    const readBytes = this.#read(chunks);
    if (readBytes < chunks.length) this.#held.keep(chunks.subarray(readBytes));
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
    this.#isStopped = false;
    this.#held.clear();
    this.#decoder = new ChunkDecoder({ maxMessageBytes: 0 });
  }

  /** What of `bytes` is the chunk stream's, decrypted under RTMPE: here, once, before any of it is kept. */
  #behindHandshake(bytes: Uint8Array): Uint8Array {
    const handshake = this.#handshake;
    let chunks = bytes;
    if (!handshake.isDone) {
      const { output } = this.#context;
      chunks = bytes.subarray(handshake.receive(bytes));
      const answer = handshake.takeOutput();
      if (answer !== null) output.putHandshake(answer);
      output.cipher = handshake.cipher;
    }
    return handshake.cipher?.decryptNext(chunks) ?? chunks;
  }

  /** Reads what may be read now, and returns the offset of the first byte that was not. */
  #read(bytes: Uint8Array): number {
    return readInPieces(this.#decoder, bytes, this.#context.floods, this.#onMessage, this.#mayGoOn);
  }
}
