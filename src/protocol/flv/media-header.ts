// What an audio or video message is, from its first bytes: enough to keep headers, to find keyframes and to pass the
// rest on untouched. [FLV E.4.2.1, E.4.3.1] [ERTMP2 "Enhanced Audio", "Enhanced Video"]
//
//   audio  format(4) rate(2) size(1) channels(1) | AAC: packet type u8 | data
//   video  0 frameType(3) codec(4) | AVC and its like: packet type u8, composition time s24 ms | data
//   Enhanced RTMP headers: enhanced-header.ts
//
// It runs once for each message of each publisher: no exceptions, one small record. It looks into no codec configuration.

import { audioCodecOf, videoCodecOf } from './codec-name.ts';
import { readEnhancedHeader } from './enhanced-header.ts';
import { FrameType, type MediaHeader, type MediaHeaderKind, readS24At } from './media-record.ts';

/** What an AUDIODATA body is; never a keyframe, and without a composition time. */
type AudioHeader = MediaHeader;

/** What a VIDEODATA body is. */
type VideoHeader = MediaHeader;

const EX_SOUND_FORMAT = 9;
const AAC_SOUND_FORMAT = 10;
const AAC_HEADER_BYTES = 2;
const AVC_HEADER_BYTES = 5;

/** Packet types of AAC, and of AVC with its like. */
const PacketType = { SequenceHeader: 0, Frame: 1, SequenceEnd: 2 } as const;

/** Tells what an AUDIODATA body is. Takes any bytes, none too. */
export function readAudioHeader(payload: Uint8Array): AudioHeader {
  const first = payload[0];
  if (first === undefined) return legacyHeader(payload, null, 'other', 0);
  const soundFormat = first >> 4;
  if (soundFormat === EX_SOUND_FORMAT) return readEnhancedHeader(payload, 'audio');
  const codec = audioCodecOf(soundFormat);
  if (soundFormat !== AAC_SOUND_FORMAT) {
    return legacyHeader(payload, codec, payload.length > 1 ? 'frame' : 'other', 1);
  }
  if (payload.length <= AAC_HEADER_BYTES) return legacyHeader(payload, codec, 'other', payload.length);
  const kind = legacyKind(payload[1]);
  // AAC has no packet type that ends a sequence.
  return legacyHeader(payload, codec, kind === 'end' ? 'other' : kind, AAC_HEADER_BYTES);
}

/** Tells what a VIDEODATA body is. Takes any bytes, none too. */
export function readVideoHeader(payload: Uint8Array): VideoHeader {
  const first = payload[0];
  if (first === undefined) return legacyHeader(payload, null, 'other', 0);
  if (first >= 0x80) return readEnhancedHeader(payload, 'video');
  const frameType = first >> 4;
  const codec = videoCodecOf(first & 0x0f);
  if (frameType === FrameType.Command) return legacyHeader(payload, codec, 'other', 1);
  const isKeyFrameType = frameType === FrameType.Key || frameType === FrameType.GeneratedKey;
  if (!hasAvcLayout(codec)) {
    const kind = payload.length > 1 ? 'frame' : 'other';
    return legacyHeader(payload, codec, kind, 1, kind === 'frame' && isKeyFrameType);
  }
  if (payload.length < AVC_HEADER_BYTES) return legacyHeader(payload, codec, 'other', payload.length);
  const kind = legacyKind(payload[1]);
  // WHY: a header or frame without data is no configuration to keep and no place to begin at.
  if (payload.length === AVC_HEADER_BYTES && kind !== 'end') {
    return legacyHeader(payload, codec, 'other', AVC_HEADER_BYTES);
  }
  const compositionTimeMs = readS24At(payload, 2);
  const isKeyframe = kind === 'frame' && isKeyFrameType;
  return legacyHeader(payload, codec, kind, AVC_HEADER_BYTES, isKeyframe, compositionTimeMs);
}

function hasAvcLayout(codec: string | null): boolean {
  return codec === 'avc1' || codec === 'hvc1' || codec === 'av01' || codec === 'vvc1';
}

function legacyKind(packetType: number | undefined): MediaHeaderKind {
  switch (packetType) {
    case PacketType.SequenceHeader:
      return 'sequence-header';
    case PacketType.Frame:
      return 'frame';
    case PacketType.SequenceEnd:
      return 'end';
    default:
      return 'other';
  }
}

function legacyHeader(
  payload: Uint8Array,
  codec: string | null,
  kind: MediaHeaderKind,
  bodyOffset: number,
  isKeyframe = false,
  compositionTimeMs = 0,
): MediaHeader {
  return {
    codec,
    kind,
    isKeyframe,
    isEnhanced: false,
    trackId: 0,
    compositionTimeMs,
    timestampOffsetNs: 0,
    bodyOffset,
    bodyEnd: payload.length,
    tracks: null,
  };
}
