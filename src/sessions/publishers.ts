// The NetStreams of one connection that publish: a live stream each, into which their media goes.

import type { DataEvent, MediaEvent } from '../protocol/rtmp/server/server-events.ts';
import type { LiveStream } from '../streams/live-stream.ts';
import type { StreamRegistry } from '../streams/stream-registry.ts';

/** The publishing NetStreams of a connection, by message stream id. */
export class Publishers {
  readonly #registry: StreamRegistry;
  readonly #streams = new Map<number, LiveStream>();

  constructor(registry: StreamRegistry) {
    this.#registry = registry;
  }

  /** How many there are. */
  get count(): number {
    return this.#streams.size;
  }

  /** Adds one, whose stream's publish has begun. */
  add(messageStreamId: number, stream: LiveStream): void {
    this.#streams.set(messageStreamId, stream);
  }

  /** Passes on what a publisher sent; nothing where there is none of that id. False where it is malformed. */
  publish(event: MediaEvent | DataEvent): boolean {
    const stream = this.#streams.get(event.messageStreamId);
    if (stream === undefined) return true;
    if (event.type === 'data') return stream.publishData(event.timestampMs, event.data);
    if (event.type === 'audio') return stream.publishAudio(event.timestampMs, event.payload);
    return stream.publishVideo(event.timestampMs, event.payload);
  }

  /** Ends one, and gives its stream back; nothing where there is none of that id. */
  end(messageStreamId: number): void {
    const stream = this.#streams.get(messageStreamId);
    if (stream === undefined) return;
    this.#streams.delete(messageStreamId);
    stream.endPublish();
    this.#registry.release(stream);
  }

  /** Ends all. */
  endAll(): void {
    for (const messageStreamId of [...this.#streams.keys()]) this.end(messageStreamId);
  }
}
