// What a viewer is to the load program, and the part that both transports share: the client's session, its check, and
// the promise of its first frame.

import { performance } from 'node:perf_hooks';
import type { ChunkStream } from './chunk-reader.ts';
import type { ClientListener, ClientScript } from './client-session.ts';
import { ClientSession } from './client-session.ts';
import { FaultKind } from './fault-list.ts';
import type { CheckContext } from './viewer-check.ts';
import { ViewerCheck } from './viewer-check.ts';

/** Where viewers connect to. */
export type ViewerTarget = { readonly host: string; readonly port: number; readonly script: ClientScript };

/** Time for a viewer's first frame, ms. */
const JOIN_LIMIT_MS = 15_000;

/** Bytes of the one buffer that all sockets of this process read into: what is read is handled before the next read. */
const READ_BUFFER_BYTES = 64 * 1024;

/** The buffer that all sockets of this process read into. */
export const READ_BUFFER: Buffer = Buffer.alloc(READ_BUFFER_BYTES);

/** A player that checks what it plays. The transport gives it bytes, and carries away what `send` is given. */
export abstract class Viewer implements ClientListener {
  readonly check: ViewerCheck;
  protected readonly session: ClientSession;
  #startedMs = 0;
  #isStopped = false;
  #settle: ((setupMs: number | null) => void) | null = null;

  constructor(name: string, script: ClientScript, context: CheckContext) {
    this.check = new ViewerCheck(name, context, () => this.#joined(performance.now() - this.#startedMs));
    this.session = new ClientSession(script, this);
  }

  /** Connects and plays. Gives the time from then to the first frame, ms; null where it failed, which is a fault. */
  join(): Promise<number | null> {
    return new Promise((resolve) => {
      const limit = setTimeout(() => this.failed(`no frame within ${JOIN_LIMIT_MS} ms`), JOIN_LIMIT_MS);
      this.#settle = (setupMs) => {
        clearTimeout(limit);
        resolve(setupMs);
      };
      this.#startedMs = performance.now();
      this.open();
    });
  }

  /** Ends the connection. */
  stop(): void {
    this.#isStopped = true;
    this.disconnect();
  }

  abstract send(bytes: Buffer): void;
  protected abstract open(): void;
  protected abstract disconnect(): void;

  status(code: string): void {
    if (/Failed|NotFound|Rejected/.test(code)) this.failed(`the server said ${code}`);
  }

  data(payload: Buffer): void {
    this.check.data(payload);
  }

  mediaPiece(stream: ChunkStream, bytes: Buffer, from: number, to: number): void {
    this.check.mediaPiece(stream, bytes, from, to);
  }

  mediaEnd(stream: ChunkStream): void {
    this.check.mediaEnd(stream);
  }

  /** The connection is of no use any more. Only the first time, and not after `stop`, is it a fault. */
  protected failed(text: string): void {
    if (this.#isStopped) return;
    this.check.fault(FaultKind.Connection, text);
    this.stop();
    this.#joined(null);
  }

  /** Runs `action` for bytes that have come; what it throws ends this viewer alone. */
  protected handle(action: () => void): void {
    this.check.arrivedMs = performance.now();
    try {
      action();
    } catch (error) {
      this.failed(error instanceof Error ? error.message : String(error));
    }
  }

  #joined(setupMs: number | null): void {
    this.#settle?.(setupMs);
    this.#settle = null;
  }
}
