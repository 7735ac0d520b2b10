// Somebody who minds his own business while others misbehave: a stream of a frame every 10 ms, and viewers who check
// that each frame comes, once and in order, and how long they had to wait for one at most.

import assert from 'node:assert/strict';
import type { Cleaner } from './programs.ts';
import { TestClient } from './test-client.ts';
import { TEST_MEDIA } from './test-gateway.ts';

const FRAME_INTERVAL_MS = 10;
const FRAMES_PER_KEYFRAME = 10;

/** Frames that a check waits for beyond those that were sent, so that it sees what comes after a fault. */
const FURTHER_FRAMES = 3;

/** Where a frame of TEST_MEDIA carries its number. */
const NUMBER_OFFSET = 5;

/** What viewers saw since the last check. */
export type WitnessReport = {
  readonly frames: number;
  /** Longest time in which no viewer's next frame came, ms; what this process was late itself is not counted. */
  readonly longestPauseMs: number;
};

/** A publisher and its viewers. */
export class Witness {
  readonly #viewers: readonly TestClient[];
  readonly #timer: NodeJS.Timeout;
  #sentFrames = 0;
  #checkedFrames = 0;
  #lastTickMs = performance.now();
  #longestPauseMs = 0;
  readonly #progress: { heardEvents: number; sinceMs: number }[];

  private constructor(publisher: TestClient, viewers: readonly TestClient[]) {
    this.#viewers = viewers;
    this.#progress = viewers.map(({ events }) => ({
      heardEvents: events.length,
      sinceMs: performance.now(),
    }));
    this.#timer = setInterval(() => {
      this.#measure();
      const number = this.#sentFrames++;
      const isKeyframe = number % FRAMES_PER_KEYFRAME === 0;
      publisher.session.sendVideo(number * FRAME_INTERVAL_MS, TEST_MEDIA.video(isKeyframe, number));
      publisher.wake();
    }, FRAME_INTERVAL_MS);
  }

  /** Begins one: a viewer over TCP, and where it is asked for, another one through the tunnel. */
  static async start(cleaner: Cleaner, port: number, { withTunnel = false } = {}): Promise<Witness> {
    const viewers = [await TestClient.overTcp(cleaner, port, 'live')];
    if (withTunnel) viewers.push(await TestClient.overTunnel(cleaner, port, 'live'));
    for (const viewer of viewers) await viewer.play('witness');
    const publisher = await TestClient.overTcp(cleaner, port, 'live');
    await publisher.publish('witness');
    const witness = new Witness(publisher, viewers);
    cleaner.after(() => clearInterval(witness.#timer));
    return witness;
  }

  /** Asserts that every frame until now, and some that are sent from now on, come to every viewer, once and in order. */
  async check(): Promise<WitnessReport> {
    const wanted = this.#sentFrames + FURTHER_FRAMES;
    for (const viewer of this.#viewers) await viewer.waitUntil(() => viewer.media.length >= wanted);
    return this.#checkSent();
  }

  /** Stops sending, and asserts that every frame came. */
  async end(): Promise<WitnessReport> {
    clearInterval(this.#timer);
    return this.#checkSent();
  }

  async #checkSent(): Promise<WitnessReport> {
    const frames = this.#sentFrames;
    assert.ok(frames > 0, 'nothing was sent');
    for (const viewer of this.#viewers) {
      await viewer.waitUntil(() => viewer.media.length >= frames);
      const seen = viewer.media.slice(this.#checkedFrames, frames).map(numberOf);
      const strayIndex = seen.findIndex((number, index) => number !== this.#checkedFrames + index);
      assert.equal(seen[strayIndex], undefined, `expected frame ${this.#checkedFrames + strayIndex} there`);
    }
    const longestPauseMs = Math.round(this.#longestPauseMs);
    const report = { frames: frames - this.#checkedFrames, longestPauseMs };
    this.#checkedFrames = frames;
    this.#longestPauseMs = 0;
    return report;
  }

  #measure(): void {
    const nowMs = performance.now();
    const lateMs = Math.max(0, nowMs - this.#lastTickMs - FRAME_INTERVAL_MS);
    this.#lastTickMs = nowMs;
    for (const [index, progress] of this.#progress.entries()) {
      const heardEvents = this.#viewers[index]?.events.length ?? 0;
      progress.sinceMs += lateMs;
      this.#longestPauseMs = Math.max(this.#longestPauseMs, nowMs - progress.sinceMs);
      if (heardEvents > progress.heardEvents) Object.assign(progress, { heardEvents, sinceMs: nowMs });
    }
  }
}

function numberOf({ payload }: { readonly payload: Uint8Array }): number {
  return new DataView(payload.buffer, payload.byteOffset).getUint32(NUMBER_OFFSET);
}
