// What RTMP clients send, message by message, built from the specification alone: it shares no code with src. Times,
// chunk streams and message streams are the caller's; headers are of type 0, and 3 inside of a message.

import { amf, type WireValue } from './amf-wire.ts';
import { chunk, join } from './chunk-wire.ts';

/** Where a message goes. */
export type Addressed = {
  readonly chunkStreamId?: number;
  readonly messageStreamId?: number;
  readonly timestampMs?: number;
};

/** C0, C1 and C2 of a client that does not sign. */
export function clientHandshake(): Uint8Array {
  const packet = Uint8Array.from({ length: 1536 }, (_, index) => (index < 8 ? 0 : (index * 11 + 3) & 255));
  return join([Uint8Array.of(3), packet, packet]);
}

/** A user control message: event number, then u32 values. */
export function userControl(eventNumber: number, ...values: readonly number[]): Uint8Array {
  const payload = Buffer.alloc(2 + 4 * values.length);
  payload.writeUInt16BE(eventNumber);
  for (const [index, value] of values.entries()) payload.writeUInt32BE(value, 2 + 4 * index);
  return chunk({ format: 0, chunkStreamId: 2, typeId: 4, messageStreamId: 0, payload });
}

/** One client, which knows its chunk size. */
export class ClientMessages {
  #chunkSizeBytes: number;

  /** Its messages are cut into chunks of this size from the first one on. */
  constructor(chunkSizeBytes = 128) {
    this.#chunkSizeBytes = chunkSizeBytes;
  }

  /** Set Chunk Size; what follows is cut so. */
  setChunkSize(chunkSizeBytes: number): Uint8Array {
    this.#chunkSizeBytes = chunkSizeBytes;
    const payload = Buffer.alloc(4);
    payload.writeUInt32BE(chunkSizeBytes);
    return chunk({ format: 0, chunkStreamId: 2, typeId: 1, messageStreamId: 0, payload });
  }

  /** Any message. */
  message(typeId: number, payload: Uint8Array, addressed: Addressed = {}): Uint8Array {
    const { chunkStreamId = 3, messageStreamId = 0, timestampMs = 0 } = addressed;
    const lengthBytes = payload.length;
    const extendedMs = timestampMs >= 0xffffff ? timestampMs : undefined;
    const chunks: Uint8Array[] = [];
    for (let offset = 0; offset === 0 || offset < lengthBytes; offset += this.#chunkSizeBytes) {
      chunks.push(
        chunk({
          format: offset === 0 ? 0 : 3,
          chunkStreamId,
          timeMs: Math.min(timestampMs, 0xffffff),
          extendedMs,
          lengthBytes,
          typeId,
          messageStreamId,
          payload: payload.subarray(offset, offset + this.#chunkSizeBytes),
        }),
      );
    }
    return join(chunks);
  }

  /** A command of type 20: name, transaction id, then command object and arguments. */
  command(addressed: Addressed, name: string, transactionId: number, ...values: WireValue[]): Uint8Array {
    return this.message(20, amf(name, transactionId, ...values), addressed);
  }

  /** A command of type 17 whose values are AMF0. */
  commandAmf3(addressed: Addressed, name: string, transactionId: number, ...values: WireValue[]): Uint8Array {
    return this.message(17, join([Uint8Array.of(0), amf(name, transactionId, ...values)]), addressed);
  }

  /** A NetConnection command: chunk stream 3, message stream 0, no command object. */
  call(name: string, transactionId: number, ...args: WireValue[]): Uint8Array {
    return this.command({}, name, transactionId, null, ...args);
  }

  /** A NetStream command: chunk stream 8, no command object. */
  onStream(messageStreamId: number, name: string, ...args: WireValue[]): Uint8Array {
    return this.command({ chunkStreamId: 8, messageStreamId }, name, 0, null, ...args);
  }

  /** A connect to `app`. */
  connect(app: string, properties: Readonly<Record<string, WireValue>> = {}): Uint8Array {
    return this.command({}, 'connect', 1, { app, tcUrl: `rtmp://localhost/${app}`, ...properties });
  }

  /** Sound on chunk stream 4. */
  audio(messageStreamId: number, timestampMs: number, payload: Uint8Array): Uint8Array {
    return this.message(8, payload, { chunkStreamId: 4, messageStreamId, timestampMs });
  }

  /** Pictures on chunk stream 6. */
  video(messageStreamId: number, timestampMs: number, payload: Uint8Array): Uint8Array {
    return this.message(9, payload, { chunkStreamId: 6, messageStreamId, timestampMs });
  }

  /** A data message of type 18 on chunk stream 4. */
  data(messageStreamId: number, ...values: WireValue[]): Uint8Array {
    return this.message(18, amf(...values), { chunkStreamId: 4, messageStreamId });
  }
}
