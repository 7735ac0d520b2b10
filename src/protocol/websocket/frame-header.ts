// Headers of the frames that a server sends: whole binary messages, not masked, without extensions. [RFC6455 5.2]
//
//   byte 0      0x82: FIN, opcode 2
//   byte 1      length 0..125, 126 or 127
//   bytes 2-3   length, where byte 1 is 126
//   bytes 2-9   length, where byte 1 is 127

const FIN_BINARY = 0x82;
const LENGTH_16 = 126;
const LENGTH_64 = 127;
const MAX_LENGTH_7 = 125;
const MAX_LENGTH_16 = 0xffff;

/** Makes headers. */
export class FrameHeaders {
  #lengthBytes = 0;
  #header = writeBinaryHeader(0);

  /**
   * The header of a message of 0..2^53-1 bytes: 2, 4 or 10 bytes, never written to again. WHY: one and the same for
   * messages of one length in a row, for a crowd in step is sent one message thousands of times.
   */
  of(lengthBytes: number): Uint8Array {
    if (lengthBytes !== this.#lengthBytes) {
      this.#header = writeBinaryHeader(lengthBytes);
      this.#lengthBytes = lengthBytes;
    }
    return this.#header;
  }
}

function writeBinaryHeader(lengthBytes: number): Uint8Array {
  if (lengthBytes <= MAX_LENGTH_7) return Uint8Array.of(FIN_BINARY, lengthBytes);
  const header = new Uint8Array(lengthBytes <= MAX_LENGTH_16 ? 4 : 10);
  const view = new DataView(header.buffer);
  header[0] = FIN_BINARY;
  if (lengthBytes <= MAX_LENGTH_16) {
    header[1] = LENGTH_16;
    view.setUint16(2, lengthBytes);
  } else {
    header[1] = LENGTH_64;
    view.setBigUint64(2, BigInt(lengthBytes));
  }
  return header;
}
