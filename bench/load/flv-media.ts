// Media of an FLV file, looped with rising times, for real players to decode. The file's metadata and sequence headers
// are sent once. [FLV E.2, E.3, E.4] B-frames keep their composition times, which stand in the payload.

import { readFileSync } from 'node:fs';
import { amfBytes } from './amf-bytes.ts';
import type { MediaFrame, MediaSource, OpeningMessage } from './media-source.ts';
import { WireType } from './rtmp-bytes.ts';

const TAG_HEADER_BYTES = 11;
const PREVIOUS_TAG_SIZE_BYTES = 4;
const FRAME_KIND_KEYFRAME = 1;
/** Codecs of the old FLV header whose second byte says what a packet is: AVC and AAC. */
const AVC = 7;
const AAC = 10;

/** An FLV file's audio and video, over and over. */
export class FlvMedia implements MediaSource {
  readonly metadataMark = '';
  readonly opening: readonly OpeningMessage[];
  readonly #frames: readonly MediaFrame[];
  readonly #loopMs: number;
  #nextIndex = 0;
  #loopStartMs = 0;

  /** Reads the file whole. @throws Error where it is no FLV file or does not begin with a keyframe */
  constructor(path: string) {
    const opening: OpeningMessage[] = [];
    const frames: MediaFrame[] = [];
    for (const { typeId, timestampMs, payload } of readTags(readFileSync(path), path)) {
      if (typeId === WireType.Data) {
        opening.push({ typeId, payload: Buffer.concat([amfBytes('@setDataFrame'), payload]) });
      } else if (isSequenceHeader(typeId, payload)) {
        opening.push({ typeId, payload });
      } else {
        const isKeyframe = typeId === WireType.Video && (payload[0] ?? 0) >> 4 === FRAME_KIND_KEYFRAME;
        frames.push({ typeId, mediaMs: timestampMs, payload, isKeyframe });
      }
    }
    const firstVideo = frames.find((frame) => frame.typeId === WireType.Video);
    const last = frames.at(-1);
    if (firstVideo?.isKeyframe !== true || last === undefined) {
      throw new Error(`expected ${path} to hold video that begins with a keyframe`);
    }
    this.opening = opening;
    this.#frames = frames;
    const firstMs = frames[0]?.mediaMs ?? 0;
    this.#loopStartMs = -firstMs;
    this.#loopMs = last.mediaMs - firstMs + (last.mediaMs - firstMs) / frames.length;
  }

  next(): MediaFrame {
    if (this.#nextIndex === this.#frames.length) {
      this.#nextIndex = 0;
      this.#loopStartMs += this.#loopMs;
    }
    const frame = this.#frames[this.#nextIndex++];
    if (frame === undefined) throw new Error('a file without frames');
    return { ...frame, mediaMs: frame.mediaMs + this.#loopStartMs };
  }
}

type Tag = { readonly typeId: number; readonly timestampMs: number; readonly payload: Buffer };

function* readTags(file: Buffer, path: string): Generator<Tag> {
  if (file.toString('latin1', 0, 3) !== 'FLV') throw new Error(`expected ${path} to be an FLV file`);
  let at = file.readUInt32BE(5) + PREVIOUS_TAG_SIZE_BYTES;
  while (at + TAG_HEADER_BYTES <= file.length) {
    const typeId = (file[at] ?? 0) & 0x1f;
    const lengthBytes = file.readUIntBE(at + 1, 3);
    const timestampMs = file.readUIntBE(at + 4, 3) + (file[at + 7] ?? 0) * 0x1000000;
    const from = at + TAG_HEADER_BYTES;
    yield { typeId, timestampMs, payload: file.subarray(from, from + lengthBytes) };
    at = from + lengthBytes + PREVIOUS_TAG_SIZE_BYTES;
  }
}

function isSequenceHeader(typeId: number, payload: Buffer): boolean {
  const first = payload[0] ?? 0;
  const hasPacketKind = typeId === WireType.Video ? (first & 0x0f) === AVC : first >> 4 === AAC;
  return hasPacketKind && payload[1] === 0;
}
