// A live stream with a scheduler that the test turns, payloads that carry a number, and viewers whose bytes are read
// by an independent reader into one line a message: `key 3 @120`, `inter 4 @160`, `audio 2 @130`, `video-header 1 @0`.

import { AmfObject } from '../../src/protocol/amf/amf-value.ts';
import type { StreamScheduler } from '../../src/streams/audience.ts';
import type { LiveStreamOptions } from '../../src/streams/live-stream.ts';
import { LiveStream } from '../../src/streams/live-stream.ts';
import type { ViewerListener, ViewerOptions } from '../../src/streams/viewer.ts';
import { Viewer } from '../../src/streams/viewer.ts';
import { readAmf, textOf } from '../support/amf-wire.ts';
import { setChunkSize } from '../support/chunk-wire.ts';
import { ServerReplyReader, type WireReply } from '../support/server-reply-reader.ts';

/** Limits that no ordinary test meets. */
export const OPTIONS: LiveStreamOptions = {
  chunkSizeBytes: 60_000,
  gopCacheBytes: 16 * 1024 * 1024,
  gopCacheMs: 30_000,
  lagBytes: 8 * 1024 * 1024,
  lagMs: 5000,
  mergeMs: 30,
};

/** Calls that a stream asked for, made when the test says so. */
export class FakeScheduler implements StreamScheduler {
  readonly delaysMs: number[] = [];
  clockMs = 0;
  #due: { readonly atMs: number; readonly callback: () => void }[] = [];

  nowMs(): number {
    return this.clockMs;
  }

  after(delayMs: number, callback: () => void): void {
    this.delaysMs.push(delayMs);
    this.#due.push({ atMs: this.clockMs + delayMs, callback });
  }

  /** Makes all calls that were asked for, when the time of the last of them has come. */
  run(): void {
    this.runUntil(Math.max(this.clockMs, ...this.#due.map(({ atMs }) => atMs)));
  }

  /** Makes all calls that were asked for at a time before theirs. */
  runEarly(nowMs: number): void {
    this.clockMs = nowMs;
    const due = this.#due;
    this.#due = [];
    for (const { callback } of due) callback();
  }

  /** Makes the calls that are due at a time. */
  runUntil(nowMs: number): void {
    this.clockMs = nowMs;
    const due = this.#due.filter(({ atMs }) => atMs <= nowMs);
    this.#due = this.#due.filter(({ atMs }) => atMs > nowMs);
    for (const { callback } of due) callback();
  }
}

/** FLV bodies that carry a number; filled up to a length. */
export const PAYLOAD = {
  videoHeader: (number: number) => numbered([0x17, 0, 0, 0, 0], number, 16),
  audioHeader: (number: number) => numbered([0xaf, 0], number, 8),
  key: (number: number, lengthBytes = 40) => numbered([0x17, 1, 0, 0, 0], number, lengthBytes),
  inter: (number: number, lengthBytes = 20) => numbered([0x27, 1, 0, 0, 0], number, lengthBytes),
  audio: (number: number, lengthBytes = 12) => numbered([0xaf, 1], number, lengthBytes),
};

function numbered(head: readonly number[], number: number, lengthBytes: number): Uint8Array {
  const payload = Buffer.alloc(Math.max(lengthBytes, head.length + 4), number & 255);
  payload.set(head);
  payload.writeUInt32BE(number, head.length);
  return Uint8Array.from(payload);
}

const NAMES: Readonly<Record<string, string>> = {
  '9 23 0': 'video-header',
  '9 23 1': 'key',
  '9 39 1': 'inter',
  '8 175 0': 'audio-header',
  '8 175 1': 'audio',
};

/** A message as one line; its message stream id only where it is not 1. */
export function lineOf({ typeId, payload, timestampMs, messageStreamId }: WireReply): string {
  const on = messageStreamId === 1 ? '' : ` on ${messageStreamId}`;
  if (typeId === 18) return `data ${readAmf(payload).map(textOf).join(' ')} @${timestampMs}${on}`;
  const name = NAMES[`${typeId} ${payload[0]} ${payload[1]}`];
  if (name === undefined) throw new Error(`a message that nobody published: type ${typeId}`);
  return `${name} ${Buffer.from(payload).readUInt32BE(typeId === 9 ? 5 : 2)} @${timestampMs}${on}`;
}

/** A viewer, what it was told, and a reader of what it takes. */
export class TestViewer implements ViewerListener {
  readonly viewer: Viewer;
  readonly stream: LiveStream;
  /** `started` and `ended`, in order, between the messages. */
  readonly heard: string[] = [];
  wakes = 0;
  readonly #reader = new ServerReplyReader();

  constructor(
    stream: LiveStream,
    options: Partial<ViewerOptions> = {},
    chunkSizeBytes = OPTIONS.chunkSizeBytes,
  ) {
    this.stream = stream;
    this.viewer = new Viewer(this, {
      messageStreamId: 1,
      chunkSizeBytes,
      startsInPast: true,
      gatherMs: 0,
      outlet: null,
      ...options,
    });
    this.#reader.read(setChunkSize(chunkSizeBytes));
    stream.addViewer(this.viewer);
  }

  wake(): void {
    this.wakes++;
  }

  failed(error: unknown): void {
    throw error;
  }

  publishEnded(): void {
    this.heard.push('ended');
  }

  publishStarted(): void {
    this.heard.push('started');
  }

  /** One take; gives the messages' lines and adds them to what was heard. */
  take(maxBytes = 256 * 1024, takesLong = true): string[] {
    return this.read(this.viewer.take(maxBytes, takesLong));
  }

  /** The lines of what came to it, which are added to what was heard. */
  read(chunks: readonly Uint8Array[]): string[] {
    const lines = this.#reader.read(Buffer.concat(chunks)).map(lineOf);
    this.heard.push(...lines);
    return lines;
  }

  /** One take of what is due. */
  takeDue(maxBytes: number): string[] {
    return this.read(this.viewer.takeDue(maxBytes));
  }

  /** Takes until there is nothing and nothing is told; gives all that was heard meanwhile. */
  takeAll(maxBytes = 256 * 1024): string[] {
    return this.#untilNothing(() => this.take(maxBytes));
  }

  /** The same with what is due. */
  takeAllDue(): string[] {
    return this.#untilNothing(() => this.takeDue(256 * 1024));
  }

  #untilNothing(take: () => void): string[] {
    const from = this.heard.length;
    for (let before = -1; before !== this.heard.length; ) {
      before = this.heard.length;
      take();
    }
    return this.heard.slice(from);
  }
}

/** A stream that is published, and its scheduler. */
export class StreamRig {
  readonly scheduler = new FakeScheduler();
  readonly stream: LiveStream;
  readonly options: LiveStreamOptions;

  constructor(options: Partial<LiveStreamOptions> = {}) {
    this.options = { ...OPTIONS, ...options };
    this.stream = new LiveStream('live', 's', this.options, this.scheduler);
  }

  viewer(options: Partial<ViewerOptions> = {}): TestViewer {
    return new TestViewer(this.stream, options, this.options.chunkSizeBytes);
  }

  metadata(timestampMs: number, title: string): void {
    const values = [AmfObject.of({ title })];
    this.stream.publishData(timestampMs, { kind: 'set', handler: 'onMetaData', values });
  }

  videoHeader(timestampMs: number, number: number): void {
    this.stream.publishVideo(timestampMs, PAYLOAD.videoHeader(number));
  }

  audioHeader(timestampMs: number, number: number): void {
    this.stream.publishAudio(timestampMs, PAYLOAD.audioHeader(number));
  }

  key(timestampMs: number, number: number, lengthBytes?: number): void {
    this.stream.publishVideo(timestampMs, PAYLOAD.key(number, lengthBytes));
  }

  inter(timestampMs: number, number: number, lengthBytes?: number): void {
    this.stream.publishVideo(timestampMs, PAYLOAD.inter(number, lengthBytes));
  }

  audio(timestampMs: number, number: number, lengthBytes?: number): void {
    this.stream.publishAudio(timestampMs, PAYLOAD.audio(number, lengthBytes));
  }

  /** Begins a publish with metadata, audio header and video header, all number 1, stamped 0. */
  begin(): void {
    this.stream.beginPublish();
    this.metadata(0, 'one');
    this.audioHeader(0, 1);
    this.videoHeader(0, 1);
  }
}

/** The lines of metadata, video header and audio header that {@link StreamRig.begin} published, in front of a frame of
 * a time: metadata is always stamped 0. */
export function headersAt(timestampMs: number, number = 1, title = 'one'): string[] {
  return [
    `data "onMetaData" [title: ${JSON.stringify(title)}] @0`,
    `video-header ${number} @${timestampMs}`,
    `audio-header ${number} @${timestampMs}`,
  ];
}
