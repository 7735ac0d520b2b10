// What is refused before it becomes a session: counted by its code, and told in the log without letting a flood of
// refusals become a flood of lines.

import type { DoorErrorCode } from '../../errors.ts';
import type { Logger } from '../../log.ts';
import type { Wheel } from '../link.ts';

/** LIMIT: at most two lines of a code in this time: the first, and the sum of the others behind it. */
const SUM_MS = 10_000;

/** Whom it befell, as far as it is known. */
export type RefusedPeer = {
  readonly remoteAddress: string;
  readonly proxyAddress: string | null;
  readonly localPort: number;
};

/** What refusals are told to. */
export type RefusalsDeps = {
  readonly log: Logger;
  readonly wheel: Wheel;
  readonly count: (code: DoorErrorCode) => void;
};

/** Counts and logs refusals. */
export class Refusals {
  readonly #deps: RefusalsDeps;
  /** How many of a code came since its last line. */
  readonly #untold = new Map<DoorErrorCode, number>();

  constructor(deps: RefusalsDeps) {
    this.#deps = deps;
  }

  /** Takes note of one. `detail` says what was expected and what was found, and quotes nothing that may be secret. */
  refused(code: DoorErrorCode, peer: RefusedPeer, detail: string): void {
    const { log, wheel, count } = this.#deps;
    const { remoteAddress, proxyAddress, localPort } = peer;
    const via = proxyAddress === null ? {} : { proxyAddress };
    const fields = { reason: code, remoteAddress, ...via, localPort, detail };
    count(code);
    const untold = this.#untold.get(code);
    if (untold !== undefined) {
      this.#untold.set(code, untold + 1);
      log.debug(fields, 'connection refused');
      return;
    }
    this.#untold.set(code, 0);
    log.info(fields, 'connection refused');
    wheel.at(wheel.nowMs() + SUM_MS, () => this.#sum(code));
  }

  #sum(code: DoorErrorCode): void {
    const count = this.#untold.get(code) ?? 0;
    this.#untold.delete(code);
    if (count > 0) this.#deps.log.info({ reason: code, count, withinMs: SUM_MS }, 'connections refused');
  }
}
