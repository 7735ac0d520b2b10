// The server's side of the wire for tests of the client: a writer of server bytes and a reader of client bytes, both
// written from the specification. They share no code with src, so that the two cannot be wrong together.

import { amf, type WireObject, type WireValue } from './amf-wire.ts';

/** One message as it was read. */
export type WireMessage = {
  readonly chunkStreamId: number;
  readonly typeId: number;
  readonly messageStreamId: number;
  readonly timestampMs: number;
  readonly payload: Uint8Array;
};

/** S0 S1 S2 of a plain server. */
export function serverHandshake(): Uint8Array {
  const bytes = new Uint8Array(3073).fill(0x5a);
  bytes[0] = 3;
  bytes.fill(0, 1, 9);
  return bytes;
}

/** Joins buffers into one. */
export function joinBytes(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

/** A message in chunks of `chunkSizeBytes`, all headers whole (types 0 and 3). */
export function serverMessage(
  typeId: number,
  payload: Uint8Array,
  { messageStreamId = 0, timestampMs = 0, chunkStreamId = 5, chunkSizeBytes = 128 } = {},
): Uint8Array {
  const head = Buffer.alloc(12);
  head[0] = chunkStreamId;
  head.writeUIntBE(timestampMs, 1, 3);
  head.writeUIntBE(payload.length, 4, 3);
  head[7] = typeId;
  head.writeUInt32LE(messageStreamId, 8);
  const parts: Uint8Array[] = [head, payload.subarray(0, chunkSizeBytes)];
  for (let at = chunkSizeBytes; at < payload.length; at += chunkSizeBytes) {
    parts.push(Uint8Array.of(0xc0 | chunkStreamId), payload.subarray(at, at + chunkSizeBytes));
  }
  return joinBytes(...parts);
}

/** A command of the server, on message stream `messageStreamId`. */
export function serverCommand(
  messageStreamId: number,
  name: string,
  transactionId: number,
  ...values: readonly WireValue[]
): Uint8Array {
  return serverMessage(20, amf(name, transactionId, ...values), { messageStreamId, chunkStreamId: 3 });
}

/** An onStatus of the server. */
export function serverStatus(
  messageStreamId: number,
  code: string,
  level = 'status',
  more: WireObject = {},
): Uint8Array {
  return serverCommand(messageStreamId, 'onStatus', 0, null, {
    level,
    code,
    description: `said ${code}`,
    ...more,
  });
}

/** A protocol control or user control message of the server, its payload in hex. */
export function serverControl(typeId: number, payloadHex: string): Uint8Array {
  return serverMessage(typeId, new Uint8Array(Buffer.from(payloadHex, 'hex')), { chunkStreamId: 2 });
}

type ChunkState = {
  timestampMs: number;
  deltaMs: number;
  lengthBytes: number;
  typeId: number;
  messageStreamId: number;
  isExtended: boolean;
  payload: number[];
};

/** Reads what a client sent behind its handshake; whole messages only. */
export class ClientWireReader {
  readonly #streams = new Map<number, ChunkState>();
  #chunkSizeBytes = 128;
  #handshakeBytes = 1537 + 1536;

  /** The messages in `bytes`; C0, C1 and C2 are passed over. */
  read(bytes: Uint8Array): WireMessage[] {
    const skipped = Math.min(this.#handshakeBytes, bytes.length);
    this.#handshakeBytes -= skipped;
    const messages: WireMessage[] = [];
    const wire = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    for (let at = skipped; at < wire.length; ) at = this.#readChunk(wire, at, messages);
    return messages;
  }

  #readChunk(bytes: Buffer, start: number, messages: WireMessage[]): number {
    let at = start;
    const first = bytes.readUInt8(at);
    at += 1;
    const format = first >> 6;
    const chunkStreamId = first & 63;
    if (chunkStreamId < 2) throw new Error('a long chunk stream id');
    let state = this.#streams.get(chunkStreamId);
    if (state === undefined) {
      if (format !== 0) throw new Error(`type ${format} first on chunk stream ${chunkStreamId}`);
      state = {
        timestampMs: 0,
        deltaMs: 0,
        lengthBytes: 0,
        typeId: 0,
        messageStreamId: 0,
        isExtended: false,
        payload: [],
      };
      this.#streams.set(chunkStreamId, state);
    }
    let fieldMs = state.deltaMs;
    if (format < 3) {
      fieldMs = bytes.readUIntBE(at, 3);
      state.isExtended = fieldMs === 0xffffff;
      at += 3;
    }
    if (format < 2) {
      state.lengthBytes = bytes.readUIntBE(at, 3);
      state.typeId = bytes.readUInt8(at + 3);
      at += 4;
    }
    if (format === 0) {
      state.messageStreamId = bytes.readUInt32LE(at);
      at += 4;
    }
    if (state.isExtended) {
      fieldMs = bytes.readUInt32BE(at);
      at += 4;
    }
    if (state.payload.length === 0) {
      state.timestampMs = format === 0 ? fieldMs : (state.timestampMs + fieldMs) >>> 0;
      state.deltaMs = fieldMs;
    }
    const end = at + Math.min(this.#chunkSizeBytes, state.lengthBytes - state.payload.length);
    if (end > bytes.length) throw new Error('a message that is not whole');
    state.payload.push(...bytes.subarray(at, end));
    if (state.payload.length === state.lengthBytes) this.#complete(chunkStreamId, state, messages);
    return end;
  }

  #complete(chunkStreamId: number, state: ChunkState, messages: WireMessage[]): void {
    const payload = Uint8Array.from(state.payload);
    state.payload = [];
    const { typeId, messageStreamId, timestampMs } = state;
    messages.push({ chunkStreamId, typeId, messageStreamId, timestampMs, payload });
    if (typeId === 1) this.#chunkSizeBytes = Buffer.from(payload).readUInt32BE(0);
  }
}
