// WebSocket frames as a client writes them and as it reads a server's, for what no library would send. Shares no code with
// src. [RFC6455 5.2]

/** Opcodes of frames. */
export const Opcode = { Continuation: 0, Text: 1, Binary: 2, Close: 8, Ping: 9, Pong: 10 } as const;

/** What may be wrong with a frame. */
export type FrameOptions = {
  readonly isLast?: boolean;
  readonly isMasked?: boolean;
  /** Bits 0x40, 0x20 and 0x10 of the first byte. */
  readonly reservedBits?: number;
  /** Length that the head tells, where that is not the payload's. */
  readonly declaredLengthBytes?: number;
};

const MASK = Uint8Array.of(0x1f, 0x2e, 0x3d, 0x4c);

/** One frame of a client. */
export function clientFrame(
  opcode: number,
  payload: Uint8Array | string,
  options: FrameOptions = {},
): Buffer {
  const bytes = Buffer.from(payload);
  const { isLast = true, isMasked = true, reservedBits = 0 } = options;
  const lengthBytes = options.declaredLengthBytes ?? bytes.length;
  const maskBit = isMasked ? 0x80 : 0;
  const first = (isLast ? 0x80 : 0) | reservedBits | opcode;
  let head = Buffer.of(first, maskBit | lengthBytes);
  if (lengthBytes > 0xffff) {
    head = Buffer.alloc(10);
    head.set([first, maskBit | 127]);
    head.writeUIntBE(lengthBytes, 4, 6);
  } else if (lengthBytes > 125) {
    head = Buffer.of(first, maskBit | 126, lengthBytes >> 8, lengthBytes & 0xff);
  }
  if (!isMasked) return Buffer.concat([head, bytes]);
  return Buffer.concat([head, MASK, bytes.map((byte, index) => byte ^ (MASK[index % 4] ?? 0))]);
}

/** A frame that a server sent, and how long its head was. */
export type ServerFrame = {
  readonly opcode: number;
  readonly payload: Buffer;
  readonly headLengthBytes: number;
};

/** The whole frames of what a server sent. Throws where it is none that a server may send: masked, in parts, reserved. */
export function readServerFrames(bytes: Buffer): ServerFrame[] {
  const frames: ServerFrame[] = [];
  for (let offset = 0; offset + 2 <= bytes.length; ) {
    const first = bytes.readUInt8(offset);
    const second = bytes.readUInt8(offset + 1);
    if ((first & 0xf0) !== 0x80 || ![1, 2, 8, 9, 10].includes(first & 0x0f)) {
      throw new Error(`no frame begins with ${first} at ${offset}`);
    }
    if (second > 127) throw new Error(`a server masked a frame at ${offset}`);
    const headLengthBytes = second === 127 ? 10 : second === 126 ? 4 : 2;
    if (offset + headLengthBytes > bytes.length) break;
    let lengthBytes = second;
    if (second === 126) lengthBytes = bytes.readUInt16BE(offset + 2);
    if (second === 127) lengthBytes = Number(bytes.readBigUInt64BE(offset + 2));
    const end = offset + headLengthBytes + lengthBytes;
    if (end > bytes.length) break;
    frames.push({
      opcode: first & 0x0f,
      payload: bytes.subarray(offset + headLengthBytes, end),
      headLengthBytes,
    });
    offset = end;
  }
  return frames;
}
