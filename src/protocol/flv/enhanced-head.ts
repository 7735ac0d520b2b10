// The head of an Enhanced RTMP message: everything in front of its FourCC and tracks. [ERTMP2 "ExVideoTagHeader",
// "ExAudioTagHeader"]
//
//   video  1 frameType(3) packetType(4) | audio  9(4) packetType(4)
//   while packetType is ModEx (7): size - 1 u8, escape u16 | data[size] | modExType(4) packetType(4)
//   frame type 5 with a packet type other than Metadata: command u8, and nothing further
//   Multitrack (video 6, audio 5): multitrackType(4) packetType(4)

import { FrameType, readU24At } from './media-record.ts';

/** Packet types of video; ModEx has the same number for audio. */
export const VideoPacketType = {
  SequenceStart: 0,
  CodedFrames: 1,
  SequenceEnd: 2,
  CodedFramesX: 3,
  Metadata: 4,
  Mpeg2TsSequenceStart: 5,
  Multitrack: 6,
  ModEx: 7,
} as const;

/** Packet types of audio. */
export const AudioPacketType = {
  SequenceStart: 0,
  CodedFrames: 1,
  SequenceEnd: 2,
  MultichannelConfig: 4,
  Multitrack: 5,
  ModEx: 7,
} as const;

const VIDEO_PACKET_TYPES: ReadonlySet<number> = new Set(Object.values(VideoPacketType));
const AUDIO_PACKET_TYPES: ReadonlySet<number> = new Set(Object.values(AudioPacketType));

/** LIMIT: ModEx prefixes of one message; one kind is defined so far. */
const MAX_MOD_EX_PREFIXES = 8;

/** Kinds of ModEx data; others are skipped. */
const ModExType = { TimestampOffsetNano: 0 } as const;
const NANO_OFFSET_BYTES = 3;
/** A whole millisecond would be in the message's timestamp. */
const MAX_NANO_OFFSET_NS = 999_999;

/** How the tracks of a message are laid out. */
export const MultitrackType = { OneTrack: 0, ManyTracks: 1, ManyTracksManyCodecs: 2 } as const;

/** Everything that a message says in front of its tracks. */
export type EnhancedHead = {
  readonly media: 'audio' | 'video';
  /** 0..15, with any Multitrack or ModEx around it taken off. */
  readonly packetType: number;
  /** FrameType of video; `None` for audio. */
  readonly frameType: number;
  /** 0..999,999 ns. */
  readonly timestampOffsetNs: number;
  /** A MultitrackType, or a number that is none yet; null for a message of one track without an id. */
  readonly multitrackType: number | null;
  /** Offset of the FourCC of all tracks, or of the first track where each has its own. */
  readonly offset: number;
};

/**
 * Reads what stands in front of the tracks; 'other' where there are none to come, or nobody knows how they look;
 * 'malformed' where it is broken.
 */
export function readEnhancedHead(
  payload: Uint8Array,
  media: 'audio' | 'video',
): EnhancedHead | 'other' | 'malformed' {
  const isVideo = media === 'video';
  const frameType = isVideo ? ((payload[0] ?? 0) >> 4) & 0x07 : FrameType.None;
  let packetType = (payload[0] ?? 0) & 0x0f;
  let timestampOffsetNs = 0;
  let offset = 1;
  // ModEx has the same number for audio and video.
  for (let prefixes = 0; packetType === VideoPacketType.ModEx; prefixes += 1) {
    let sizeBytes = (payload[offset] ?? 0) + 1;
    offset += 1;
    if (sizeBytes === 0x100) {
      sizeBytes = (((payload[offset] ?? 0) << 8) | (payload[offset + 1] ?? 0)) + 1;
      offset += 2;
    }
    const next = payload[offset + sizeBytes];
    if (next === undefined || prefixes === MAX_MOD_EX_PREFIXES) return 'malformed';
    if (next >> 4 === ModExType.TimestampOffsetNano && sizeBytes >= NANO_OFFSET_BYTES) {
      const offsetNs = readU24At(payload, offset);
      if (offsetNs <= MAX_NANO_OFFSET_NS) timestampOffsetNs = offsetNs;
    }
    packetType = next & 0x0f;
    offset += sizeBytes + 1;
  }
  const packetTypes = isVideo ? VIDEO_PACKET_TYPES : AUDIO_PACKET_TYPES;
  if (!packetTypes.has(packetType)) return 'other';
  const multitrackPacketType = isVideo ? VideoPacketType.Multitrack : AudioPacketType.Multitrack;
  if (frameType === FrameType.Command && !isMetadata(payload, packetType, offset)) {
    return offset < payload.length ? 'other' : 'malformed';
  }
  let multitrackType: number | null = null;
  if (packetType === multitrackPacketType) {
    const byte = payload[offset];
    if (byte === undefined) return 'malformed';
    multitrackType = byte >> 4;
    packetType = byte & 0x0f;
    offset += 1;
    if (packetType === multitrackPacketType) return 'malformed';
    if (!packetTypes.has(packetType)) return 'other';
  }
  return { media, packetType, frameType, timestampOffsetNs, multitrackType, offset };
}

/** The frame type of metadata says nothing, and FFmpeg gives it that of a command; of the tracks' metadata just so. */
function isMetadata(payload: Uint8Array, packetType: number, offset: number): boolean {
  if (packetType !== VideoPacketType.Multitrack) return packetType === VideoPacketType.Metadata;
  return ((payload[offset] ?? 0) & 0x0f) === VideoPacketType.Metadata;
}
