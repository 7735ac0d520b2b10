// Where a publisher's media comes from: frames in order with their media time. Synthetic media is in this file's
// SyntheticMedia: shaped like AVC and AAC as far as servers look, each frame with its own number and sending time in
// it and filled with bytes that follow from the number. Media of a real file is in flv-media.ts.

import { randomUUID } from 'node:crypto';
import { amfBytes } from './amf-bytes.ts';
import { WireType } from './rtmp-bytes.ts';

/** A message without a time: metadata or a sequence header, sent before the first frame. */
export type OpeningMessage = { readonly typeId: number; readonly payload: Buffer };

/** One frame to send. */
export type MediaFrame = {
  readonly typeId: number;
  /** When it is due, ms from the first frame on, with fractions; its timestamp is this rounded down. */
  readonly mediaMs: number;
  readonly payload: Buffer;
  readonly isKeyframe: boolean;
};

/** Endless media. */
export interface MediaSource {
  readonly opening: readonly OpeningMessage[];
  /** A text of the metadata by which it is known again; empty where there is none. */
  readonly metadataMark: string;
  /** The next frame in order of time. The first is a keyframe at 0. */
  next(): MediaFrame;
}

/** Where the number (u32) and the sending time (double, ms) stand in a payload. */
export const STAMP_OFFSET: Readonly<Record<number, number>> = { [WireType.Audio]: 2, [WireType.Video]: 10 };

const AUDIO_FRAME_MS = 1024 / 44.1;
const KEYFRAME_SECONDS = 2;
/** Video frames a second of media that has audio. */
const FULL_FPS = 30;
const AUDIO_FRAME_BYTES = 371;
/** A keyframe is as large as so many other frames. */
const KEYFRAME_WEIGHT = 8;
const NOISE_BYTES = 64 * 1024;
const MIN_FRAME_BYTES = 64;
const AVC_CONFIGURATION = '0142c01effe100096742c01e8c8d40501e01000468ce3c80';
const AAC_CONFIGURATION = '1210';

/**
 * Video with a keyframe every two seconds, and audio of 43 frames a second beside video of 30. Video of fewer frames is
 * alone: media for thousands of viewers of whom nothing is asked but that they play.
 */
export class SyntheticMedia implements MediaSource {
  readonly metadataMark: string = `culvert-bench ${randomUUID()}`;
  readonly opening: readonly OpeningMessage[];
  readonly #noise: Buffer;
  readonly #frameBytes: number;
  readonly #videoFrameMs: number;
  readonly #framesPerKeyframe: number;
  readonly #hasAudio: boolean;
  #nextSequence = 0;
  #videoFrames = 0;
  #audioFrames = 0;

  /**
   * @param kbps audio and video together, kbit/s; where it is too low, frames stay at their least size
   * @param fps video frames a second, 1 to 30
   */
  constructor(kbps: number, fps: number = FULL_FPS) {
    this.#videoFrameMs = 1000 / fps;
    this.#framesPerKeyframe = fps * KEYFRAME_SECONDS;
    this.#hasAudio = fps === FULL_FPS;
    const audioBytesPerSecond = this.#hasAudio ? AUDIO_FRAME_BYTES * (1000 / AUDIO_FRAME_MS) : 0;
    const bytesPerGop = ((kbps * 1000) / 8 - audioBytesPerSecond) * KEYFRAME_SECONDS;
    const averageBytes = Math.round(bytesPerGop / (this.#framesPerKeyframe - 1 + KEYFRAME_WEIGHT));
    this.#frameBytes = Math.max(MIN_FRAME_BYTES, averageBytes);
    this.#noise = noise(NOISE_BYTES + this.#frameBytes * KEYFRAME_WEIGHT);
    const info = { width: 640, height: 360, framerate: 30, videocodecid: 7, audiocodecid: 10 };
    const metadata = amfBytes('@setDataFrame', 'onMetaData', { ...info, encoder: this.metadataMark });
    this.opening = [
      { typeId: WireType.Data, payload: metadata },
      { typeId: WireType.Video, payload: Buffer.from(`1700000000${AVC_CONFIGURATION}`, 'hex') },
      { typeId: WireType.Audio, payload: Buffer.from(`af00${AAC_CONFIGURATION}`, 'hex') },
    ];
  }

  next(): MediaFrame {
    const videoMs = this.#videoFrames * this.#videoFrameMs;
    if (!this.#hasAudio) return this.#video(videoMs);
    const audioMs = this.#audioFrames * AUDIO_FRAME_MS;
    return videoMs <= audioMs ? this.#video(videoMs) : this.#audio(audioMs);
  }

  #video(mediaMs: number): MediaFrame {
    const isKeyframe = this.#videoFrames++ % this.#framesPerKeyframe === 0;
    const payload = this.#filled(this.#frameBytes * (isKeyframe ? KEYFRAME_WEIGHT : 1), WireType.Video);
    payload[0] = isKeyframe ? 0x17 : 0x27;
    payload[1] = 1;
    payload.writeUIntBE(0, 2, 3);
    payload.writeUInt32BE(payload.length - 9, 5);
    payload[9] = isKeyframe ? 0x65 : 0x41;
    return { typeId: WireType.Video, mediaMs, payload, isKeyframe };
  }

  #audio(mediaMs: number): MediaFrame {
    this.#audioFrames++;
    const payload = this.#filled(AUDIO_FRAME_BYTES, WireType.Audio);
    payload[0] = 0xaf;
    payload[1] = 1;
    return { typeId: WireType.Audio, mediaMs, payload, isKeyframe: false };
  }

  /** Bytes of the noise that begin at a place which follows from the frame's number, and the number itself. */
  #filled(lengthBytes: number, typeId: number): Buffer {
    const sequence = this.#nextSequence++;
    const payload = Buffer.allocUnsafe(lengthBytes);
    const from = (sequence * 7919) % NOISE_BYTES;
    this.#noise.copy(payload, 0, from, from + lengthBytes);
    payload.writeUInt32BE(sequence, STAMP_OFFSET[typeId] ?? 0);
    return payload;
  }
}

/** The same bytes in every run: a xorshift generator. */
function noise(lengthBytes: number): Buffer {
  const bytes = Buffer.allocUnsafe(lengthBytes);
  let state = 0x9e3779b9;
  for (let index = 0; index < lengthBytes; index++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    bytes[index] = state & 0xff;
  }
  return bytes;
}
