// Reads one direction's chunk stream, of a server session or a client session: stops behind a message where nothing
// further is to be read, and keeps what follows until it may go on. Input of any length is read in pieces, so that what
// it costs is counted before all of it is worked off.

import { ChunkDecoder } from './chunk-decoder.ts';
import type { FloodLimits } from './flood-limits.ts';
import { HeldInput } from './held-input.ts';
import type { RtmpMessage } from './message.ts';

/** LIMIT: bytes that are read before what they cost is counted: a body of the tunnel may have 16 MiB. */
const PIECE_BYTES = 64 * 1024;

/** What the reader works on. */
export type ChunkReaderContext = {
  readonly floods: FloodLimits;
  /** Takes in a whole message. */
  readonly onMessage: (message: RtmpMessage) => void;
  /** True while nothing further is to be read. */
  readonly isHeld: () => boolean;
};

/** Turns input into messages, as far as they may be read. */
export class ChunkReader {
  readonly #context: ChunkReaderContext;
  readonly #held = new HeldInput();
  #decoder: ChunkDecoder;
  #isStopped = false;
  #isOver = false;
  readonly #onMessage = (message: RtmpMessage): boolean => {
    this.#context.onMessage(message);
    this.#isStopped = this.#context.isHeld();
    return this.#mayGoOn;
  };

  constructor(context: ChunkReaderContext, decoder: ChunkDecoder) {
    this.#context = context;
    this.#decoder = decoder;
  }

  /** What cuts the input: its limits may be changed. */
  get decoder(): ChunkDecoder {
    return this.#decoder;
  }

  /** True where it stopped behind a message: there may be more to read, though no further byte comes. */
  get isStopped(): boolean {
    return this.#isStopped && !this.#isOver;
  }

  /**
   * Reads `bytes`, or keeps a copy of what is not to be read yet.
   * @throws RtmpError of the chunk decoder and the messages; 'rtmp-pending-input-exceeded', 'rtmp-flood' for tiny chunks
   */
  receive(bytes: Uint8Array): void {
    if (this.#isStopped || this.#context.isHeld()) {
      this.#isStopped = true;
      this.#held.add(bytes);
      this.goOn();
      return;
    }
    const readBytes = this.#read(bytes);
    if (readBytes < bytes.length && !this.#isOver) this.#held.keep(bytes.subarray(readBytes));
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

  get #mayGoOn(): boolean {
    return !this.#isStopped && !this.#isOver;
  }

  /** Reads what may be read now, and returns the offset of the first byte that was not. */
  #read(bytes: Uint8Array): number {
    const { floods } = this.#context;
    const decoder = this.#decoder;
    let offset = 0;
    do {
      const tinyChunksBefore = decoder.tinyChunks;
      const pieceEnd = Math.min(offset + PIECE_BYTES, bytes.length);
      const piece = pieceEnd === bytes.length ? bytes : bytes.subarray(0, pieceEnd);
      offset = decoder.receive(piece, offset, this.#onMessage);
      const tinyChunks = decoder.tinyChunks - tinyChunksBefore;
      if (tinyChunks > 0) floods.spend('tiny chunks', tinyChunks);
    } while (offset < bytes.length && this.#mayGoOn);
    return offset;
  }
}
