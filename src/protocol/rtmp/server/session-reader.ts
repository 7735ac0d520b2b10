// The reading half of a server session: handshake, then chunks, then whole messages into the inbox. It stops behind a
// message that asks for a decision, and where too many events wait, and keeps what follows until it may go on.
// [RTMP 5.2, 5.3]

import { ChunkDecoder } from '../chunk-decoder.ts';
import type { ChunkReaderContext } from '../chunk-reader.ts';
import { ChunkReader } from '../chunk-reader.ts';
import type { RtmpeCipher } from '../handshake/rtmpe.ts';
import { ServerHandshake } from '../handshake/server-handshake.ts';
import { HeldInput } from '../held-input.ts';
import { MAX_MESSAGE_BYTES_BEFORE_CONNECT, MAX_PARTIAL_BYTES } from '../limits.ts';
import type { LivenessFacts } from './liveness.ts';
import type { OutputQueue } from './output-queue.ts';

/** What the reader works on. */
type SessionReaderContext = ChunkReaderContext & {
  readonly randomBytes: (lengthBytes: number) => Uint8Array;
  /** True where RTMPE is spoken with clients that ask for it. */
  readonly rtmpe: boolean;
  /** True where what comes up to the answer to connect is kept as well, for somebody who may go on with it. */
  readonly recordsConnect: boolean;
  readonly output: OutputQueue;
  /** True while that nothing is to be read is for a decision. */
  readonly isDecisionDue: () => boolean;
};

/** Reads one connection's input in order. */
export class SessionReader {
  readonly #context: SessionReaderContext;
  readonly #handshake: ServerHandshake;
  readonly #chunks: ChunkReader;
  /** The chunk stream from its first byte on, decrypted; null where nobody will go on with it. */
  #recorded: HeldInput | null;

  constructor(context: SessionReaderContext) {
    this.#context = context;
    this.#handshake = new ServerHandshake(context);
    this.#recorded = context.recordsConnect ? new HeldInput() : null;
    const limits = {
      maxMessageBytes: MAX_MESSAGE_BYTES_BEFORE_CONNECT,
      maxPartialBytes: 2 * MAX_MESSAGE_BYTES_BEFORE_CONNECT,
    };
    this.#chunks = new ChunkReader(context, new ChunkDecoder(limits));
  }

  /** True once all of C2 was read. */
  get isHandshakeDone(): boolean {
    return this.#handshake.isDone;
  }

  /** How far it has come at `nowMs`, for who watches the time. While a decision is due it is us who do not read on. */
  progress(nowMs: number): LivenessFacts {
    const stillSinceMs = this.#chunks.decoder.stillSinceMs(nowMs, !this.#context.isDecisionDue());
    return { isHandshakeDone: this.isHandshakeDone, stillSinceMs };
  }

  /** True where the client asked for RTMPE and got it. */
  get isEncrypted(): boolean {
    return this.#handshake.cipher !== null;
  }

  /** What encrypts and decrypts under RTMPE; null otherwise. */
  get cipher(): RtmpeCipher | null {
    return this.#handshake.cipher;
  }

  /** Gateways that the connection has come through; 0 before the handshake is done. */
  get hopCount(): number {
    return this.#handshake.hopCount;
  }

  /** All that came behind the handshake so far, decrypted: a view. @throws Error where it is not, or no longer, kept */
  get recordedBytes(): Uint8Array {
    if (this.#recorded === null) throw new Error('nothing was recorded');
    return this.#recorded.bytes;
  }

  /** True where it stopped behind a message: there may be more to read, though no further byte comes. */
  get isStopped(): boolean {
    return this.#chunks.isStopped;
  }

  /** Connect was accepted: messages may have up to `maxMessageBytes` from now on. */
  connected(maxMessageBytes: number): void {
    this.#chunks.decoder.maxMessageBytes = maxMessageBytes;
    this.#chunks.decoder.maxPartialBytes = MAX_PARTIAL_BYTES;
    this.#recorded = null;
  }

  /** Reads `bytes`, or keeps a copy of what is not to be read yet. @throws RtmpError of the handshake and of the chunks */
  receive(bytes: Uint8Array): void {
    const chunks = this.#behindHandshake(bytes);
    this.#recorded?.add(chunks);
    this.#chunks.receive(chunks);
  }

  /** Reads on with what was kept, where it may. @throws RtmpError as `receive` */
  goOn(): void {
    this.#chunks.goOn();
  }

  /** Forgets what was kept, unfinished messages too; nothing is read any more. */
  stop(): void {
    this.#recorded = null;
    this.#chunks.stop();
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
}
