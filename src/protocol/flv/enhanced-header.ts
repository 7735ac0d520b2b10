// Enhanced RTMP headers of audio and video messages, as far as telling what a message is. [ERTMP2 "Enhanced Video"]
//
//   video  1 frameType(3) packetType(4) | audio  9(4) packetType(4)
//   while packetType is ModEx (7): size - 1 u8, escape u16 | data[size] | modExType(4) packetType(4)
//   Multitrack (video 6, audio 5): multitrackType(4) packetType(4)
//   FourCC, except where each track has its own | track id u8 | size u24 | composition time s24 of some | body
//
// Leaves out what ModEx data say, and every track of a message but the first.

import { knownFourCcAt } from './codec-name.ts';
import { isCodedKeyframe } from './coded-keyframe.ts';
import { FrameType, type MediaHeader, type MediaHeaderKind, readS24At } from './media-record.ts';

const VideoPacketType = {
  SequenceStart: 0,
  CodedFrames: 1,
  SequenceEnd: 2,
  CodedFramesX: 3,
  Metadata: 4,
  Mpeg2TsSequenceStart: 5,
  Multitrack: 6,
  ModEx: 7,
} as const;

const AudioPacketType = {
  SequenceStart: 0,
  CodedFrames: 1,
  SequenceEnd: 2,
  MultichannelConfig: 4,
  Multitrack: 5,
  ModEx: 7,
} as const;

const MultitrackType = { OneTrack: 0, ManyTracks: 1, ManyTracksManyCodecs: 2 } as const;

/** LIMIT: ModEx prefixes of one message; one kind is defined so far. */
const MAX_MOD_EX_PREFIXES = 8;

const FOUR_CC_BYTES = 4;
const TRACK_ID_BYTES = 1;
const TRACK_SIZE_BYTES = 3;
const COMPOSITION_TIME_BYTES = 3;

/** Tells what a message is whose first byte says Enhanced RTMP. Takes any bytes. */
export function readEnhancedHeader(payload: Uint8Array, media: 'audio' | 'video'): MediaHeader {
  const isVideo = media === 'video';
  const frameType = isVideo ? ((payload[0] ?? 0) >> 4) & 0x07 : FrameType.None;
  let offset = skipModEx(payload);
  if (offset === 0) return unknownHeader(payload);
  let packetType = (payload[offset - 1] ?? 0) & 0x0f;
  // A command frame has one command byte and no FourCC.
  if (frameType === FrameType.Command && packetType !== VideoPacketType.Metadata)
    return unknownHeader(payload);

  const multitrackPacketType = isVideo ? VideoPacketType.Multitrack : AudioPacketType.Multitrack;
  let multitrackType: number | null = null;
  if (packetType === multitrackPacketType) {
    const head = payload[offset];
    if (head === undefined) return unknownHeader(payload);
    multitrackType = head >> 4;
    packetType = head & 0x0f;
    offset += 1;
    if (packetType === multitrackPacketType || multitrackType > MultitrackType.ManyTracksManyCodecs) {
      return unknownHeader(payload);
    }
  }

  const codec = knownFourCcAt(payload, offset);
  offset += FOUR_CC_BYTES;
  let trackId = 0;
  let bodyEnd = payload.length;
  if (multitrackType !== null) {
    trackId = payload[offset] ?? 0;
    offset += TRACK_ID_BYTES;
    if (multitrackType !== MultitrackType.OneTrack) {
      bodyEnd = offset + TRACK_SIZE_BYTES + readU24At(payload, offset);
      offset += TRACK_SIZE_BYTES;
    }
  }
  if (bodyEnd > payload.length || offset > bodyEnd) return unknownHeader(payload);

  let compositionTimeMs = 0;
  if (isVideo && packetType === VideoPacketType.CodedFrames && hasCompositionTime(codec)) {
    compositionTimeMs = readS24At(payload, offset);
    offset += COMPOSITION_TIME_BYTES;
    if (offset > bodyEnd) return unknownHeader(payload);
  }
  const kind = isVideo
    ? videoKind(packetType, codec, offset < bodyEnd)
    : audioKind(packetType, codec, offset < bodyEnd);
  const isKeyframe = isVideo && kind === 'frame' && startsAnew(frameType, codec, payload, offset);
  return { codec, kind, isKeyframe, isEnhanced: true, trackId, compositionTimeMs, bodyOffset: offset };
}

/**
 * Offset behind the first byte and its ModEx prefixes; the byte before it has the packet type. 0 where the prefixes are
 * cut short or too many. Here the data of a prefix (nanoseconds to add to this message's time) would be read.
 */
function skipModEx(payload: Uint8Array): number {
  let offset = 1;
  for (let prefixes = 0; prefixes <= MAX_MOD_EX_PREFIXES; prefixes += 1) {
    const packetByte = payload[offset - 1];
    if (packetByte === undefined) return 0;
    // ModEx has the same number for audio and video.
    if ((packetByte & 0x0f) !== VideoPacketType.ModEx) return offset;
    let dataBytes = (payload[offset] ?? 0) + 1;
    offset += 1;
    if (dataBytes === 0x100) {
      dataBytes = (((payload[offset] ?? 0) << 8) | (payload[offset + 1] ?? 0)) + 1;
      offset += 2;
    }
    offset += dataBytes + 1;
  }
  return 0;
}

function videoKind(packetType: number, codec: string | null, hasBody: boolean): MediaHeaderKind {
  switch (packetType) {
    case VideoPacketType.SequenceStart:
    case VideoPacketType.Mpeg2TsSequenceStart:
      return codec !== null && hasBody ? 'sequence-header' : 'other';
    case VideoPacketType.CodedFrames:
    case VideoPacketType.CodedFramesX:
      return hasBody ? 'frame' : 'other';
    case VideoPacketType.SequenceEnd:
      return 'end';
    case VideoPacketType.Metadata:
      return hasBody ? 'metadata' : 'other';
    default:
      return 'other';
  }
}

/** A SequenceStart without a body is usual for ac-3, ec-3 and .mp3, and allowed for Opus. */
function audioKind(packetType: number, codec: string | null, hasBody: boolean): MediaHeaderKind {
  switch (packetType) {
    case AudioPacketType.SequenceStart:
      return codec === null ? 'other' : 'sequence-header';
    case AudioPacketType.CodedFrames:
      return hasBody ? 'frame' : 'other';
    case AudioPacketType.SequenceEnd:
      return 'end';
    case AudioPacketType.MultichannelConfig:
      return hasBody ? 'metadata' : 'other';
    default:
      return 'other';
  }
}

/** DEVIATION: gortmplib (MediaMTX) leaves the frame type at 0, so then the coded bytes decide. */
function startsAnew(
  frameType: number,
  codec: string | null,
  payload: Uint8Array,
  bodyOffset: number,
): boolean {
  if (frameType === FrameType.None) return codec !== null && isCodedKeyframe(codec, payload, bodyOffset);
  return frameType === FrameType.Key || frameType === FrameType.GeneratedKey;
}

function hasCompositionTime(codec: string | null): boolean {
  return codec === 'avc1' || codec === 'hvc1' || codec === 'vvc1';
}

function unknownHeader(payload: Uint8Array): MediaHeader {
  return {
    codec: null,
    kind: 'other',
    isKeyframe: false,
    isEnhanced: true,
    trackId: 0,
    compositionTimeMs: 0,
    bodyOffset: payload.length,
  };
}

function readU24At(bytes: Uint8Array, offset: number): number {
  return ((bytes[offset] ?? 0) << 16) | ((bytes[offset + 1] ?? 0) << 8) | (bytes[offset + 2] ?? 0);
}
