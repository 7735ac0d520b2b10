// The values of Set Chunk Size and Abort as they come, in pieces and on several chunk streams at once. [RTMP 5.4.1, 5.4.2]

/** Length of the value that begins the payload of both, in bytes. */
export const CONTROL_VALUE_BYTES = 4;

/** The first four payload bytes of the last such message of each chunk stream: no more entries than there are of those. */
export class ControlValues {
  readonly #values = new Map<number, Uint8Array>();

  /** Copies in what of `bytes`, which stand `offset` bytes behind the start of the payload, belongs to the value. */
  keep(chunkStreamId: number, offset: number, bytes: Uint8Array): void {
    if (offset >= CONTROL_VALUE_BYTES) return;
    let value = this.#values.get(chunkStreamId);
    if (value === undefined) {
      value = new Uint8Array(CONTROL_VALUE_BYTES);
      this.#values.set(chunkStreamId, value);
    }
    value.set(bytes.subarray(0, CONTROL_VALUE_BYTES - offset), offset);
  }

  /**
   * The value of the message that has just ended on `chunkStreamId`, which had a payload of four bytes or more: four
   * bytes, valid until the next `keep`.
   */
  of(chunkStreamId: number): Uint8Array {
    const value = this.#values.get(chunkStreamId);
    if (value === undefined) throw new Error(`no value was kept for chunk stream ${chunkStreamId}`);
    return value;
  }
}
