// What follows a refused connect, publish or play: the client gets a moment to read and to show why, and is closed then
// unless something else of it was accepted meanwhile. The log is to say why it came to nothing, whoever closes.

import type { EndReason, ErrorCode } from '../errors.ts';
import type { Deadline, Wheel } from '../links/link.ts';

/** Time a client that was refused gets to read why before the connection is closed, ms. */
const REFUSAL_GRACE_MS = 1000;

/** What a client hears. WHY no more: where the servers are and what is wrong with them is nobody's business outside. */
export const UNAVAILABLE = 'The server behind this one is not available.';

/** Ends that the peer chose: behind a refusal they say less than it. */
const PEERS_OWN_ENDS: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'peer-closed',
  'peer-reset',
  'tunnel-silent',
  'tunnel-detached',
]);

/** The refusal that one connection stands under, if any. */
export class Refusal {
  readonly #wheel: Wheel;
  readonly #close: (reason: EndReason) => void;
  #reason: EndReason | null = null;
  #deadline: Deadline | null = null;

  /** `close` ends the connection; it is called once at most, by the wheel. */
  constructor(wheel: Wheel, close: (reason: EndReason) => void) {
    this.#wheel = wheel;
    this.#close = close;
  }

  /** The client was refused, and has nothing else. The time it has left runs from the first of several on. */
  refused(reason: EndReason): void {
    this.#reason = reason;
    this.#deadline ??= this.#wheel.at(this.#wheel.nowMs() + REFUSAL_GRACE_MS, () => {
      if (this.#reason !== null) this.#close(this.#reason);
    });
  }

  /** Something of the client was accepted: it stays. */
  lift(): void {
    this.#reason = null;
    this.stop();
  }

  /** The connection is over: nothing is closed any more. What it was refused is remembered. */
  stop(): void {
    this.#deadline?.cancel();
    this.#deadline = null;
  }

  /** Why a connection truly ended that ended for `reason`. */
  causeOf(reason: EndReason): EndReason {
    return PEERS_OWN_ENDS.has(reason.code) ? (this.#reason ?? reason) : reason;
  }
}
