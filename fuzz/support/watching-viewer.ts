// A viewer of a live stream that takes everything, read by a reader that shares no code with src.

import type { LiveStream } from '../../src/streams/live-stream.ts';
import { Viewer, type ViewerListener } from '../../src/streams/viewer.ts';
import { OPTIONS } from '../../test/streams/stream-rig.ts';
import { setChunkSize } from '../../test/support/chunk-wire.ts';
import { ServerReplyReader } from '../../test/support/server-reply-reader.ts';

const TAKE_BYTES = 256 * 1024;

/** A message as a viewer got it. */
export type Watched = {
  readonly typeId: number;
  readonly timestampMs: number;
  readonly payload: Buffer;
};

/** Keeps what it got. */
export class WatchingViewer implements ViewerListener {
  readonly messages: Watched[] = [];
  /** How often it heard that a publish ended. */
  ends = 0;
  readonly #viewer: Viewer;
  readonly #reader = new ServerReplyReader();

  /** Comes to `stream` now. */
  constructor(stream: LiveStream, messageStreamId: number) {
    const { chunkSizeBytes } = OPTIONS;
    this.#viewer = new Viewer(this, {
      messageStreamId,
      chunkSizeBytes,
      startsInPast: true,
      gatherMs: 0,
      outlet: null,
    });
    this.#reader.read(setChunkSize(chunkSizeBytes));
    stream.addViewer(this.#viewer);
  }

  wake(): void {
    this.takeAll();
  }

  failed(error: unknown): void {
    throw error;
  }

  publishEnded(): void {
    this.ends += 1;
  }

  publishStarted(): void {
    this.takeAll();
  }

  /** Takes until there is nothing. */
  takeAll(): void {
    for (let taken = this.#take(); taken > 0; ) taken = this.#take();
  }

  #take(): number {
    const replies = this.#reader.read(Buffer.concat(this.#viewer.take(TAKE_BYTES)));
    for (const { typeId, timestampMs, payload } of replies) {
      this.messages.push({ typeId, timestampMs, payload: Buffer.from(payload) });
    }
    return replies.length;
  }
}
