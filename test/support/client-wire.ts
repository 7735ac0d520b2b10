// The server's side of the wire for tests of the client: a writer of server bytes and a reader of client bytes, both
// written from the specification. They share no code with src, so that the two cannot be wrong together.

/** A value as these helpers write and read it: an ECMA array is wrapped. */
export type WireValue = number | boolean | string | null | undefined | WireObject | WireEcmaArray;
export type WireObject = { readonly [key: string]: WireValue };

/** An ECMA array, which some servers send in the place of an object. */
export class WireEcmaArray {
  readonly members: WireObject;

  constructor(members: WireObject) {
    this.members = members;
  }
}

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

/** AMF0 values, one behind the other. */
export function amf0(...values: readonly WireValue[]): Uint8Array {
  return joinBytes(...values.map(amf0Value));
}

function amf0Value(value: WireValue): Uint8Array {
  if (value === null) return Uint8Array.of(5);
  if (value === undefined) return Uint8Array.of(6);
  if (typeof value === 'boolean') return Uint8Array.of(1, value ? 1 : 0);
  if (typeof value === 'number') {
    const bytes = Buffer.alloc(9);
    bytes.writeDoubleBE(value, 1);
    return bytes;
  }
  if (typeof value === 'string') return joinBytes(Uint8Array.of(2), amf0Key(value));
  const isEcmaArray = value instanceof WireEcmaArray;
  const members = Object.entries(isEcmaArray ? value.members : value);
  const head = isEcmaArray ? Uint8Array.of(8, 0, 0, 0, members.length) : Uint8Array.of(3);
  const body = members.flatMap(([key, member]) => [amf0Key(key), amf0Value(member)]);
  return joinBytes(head, ...body, Uint8Array.of(0, 0, 9));
}

function amf0Key(text: string): Uint8Array {
  const bytes = Buffer.from(text);
  return joinBytes(Uint8Array.of(bytes.length >> 8, bytes.length & 255), bytes);
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
  return serverMessage(20, amf0(name, transactionId, ...values), { messageStreamId, chunkStreamId: 3 });
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
    for (let at = skipped; at < bytes.length; ) at = this.#readChunk(Buffer.from(bytes), at, messages);
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

/** The AMF0 values of a body: what a client sends, which is no more than these helpers write. */
export function readAmf0(payload: Uint8Array): WireValue[] {
  const bytes = Buffer.from(payload);
  const values: WireValue[] = [];
  for (let at = 0; at < bytes.length; ) {
    const [value, end] = readValue(bytes, at);
    values.push(value);
    at = end;
  }
  return values;
}

function readValue(bytes: Buffer, at: number): [WireValue, number] {
  switch (bytes.readUInt8(at)) {
    case 0:
      return [bytes.readDoubleBE(at + 1), at + 9];
    case 1:
      return [bytes.readUInt8(at + 1) !== 0, at + 2];
    case 2:
      return readText(bytes, at + 1);
    case 3:
      return readMembers(bytes, at + 1);
    case 5:
      return [null, at + 1];
    case 6:
      return [undefined, at + 1];
    case 8: {
      const [members, end] = readMembers(bytes, at + 5);
      return [new WireEcmaArray(members), end];
    }
    default:
      throw new Error(`AMF0 marker ${bytes.readUInt8(at)}`);
  }
}

function readText(bytes: Buffer, at: number): [string, number] {
  const end = at + 2 + bytes.readUInt16BE(at);
  return [bytes.toString('utf8', at + 2, end), end];
}

function readMembers(bytes: Buffer, start: number): [WireObject, number] {
  const members: Record<string, WireValue> = {};
  let at = start;
  while (bytes.readUIntBE(at, 3) !== 9) {
    const [key, valueAt] = readText(bytes, at);
    const [value, end] = readValue(bytes, valueAt);
    members[key] = value;
    at = end;
  }
  return [members, at + 3];
}
