// A player that checks what it plays: a client's session, its check, and the promise of its first frame. What carries it,
// it does not know.

import { performance } from 'node:perf_hooks';
import { ArrivalCounter } from './arrival-counter.ts';
import type { ChunkStream } from './chunk-reader.ts';
import type { ClientListener, ClientScript } from './client-session.ts';
import { ClientSession } from './client-session.ts';
import { FaultKind } from './fault-list.ts';
import type { Transport, TransportFactory, TransportListener } from './transport.ts';
import type { CheckContext } from './viewer-check.ts';
import { ViewerCheck } from './viewer-check.ts';

/** What makes a viewer. */
export type ViewerOptions = {
  /** Its name in faults. */
  readonly name: string;
  readonly script: ClientScript;
  readonly context: CheckContext;
  readonly connect: TransportFactory;
  /** Called for each arrival: reads close to each other are one. */
  readonly onArrival?: () => void;
  /** Called for each read, with the time of performance.now(). */
  readonly onBytes?: (nowMs: number) => void;
};

/** Time for a viewer's first frame, ms. */
const JOIN_LIMIT_MS = 15_000;

/** Plays, and checks. */
export class Viewer implements ClientListener, TransportListener {
  readonly check: ViewerCheck;
  readonly #session: ClientSession;
  readonly #transport: Transport;
  readonly #onArrival: (() => void) | null;
  readonly #onBytes: ((nowMs: number) => void) | null;
  readonly #arrivals = new ArrivalCounter();
  #startedMs = 0;
  #isStopped = false;
  #settle: ((setupMs: number | null) => void) | null = null;

  constructor({ name, script, context, connect, onArrival, onBytes }: ViewerOptions) {
    this.#onArrival = onArrival ?? null;
    this.#onBytes = onBytes ?? null;
    this.check = new ViewerCheck(name, context, () => this.#ready());
    this.#session = new ClientSession(script, this);
    this.#transport = connect(this);
  }

  /**
   * Connects and plays. Gives the time from then to the first frame, ms, or for one that does not play to the answer
   * that it might; null where it failed, which is a fault.
   */
  join(): Promise<number | null> {
    return new Promise((resolve) => {
      const limit = setTimeout(() => this.failed(`no frame within ${JOIN_LIMIT_MS} ms`), JOIN_LIMIT_MS);
      this.#settle = (setupMs) => {
        clearTimeout(limit);
        resolve(setupMs);
      };
      this.#startedMs = performance.now();
      this.#transport.open();
      this.#session.begin();
    });
  }

  /** Ends the connection. */
  stop(): void {
    this.#isStopped = true;
    this.#transport.close();
  }

  received(bytes: Buffer, from: number, to: number): void {
    const nowMs = performance.now();
    this.check.arrivedMs = nowMs;
    this.#onBytes?.(nowMs);
    if (this.#arrivals.read(nowMs)) this.#onArrival?.();
    this.#session.receive(bytes, from, to);
  }

  replied(requestNumber: number): void {
    if (this.#session.isBetweenMessages) return;
    this.check.fault(FaultKind.SplitReply, `the reply to request ${requestNumber} ends within a message`);
  }

  /** Only the first time, and not after `stop`, is it a fault. */
  failed(text: string): void {
    if (this.#isStopped) return;
    this.check.fault(FaultKind.Connection, text);
    this.stop();
    this.#joined(null);
  }

  send(bytes: Buffer): void {
    this.#transport.send(bytes);
  }

  idle(): void {
    this.#ready();
  }

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

  #ready(): void {
    this.#joined(performance.now() - this.#startedMs);
  }

  #joined(setupMs: number | null): void {
    this.#settle?.(setupMs);
    this.#settle = null;
  }
}
