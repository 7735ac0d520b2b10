// All live streams of the gateway, by application and name. A stream is there while somebody publishes it or
// waits for it.

import type { StreamScheduler } from './audience.ts';
import { MAX_LIVE_STREAMS } from './limits.ts';
import type { LiveStreamOptions } from './live-stream.ts';
import { LiveStream } from './live-stream.ts';

/** Why a stream could not be had. */
export type StreamRefusal = 'name-in-use' | 'too-many-streams';

/** The live streams by app and name. */
export class StreamRegistry {
  readonly #optionsFor: (app: string) => LiveStreamOptions;
  readonly #scheduler: StreamScheduler;
  readonly #streams = new Map<string, LiveStream>();

  /** `optionsFor` is asked when a stream is made, with its application and instance. */
  constructor(optionsFor: (app: string) => LiveStreamOptions, scheduler: StreamScheduler) {
    this.#optionsFor = optionsFor;
    this.#scheduler = scheduler;
  }

  /** How many streams there are, published or waited for. */
  get size(): number {
    return this.#streams.size;
  }

  /** Begins a publish under a name that nobody publishes, or says why not. */
  publish(app: string, name: string): LiveStream | StreamRefusal {
    const stream = this.#findOrCreate(app, name);
    if (stream === null) return 'too-many-streams';
    if (stream.isPublished) return 'name-in-use';
    stream.beginPublish();
    return stream;
  }

  /** The stream of that name, for a viewer to be added to at once; it need not be published yet. */
  watch(app: string, name: string): LiveStream | StreamRefusal {
    return this.#findOrCreate(app, name) ?? 'too-many-streams';
  }

  /** Forgets a stream that nobody publishes or watches any more; to be called when either has left. */
  release(stream: LiveStream): void {
    const key = keyOf(stream.app, stream.name);
    if (stream.isIdle && this.#streams.get(key) === stream) this.#streams.delete(key);
  }

  #findOrCreate(app: string, name: string): LiveStream | null {
    const key = keyOf(app, name);
    const known = this.#streams.get(key);
    if (known !== undefined) return known;
    if (this.#streams.size >= MAX_LIVE_STREAMS) return null;
    const stream = new LiveStream(app, name, this.#optionsFor(app), this.#scheduler);
    this.#streams.set(key, stream);
    return stream;
  }
}

/** NUL is not allowed in either part, so no two pairs share a key. */
function keyOf(app: string, name: string): string {
  return `${app}\0${name}`;
}
