// One connection of a tunnel, and the one request that is under way on it.

import { createLaneDispatcher, type LaneCarrier, type LaneRoute } from './lane-dispatcher.ts';
import { PostExchange, type PostOutcome } from './post-exchange.ts';

/** What all requests of a lane have in common. */
export type LaneOptions = {
  readonly route: LaneRoute;
  readonly userAgent: string;
  readonly maxReplyBytes: number;
};

/** Carries POSTs one at a time. */
export class Lane {
  readonly #options: LaneOptions;
  readonly #headers: Record<string, string>;
  #carrier: LaneCarrier | null = null;
  #exchange: PostExchange | null = null;

  constructor(options: LaneOptions) {
    this.#options = options;
    this.#headers = {
      'Content-Type': 'application/x-fcs',
      'User-Agent': options.userAgent,
      'Cache-Control': 'no-cache',
    };
  }

  /** True where no request is under way. */
  get isFree(): boolean {
    return this.#exchange === null;
  }

  /** Posts `body`, which is not written to any more. `done` is called once, later, unless it is cut first. */
  post(path: string, body: Uint8Array, done: (outcome: PostOutcome) => void): void {
    if (this.#exchange !== null) throw new Error('a lane carries one request at a time');
    const { route, maxReplyBytes } = this.#options;
    this.#carrier ??= createLaneDispatcher(route);
    const exchange = new PostExchange(maxReplyBytes, (outcome) => {
      this.#exchange = null;
      done(outcome);
    });
    this.#exchange = exchange;
    const headers = { ...this.#headers };
    this.#carrier.dispatcher.dispatch(
      { origin: route.origin, path, method: 'POST', headers, body },
      exchange,
    );
  }

  /** Gives up what is under way, and its connection; the next request opens another. */
  cut(): void {
    this.#exchange?.abandon();
    this.#exchange = null;
    this.#carrier?.destroy();
    this.#carrier = null;
  }
}
