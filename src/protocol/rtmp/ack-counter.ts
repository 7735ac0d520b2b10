// When to acknowledge received bytes: at half of the window, whether or not the peer ever announced one, for
// encoders exist that stop without acks and never say so. [RTMP 5.4.3, 5.4.4]

/** LIMIT: a window under this is treated as this: a window of 1 byte must not make an ack for every byte. */
const MIN_ACK_WINDOW_BYTES = 8 * 1024;

/** Counts received bytes and says when an acknowledgement is due. */
export class AckCounter {
  readonly #ownWindowBytes: number;
  #windowBytes: number;
  /** All bytes received, u32: wraps mod 2^32. */
  #receivedBytes = 0;
  #unacknowledgedBytes = 0;

  /** `windowBytes` holds until the peer announces a smaller one. */
  constructor(windowBytes: number) {
    this.#ownWindowBytes = Math.max(windowBytes, MIN_ACK_WINDOW_BYTES);
    this.#windowBytes = this.#ownWindowBytes;
  }

  /**
   * The peer announced its window, any u32; 0 is ignored.
   * WHY: a larger one than ours changes nothing. Encoders exist that announce one window and wait by another.
   */
  setWindow(windowBytes: number): void {
    if (windowBytes === 0) return;
    this.#windowBytes = Math.min(Math.max(windowBytes, MIN_ACK_WINDOW_BYTES), this.#ownWindowBytes);
  }

  /** Counts bytes that were received. */
  received(lengthBytes: number): void {
    this.#receivedBytes = (this.#receivedBytes + lengthBytes) >>> 0;
    this.#unacknowledgedBytes += lengthBytes;
  }

  /** The count to acknowledge now, u32; null where none is due. */
  due(): number | null {
    if (this.#unacknowledgedBytes < this.#windowBytes / 2) return null;
    this.#unacknowledgedBytes = 0;
    return this.#receivedBytes;
  }
}
