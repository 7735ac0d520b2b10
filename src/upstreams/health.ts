// Looks at upstreams from time to time, without a client: one check at a time of each, the next when the last is over.
// How a check is made is handed in; what came of it goes to the pool.

import type { Upstream } from '../config/routing.ts';
import type { Deadline, Wheel } from '../links/link.ts';
import { faultOf } from './fault.ts';
import type { UpstreamPool } from './pool.ts';

/** What is set of an upstream, as far as its checks go by it. */
export type CheckedUpstream = Pick<Upstream, 'name' | 'check' | 'checkIntervalMs' | 'checkTimeoutMs'>;

/** What the checks stand on. */
export type HealthDeps = {
  readonly wheel: Wheel;
  readonly pool: Pick<UpstreamPool, 'checkPassed' | 'checkFailed'>;
  /** Makes one check; rejects where the upstream failed it. Gives up at `signal`, and may reject then. */
  readonly check: (name: string, signal: AbortSignal) => Promise<void>;
  /** The error boundary. */
  readonly runLater: (work: () => void) => void;
};

/** The checks of all upstreams that are to be checked. */
export class HealthChecks {
  readonly #checks: readonly RepeatedCheck[];

  constructor(upstreams: readonly CheckedUpstream[], deps: HealthDeps) {
    this.#checks = upstreams
      .filter(({ check }) => check !== 'none')
      .map((upstream) => new RepeatedCheck(upstream, deps));
  }

  /** Begins. The first checks of the upstreams are spread over their interval, for they may be one machine. */
  start(): void {
    for (const [index, check] of this.#checks.entries()) check.start(index / this.#checks.length);
  }

  /** Ends for good; a check that is under way is given up, and tells nothing any more. */
  stop(): void {
    for (const check of this.#checks) check.stop();
  }
}

/** The checks of one upstream. */
class RepeatedCheck {
  readonly #upstream: CheckedUpstream;
  readonly #deps: HealthDeps;
  #deadline: Deadline | null = null;
  #running: AbortController | null = null;

  constructor(upstream: CheckedUpstream, deps: HealthDeps) {
    this.#upstream = upstream;
    this.#deps = deps;
  }

  /** `part` of the interval goes by before the first, 0 to 1. */
  start(part: number): void {
    this.#waitFor(Math.floor(part * this.#upstream.checkIntervalMs), () => this.#run());
  }

  stop(): void {
    this.#deadline?.cancel();
    this.#deadline = null;
    const running = this.#running;
    this.#running = null;
    running?.abort();
  }

  #run(): void {
    const { name, checkTimeoutMs } = this.#upstream;
    const { check, pool, runLater } = this.#deps;
    const running = new AbortController();
    this.#running = running;
    const finish = (tell: () => void): void => {
      // Over already: too late, or nobody asks any more.
      if (this.#running !== running) return;
      this.#running = null;
      this.#deadline?.cancel();
      this.#waitFor(this.#upstream.checkIntervalMs, () => this.#run());
      tell();
    };
    this.#waitFor(checkTimeoutMs, () => {
      finish(() => pool.checkFailed(name, `the check took more than ${checkTimeoutMs} ms`));
      running.abort();
    });
    // WHY: async, so that a check which throws before it waits for anything fails as one that rejects.
    const attempt = async (): Promise<void> => check(name, running.signal);
    attempt().then(
      () => runLater(() => finish(() => pool.checkPassed(name))),
      (error: unknown) => runLater(() => finish(() => pool.checkFailed(name, faultOf(error).reason))),
    );
  }

  #waitFor(delayMs: number, callback: () => void): void {
    const { wheel } = this.#deps;
    this.#deadline = wheel.at(wheel.nowMs() + delayMs, callback);
  }
}
