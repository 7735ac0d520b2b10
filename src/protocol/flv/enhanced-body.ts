// What one track of an Enhanced RTMP message is: its packet type with its FourCC and the first bytes of its body, where
// `enhanced-head.ts` and `multitrack.ts` have found them. [ERTMP2 "ExVideoTagBody", "ExAudioTagBody"]
//
//   video  composition time s24 ms, CodedFrames of avc1, hvc1 and vvc1 only | data
//   audio  data
//
// Of metadata it tells only whether they take back what was said before.

import { knownFourCcAt } from './codec-name.ts';
import { isCodedKeyframe } from './coded-keyframe.ts';
import { isColorInfoReset } from './color-info.ts';
import { AudioPacketType, type EnhancedHead, VideoPacketType } from './enhanced-head.ts';
import { FrameType, type MediaHeader, type MediaHeaderKind, readS24At } from './media-record.ts';

const COMPOSITION_TIME_BYTES = 3;

/** Codecs of audio whose SequenceStart may be without a body: usual for ac-3, ec-3 and .mp3, and allowed for Opus. */
const CONFIGURED_BY_FRAMES: ReadonlySet<string> = new Set(['ac-3', 'ec-3', '.mp3', 'Opus']);

/**
 * Reads a track whose FourCC is at `fourCcOffset` and whose body is `bodyOffset`..`bodyEnd`, both within `payload`. Null
 * where the body is too short for its composition time.
 */
export function readTrack(
  payload: Uint8Array,
  head: EnhancedHead,
  fourCcOffset: number,
  trackId: number,
  bodyOffset: number,
  bodyEnd: number,
): MediaHeader | null {
  const { media, packetType, frameType, timestampOffsetNs } = head;
  const codec = knownFourCcAt(payload, fourCcOffset);
  let dataOffset = bodyOffset;
  let compositionTimeMs = 0;
  if (media === 'video' && hasCompositionTime(packetType, codec) && bodyOffset < bodyEnd) {
    compositionTimeMs = readS24At(payload, bodyOffset);
    dataOffset += COMPOSITION_TIME_BYTES;
    if (dataOffset > bodyEnd) return null;
  }
  const hasData = dataOffset < bodyEnd;
  let kind =
    media === 'video' ? videoKind(packetType, codec, hasData) : audioKind(packetType, codec, hasData);
  if (kind === 'metadata' && media === 'video' && isColorInfoReset(payload, dataOffset, bodyEnd)) {
    kind = 'metadata-reset';
  }
  const isKeyframe =
    media === 'video' && kind === 'frame' && startsAnew(frameType, codec, payload, dataOffset, bodyEnd);
  return {
    codec,
    kind,
    isKeyframe,
    isEnhanced: true,
    trackId,
    compositionTimeMs,
    timestampOffsetNs,
    bodyOffset: dataOffset,
    bodyEnd,
    tracks: null,
  };
}

function hasCompositionTime(packetType: number, codec: string | null): boolean {
  if (packetType !== VideoPacketType.CodedFrames) return false;
  return codec === 'avc1' || codec === 'hvc1' || codec === 'vvc1';
}

function videoKind(packetType: number, codec: string | null, hasData: boolean): MediaHeaderKind {
  switch (packetType) {
    case VideoPacketType.SequenceStart:
    case VideoPacketType.Mpeg2TsSequenceStart:
      if (codec === null) return 'unknown-header';
      return hasData ? 'sequence-header' : 'other';
    case VideoPacketType.CodedFrames:
    case VideoPacketType.CodedFramesX:
      return hasData ? 'frame' : 'other';
    case VideoPacketType.SequenceEnd:
      return 'end';
    case VideoPacketType.Metadata:
      return hasData ? 'metadata' : 'other';
    default:
      return 'other';
  }
}

function audioKind(packetType: number, codec: string | null, hasData: boolean): MediaHeaderKind {
  switch (packetType) {
    case AudioPacketType.SequenceStart:
      if (codec === null) return 'unknown-header';
      return hasData || CONFIGURED_BY_FRAMES.has(codec) ? 'sequence-header' : 'other';
    case AudioPacketType.CodedFrames:
      return hasData ? 'frame' : 'other';
    case AudioPacketType.SequenceEnd:
      return 'end';
    case AudioPacketType.MultichannelConfig:
      return hasData ? 'metadata' : 'other';
    default:
      return 'other';
  }
}

/** DEVIATION: gortmplib (MediaMTX) leaves the frame type at 0, so then the coded bytes decide. */
function startsAnew(
  frameType: number,
  codec: string | null,
  payload: Uint8Array,
  dataOffset: number,
  bodyEnd: number,
): boolean {
  if (frameType !== FrameType.None) {
    return frameType === FrameType.Key || frameType === FrameType.GeneratedKey;
  }
  if (codec === null) return false;
  const bytes = bodyEnd === payload.length ? payload : payload.subarray(0, bodyEnd);
  return isCodedKeyframe(codec, bytes, dataOffset);
}
