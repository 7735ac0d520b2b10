// Bytes under construction: a buffer that grows as it is written to. All integers are big-endian. It
// checks no ranges: a value outside its field is a bug of the caller and is cut to the field's width.

const FIRST_CAPACITY_BYTES = 256;

/** Up to this many characters a loop over ASCII is quicker than a TextEncoder call. */
const SHORT_TEXT_CHARACTERS = 48;

const MAX_UTF8_BYTES_PER_UTF16_UNIT = 3;

const utf8Encoder = new TextEncoder();

/** Writes values one behind the other; `toBytes` gives what was written. */
export class ByteWriter {
  #bytes: Uint8Array;
  #view: DataView;
  #lengthBytes = 0;

  /** `capacityBytes` is what is reserved at first; a caller that knows the length saves the growing. */
  constructor(capacityBytes: number = FIRST_CAPACITY_BYTES) {
    this.#bytes = new Uint8Array(capacityBytes);
    this.#view = new DataView(this.#bytes.buffer);
  }

  /** How many bytes were written. */
  get lengthBytes(): number {
    return this.#lengthBytes;
  }

  /** Unsigned, 1 byte, 0..0xFF. */
  writeU8(value: number): void {
    const offset = this.#grow(1);
    this.#view.setUint8(offset, value);
  }

  /** Unsigned, 2 bytes, 0..0xFFFF. */
  writeU16(value: number): void {
    const offset = this.#grow(2);
    this.#view.setUint16(offset, value);
  }

  /** Unsigned, 3 bytes, 0..0xFFFFFF. */
  writeU24(value: number): void {
    const offset = this.#grow(3);
    this.#view.setUint8(offset, value >>> 16);
    this.#view.setUint16(offset + 1, value);
  }

  /** Unsigned, 4 bytes, 0..0xFFFFFFFF. */
  writeU32(value: number): void {
    const offset = this.#grow(4);
    this.#view.setUint32(offset, value);
  }

  /** Signed, 2 bytes, -0x8000..0x7FFF. */
  writeI16(value: number): void {
    const offset = this.#grow(2);
    this.#view.setInt16(offset, value);
  }

  /** IEEE 754 double, 8 bytes. */
  writeF64(value: number): void {
    const offset = this.#grow(8);
    this.#view.setFloat64(offset, value);
  }

  /** A copy of `bytes`. */
  writeBytes(bytes: Uint8Array): void {
    const offset = this.#grow(bytes.length);
    this.#bytes.set(bytes, offset);
  }

  /** `text` as UTF-8, without a length; a lone surrogate becomes U+FFFD. Returns how many bytes that was. */
  writeUtf8(text: string): number {
    const start = this.#lengthBytes;
    this.#reserve(text.length * MAX_UTF8_BYTES_PER_UTF16_UNIT);
    if (text.length <= SHORT_TEXT_CHARACTERS) {
      let index = 0;
      for (; index < text.length; index += 1) {
        const unit = text.charCodeAt(index);
        if (unit >= 0x80) break;
        this.#bytes[start + index] = unit;
      }
      if (index === text.length) {
        this.#lengthBytes = start + index;
        return index;
      }
    }
    const { written } = utf8Encoder.encodeInto(text, this.#bytes.subarray(start));
    this.#lengthBytes = start + written;
    return written;
  }

  /** Puts an unsigned 2-byte value over bytes already written, at `offset`: for a length known only afterwards. */
  patchU16(offset: number, value: number): void {
    this.#requireWritten(offset, 2);
    this.#view.setUint16(offset, value);
  }

  /** Puts an unsigned 4-byte value over bytes already written, at `offset`. */
  patchU32(offset: number, value: number): void {
    this.#requireWritten(offset, 4);
    this.#view.setUint32(offset, value);
  }

  /** What was written so far, as a copy of exactly that length. The caller owns it. */
  toBytes(): Uint8Array {
    return this.#bytes.slice(0, this.#lengthBytes);
  }

  #requireWritten(offset: number, lengthBytes: number): void {
    if (offset < 0 || offset + lengthBytes > this.#lengthBytes) {
      throw new RangeError(
        `no ${lengthBytes} written bytes at offset ${offset}, only ${this.#lengthBytes} in all`,
      );
    }
  }

  /**
   * Makes room for `lengthBytes` more, counts them as written and returns the offset where they begin. It may replace the
   * view, so it is called before the view is looked at.
   */
  #grow(lengthBytes: number): number {
    const offset = this.#lengthBytes;
    this.#reserve(lengthBytes);
    this.#lengthBytes = offset + lengthBytes;
    return offset;
  }

  #reserve(lengthBytes: number): void {
    const neededBytes = this.#lengthBytes + lengthBytes;
    if (neededBytes <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(neededBytes, this.#bytes.length * 2));
    larger.set(this.#bytes.subarray(0, this.#lengthBytes));
    this.#bytes = larger;
    this.#view = new DataView(larger.buffer);
  }
}
