// A publisher at a pace of its own: sound and pictures that carry their numbers, a keyframe twice a second. And what a
// client got of it.

import assert from 'node:assert/strict';
import type { ClientEvent, MediaEvent } from '../../src/protocol/rtmp/client/client-events.ts';
import type { Cleaner } from '../support/programs.ts';
import { TestClient } from '../support/test-client.ts';
import { TEST_MEDIA } from '../support/test-gateway.ts';

/** Time from one frame to the next, ms, and frames from one keyframe to the next. */
export const FRAME_MS = 40;
const FRAMES_PER_GROUP = 12;

/** How it publishes. */
export type PacedOptions = {
  /** Where its clock stands at the first frame, ms. */
  readonly startMs?: number;
  /** Length of a picture. */
  readonly frameBytes?: number;
  /** Sends headers, and no frames before `goOn`. */
  readonly isPaused?: boolean;
};

/** A client that publishes until it is stopped. */
export class LivePublisher {
  readonly client: TestClient;
  readonly #timer: NodeJS.Timeout;
  readonly #frameBytes: number;
  #isPaused: boolean;
  #number = 0;

  private constructor(client: TestClient, { startMs = 0, frameBytes = 500, isPaused = false }: PacedOptions) {
    this.client = client;
    this.#isPaused = isPaused;
    this.#frameBytes = frameBytes;
    client.session.sendVideo(0, TEST_MEDIA.videoHeader);
    client.session.sendAudio(0, TEST_MEDIA.audioHeader);
    client.wake();
    this.#timer = setInterval(() => {
      if (!this.#isPaused) this.#send(startMs + this.#number * FRAME_MS);
    }, FRAME_MS);
  }

  /** Publishes `name` to a server's `live`. */
  static async start(
    cleaner: Cleaner,
    port: number,
    name: string,
    options: PacedOptions = {},
  ): Promise<LivePublisher> {
    const client = await TestClient.overTcp(cleaner, port, 'live');
    const answer = await client.publish(name);
    if (answer.type !== 'publish-started') throw new Error(`the publish was answered by ${answer.type}`);
    const publisher = new LivePublisher(client, options);
    cleaner.after(() => clearInterval(publisher.#timer));
    return publisher;
  }

  /** Frames sent so far. */
  get sent(): number {
    return this.#number;
  }

  /** Sends nothing for a while: the publish stands. */
  pause(): void {
    this.#isPaused = true;
  }

  /** Sends again. */
  goOn(): void {
    this.#isPaused = false;
  }

  /** Ends the publish in order. */
  stop(): void {
    clearInterval(this.#timer);
    this.client.session.closeStream();
    this.client.wake();
  }

  #send(timestampMs: number): void {
    const { session } = this.client;
    const isKeyframe = this.#number % FRAMES_PER_GROUP === 0;
    session.sendVideo(timestampMs, TEST_MEDIA.video(isKeyframe, this.#number, this.#frameBytes));
    session.sendAudio(timestampMs + 10, TEST_MEDIA.audio(this.#number));
    this.#number++;
    this.client.wake();
  }
}

/** The frames among what a client received of a kind, without headers. */
export function framesOf(
  { events }: { readonly events: readonly ClientEvent[] },
  kind: MediaEvent['kind'],
): MediaEvent[] {
  return events.filter((event): event is MediaEvent => {
    return event.type === 'media' && event.kind === kind && event.payload[1] === 1;
  });
}

/** The number of a picture. */
export function numberOf({ payload }: MediaEvent): number {
  return new DataView(payload.buffer, payload.byteOffset).getUint32(5);
}

/** Asserts that the times of sound and of pictures rise. */
export function assertRising(client: { readonly events: readonly ClientEvent[] }): void {
  for (const kind of ['video', 'audio'] as const) {
    let before = -1;
    for (const { timestampMs } of framesOf(client, kind)) {
      assert.ok(timestampMs > before, `${kind} at ${timestampMs} ms behind ${before} ms`);
      before = timestampMs;
    }
  }
}
