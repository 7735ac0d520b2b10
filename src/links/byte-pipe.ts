// What a Link over a connection reads from and writes to: a socket as it is, or a WebSocket on one. A pipe holds no
// opinion: what waits, how long, and what follows from an end is the Link's part (piped-link.ts).

import type { EndReason } from '../errors.ts';
import type { Lending, LentOutlet } from './link.ts';
import type { PieceQueue } from './piece-queue.ts';

/** Who reads a pipe. All but `received` may be called behind the end as well. */
export type PipeOwner = {
  /** Bytes came. They are not written to any more. */
  readonly received: (bytes: Uint8Array) => void;
  /** Bytes came that are only lent. Where they are refused, `received` gets a copy. */
  readonly lent: (bytes: Uint8Array) => Lending;
  /** There is room again. */
  readonly drained: () => void;
  /** The peer has ended its side; nothing more is read. */
  readonly ended: () => void;
  /** The peer broke what carries the bytes. */
  readonly broken: (error: Error) => void;
  /** The connection failed; `closed` follows. */
  readonly failed: (error: Error) => void;
  /** The connection is gone. Called once, last. */
  readonly closed: () => void;
};

/** Carries bytes both ways over one connection. */
export interface BytePipe {
  /** False once nothing more may be written. */
  readonly isWritable: boolean;
  /** All that was written so far, bytes. */
  readonly writtenBytes: number;
  /** Where lent bytes may be written; null, or absent, where they would be held. */
  readonly lentOutlet?: LentOutlet | null;
  /** Names who reads it; called once, before anything can come. */
  listen(owner: PipeOwner): void;
  /**
   * Writes pieces of the queue as one, at least one of them, until it is full or none is left. False where it is full
   * from now on; `drained` follows.
   */
  write(queue: PieceQueue): boolean;
  /** Reads no more, and sees no end either, until `resume`; what was read already may still come. */
  pause(): void;
  /** Reads again. */
  resume(): void;
  /** Ends it behind what was written. */
  end(reason: EndReason): void;
  /** Ends it where nobody listens to it. */
  refuse(reason: EndReason): void;
  /** Ends it at once. */
  destroy(): void;
}
