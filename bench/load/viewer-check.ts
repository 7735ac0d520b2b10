// One viewer's judgement of what it receives: headers, then a keyframe, then every message that was sent, in order,
// none lost, none doubled, none changed, each at the publisher's time minus one base and behind the sequence header
// that was in force when it was sent. Every byte is compared, in the pieces in which it comes; nothing is put together but the first 24 bytes, which tell which message it is.

import type { Histogram } from '../support/histogram.ts';
import type { ChunkStream } from './chunk-reader.ts';
import { HEAD_BYTES } from './chunk-reader.ts';
import type { FaultList } from './fault-list.ts';
import { FaultKind } from './fault-list.ts';
import { STAMP_OFFSET } from './media-source.ts';
import { WireType } from './rtmp-bytes.ts';
import type { SentMessage, SentMessages } from './sent-messages.ts';

/** What all viewers of one transport share. */
export type CheckContext = {
  readonly sent: SentMessages;
  readonly faults: FaultList;
  /** Sending to arrival, ms, filled while `isSteady`. */
  readonly latencies: Histogram;
  /** Frames that came while `isSteady`. */
  frames: number;
  isSteady: boolean;
  /** True where the server is expected to begin with metadata, headers and a keyframe. */
  readonly startsAtKeyframe: boolean;
};

const SECOND_BYTE_OFFSET = 1;
const TIME_BYTES_OFFSET = 4;

/** Checks one viewer's stream. */
export class ViewerCheck {
  readonly #name: string;
  readonly #context: CheckContext;
  readonly #onFirstFrame: () => void;
  /** The last sequence header that came, by message type. */
  readonly #headers = new Map<number, Buffer>();
  #hasMetadata = false;
  #nextSequence: number | null = null;
  #baseMs: number | null = null;
  /** When the bytes came that are being handled, by the clock of performance.now(). */
  arrivedMs = 0;

  constructor(name: string, context: CheckContext, onFirstFrame: () => void) {
    this.#name = name;
    this.#context = context;
    this.#onFirstFrame = onFirstFrame;
  }

  /** True once every message that was sent has come. */
  get isComplete(): boolean {
    return this.#nextSequence === this.#context.sent.nextSequence;
  }

  /** The publisher's time minus the stream's, u32 ms; null before the first frame. */
  get baseMs(): number | null {
    return this.#baseMs;
  }

  /** Adds a fault of this viewer. */
  fault(kind: FaultKind, text: string, count = 1): void {
    this.#context.faults.add(kind, `${this.#name}: ${text}`, count);
  }

  /** The publish is over and nothing more will come: what did not come is lost. */
  finish(): void {
    const next = this.#nextSequence;
    const end = this.#context.sent.nextSequence;
    if (next === null) this.fault(FaultKind.Start, 'no frame ever came');
    else if (next < end) this.fault(FaultKind.Lost, `messages ${next} to ${end - 1} at the end`, end - next);
  }

  /** Takes a data message. */
  data(payload: Buffer): void {
    if (!payload.includes('onMetaData')) return;
    if (this.#context.startsAtKeyframe && !payload.includes(this.#context.sent.metadataMark)) {
      this.fault(FaultKind.Changed, 'metadata of something else');
    }
    this.#hasMetadata = true;
  }

  /** Takes a piece of an audio or video message. */
  mediaPiece(stream: ChunkStream, bytes: Buffer, from: number, to: number): void {
    const headBytes = Math.min(HEAD_BYTES, stream.lengthBytes);
    let at = from;
    let offset = stream.receivedBytes;
    if (offset < headBytes) {
      const taken = Math.min(headBytes - offset, to - from);
      bytes.copy(stream.head, offset, from, from + taken);
      at += taken;
      offset += taken;
      if (offset < headBytes) return;
      this.#identify(stream, headBytes);
    }
    const { expected } = stream;
    if (at === to || expected === null || !stream.isSame) return;
    stream.isSame = bytes.compare(expected.payload, offset, offset + to - at, at, to) === 0;
  }

  /** Takes the end of an audio or video message. */
  mediaEnd(stream: ChunkStream): void {
    const { expected } = stream;
    if (expected === null) {
      this.fault(
        FaultKind.Changed,
        `a message of type ${stream.typeId} that nobody sent: ${describe(stream)}`,
      );
    } else if (expected.sequence < 0) {
      this.#header(stream);
    } else {
      this.#frame(stream, expected);
    }
    stream.expected = null;
  }

  /** Finds which message this is by its first bytes, and compares those. */
  #identify(stream: ChunkStream, headBytes: number): void {
    const { head, typeId } = stream;
    const isHeader = head[SECOND_BYTE_OFFSET] === 0;
    const expected = isHeader ? this.#sentHeader(stream, headBytes) : this.#sentFrame(stream, headBytes);
    stream.expected = expected;
    stream.isSame =
      expected !== null && expected.typeId === typeId && beginsLike(stream, headBytes, expected.payload);
  }

  #sentFrame({ head, typeId }: ChunkStream, headBytes: number): SentMessage | null {
    const offset = STAMP_OFFSET[typeId] ?? 0;
    return offset + TIME_BYTES_OFFSET > headBytes ? null : this.#context.sent.find(head.readUInt32BE(offset));
  }

  /** The header that begins like this one; where none does, the newest, so that it is told by what differs. */
  #sentHeader(stream: ChunkStream, headBytes: number): SentMessage | null {
    const { typeId } = stream;
    const headers = this.#context.sent.headersOf(typeId);
    const header = headers.find(({ payload }) => beginsLike(stream, headBytes, payload)) ?? headers[0];
    return header === undefined
      ? null
      : { sequence: -1, typeId, timestampMs: 0, payload: header.payload, isKeyframe: false };
  }

  #header(stream: ChunkStream): void {
    if (stream.isSame && stream.expected !== null) this.#headers.set(stream.typeId, stream.expected.payload);
    else this.fault(FaultKind.Changed, `sequence header of type ${stream.typeId}: ${describe(stream)}`);
  }

  #frame(stream: ChunkStream, expected: SentMessage): void {
    const { sequence } = expected;
    if (!stream.isSame) this.fault(FaultKind.Changed, `message ${sequence}: ${describe(stream)}`);
    else if (!this.#isBehindItsHeader(expected))
      this.fault(FaultKind.Changed, `message ${sequence} came behind another sequence header than its own`);
    if (this.#nextSequence === null) this.#first(stream, expected);
    else if (sequence < this.#nextSequence) {
      this.fault(FaultKind.OutOfOrder, `message ${sequence} after ${this.#nextSequence - 1}`);
      return;
    } else if (sequence > this.#nextSequence) {
      const next = this.#nextSequence;
      const what = `messages ${next} to ${sequence - 1}, before ${expected.isKeyframe ? 'keyframe ' : ''}${sequence}`;
      this.fault(FaultKind.Lost, what, sequence - next);
    }
    this.#nextSequence = sequence + 1;
    const baseMs = (expected.timestampMs - stream.timestampMs) >>> 0;
    if (baseMs !== this.#baseMs) {
      this.fault(
        FaultKind.Timestamp,
        `message ${sequence}: sent at ${expected.timestampMs}, came at ${stream.timestampMs}, base ${this.#baseMs}`,
      );
    }
    if (!this.#context.isSteady) return;
    this.#context.frames++;
    const timeOffset = (STAMP_OFFSET[expected.typeId] ?? 0) + TIME_BYTES_OFFSET;
    this.#context.latencies.add(this.arrivedMs - stream.head.readDoubleBE(timeOffset));
  }

  #isBehindItsHeader(expected: SentMessage): boolean {
    const came = this.#headers.get(expected.typeId);
    return came === undefined || this.#context.sent.headerAt(expected)?.payload.equals(came) === true;
  }

  #first(stream: ChunkStream, expected: SentMessage): void {
    this.#baseMs = (expected.timestampMs - stream.timestampMs) >>> 0;
    if (this.#context.startsAtKeyframe) {
      if (!this.#hasMetadata) this.fault(FaultKind.Start, 'no metadata before the first frame');
      for (const typeId of [WireType.Video, WireType.Audio]) {
        if (this.#headers.has(typeId)) continue;
        this.fault(FaultKind.Start, `no sequence header of type ${typeId} before the first frame`);
      }
      if (!expected.isKeyframe)
        this.fault(FaultKind.Start, `the first frame, ${expected.sequence}, is no keyframe`);
    }
    this.#onFirstFrame();
  }
}

/** True where a message is as long as `payload`, and its first bytes are the same. */
function beginsLike({ head, lengthBytes }: ChunkStream, headBytes: number, payload: Buffer): boolean {
  return payload.length === lengthBytes && payload.compare(head, 0, headBytes, 0, headBytes) === 0;
}

function describe(stream: ChunkStream): string {
  return `${stream.lengthBytes} bytes at ${stream.timestampMs} ms, beginning ${stream.head.toString('hex')}`;
}
