// A Link without a carrier: the test pushes bytes in and pulls bytes out. It pulls of itself when woken, as a socket
// with room does, unless it is held. A throwing endpoint is handled as by every Link: the error boundary catches, the
// endpoint may say goodbye, and the Link closes.

import { createGuard, type EndReason, type Guarded } from '../../src/errors.ts';
import type { Link, LinkEndpoint, LinkFacts, Outlet } from '../../src/links/link.ts';

/** Facts of a raw RTMP peer. */
export const MEMORY_FACTS: LinkFacts = {
  transport: 'rtmp',
  remoteAddress: '192.0.2.7',
  remotePort: 50_000,
  proxyAddress: null,
  localPort: 1935,
  tlsVersion: null,
  userAgent: null,
};

/** A Link in memory. */
export class MemoryLink implements Link, Outlet, Guarded {
  readonly facts: LinkFacts;
  readonly gatherMs: number;
  readonly outlet: Outlet = this;
  /** Bytes that were pulled and not read by the test yet, a list a pull. */
  pulls: (readonly Uint8Array[])[] = [];
  /** Why the endpoint was told to say goodbye, and why the Link closed, in order. */
  readonly ends: string[] = [];
  wakes = 0;
  /** Held, it pulls only when the test says so. */
  isHeld = false;
  maxPullBytes = 256 * 1024;
  /** Errors of ours that the boundary caught. */
  readonly internalErrors: unknown[] = [];
  readonly guard = createGuard((error) => this.internalErrors.push(error));
  #endpoint: LinkEndpoint | null = null;
  #isClosed = false;

  constructor(facts: Partial<LinkFacts> = {}, gatherMs = 0) {
    this.gatherMs = gatherMs;
    this.facts = { ...MEMORY_FACTS, ...facts };
  }

  /** Whether what is offered is carried away, as though it had been pulled. */
  takesOffers = false;

  /** Lists that were offered and carried away, and not looked at by the test yet. */
  offers: (readonly Uint8Array[])[] = [];

  offer(chunks: readonly Uint8Array[]): boolean {
    if (!this.takesOffers) return false;
    this.offers.push(chunks);
    this.pulls.push(chunks);
    return true;
  }

  /** True once the Link is closed, from either side. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  get endpoint(): LinkEndpoint {
    if (this.#endpoint === null) throw new Error('nothing is attached');
    return this.#endpoint;
  }

  attach(endpoint: LinkEndpoint): void {
    if (this.#endpoint !== null) throw new Error('attached twice');
    this.#endpoint = endpoint;
  }

  handOver(endpoint: LinkEndpoint): void {
    this.#endpoint = endpoint;
  }

  wake(): void {
    this.wakes++;
    if (!this.isHeld) this.pull();
  }

  /** True while the endpoint asked for a pause. */
  isPaused = false;

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
  }

  close(reason: EndReason): void {
    if (this.#isClosed) return;
    this.pull();
    this.#over(reason);
  }

  fail(reason: EndReason): void {
    if (this.#isClosed) return;
    this.ends.push(`failed ${reason.code}`);
    this.endpoint.failed(reason);
    this.close(reason);
  }

  /** Bytes from the peer. */
  push(bytes: Uint8Array): void {
    if (!this.#isClosed) this.guard(this, () => this.endpoint.receive(bytes));
  }

  /** Pulls until there is nothing. */
  pull(): void {
    this.guard(this, () => {
      while (!this.#isClosed) {
        const chunks = this.endpoint.take(this.maxPullBytes);
        if (chunks.length === 0) return;
        this.pulls.push(chunks);
      }
    });
  }

  /** The peer is gone. */
  drop(code: 'peer-closed' | 'peer-reset' = 'peer-closed'): void {
    if (!this.#isClosed) this.#over({ code, message: 'The peer closed the connection.' });
  }

  /** All that was pulled since the last call, as one. */
  readPulled(): Uint8Array {
    const bytes = Buffer.concat(this.pulls.flat());
    this.pulls = [];
    return bytes;
  }

  #over(reason: EndReason): void {
    this.#isClosed = true;
    this.ends.push(`closed ${reason.code}`);
    this.endpoint.closed(reason);
  }
}
