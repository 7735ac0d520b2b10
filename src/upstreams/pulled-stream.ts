// What a pull publishes here: one live stream, made of what one upstream after the other sends. Where one breaks off, the
// publish goes on for a bounded time, in which the next may begin.

import type { Deadline, Wheel } from '../links/link.ts';
import { readAudioHeader, readVideoHeader } from '../protocol/flv/media-header.ts';
import type { ClientEvent } from '../protocol/rtmp/client/client-events.ts';
import type { LiveStream } from '../streams/live-stream.ts';
import type { StreamRefusal, StreamRegistry } from '../streams/stream-registry.ts';
import { RelayClock } from './relay-clock.ts';
import { dataMessageOf } from './relay-data.ts';

/** What an upstream sends of a stream. */
export type PulledEvent = Extract<ClientEvent, { type: 'media' | 'data' }>;

/** What it stands on. */
export type PulledStreamDeps = {
  readonly registry: StreamRegistry;
  readonly wheel: Wheel;
  /** Time that a publish goes on without anything to show, once its upstream broke off, ms. */
  readonly gapMs: number;
};

/** The live stream of one pull, published or not. */
export class PulledStream {
  readonly #deps: PulledStreamDeps;
  readonly #app: string;
  readonly #streamName: string;
  readonly #clock = new RelayClock();
  #stream: LiveStream | null = null;
  #hasFrames = false;
  #gapDeadline: Deadline | null = null;

  /** Names are those of here, the application with its instance. */
  constructor(app: string, streamName: string, deps: PulledStreamDeps) {
    this.#deps = deps;
    this.#app = app;
    this.#streamName = streamName;
  }

  /** True from `begin` to `end`. */
  get isPublished(): boolean {
    return this.#stream !== null;
  }

  /** Begins the publish, or says why not; there must be none. */
  begin(): LiveStream | StreamRefusal {
    const stream = this.#deps.registry.publish(this.#app, this.#streamName);
    if (typeof stream === 'string') return stream;
    this.#clock.restart();
    this.#hasFrames = false;
    this.#stream = stream;
    return stream;
  }

  /**
   * What comes from now on comes by another connection: the publish goes on with its first keyframe, and ends where nothing
   * comes in time. Without a publish, does nothing.
   */
  interrupt(): void {
    if (this.#stream === null) return;
    this.#clock.resume();
    const { wheel, gapMs } = this.#deps;
    this.#gapDeadline ??= wheel.at(wheel.nowMs() + gapMs, () => this.end());
  }

  /** Publishes what came at `nowMs`, or leaves it out. True where the stream flows by it: headers alone show nothing. */
  take(event: PulledEvent, nowMs: number): boolean {
    const stream = this.#stream;
    if (stream === null) return false;
    this.#hasFrames ||= isFrame(event);
    const isFlowing = this.#hasFrames ? isFrame(event) : isMoreThanMetadata(event);
    if (isFlowing) this.#endGap();
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
    return isFlowing;
  }

  /** Ends the publish: viewers hear of it. Without one, does nothing. */
  end(): void {
    const stream = this.#stream;
    this.#endGap();
    if (stream === null) return;
    this.#stream = null;
    stream.endPublish();
    this.#deps.registry.release(stream);
  }

  #endGap(): void {
    this.#gapDeadline?.cancel();
    this.#gapDeadline = null;
  }
}

function isFrame(event: PulledEvent): boolean {
  if (event.type === 'data') return false;
  const read = event.kind === 'audio' ? readAudioHeader : readVideoHeader;
  return read(event.payload).kind === 'frame';
}

/** True for what a stream flows by that has neither sound nor pictures. */
function isMoreThanMetadata(event: PulledEvent): boolean {
  return event.type === 'data' && dataMessageOf(event)?.kind === 'send';
}
