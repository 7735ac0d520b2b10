// Enhanced RTMP messages, made and read from the specification alone: it shares no code with src. [ERTMP2 "Enhanced
// Video", "Enhanced Audio", "Multitrack"]

import type { EncodedCodec, EncodedMedia, EncodedPacket } from './encoded-media.ts';

/** A message as it is published. */
export type WireMedia = {
  readonly kind: 'audio' | 'video';
  readonly timestampMs: number;
  readonly payload: Buffer;
  /** True for a video frame that can be begun at. */
  readonly isKeyframe: boolean;
};

/** Packet types of both media, as far as they are used here. */
const SEQUENCE_START = 0;
const CODED_FRAMES = 1;
const SEQUENCE_END = 2;
const CODED_FRAMES_X = 3;

const KEY = 1;
const INTER = 2;

/** OneTrack and ManyTracksManyCodecs. */
const ONE_TRACK = 0;
const MANY_CODECS = 2;

const WITH_COMPOSITION_TIME: readonly string[] = ['avc1', 'hvc1', 'vvc1'];
/** AC-3, E-AC-3 and MP3 configure themselves; their SequenceStart is empty. VP8 has no more to say than VP9. */
const VP_CONFIG = Buffer.from('01000000000a820202020000', 'hex');

/** What a SequenceStart carries for this stream. */
function configOf({ codec, config }: EncodedMedia): Buffer {
  if (codec === 'vp08' || codec === 'vp09') return VP_CONFIG;
  // FLAC: the signature, then the block header of a last STREAMINFO of 34 bytes in front of it.
  if (codec === 'fLaC') return Buffer.concat([Buffer.from('fLaC'), Buffer.from('80000022', 'hex'), config]);
  return config;
}

/** Header, frames and end of a stream, as messages without a track. */
export function messagesOf(media: EncodedMedia): WireMedia[] {
  return wrapped(media, (packetType, frameType, body) => {
    const front = Buffer.from([firstByte(media.isVideo, frameType, packetType)]);
    return Buffer.concat([front, Buffer.from(media.codec), body]);
  });
}

/** The same as messages of one track. */
export function trackMessagesOf(media: EncodedMedia, trackId: number): WireMedia[] {
  const multitrack = media.isVideo ? 6 : 5;
  return wrapped(media, (packetType, frameType, body) => {
    const front = Buffer.from([
      firstByte(media.isVideo, frameType, multitrack),
      (ONE_TRACK << 4) | packetType,
    ]);
    return Buffer.concat([front, Buffer.from(media.codec), Buffer.from([trackId]), body]);
  });
}

/** Video streams whose frames come at the same times, in messages that hold one of each: the first is track 0. */
export function manyTracksMessagesOf(medias: readonly EncodedMedia[]): WireMedia[] {
  const streams = medias.map((media) => messagesOf(media));
  return (streams[0] ?? []).map((first, index) => {
    const parts = streams.map((stream, trackId) => {
      const { payload } = stream[index] ?? first;
      const head = Buffer.alloc(8);
      payload.copy(head, 0, 1, 5);
      head.writeUInt8(trackId, 4);
      head.writeUIntBE(payload.length - 5, 5, 3);
      return Buffer.concat([head, payload.subarray(5)]);
    });
    const firstOfAll = first.payload.readUInt8(0);
    const front = Buffer.from([(firstOfAll & 0xf0) | 6, (MANY_CODECS << 4) | (firstOfAll & 0x0f)]);
    return { ...first, payload: Buffer.concat([front, ...parts]) };
  });
}

/** H.264 as it always was: no FourCC. */
export function legacyAvcMessagesOf(media: EncodedMedia): WireMedia[] {
  return messagesOf(media).map((message) => {
    const first = message.payload.readUInt8(0);
    const packetType = first & 0x0f;
    const isFrame = packetType === CODED_FRAMES;
    const head = Buffer.from([(first & 0x70) | 7, packetType, ...(isFrame ? [] : [0, 0, 0])]);
    return { ...message, payload: Buffer.concat([head, message.payload.subarray(5)]) };
  });
}

function wrapped(
  media: EncodedMedia,
  wrap: (packetType: number, frameType: number, body: Buffer) => Buffer,
): WireMedia[] {
  const { codec, packets, isVideo } = media;
  const kind = isVideo ? 'video' : 'audio';
  const make = (packetType: number, packet: EncodedPacket | undefined, body: Buffer): WireMedia => {
    const isFrame = packetType === CODED_FRAMES || packetType === CODED_FRAMES_X;
    const isKeyframe = isVideo && isFrame && packet?.isKeyframe === true;
    const frameType = packet === undefined || packet.isKeyframe ? KEY : INTER;
    return { kind, timestampMs: packet?.dtsMs ?? 0, payload: wrap(packetType, frameType, body), isKeyframe };
  };
  const frames = packets.map((packet) => {
    const hasTime = WITH_COMPOSITION_TIME.includes(codec);
    const time = Buffer.alloc(hasTime ? 3 : 0);
    if (hasTime) time.writeIntBE(packet.compositionTimeMs, 0, 3);
    return make(CODED_FRAMES, packet, Buffer.concat([time, packet.data]));
  });
  const last = packets.at(-1);
  const end = { ...make(SEQUENCE_END, undefined, Buffer.alloc(0)), timestampMs: last?.dtsMs ?? 0 };
  return [make(SEQUENCE_START, undefined, configOf(media)), ...frames, end];
}

function firstByte(isVideo: boolean, frameType: number, packetType: number): number {
  return isVideo ? 0x80 | (frameType << 4) | packetType : 0x90 | packetType;
}

/** What a message says of one track. */
export type ReadTrack = {
  readonly trackId: number;
  readonly codec: EncodedCodec;
  readonly isHeader: boolean;
  readonly isFrame: boolean;
  /** Behind FourCC, track id, size and composition time. */
  readonly data: Buffer;
};

/** The tracks of a message, as this file writes them. */
export function readTracksOf(kind: 'audio' | 'video', payload: Uint8Array): ReadTrack[] {
  const bytes = Buffer.from(payload);
  const first = bytes.readUInt8(0);
  if (kind === 'video' && first < 0x80) {
    const [packetType, data] = [bytes.readUInt8(1), bytes.subarray(5)];
    return [{ trackId: 0, codec: 'avc1', isHeader: packetType === 0, isFrame: packetType === 1, data }];
  }
  const packetType = first & 0x0f;
  if (packetType !== (kind === 'video' ? 6 : 5))
    return [trackOf(packetType, 0, bytes.subarray(1, 5), bytes.subarray(5))];
  const [layout, inner] = [bytes.readUInt8(1) >> 4, bytes.readUInt8(1) & 0x0f];
  if (layout === ONE_TRACK)
    return [trackOf(inner, bytes.readUInt8(6), bytes.subarray(2, 6), bytes.subarray(7))];
  const tracks: ReadTrack[] = [];
  for (let offset = 2; offset < bytes.length; ) {
    const end = offset + 8 + bytes.readUIntBE(offset + 5, 3);
    const fourCc = bytes.subarray(offset, offset + 4);
    tracks.push(trackOf(inner, bytes.readUInt8(offset + 4), fourCc, bytes.subarray(offset + 8, end)));
    offset = end;
  }
  return tracks;
}

function trackOf(packetType: number, trackId: number, fourCc: Buffer, body: Buffer): ReadTrack {
  const codec = fourCc.toString('latin1') as EncodedCodec;
  const hasTime = packetType === CODED_FRAMES && WITH_COMPOSITION_TIME.includes(codec);
  const isFrame = packetType === CODED_FRAMES || packetType === CODED_FRAMES_X;
  return {
    trackId,
    codec,
    isHeader: packetType === SEQUENCE_START,
    isFrame,
    data: body.subarray(hasTime ? 3 : 0),
  };
}
