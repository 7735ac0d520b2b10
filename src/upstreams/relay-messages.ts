// Reads the bytes of a live stream's log back into messages, for who has to write them anew on a connection of its own.

import { ChunkDecoder } from '../protocol/rtmp/chunk-decoder.ts';
import { ChunkEncoder } from '../protocol/rtmp/chunk-encoder.ts';
import { encodeControl } from '../protocol/rtmp/control-message.ts';
import { MAX_CHUNK_SIZE_BYTES } from '../protocol/rtmp/limits.ts';
import { MessageType, type RtmpMessage } from '../protocol/rtmp/message.ts';

/** A reader of what one viewer takes. */
export class RelayMessages {
  readonly #decoder = new ChunkDecoder({ maxMessageBytes: MAX_CHUNK_SIZE_BYTES });

  /** The log's bytes are cut into chunks of `chunkSizeBytes`. */
  constructor(chunkSizeBytes: number) {
    const payload = encodeControl({ type: 'set-chunk-size', chunkSizeBytes });
    const message = {
      typeId: MessageType.SetChunkSize,
      chunkStreamId: 2,
      messageStreamId: 0,
      timestampMs: 0,
      payload,
    };
    this.#decoder.receive(new ChunkEncoder().encode(message), 0, () => true);
  }

  /** Hands on each message of whole ones. Their payloads are views of `chunks` where they came in one piece. */
  read(chunks: readonly Uint8Array[], onMessage: (message: RtmpMessage) => void): void {
    for (const bytes of chunks) {
      this.#decoder.receive(bytes, 0, (message) => {
        onMessage(message);
        return true;
      });
    }
  }
}
