// A live stream that anything is published to: whoever watches in step gets every message that is not malformed, byte for
// byte; who comes late begins with the headers that are in force, and then gets the same.

import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import { readAudioHeader, readVideoHeader } from '../../src/protocol/flv/media-header.ts';
import { encodeDataMessage, parseDataMessage } from '../../src/protocol/rtmp/data-message.ts';
import { MessageType } from '../../src/protocol/rtmp/message.ts';
import { PAYLOAD, StreamRig } from '../../test/streams/stream-rig.ts';
import { amf, WireEcmaArray } from '../../test/support/amf-wire.ts';
import { vectorsFromTextOf, vectorsOf } from '../../test/support/vectors.ts';
import { assertSame, type FuzzTarget } from '../support/fuzz-target.ts';
import { HeadersInForce } from '../support/headers-in-force.ts';
import { type Watched, WatchingViewer } from '../support/watching-viewer.ts';

const HEAD_BYTES = 3;
const Step = { Audio: 0, Video: 1, Data: 2, DataAmf3: 3, Join: 4 } as const;
const STEP_COUNT = 5;

/** In the kind of a step: its time goes back, not on, by the square of its byte. */
const BACKWARD = 0x80;

/** LIMIT: late joiners of one input. */
const MAX_JOINERS = 4;

/** What one input does to one stream. */
class StreamRun {
  readonly #rig = new StreamRig();
  readonly #inForce = new HeadersInForce();
  readonly #inStep: WatchingViewer;
  readonly #onOtherStream: WatchingViewer;
  readonly #joiners: WatchingViewer[] = [];
  readonly #published: { readonly typeId: number; readonly payload: Buffer }[] = [];
  #timeMs = 0;
  #refused = 0;

  constructor() {
    this.#inStep = new WatchingViewer(this.#rig.stream, 1);
    this.#onOtherStream = new WatchingViewer(this.#rig.stream, 5);
    this.#rig.stream.beginPublish();
    // A keyframe, so that those who are there begin; its headers come first, in the order of their publishing.
    this.#publish(MessageType.Video, PAYLOAD.videoHeader(1));
    this.#publish(MessageType.Audio, PAYLOAD.audioHeader(1));
    this.#publish(MessageType.Video, PAYLOAD.key(1));
    this.#settle();
  }

  step(kind: number, elapsedMs: number, payload: Uint8Array): void {
    const forwardMs = kind & BACKWARD ? -(elapsedMs * elapsedMs) : elapsedMs;
    this.#timeMs = (this.#timeMs + forwardMs) >>> 0;
    switch ((kind & ~BACKWARD) % STEP_COUNT) {
      case Step.Audio:
        this.#publish(MessageType.Audio, payload);
        break;
      case Step.Video:
        this.#publish(MessageType.Video, payload);
        break;
      case Step.Data:
        this.#publishData(MessageType.DataAmf0, payload);
        break;
      case Step.DataAmf3:
        this.#publishData(MessageType.DataAmf3, payload);
        break;
      default:
        if (this.#joiners.length < MAX_JOINERS) this.#joiners.push(new WatchingViewer(this.#rig.stream, 1));
    }
    this.#settle();
  }

  /** Ends the publish, and says what everybody got. */
  finish(): string {
    const { stream } = this.#rig;
    const { messages } = this.#inStep;
    const got = messages.map(({ typeId, payload }) => ({ typeId, payload }));
    assertSame(got, this.#published, 'who watches in step gets something else than was published');
    assertSame(this.#onOtherStream.messages, messages, 'another message stream gives other messages');
    // What was too malformed, and headers for which there was no room.
    const isAllKept = stream.stats.droppedMessages === this.#refused;
    for (const joiner of this.#joiners) {
      joiner.takeAll();
      requireJoined(joiner.messages, messages);
      if (!isAllKept || joiner.messages.length === 0) continue;
      const payloads = new Set(joiner.messages.map(({ payload }) => payload.toString('latin1')));
      for (const [what, payload] of this.#inForce.all) {
        assert.ok(payloads.has(payload.toString('latin1')), `a late joiner does not get ${what}`);
      }
    }
    stream.endPublish();
    this.#settle();
    assert.deepEqual([this.#inStep.ends, this.#onOtherStream.ends], [1, 1], 'the end is told once');
    for (const { ends } of this.#joiners) assert.equal(ends, 1, 'the end is told to those who came late');
    return `${this.#joiners.map((joiner) => Math.min(joiner.messages.length, 9)).join()} ${isAllKept}`;
  }

  #publish(typeId: number, payload: Uint8Array): void {
    const { stream } = this.#rig;
    const isAudio = typeId === MessageType.Audio;
    const header = isAudio ? readAudioHeader(payload) : readVideoHeader(payload);
    const isTaken = isAudio
      ? stream.publishAudio(this.#timeMs, payload)
      : stream.publishVideo(this.#timeMs, payload);
    assert.equal(isTaken, header.kind !== 'malformed', 'what is malformed is dropped, and nothing else');
    if (!isTaken) this.#refused += 1;
    else {
      this.#published.push({ typeId, payload: Buffer.from(payload) });
      this.#inForce.saw(isAudio ? 'audio' : 'video', header, Buffer.from(payload));
    }
  }

  #publishData(typeId: typeof MessageType.DataAmf0 | typeof MessageType.DataAmf3, payload: Uint8Array): void {
    const data = parseDataMessage(payload, typeId);
    if (data === null) return;
    const isTaken = this.#rig.stream.publishData(this.#timeMs, data);
    if (data.kind === 'clear') {
      this.#inForce.cleared(data.handler);
      return;
    }
    const written = encodeDataMessage(data.handler, data.values, data.receivedBytes);
    assert.equal(isTaken, written !== null, 'data that cannot be written is dropped, and nothing else');
    if (written === null) this.#refused += 1;
    else {
      this.#published.push({ typeId: MessageType.DataAmf0, payload: Buffer.from(written) });
      if (data.kind === 'set') this.#inForce.set(data.handler, Buffer.from(written));
    }
  }

  #settle(): void {
    this.#rig.scheduler.run();
    this.#inStep.takeAll();
    this.#onOtherStream.takeAll();
  }
}

/** The types of headers in the order in which late joiners get them. */
const HEADER_ORDER: readonly number[] = [MessageType.DataAmf0, MessageType.Video, MessageType.Audio];

/**
 * Who came late: headers in their order, stamped with the time of where it begins but data with 0; then what the others
 * got from there on, to the end. Only where it begins without a keyframe, frames of video may be left out.
 */
function requireJoined(joined: readonly Watched[], inStep: readonly Watched[]): void {
  let from = joined.length;
  let leftOut = 0;
  let passed = 0;
  for (let at = inStep.length - 1; at >= 0 && from > 0; at -= 1) {
    const theirs = inStep[at];
    if (theirs === undefined) break;
    if (isDeepStrictEqual(theirs, joined[from - 1])) {
      from -= 1;
      leftOut += passed;
      passed = 0;
    } else if (isVideoFrame(theirs)) passed += 1;
    else break;
  }
  const [first] = joined.slice(from);
  const headers = joined.slice(0, from);
  for (const header of headers) {
    assert.ok(isHeader(header), `a message of type ${header.typeId} that the others did not get`);
    const wantedMs = header.typeId === MessageType.DataAmf0 ? 0 : first?.timestampMs;
    assert.equal(header.timestampMs, wantedMs, 'the time of a header in front');
  }
  const ranks = headers.map(({ typeId }) => HEADER_ORDER.indexOf(typeId));
  assertSame(
    ranks,
    ranks.toSorted((a, b) => a - b),
    'headers are out of their order',
  );
  if (first !== undefined && isVideoFrame(first)) assert.equal(leftOut, 0, 'frames behind a keyframe');
}

function isVideoFrame({ typeId, payload }: Watched): boolean {
  return typeId === MessageType.Video && readVideoHeader(payload).kind === 'frame';
}

function isHeader({ typeId, payload }: Watched): boolean {
  if (typeId === MessageType.DataAmf0) return true;
  const header = typeId === MessageType.Video ? readVideoHeader(payload) : readAudioHeader(payload);
  return (header.tracks ?? [header]).every(({ kind }) => kind === 'sequence-header' || kind === 'metadata');
}

function stepOf(kind: number, elapsedMs: number, payload: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.of(kind, elapsedMs, payload.length), payload.subarray(0, 255)]);
}

const JOIN = stepOf(Step.Join, 0, new Uint8Array(0));

/** Three bytes are a step: what it is, how much later, how long; the payload follows. */
export const LIVE_STREAM: FuzzTarget = {
  seeds: () => {
    const media = [...vectorsOf('ERTMP'), ...vectorsFromTextOf('ERTMP')]
      .map(({ bytes }) => bytes)
      .filter(({ length }) => length < 256);
    const steps = [
      stepOf(Step.Data, 0, amf('@setDataFrame', 'onMetaData', new WireEcmaArray({ width: 1 }))),
      stepOf(Step.Data, 0, amf('onTextData', { text: 'x' })),
      stepOf(Step.Data, 0, amf('@clearDataFrame', 'onMetaData')),
      stepOf(Step.DataAmf3, 0, Buffer.concat([Buffer.of(0), amf('onCuePoint', { name: 'x' })])),
      stepOf(Step.Audio, 20, PAYLOAD.audio(2)),
      stepOf(Step.Video, 40, PAYLOAD.key(2)),
      stepOf(Step.Video, 40, PAYLOAD.inter(3)),
      stepOf(Step.Video | BACKWARD, 100, PAYLOAD.inter(4)),
      ...media.flatMap((payload) => [stepOf(Step.Audio, 20, payload), stepOf(Step.Video, 40, payload)]),
    ];
    return [
      Buffer.concat([...steps, JOIN]),
      ...steps.map((step) => Buffer.concat([step, JOIN, ...steps.slice(4, 7), JOIN, step])),
    ];
  },
  fuzz: (data) => {
    const run = new StreamRun();
    for (let offset = 0; offset + HEAD_BYTES <= data.length; ) {
      const [kind = 0, elapsedMs = 0, lengthBytes = 0] = data.subarray(offset, offset + HEAD_BYTES);
      offset += HEAD_BYTES;
      run.step(kind, elapsedMs, data.subarray(offset, offset + lengthBytes));
      offset += lengthBytes;
    }
    return run.finish();
  },
};
