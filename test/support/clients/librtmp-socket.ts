// librtmp's HTTP, line for line where it matters: requests go out without waiting for replies, and replies are taken apart
// in a buffer of 16,383 bytes that is not moved up, by text searches that care for case and place. [RTMPT-NOTE 2]
//
//   buffer  0 .. start .. start + size .. 16,383
//           used up  unread            free: what a read may bring; where it is 0 bytes, the peer counts as gone

import type { Cleaner } from '../programs.ts';
import { type Address, NothingCameError, RawConnection, requestBytes } from './raw-http.ts';

/** LIMIT: bytes that librtmp receives into. */
const BUFFER_BYTES = 16_383;
/** LIMIT: bytes of a request's head; what is longer is cut and goes out with what lies behind it in memory. */
const MAX_HEAD_BYTES = 511;
const STATUS_START = 'HTTP/1.1 200 ';
const ONE_ZERO = Buffer.of(0);

/** One socket of librtmp with its buffer. What breaks the real one throws; the caller then closes. */
export class LibrtmpSocket {
  readonly #connection: RawConnection;
  readonly #address: Address;
  readonly #timeoutMs: number;
  readonly #buffer: Buffer = Buffer.alloc(BUFFER_BYTES);
  #start = 0;
  #sizeBytes = 0;
  /** Bytes of the reply that are left; -1 where it had no body. */
  #replyLeftBytes = 0;
  #unansweredCount = 0;
  #clientId: string | null = null;
  #nextNumber = 1;
  /** The paths of all requests, in order. */
  readonly requestPaths: string[] = [];
  /** The most requests that were without a reply at one time. */
  mostUnanswered = 0;

  private constructor(connection: RawConnection, address: Address, timeoutMs: number) {
    this.#connection = connection;
    this.#address = address;
    this.#timeoutMs = timeoutMs;
  }

  /** Connects and opens a session; what comes behind the id in the same read is lost. */
  static async open(cleaner: Cleaner, address: Address, timeoutMs: number): Promise<LibrtmpSocket> {
    const socket = new LibrtmpSocket(await RawConnection.open(cleaner, address), address, timeoutMs);
    try {
      await socket.#open();
    } catch (error) {
      socket.close();
      throw error;
    }
    return socket;
  }

  /** What stands behind `/open` and the like in the paths: a slash and the session's id. */
  get clientId(): string {
    return this.#clientId ?? '';
  }

  /** True once the connection is gone, as far as writing has shown. */
  get isGone(): boolean {
    return this.#connection.isGone;
  }

  /** Posts at once, whatever has no reply yet. */
  send(body: Uint8Array): void {
    this.#post('send', body);
  }

  /** Resolves when what was posted has left: librtmp's sends block. */
  async flushed(): Promise<void> {
    await this.#connection.flushed();
  }

  /**
   * Reads at least one byte of RTMP and at most `maxBytes`, posting an idle where no reply is outstanding.
   * @throws Error where librtmp takes the connection for ended, or its time is over
   */
  async read(maxBytes: number): Promise<Buffer> {
    for (let needsMore = false; this.#replyLeftBytes === 0; ) {
      if (this.#sizeBytes < STATUS_START.length || needsMore) {
        if (this.#unansweredCount === 0) this.#post('idle', ONE_ZERO);
        if ((await this.#fill()) < 1) throw new Error(this.#leftText());
      }
      needsMore = !this.#readReply();
    }
    if (this.#sizeBytes === 0) await this.#fill();
    const lengthBytes = Math.min(maxBytes, this.#sizeBytes, this.#replyLeftBytes);
    if (lengthBytes < 1) {
      throw new Error(
        `read ${lengthBytes} bytes of a reply with ${this.#replyLeftBytes} left; socket closed by peer`,
      );
    }
    this.#replyLeftBytes -= lengthBytes;
    return this.#consume(lengthBytes);
  }

  /** Posts the end and closes, without a look at any reply. */
  close(): void {
    if (this.#clientId !== null) this.#post('close', ONE_ZERO);
    this.#clientId = null;
    this.#connection.end();
  }

  async #open(): Promise<void> {
    this.#post('open', ONE_ZERO);
    do {
      if ((await this.#fill()) < 1) throw new Error('the peer left without an id; librtmp spins for ever');
    } while (!this.#readReply());
    this.#nextNumber = 0;
  }

  #post(command: 'open' | 'send' | 'idle' | 'close', body: Uint8Array): void {
    const { host, port } = this.#address;
    const path = `/${command}${this.#clientId ?? ''}/${this.#nextNumber++}`;
    const head = requestBytes(`POST ${path} HTTP/1.1`, [
      `Host: ${host}:${port}`,
      'Accept: */*',
      'User-Agent: Shockwave Flash',
      'Connection: Keep-Alive',
      'Cache-Control: no-cache',
      'Content-type: application/x-fcs',
      `Content-length: ${body.length}`,
    ]);
    if (head.length > MAX_HEAD_BYTES) throw new Error(`a head of ${head.length} bytes; librtmp has 511`);
    this.requestPaths.push(path);
    this.#connection.write(head);
    this.#connection.write(body);
    this.#unansweredCount++;
    this.mostUnanswered = Math.max(this.mostUnanswered, this.#unansweredCount);
  }

  /** One recv into what is free of the buffer: its bytes, or 0 where the peer left, the time is over or nothing is free. */
  async #fill(): Promise<number> {
    if (this.#sizeBytes === 0) this.#start = 0;
    const end = this.#start + this.#sizeBytes;
    if (end === BUFFER_BYTES) return 0;
    const bytes = await this.#receive(BUFFER_BYTES - end);
    if (bytes === null) return 0;
    this.#buffer.set(bytes, end);
    this.#sizeBytes += bytes.length;
    return bytes.length;
  }

  async #receive(maxBytes: number): Promise<Buffer | null> {
    try {
      return await this.#connection.read(maxBytes, this.#timeoutMs);
    } catch (error) {
      if (!(error instanceof NothingCameError)) throw error;
      throw new Error(`failed to read RTMP packet header: ${error.message}`, { cause: error });
    }
  }

  /** Takes a reply's head off the buffer; false where more of it is needed. @throws Error where librtmp does not know it */
  #readReply(): boolean {
    const unread = this.#buffer.toString('latin1', this.#start, this.#start + this.#sizeBytes);
    if (unread.length < STATUS_START.length) return false;
    if (!unread.startsWith(STATUS_START)) {
      throw new Error(
        `came ${JSON.stringify(unread.slice(0, 40))}; librtmp needs ${JSON.stringify(STATUS_START)}`,
      );
    }
    // Texts are searched up to the first zero, as strstr does.
    const text = unread.includes('\0') ? unread.slice(0, unread.indexOf('\0')) : unread;
    if (!text.includes('\r\n\r\n')) return false;
    const at = lengthHeaderAt(text);
    const bodyAt = at < 0 ? -1 : text.indexOf('\r\n\r\n', at + 16);
    if (bodyAt < 0)
      throw new Error(`came a head without "Content-Length: ": ${JSON.stringify(text.slice(0, 200))}`);
    const lengthBytes = Number(/^\s*(\d+)/.exec(text.slice(at + 16))?.[1] ?? 0);
    const headBytes = bodyAt + 4;
    if (headBytes + (this.#clientId === null ? lengthBytes : 1) > this.#sizeBytes) return false;
    this.#consume(headBytes);
    this.#unansweredCount--;
    if (this.#clientId === null) this.#takeId(lengthBytes);
    else this.#takePollingByte(lengthBytes);
    return true;
  }

  /** The body without its last byte, whatever that is. */
  #takeId(lengthBytes: number): void {
    if (lengthBytes < 1)
      throw new Error('came an empty body for /open/1; librtmp needs an id and a byte more');
    const id = this.#buffer.toString('latin1', this.#start, this.#start + lengthBytes - 1);
    this.#clientId = `/${id}`;
    this.#sizeBytes = 0;
  }

  #takePollingByte(lengthBytes: number): void {
    this.#consume(1);
    this.#replyLeftBytes = lengthBytes - 1;
  }

  #consume(lengthBytes: number): Buffer {
    const bytes = Buffer.from(this.#buffer.subarray(this.#start, this.#start + lengthBytes));
    this.#start += lengthBytes;
    this.#sizeBytes -= lengthBytes;
    return bytes;
  }

  #leftText(): string {
    const isFull = this.#start + this.#sizeBytes === BUFFER_BYTES;
    if (!isFull) return 'the peer ended the connection; librtmp does not connect anew';
    return `a reply's head does not fit behind byte ${this.#start} of librtmp's ${BUFFER_BYTES}; it takes that for the end`;
  }
}

/** Where a text `Content-` stands, in just this case, with `length:` behind it in any; -1 where nowhere. */
function lengthHeaderAt(text: string): number {
  for (let at = text.indexOf('Content-', 13); at >= 0; at = text.indexOf('Content-', at + 8)) {
    if (text.slice(at + 8, at + 15).toLowerCase() === 'length:') return at;
  }
  return -1;
}
