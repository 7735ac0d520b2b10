// Reads HTTP replies as a tunnel's server sends them: status 200 and a Content-Length. Body bytes are handed on as they
// come, without a copy. What else HTTP allows is an error here.

/** Who takes the replies. */
export interface ReplySink {
  /** Some bytes of a body, a view that is valid until the call returns. */
  replyBytes(bytes: Buffer, from: number, to: number): void;
  /** The body is whole. */
  replyEnd(): void;
}

const HEAD_END = '\r\n\r\n';
const CONTENT_LENGTH = /\r\ncontent-length: *(\d+)/i;
const STATUS_OK = 'HTTP/1.1 200';
/** LIMIT: no tunnel has a longer head; whoever sends one is not understood. */
const MAX_HEAD_CHARS = 4096;
/** How much of a reply is looked at for its head at a time; heads of tunnels are shorter. */
const HEAD_STEP_BYTES = 512;

/** Reads one connection's replies. */
export class HttpReplyReader {
  readonly #sink: ReplySink;
  #head = '';
  /** Bytes that are left of the body; null while a head is being read. */
  #leftBytes: number | null = null;

  constructor(sink: ReplySink) {
    this.#sink = sink;
  }

  /** Takes in `bytes[0..lengthBytes)`. */
  receive(bytes: Buffer, lengthBytes: number): void {
    let at = 0;
    while (at < lengthBytes) {
      at =
        this.#leftBytes === null
          ? this.#readHead(bytes, at, lengthBytes)
          : this.#readBody(bytes, at, lengthBytes);
    }
  }

  #readHead(bytes: Buffer, from: number, to: number): number {
    const known = this.#head.length;
    const lookedTo = Math.min(to, from + HEAD_STEP_BYTES);
    const text = this.#head + bytes.toString('latin1', from, lookedTo);
    const end = text.indexOf(HEAD_END);
    if (end < 0) {
      if (text.length > MAX_HEAD_CHARS) throw new Error('a reply with an endless head');
      this.#head = text;
      return lookedTo;
    }
    const head = text.slice(0, end);
    if (!head.startsWith(STATUS_OK)) throw new Error(`a reply that begins ${head.slice(0, 40)}`);
    const [, lengthText] = CONTENT_LENGTH.exec(head) ?? [];
    if (lengthText === undefined) throw new Error('a reply without Content-Length');
    this.#leftBytes = Number(lengthText);
    this.#head = '';
    if (this.#leftBytes === 0) throw new Error('a reply without a body');
    return from + end + HEAD_END.length - known;
  }

  #readBody(bytes: Buffer, from: number, to: number): number {
    const leftBytes = this.#leftBytes ?? 0;
    const end = Math.min(to, from + leftBytes);
    this.#leftBytes = leftBytes - (end - from);
    this.#sink.replyBytes(bytes, from, end);
    if (this.#leftBytes === 0) {
      this.#leftBytes = null;
      this.#sink.replyEnd();
    }
    return end;
  }
}
