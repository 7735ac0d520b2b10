// A Link over one connection. It pulls when woken and when the connection has drained, and stops pulling while it is full,
// so that what waits for a slow peer waits in front of the Link, where it can be dropped. What the bytes stand in on the
// connection is the pipe's part (byte-pipe.ts).

import type { EndReason, Guard, Guarded } from '../errors.ts';
import type { BytePipe } from './byte-pipe.ts';
import type { Deadline, Lending, LentOutlet, Link, LinkEndpoint, LinkFacts, Outlet, Wheel } from './link.ts';
import { PieceQueue } from './piece-queue.ts';

/** LIMIT: what one pull asks for: enough for a late joiner's first pictures, little enough to be fair. */
const PULL_BYTES = 256 * 1024;

/** LIMIT: time that a connection which is closed in order has to take what was said last, ms: a megabyte at 300 kbit/s. */
const LINGER_MS = 30_000;

/** LIMIT: the same where that is little, and where the peer has broken a rule or ended, ms. */
const SHORT_LINGER_MS = 2000;

/** LIMIT: what counts as little, of all that was ever said, bytes: at 300 kbit/s it takes that short time. */
const LITTLE_BYTES = 64 * 1024;

/** Settings of Links over one connection. */
export type PipedLinkDeps = {
  readonly guard: Guard;
  readonly wheel: Wheel;
  /** Time a full connection may take nothing before the peer is given up, ms. */
  readonly writeTimeoutMs: number;
};

/** RTMP on one connection. */
export class PipedLink implements Link, Outlet, LentOutlet, Guarded {
  readonly facts: LinkFacts;
  readonly gatherMs = 0;
  readonly outlet: Outlet = this;
  readonly lentOutlet: LentOutlet | null;
  readonly #pipe: BytePipe;
  readonly #deps: PipedLinkDeps;
  #endpoint: LinkEndpoint | null = null;
  /** What was pulled and is not all written. */
  readonly #pulled = new PieceQueue();
  #isFull = false;
  #isPaused = false;
  #fullDeadline: Deadline | null = null;
  #lingerDeadline: Deadline | null = null;
  #lingerUntilMs = Number.POSITIVE_INFINITY;
  #endReason: EndReason | null = null;
  /** WHY: one function for all links, and no closure each: thousands of them are woken at one tick. */
  static readonly #pullAll = (link: PipedLink): void => link.#pull();
  static readonly #writePulled = (link: PipedLink): void => link.#write();

  constructor(pipe: BytePipe, facts: LinkFacts, deps: PipedLinkDeps) {
    this.#pipe = pipe;
    this.lentOutlet = (pipe.lentOutlet ?? null) === null ? null : this;
    this.facts = facts;
    this.#deps = deps;
  }

  attach(endpoint: LinkEndpoint): void {
    this.#endpoint = endpoint;
    const { guard } = this.#deps;
    this.#pipe.listen({
      received: (bytes) => {
        if (this.#endReason === null) guard(this, () => this.#endpoint?.receive(bytes));
      },
      lent: (bytes) => this.#lend(bytes),
      drained: () => this.#drained(),
      ended: () => this.#endedByPeer(),
      broken: (error) => this.#brokenBy(error),
      failed: (error) => this.#failedBy(error),
      closed: () => this.#closed(),
    });
  }

  handOver(endpoint: LinkEndpoint): void {
    this.#endpoint = endpoint;
  }

  offer(chunks: readonly Uint8Array[]): boolean {
    // Where nothing that was pulled is left, nothing waits in front of it either: each wake pulls all there is.
    if (this.#isFull || !this.#pulled.isEmpty || this.#endReason !== null) return false;
    this.#pulled.hold(chunks);
    this.#deps.guard(this, PipedLink.#writePulled);
    return true;
  }

  takesLent(lengthBytes: number): boolean {
    if (this.#isFull || !this.#pulled.isEmpty || this.#endReason !== null) return false;
    return this.#pipe.lentOutlet?.takesLent(lengthBytes) ?? false;
  }

  carryLent(bytes: Uint8Array): Exclude<Lending, 'refused'> {
    const outlet = this.#pipe.lentOutlet ?? null;
    if (outlet === null) throw new Error('what is lent goes only where takesLent said so');
    return outlet.carryLent(bytes);
  }

  wake(): void {
    if (!this.#isFull) this.#deps.guard(this, PipedLink.#pullAll);
  }

  pause(): void {
    if (this.#isPaused || this.#endReason !== null) return;
    this.#isPaused = true;
    this.#pipe.pause();
  }

  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#pipe.resume();
  }

  close(reason: EndReason): void {
    this.#close(reason, LINGER_MS);
  }

  fail(reason: EndReason): void {
    if (this.#endReason !== null) {
      this.#pipe.destroy();
      return;
    }
    this.#endpoint?.failed(reason);
    this.#close(reason, SHORT_LINGER_MS);
  }

  #close(reason: EndReason, lingerMs: number): void {
    if (this.#endReason !== null) return;
    this.#endReason = reason;
    // WHY: nobody would see the peer's end.
    this.resume();
    if (this.#endpoint === null) {
      // Nobody took it in: there is nothing to carry out, and nobody who listens for what befalls the connection.
      this.#pipe.refuse(reason);
      return;
    }
    this.#linger(lingerMs);
    this.wake();
  }

  #lend(bytes: Uint8Array): Lending {
    const endpoint = this.#endpoint;
    if (this.#endReason !== null || endpoint?.receiveLent === undefined) return 'refused';
    // Where it throws, nobody can say who holds them.
    let fate: Lending = 'kept';
    this.#deps.guard(this, () => {
      fate = endpoint.receiveLent?.(bytes) ?? 'refused';
    });
    return fate;
  }

  /** Writes what there is until the connection is full; of a closing Link, its end behind that. */
  #pull(): void {
    while (!this.#isFull && this.#pipe.isWritable) {
      if (this.#pulled.isEmpty) this.#pulled.hold(this.#endpoint?.take(PULL_BYTES) ?? []);
      if (!this.#pulled.isEmpty) {
        this.#write();
        if (this.#isAllTaken) return;
      } else if (this.#endReason === null) return;
      else this.#end(this.#endReason);
    }
  }

  // WHY it waits for the peer's end behind that: the system still holds megabytes for a peer that reads slowly, and what
  // such a one says to a connection that is gone makes them worthless. Node does not tell how much is left.
  #end(reason: EndReason): void {
    this.#pipe.end(reason);
    if (this.#pipe.writtenBytes < LITTLE_BYTES) this.#linger(SHORT_LINGER_MS);
  }

  /** True where a further pull would bring nothing. */
  get #isAllTaken(): boolean {
    return this.#pulled.isEmpty && this.#endReason === null && this.#endpoint?.hasMore === false;
  }

  /** Writes of what was pulled as much as the connection has room for, as one. */
  #write(): void {
    const hasRoom = this.#pipe.write(this.#pulled);
    if (!this.#pulled.hasNext) this.#pulled.forget();
    if (!hasRoom) this.#becameFull();
  }

  #becameFull(): void {
    this.#isFull = true;
    const { wheel, writeTimeoutMs } = this.#deps;
    this.#fullDeadline = wheel.at(wheel.nowMs() + writeTimeoutMs, () => {
      const message = `expected the peer to read within ${writeTimeoutMs} ms, but its socket stayed full`;
      this.#endReason ??= { code: 'rtmp-peer-not-reading', message };
      this.#pipe.destroy();
    });
  }

  #drained(): void {
    this.#isFull = false;
    this.#fullDeadline?.cancel();
    this.wake();
  }

  // WHY: the HTTP server leaves its sockets half open when the peer has ended; an RTMP peer that has ended is gone.
  #endedByPeer(): void {
    this.#endReason ??= { code: 'peer-closed', message: 'The peer closed the connection.' };
    this.#pipe.end(this.#endReason);
    this.#linger(SHORT_LINGER_MS);
  }

  /** Leaves the connection so long from now on, and never longer than before. */
  #linger(lingerMs: number): void {
    const { wheel } = this.#deps;
    const untilMs = wheel.nowMs() + lingerMs;
    if (untilMs >= this.#lingerUntilMs) return;
    this.#lingerUntilMs = untilMs;
    this.#lingerDeadline?.cancel();
    this.#lingerDeadline = wheel.at(untilMs, () => this.#pipe.destroy());
  }

  #brokenBy(error: Error): void {
    if (this.#endReason !== null) return;
    this.#deps.guard(this, () => {
      throw error;
    });
  }

  #failedBy(error: Error): void {
    this.#endReason ??= { code: 'peer-reset', message: error.message };
  }

  #closed(): void {
    this.#fullDeadline?.cancel();
    this.#lingerDeadline?.cancel();
    const reason = this.#endReason ?? { code: 'peer-closed', message: 'The peer closed the connection.' };
    this.#endReason = reason;
    this.#deps.guard(this, () => this.#endpoint?.closed(reason));
  }
}
