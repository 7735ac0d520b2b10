// One RTMP message, as the chunk layer yields it and takes it, and the numbers of its types. [RTMP 5.4, 7.1]

/** Message type ids. [RTMP 5.4, 7.1] */
export const MessageType = {
  SetChunkSize: 1,
  Abort: 2,
  Acknowledgement: 3,
  UserControl: 4,
  WindowAcknowledgementSize: 5,
  SetPeerBandwidth: 6,
  Audio: 8,
  Video: 9,
  DataAmf3: 15,
  SharedObjectAmf3: 16,
  CommandAmf3: 17,
  DataAmf0: 18,
  SharedObjectAmf0: 19,
  CommandAmf0: 20,
  Aggregate: 22,
} as const;

/** A complete RTMP message. */
export type RtmpMessage = {
  /** Message type id, 0..255; see {@link MessageType}. */
  readonly typeId: number;
  /** Chunk stream id it came on, or is to go out on, 2..65599. */
  readonly chunkStreamId: number;
  /** Message stream id (NetStream id), u32; 0 is the connection itself. */
  readonly messageStreamId: number;
  /** Absolute time in ms, u32; wraps mod 2^32. */
  readonly timestampMs: number;
  /**
   * The body, never written to after it was handed on. Of a message that was read, perhaps a view of the bytes that came:
   * it pins all that came with them, so that who keeps it longer than the call that hands it on copies it.
   */
  readonly payload: Uint8Array;
};
