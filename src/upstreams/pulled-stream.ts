// What a pull publishes here: one live stream, made of what one upstream after the other sends.

import type { ClientEvent } from '../protocol/rtmp/client/client-events.ts';
import type { LiveStream } from '../streams/live-stream.ts';
import type { StreamRefusal, StreamRegistry } from '../streams/stream-registry.ts';
import { RelayClock } from './relay-clock.ts';
import { dataMessageOf } from './relay-data.ts';

/** What an upstream sends of a stream. */
export type PulledEvent = Extract<ClientEvent, { type: 'media' | 'data' }>;

/** The live stream of one pull, published or not. */
export class PulledStream {
  readonly #registry: StreamRegistry;
  readonly #app: string;
  readonly #streamName: string;
  readonly #clock = new RelayClock();
  #stream: LiveStream | null = null;

  /** Names are those of here, the application with its instance. */
  constructor(registry: StreamRegistry, app: string, streamName: string) {
    this.#registry = registry;
    this.#app = app;
    this.#streamName = streamName;
  }

  /** True from `begin` to `end`. */
  get isPublished(): boolean {
    return this.#stream !== null;
  }

  /** Begins the publish, or says why not; there must be none. */
  begin(): LiveStream | StreamRefusal {
    const stream = this.#registry.publish(this.#app, this.#streamName);
    if (typeof stream === 'string') return stream;
    this.#clock.restart();
    this.#stream = stream;
    return stream;
  }

  /** What comes from now on comes by another connection: the publish goes on with its first keyframe. */
  interrupt(): void {
    if (this.#stream !== null) this.#clock.resume();
  }

  /** Publishes what came at `nowMs`, or leaves it out. */
  take(event: PulledEvent, nowMs: number): void {
    const stream = this.#stream;
    if (stream === null) return;
    const { timestampMs } = event;
    if (event.type === 'data') {
      const data = dataMessageOf(event);
      if (data !== null) stream.publishData(this.#clock.otherMs(timestampMs), data);
    } else if (event.kind === 'audio') {
      const givenMs = this.#clock.audioMs(timestampMs, event.payload, nowMs);
      if (givenMs !== null) stream.publishAudio(givenMs, event.payload);
    } else {
      const givenMs = this.#clock.videoMs(timestampMs, event.payload, nowMs);
      if (givenMs !== null) stream.publishVideo(givenMs, event.payload);
    }
  }

  /** Ends the publish: viewers hear of it. Without one, does nothing. */
  end(): void {
    const stream = this.#stream;
    if (stream === null) return;
    this.#stream = null;
    stream.endPublish();
    this.#registry.release(stream);
  }
}
