// When to acknowledge received bytes: at half of the window, whether or not the peer ever announced one, for
// encoders exist that stop without acks and never say so. [RTMP 5.4.3, 5.4.4]

/** LIMIT: a window under this is treated as this: a window of 1 byte must not make an ack for every byte. */
const MIN_ACK_WINDOW_BYTES = 8 * 1024;

/** Counts received bytes and says when an acknowledgement is due. */
export class AckCounter {
  #windowBytes: number;
  /** All bytes received, u32: wraps mod 2^32. */
  #receivedBytes = 0;
  #unacknowledgedBytes = 0;

  constructor(windowBytes: number) {
    this.#windowBytes = Math.max(windowBytes, MIN_ACK_WINDOW_BYTES);
  }

  /** The peer announced its window; 0 is ignored. */
  setWindow(windowBytes: number): void {
    if (windowBytes > 0) this.#windowBytes = Math.max(windowBytes, MIN_ACK_WINDOW_BYTES);
  }

  /** Counts bytes that were received. */
  received(lengthBytes: number): void {
    this.#receivedBytes = (this.#receivedBytes + lengthBytes) >>> 0;
    this.#unacknowledgedBytes += lengthBytes;
  }

  /** Payload of the Acknowledgement that is due now, or null. */
  due(): Uint8Array | null {
    if (this.#unacknowledgedBytes < this.#windowBytes / 2) return null;
    this.#unacknowledgedBytes = 0;
    const payload = new Uint8Array(4);
    new DataView(payload.buffer).setUint32(0, this.#receivedBytes);
    return payload;
  }
}
