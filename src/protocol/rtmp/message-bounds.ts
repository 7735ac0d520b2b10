// How much one peer may have us keep of its messages: how long a message may be, and how many bytes of unfinished
// ones. Both are judged by the header of a chunk, before any of its payload is kept. [RTMP 5.3]

import type { ChunkStream } from './chunk-stream.ts';
import { MAX_CHUNK_STREAMS, MAX_DATA_MESSAGE_BYTES, MAX_PARTIAL_BYTES } from './limits.ts';
import { MessageType } from './message.ts';
import { RtmpError } from './rtmp-error.ts';

/** What a chunk decoder takes from its peer. */
export type ChunkDecoderLimits = {
  /** Bytes of one message of any type. */
  readonly maxMessageBytes: number;
  /** Bytes of one message that is not audio, video or aggregate; MAX_DATA_MESSAGE_BYTES by default. */
  readonly maxDataMessageBytes?: number;
  /** Chunk streams with state; MAX_CHUNK_STREAMS by default. */
  readonly maxChunkStreams?: number;
  /** Payload bytes of all unfinished messages together; MAX_PARTIAL_BYTES by default. */
  readonly maxPartialBytes?: number;
};

/** The limits of one decoder, with the defaults filled in. */
export class MessageBounds {
  /** Largest message of any type from now on, bytes. */
  maxMessageBytes: number;
  /** Payload bytes of all unfinished messages together from now on. */
  maxPartialBytes: number;
  /** Chunk streams with state. */
  readonly maxChunkStreams: number;
  readonly #maxDataMessageBytes: number;

  constructor(limits: ChunkDecoderLimits) {
    this.maxMessageBytes = limits.maxMessageBytes;
    this.maxChunkStreams = limits.maxChunkStreams ?? MAX_CHUNK_STREAMS;
    this.#maxDataMessageBytes = limits.maxDataMessageBytes ?? MAX_DATA_MESSAGE_BYTES;
    this.maxPartialBytes = limits.maxPartialBytes ?? MAX_PARTIAL_BYTES;
  }

  /**
   * Judges the message that `stream` is about to begin.
   * @throws RtmpError 'rtmp-message-too-large'
   */
  requireLength(stream: ChunkStream): void {
    const { lengthBytes, typeId } = stream;
    const isData =
      typeId !== MessageType.Audio && typeId !== MessageType.Video && typeId !== MessageType.Aggregate;
    const maxBytes = isData
      ? Math.min(this.maxMessageBytes, this.#maxDataMessageBytes)
      : this.maxMessageBytes;
    if (lengthBytes <= maxBytes) return;
    throw new RtmpError(
      'rtmp-message-too-large',
      `expected at most ${maxBytes} bytes in a message of type ${typeId}, got a header that declares ${lengthBytes}`,
    );
  }

  /**
   * Judges the bytes that all unfinished messages will have at the end of a chunk, `partialBytes`.
   * @throws RtmpError 'rtmp-partial-bytes-exceeded'
   */
  requirePartial(partialBytes: number): void {
    if (partialBytes <= this.maxPartialBytes) return;
    throw new RtmpError(
      'rtmp-partial-bytes-exceeded',
      `expected at most ${this.maxPartialBytes} bytes of unfinished messages, got ${partialBytes}`,
    );
  }
}
