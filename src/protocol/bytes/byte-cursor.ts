// A position in bytes that are wholly present (a message body, an FLV tag), with one range check for every read.
// All integers are big-endian. Bytes that arrive bit by bit are not its business: the chunk
// decoder keeps state for those, since here a shortage is the peer's error.

import { BytesError } from './bytes-error.ts';

/** Up to this many bytes a loop over ASCII is quicker than a TextDecoder call. */
const SHORT_TEXT_BYTES = 32;

const utf8Decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** Reads a byte array from front to back. Every read throws BytesError 'bytes-truncated' where too little is left. */
export class ByteCursor {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #offset = 0;

  /** Reads `bytes` in place, from their first; they must not change while it is in use. */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Offset in bytes of the next read, from the start of the bytes. */
  get offset(): number {
    return this.#offset;
  }

  /** How many bytes are left to read. */
  get remainingBytes(): number {
    return this.#bytes.length - this.#offset;
  }

  /**
   * Unsigned, 1 byte.
   * @throws BytesError 'bytes-truncated'
   */
  readU8(): number {
    return this.#view.getUint8(this.#take(1));
  }

  /**
   * Unsigned, 2 bytes.
   * @throws BytesError 'bytes-truncated'
   */
  readU16(): number {
    return this.#view.getUint16(this.#take(2));
  }

  /**
   * Unsigned, 3 bytes.
   * @throws BytesError 'bytes-truncated'
   */
  readU24(): number {
    const offset = this.#take(3);
    return (this.#view.getUint8(offset) << 16) | this.#view.getUint16(offset + 1);
  }

  /**
   * Unsigned, 4 bytes.
   * @throws BytesError 'bytes-truncated'
   */
  readU32(): number {
    return this.#view.getUint32(this.#take(4));
  }

  /**
   * Signed, 2 bytes.
   * @throws BytesError 'bytes-truncated'
   */
  readI16(): number {
    return this.#view.getInt16(this.#take(2));
  }

  /**
   * IEEE 754 double, 8 bytes; any double, NaN and the infinities among them.
   * @throws BytesError 'bytes-truncated'
   */
  readF64(): number {
    return this.#view.getFloat64(this.#take(8));
  }

  /**
   * The next `lengthBytes` bytes as a view into what the cursor reads; valid as long as that is.
   * @throws BytesError 'bytes-truncated'
   */
  readBytes(lengthBytes: number): Uint8Array {
    const offset = this.#take(lengthBytes);
    return this.#bytes.subarray(offset, offset + lengthBytes);
  }

  /**
   * The next `lengthBytes` bytes as UTF-8 text. What is no UTF-8 becomes U+FFFD; a byte order mark is kept.
   * @throws BytesError 'bytes-truncated'
   */
  readUtf8(lengthBytes: number): string {
    const start = this.#take(lengthBytes);
    const end = start + lengthBytes;
    if (lengthBytes <= SHORT_TEXT_BYTES) {
      let text = '';
      let offset = start;
      for (; offset < end; offset += 1) {
        const byte = this.#view.getUint8(offset);
        if (byte >= 0x80) break;
        text += String.fromCharCode(byte);
      }
      if (offset === end) return text;
    }
    return utf8Decoder.decode(this.#bytes.subarray(start, end));
  }

  /**
   * Passes over `lengthBytes` bytes.
   * @throws BytesError 'bytes-truncated'
   */
  skip(lengthBytes: number): void {
    this.#take(lengthBytes);
  }

  /** Moves past `lengthBytes` bytes and returns the offset where they begin. The one range check. */
  #take(lengthBytes: number): number {
    const offset = this.#offset;
    const end = offset + lengthBytes;
    if (end > this.#bytes.length) {
      throw new BytesError(
        'bytes-truncated',
        `expected ${lengthBytes} bytes at offset ${offset}, got ${this.#bytes.length - offset}`,
      );
    }
    this.#offset = end;
    return offset;
  }
}
