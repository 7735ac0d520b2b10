// What the log says of one relay: a line at its start, when media flows, at each break with the time until the next try, and
// at its end, or that there is none for there are too many; the same is counted. Names at the upstream, which may be keys, are never written.

import { printable } from '../log.ts';
import type { SharedRelayDeps } from './relay-deps.ts';

/** The lines of one relay. */
export class RelayLog {
  readonly #deps: Pick<SharedRelayDeps, 'log' | 'count'>;
  readonly #direction: 'pull' | 'push';
  readonly #fields: object;

  constructor(
    deps: Pick<SharedRelayDeps, 'log' | 'count'>,
    direction: 'pull' | 'push',
    { app, streamName }: { readonly app: string; readonly streamName: string },
  ) {
    this.#deps = deps;
    this.#direction = direction;
    this.#fields = { direction, app: printable(app), stream: printable(streamName) };
  }

  /** It begins. */
  started(): void {
    this.#tell('started', {});
  }

  /** The upstream sends, or is sent to, from now on. */
  flowing(upstream: string): void {
    this.#tell('flowing', { upstream });
  }

  /** A connection is over, or did not come about. The next try comes in `nextTryMs`, 0 for at once. */
  broke(upstream: string, reason: string, nextTryMs: number): void {
    this.#tell('broke', { upstream, reason: printable(reason), nextTryMs });
  }

  /** None of its upstreams may be connected to now. */
  unavailable(nextTryMs: number): void {
    const reason = 'expected one of its upstreams to be up and to have room, found none';
    this.#tell('broke', { reason, nextTryMs });
  }

  /** A client publishes here what a pull fetches: it goes on when that ends. `upstream` is null where none was connected. */
  gaveWay(upstream: string | null): void {
    this.#tell('gave way', upstream === null ? {} : { upstream });
  }

  /** It does not begin. */
  refused(reason: string): void {
    this.#tell('refused', { reason });
  }

  /** It is over for good. */
  ended(reason: string, figures: object = {}): void {
    this.#tell('ended', { reason, ...figures });
  }

  #tell(what: 'started' | 'flowing' | 'broke' | 'gave way' | 'refused' | 'ended', fields: object): void {
    const { log, count } = this.#deps;
    count(`relay-${this.#direction}-${what.replace(' ', '-')}`);
    log.info({ ...this.#fields, ...fields }, `relay ${what}`);
  }
}
