// Takes whole HTTP messages off one direction of a connection, as they stand: a head, and a body of the length that the head
// says. What ends by the connection's end, or comes in chunks, is not understood: no tunnel has it. Shares no code with src/.

/** One whole request or reply. */
export type HttpMessage = {
  /** `POST /open/1 HTTP/1.1`, `HTTP/1.1 200 OK` */
  readonly startLine: string;
  /** All of it, to be passed on untouched: a view of what came. */
  readonly bytes: Buffer;
  /** True where it says that the connection ends behind it. */
  readonly isLast: boolean;
};

const HEAD_END = Buffer.from('\r\n\r\n', 'latin1');

/** Reads one direction. */
export class HttpReader {
  #unread: Buffer = Buffer.alloc(0);

  /** True where no message has begun and is not whole. */
  get isBetweenMessages(): boolean {
    return this.#unread.length === 0;
  }

  /** Takes bytes in, however they are cut; gives the messages that are whole with them. */
  receive(bytes: Buffer): HttpMessage[] {
    this.#unread = this.#unread.length === 0 ? bytes : Buffer.concat([this.#unread, bytes]);
    const messages: HttpMessage[] = [];
    for (let message = this.#take(); message !== null; message = this.#take()) messages.push(message);
    return messages;
  }

  #take(): HttpMessage | null {
    const headBytes = this.#unread.indexOf(HEAD_END);
    if (headBytes < 0) return null;
    const [startLine = '', ...lines] = this.#unread.toString('latin1', 0, headBytes).split('\r\n');
    const bodyBytes = Number(headerValue(lines, 'content-length') ?? 0);
    if (!Number.isInteger(bodyBytes)) throw new Error(`a message of no length: ${startLine}`);
    const lengthBytes = headBytes + HEAD_END.length + bodyBytes;
    if (this.#unread.length < lengthBytes) return null;
    const bytes = this.#unread.subarray(0, lengthBytes);
    this.#unread = this.#unread.subarray(lengthBytes);
    const isLast = headerValue(lines, 'connection')?.toLowerCase() === 'close';
    return { startLine, bytes, isLast };
  }
}

function headerValue(lines: readonly string[], name: string): string | null {
  const line = lines.find((text) => text.toLowerCase().startsWith(`${name}:`));
  return line === undefined ? null : line.slice(name.length + 1).trim();
}
