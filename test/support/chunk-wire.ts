// Builds chunk streams by hand, field by field, for tests of the decoder and as the measure of the encoder. It shares
// no code with src, so that encoder and decoder cannot be wrong together. [RTMP 5.3.1]

/** One chunk as it stands on the wire. */
export type WireChunk = {
  readonly format: 0 | 1 | 2 | 3;
  readonly chunkStreamId: number;
  /** Length of the basic header; the shortest by default. */
  readonly basicHeaderBytes?: 1 | 2 | 3;
  /** The 3-byte time field; 0xFFFFFF where `extendedMs` is given, else 0 by default. */
  readonly timeMs?: number;
  /** Four bytes behind the header, in any type of chunk. */
  readonly extendedMs?: number | undefined;
  /** Declared length; that of `payload` by default. */
  readonly lengthBytes?: number;
  readonly typeId?: number;
  readonly messageStreamId?: number;
  readonly payload?: Uint8Array;
};

/** What a message is to a receiver. */
export type WireMessage = {
  readonly chunkStreamId: number;
  readonly timestampMs: number;
  readonly typeId: number;
  readonly messageStreamId: number;
  readonly payload: Uint8Array;
};

/** The bytes of one chunk. */
export function chunk(fields: WireChunk): Uint8Array {
  const payload = fields.payload ?? new Uint8Array(0);
  const header = Buffer.alloc(11);
  header.writeUIntBE(fields.extendedMs === undefined ? (fields.timeMs ?? 0) : 0xffffff, 0, 3);
  header.writeUIntBE(fields.lengthBytes ?? payload.length, 3, 3);
  header.writeUInt8(fields.typeId ?? 9, 6);
  header.writeUInt32LE(fields.messageStreamId ?? 1, 7);
  const extended = Buffer.alloc(fields.extendedMs === undefined ? 0 : 4);
  if (fields.extendedMs !== undefined) extended.writeUInt32BE(fields.extendedMs);
  return join([basicHeader(fields), header.subarray(0, [11, 7, 3, 0][fields.format]), extended, payload]);
}

/** The bytes of parts, one behind the other, as a plain Uint8Array. */
export function join(parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(parts));
}

/** Bytes that differ from one offset to the next and from one seed to the next. */
export function filled(lengthBytes: number, seed = 0): Uint8Array {
  return Uint8Array.from({ length: lengthBytes }, (_, index) => (index * 7 + seed * 31 + (index >> 8)) & 255);
}

/** Set Chunk Size, as a chunk. */
export function setChunkSize(chunkSizeBytes: number): Uint8Array {
  return control(1, chunkSizeBytes);
}

/** Abort of the unfinished message of a chunk stream, as a chunk. */
export function abort(chunkStreamId: number): Uint8Array {
  return control(2, chunkStreamId);
}

/** A protocol control message with a 4-byte value, as a chunk. */
export function control(typeId: number, value: number): Uint8Array {
  const payload = Buffer.alloc(4);
  payload.writeUInt32BE(value);
  return chunk({ format: 0, chunkStreamId: 2, typeId, messageStreamId: 0, payload });
}

/** A sender that knows what its peer inherits, and leaves the choice of the header to the test. */
export class WireSender {
  readonly #repeatsTimestamp: boolean;
  readonly #sent = new Map<number, WireMessage & { deltaMs: number; extendedMs: number | undefined }>();

  /** `repeatsTimestamp` says whether type 3 chunks carry the extended timestamp. */
  constructor(repeatsTimestamp: boolean) {
    this.#repeatsTimestamp = repeatsTimestamp;
  }

  /** The chunk types that may begin `message`, given what was sent before. */
  formatsFor(message: WireMessage): (0 | 1 | 2 | 3)[] {
    const sent = this.#sent.get(message.chunkStreamId);
    if (sent === undefined) return message.messageStreamId === 0 ? [0, 1] : [0];
    if (sent.messageStreamId !== message.messageStreamId) return [0];
    if (sent.typeId !== message.typeId || sent.payload.length !== message.payload.length) return [0, 1];
    return (message.timestampMs - sent.timestampMs) >>> 0 === sent.deltaMs ? [0, 1, 2, 3] : [0, 1, 2];
  }

  /** The chunks of `message`, the first of the given type, each with as much payload as `chunkSizeBytes`. */
  chunksOf(message: WireMessage, format: 0 | 1 | 2 | 3, chunkSizeBytes: number): Uint8Array[] {
    const { chunkStreamId, timestampMs, typeId, messageStreamId, payload } = message;
    const sent = this.#sent.get(chunkStreamId);
    const elapsedMs = (timestampMs - (sent?.timestampMs ?? 0)) >>> 0;
    const fieldMs = format === 0 ? timestampMs : elapsedMs;
    let extendedMs = fieldMs >= 0xffffff ? fieldMs : undefined;
    if (format === 3) extendedMs = sent?.extendedMs;
    this.#sent.set(chunkStreamId, { ...message, deltaMs: fieldMs, extendedMs });
    const chunks: Uint8Array[] = [];
    let offset = 0;
    do {
      const isFirst = offset === 0;
      const chunkFormat = isFirst ? format : 3;
      const isExtended = extendedMs !== undefined && (chunkFormat !== 3 || this.#repeatsTimestamp);
      chunks.push(
        chunk({
          format: chunkFormat,
          chunkStreamId,
          timeMs: Math.min(fieldMs, 0xffffff),
          extendedMs: isExtended ? extendedMs : undefined,
          lengthBytes: payload.length,
          typeId,
          messageStreamId,
          payload: payload.subarray(offset, offset + chunkSizeBytes),
        }),
      );
      offset += chunkSizeBytes;
    } while (offset < payload.length);
    return chunks;
  }
}

function basicHeader({ format, chunkStreamId, basicHeaderBytes }: WireChunk): Uint8Array {
  const shortest = chunkStreamId < 64 ? 1 : chunkStreamId < 320 ? 2 : 3;
  const top = format * 64;
  const rest = chunkStreamId - 64;
  switch (basicHeaderBytes ?? shortest) {
    case 1:
      return Uint8Array.of(top + chunkStreamId);
    case 2:
      return Uint8Array.of(top, rest);
    case 3:
      return Uint8Array.of(top + 1, rest % 256, Math.floor(rest / 256));
  }
}
