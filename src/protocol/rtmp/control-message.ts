// Protocol control messages: Set Chunk Size, Abort, Acknowledgement, Window Acknowledgement Size, Set Peer
// Bandwidth. [RTMP 5.4] Both directions. User control (type 4) is in user-control.ts.
//
// type  payload
//    1  chunk size u32, top bit 0
//    2  chunk stream id u32
//    3  bytes received so far, u32, mod 2^32
//    5  window u32
//    6  window u32, limit type u8: 0 hard, 1 soft, 2 dynamic

import { MAX_CHUNK_SIZE_BYTES } from './limits.ts';
import { MessageType, type RtmpMessage } from './message.ts';
import { RtmpError } from './rtmp-error.ts';

/** How a peer bandwidth combines with the one in force. [RTMP 5.4.5] */
export type PeerBandwidthLimit = 'hard' | 'soft' | 'dynamic';

/** A protocol control message. */
export type ControlMessage =
  /** The sender's chunks are this long from now on, 1..0xFFFFFF bytes. */
  | { readonly type: 'set-chunk-size'; readonly chunkSizeBytes: number }
  /** The unfinished message of this chunk stream, any u32, is given up. */
  | { readonly type: 'abort'; readonly chunkStreamId: number }
  /** Bytes that the sender has received so far, u32, mod 2^32. */
  | { readonly type: 'acknowledgement'; readonly receivedBytes: number }
  /** The sender wants an acknowledgement every so many bytes, u32. */
  | { readonly type: 'window-acknowledgement-size'; readonly windowBytes: number }
  /** The sender wants no more than so many bytes unacknowledged, u32. */
  | { readonly type: 'set-peer-bandwidth'; readonly windowBytes: number; readonly limit: PeerBandwidthLimit };

const LIMITS: readonly PeerBandwidthLimit[] = ['hard', 'soft', 'dynamic'];

/**
 * Parses a message of type 1, 2, 3, 5 or 6. Null for any other type, and for a payload that is too short (for
 * an Abort: not four bytes), which is to be dropped. A limit type that is missing or unknown reads as dynamic.
 * @throws RtmpError 'rtmp-chunk-size-invalid'
 */
export function parseControl(message: RtmpMessage): ControlMessage | null {
  const { typeId, payload } = message;
  if (typeId === MessageType.SetChunkSize) {
    const chunkSizeBytes = parseSetChunkSize(payload);
    return chunkSizeBytes === null ? null : { type: 'set-chunk-size', chunkSizeBytes };
  }
  if (typeId === MessageType.Abort) {
    const chunkStreamId = parseAbort(payload);
    return chunkStreamId === null ? null : { type: 'abort', chunkStreamId };
  }
  const value = readU32(payload);
  if (value === null) return null;
  if (typeId === MessageType.Acknowledgement) return { type: 'acknowledgement', receivedBytes: value };
  if (typeId === MessageType.WindowAcknowledgementSize) {
    return { type: 'window-acknowledgement-size', windowBytes: value };
  }
  if (typeId !== MessageType.SetPeerBandwidth) return null;
  return { type: 'set-peer-bandwidth', windowBytes: value, limit: LIMITS[payload[4] ?? 2] ?? 'dynamic' };
}

/**
 * Parses the payload of a Set Chunk Size: 1..0xFFFFFF bytes, larger ones clamped; null where it is too short.
 * @throws RtmpError 'rtmp-chunk-size-invalid' for 0 and for a set top bit
 */
export function parseSetChunkSize(payload: Uint8Array): number | null {
  const chunkSizeBytes = readU32(payload);
  if (chunkSizeBytes === 0 || (chunkSizeBytes !== null && chunkSizeBytes > 0x7fffffff)) {
    throw new RtmpError(
      'rtmp-chunk-size-invalid',
      `expected a chunk size of 1..2147483647, got ${chunkSizeBytes}`,
    );
  }
  return chunkSizeBytes === null ? null : Math.min(chunkSizeBytes, MAX_CHUNK_SIZE_BYTES);
}

/** Parses the payload of an Abort: a chunk stream id, any u32; null where it is not four bytes long. */
export function parseAbort(payload: Uint8Array): number | null {
  return payload.length === 4 ? readU32(payload) : null;
}

/**
 * The payload of a control message, which is to go out on chunk stream 2 and message stream 0. Owned by the caller.
 * @throws RangeError for a number that peers refuse: a size or window outside 1..0x7FFFFFFF
 */
export function encodeControl(control: ControlMessage): Uint8Array {
  switch (control.type) {
    case 'set-chunk-size':
      return payloadOf(assertPositive(control.chunkSizeBytes));
    case 'abort':
      return payloadOf(control.chunkStreamId);
    case 'acknowledgement':
      return payloadOf(control.receivedBytes);
    case 'window-acknowledgement-size':
      return payloadOf(assertPositive(control.windowBytes));
    case 'set-peer-bandwidth':
      return payloadOf(assertPositive(control.windowBytes), LIMITS.indexOf(control.limit));
  }
}

function readU32(payload: Uint8Array): number | null {
  if (payload.length < 4) return null;
  return new DataView(payload.buffer, payload.byteOffset, 4).getUint32(0);
}

function payloadOf(value: number, ...rest: number[]): Uint8Array {
  return Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value, ...rest);
}

function assertPositive(value: number): number {
  if (Number.isInteger(value) && value >= 1 && value <= 0x7fffffff) return value;
  throw new RangeError(`a size or window of a control message must be in 1..2147483647, not ${value}`);
}
