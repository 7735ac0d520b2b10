// Whether the upstream of a pull sends frames, and since when. Where there are other upstreams it says when this one has had
// its time: its share of what a viewer waits for the first frame, and all of that between two later ones.

import type { Deadline, Wheel } from '../links/link.ts';

/** What it is made with. */
export type FrameWatchDeps = {
  readonly wheel: Wheel;
  /** Time that a viewer waits for a stream, ms. */
  readonly startTimeoutMs: number;
  /** How many upstreams there are to ask. */
  readonly upstreamCount: number;
  /** No frame has come for `stillMs`, from one that had sent frames for `servedMs`. Called once, until it begins anew. */
  readonly onStill: (stillMs: number, servedMs: number) => void;
};

/** The frames of one pull, from one connection after the other. */
export class FrameWatch {
  readonly #deps: FrameWatchDeps;
  #isFlowing = false;
  /** When the connection began to send; null while it has sent nothing. */
  #servingSinceMs: number | null = null;
  #newestMs = 0;
  #deadline: Deadline | null = null;

  constructor(deps: FrameWatchDeps) {
    this.#deps = deps;
  }

  /** Time since the connection's first frame, ms; 0 where none has come. */
  get servedMs(): number {
    return this.#servingSinceMs === null ? 0 : this.#deps.wheel.nowMs() - this.#servingSinceMs;
  }

  /** What comes from now on comes by a new connection. */
  begin(): void {
    this.stop();
    this.#awaitFirst();
  }

  /** The connection stays, but the stream has ended there, for now. Nothing where it has not begun. */
  paused(): void {
    if (!this.#isFlowing) return;
    this.#isFlowing = false;
    this.#awaitFirst();
  }

  /** A frame came. True where the stream flows since this one. */
  came(): boolean {
    this.#newestMs = this.#deps.wheel.nowMs();
    if (this.#isFlowing) return false;
    this.#isFlowing = true;
    this.#servingSinceMs ??= this.#newestMs;
    this.#await(this.#deps.startTimeoutMs);
    return true;
  }

  /** There is no connection any more. */
  stop(): void {
    this.#isFlowing = false;
    this.#servingSinceMs = null;
    this.#deadline?.cancel();
  }

  #awaitFirst(): void {
    const { startTimeoutMs, upstreamCount } = this.#deps;
    this.#await(Math.floor(startTimeoutMs / upstreamCount));
  }

  /** WHY only where there are others: an upstream may wait for its publisher, and sends then without being asked again. */
  #await(limitMs: number): void {
    const { wheel, upstreamCount } = this.#deps;
    if (upstreamCount < 2) return;
    this.#deadline?.cancel();
    this.#deadline = wheel.at(wheel.nowMs() + limitMs, () => this.#look(limitMs));
  }

  #look(limitMs: number): void {
    const { wheel, startTimeoutMs, onStill } = this.#deps;
    const leftMs = this.#newestMs + startTimeoutMs - wheel.nowMs();
    if (this.#isFlowing && leftMs > 0) {
      this.#await(leftMs);
      return;
    }
    const { servedMs } = this;
    const stillMs = this.#isFlowing ? startTimeoutMs : limitMs;
    this.stop();
    onStill(stillMs, servedMs);
  }
}
