// Reads whatever HTTP replies a server sends to requests that it may refuse: any status, with a body or without one, and
// whether the connection ends behind it. What is no HTTP reply is an error here.

/** One reply. */
export type AnyReply = {
  readonly statusCode: number;
  /** A character for each byte. */
  readonly body: string;
  /** True where it says that the connection ends behind it. */
  readonly isLast: boolean;
};

const HEAD_END = '\r\n\r\n';
const STATUS_LINE = /^HTTP\/1\.1 (\d{3}) /;
const CONTENT_LENGTH = /\r\ncontent-length: *(\d+)/i;
const LAST = /\r\nconnection: *close/i;
/** LIMIT: no reply that is expected here has a longer head. */
const MAX_HEAD_CHARS = 4096;

/** Reads one connection's replies. */
export class AnyReplyReader {
  #text = '';

  /** Takes in `bytes[0..lengthBytes)` and gives the replies that are whole with them. @throws Error where there is no reply */
  receive(bytes: Buffer, lengthBytes: number): AnyReply[] {
    this.#text += bytes.toString('latin1', 0, lengthBytes);
    const replies: AnyReply[] = [];
    let from = 0;
    while (from < this.#text.length) {
      const headEnd = this.#text.indexOf(HEAD_END, from);
      if (headEnd < 0) {
        if (this.#text.length - from > MAX_HEAD_CHARS) throw new Error('a reply with an endless head');
        break;
      }
      const head = this.#text.slice(from, headEnd);
      const [, statusCode] = STATUS_LINE.exec(head) ?? [];
      if (statusCode === undefined)
        throw new Error(`a reply that begins ${JSON.stringify(head.slice(0, 40))}`);
      const bodyFrom = headEnd + HEAD_END.length;
      const bodyTo = bodyFrom + Number(CONTENT_LENGTH.exec(head)?.[1] ?? 0);
      if (bodyTo > this.#text.length) break;
      replies.push({
        statusCode: Number(statusCode),
        body: this.#text.slice(bodyFrom, bodyTo),
        isLast: LAST.test(head),
      });
      from = bodyTo;
    }
    if (from > 0) this.#text = this.#text.slice(from);
    return replies;
  }
}
