// A connection of an emulated client: writes requests exactly as they are given and is read only when the client reads,
// so that a client which does not read fills its socket as the real one does. Readers of replies for clients that use
// an ordinary HTTP library; clients with a parser of their own read the connection themselves.

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { Cleaner } from '../programs.ts';

/** Where a gateway listens. */
export type Address = { readonly host: string; readonly port: number };

/** LIMIT: ms that a client without a time limit of its own waits in a test; nothing here takes so long. */
export const PATIENCE_MS = 8000;

/** LIMIT: bytes of a reply's head, as most libraries have it. */
const MAX_HEAD_BYTES = 16 * 1024;
const HEAD_END = Buffer.from('\r\n\r\n', 'latin1');
const LINE_END = Buffer.from('\r\n', 'latin1');

/** The client's patience is over. */
export class NothingCameError extends Error {
  constructor(limitMs: number) {
    super(`nothing came within ${limitMs} ms, the longest that this client waits`);
  }
}

/** One TCP connection, read by pulling. */
export class RawConnection {
  readonly #socket: Socket;
  #unread: Buffer = Buffer.alloc(0);
  #isEnded = false;
  #lastWrite: Promise<void> = Promise.resolve();

  private constructor(socket: Socket) {
    this.#socket = socket;
    const changed = (): boolean => socket.emit('culvert-changed');
    const ended = (): void => {
      this.#isEnded = true;
      changed();
    };
    socket.on('readable', changed);
    // A reset is an end: `close` follows an error.
    socket.on('end', ended).on('close', ended).on('error', changed);
  }

  /** Connects; `cleaner` ends the connection at the latest. `noDelay` false leaves Nagle's algorithm on. */
  static async open(cleaner: Cleaner, address: Address, noDelay = true): Promise<RawConnection> {
    // WHY: what nobody reads has to stay with the system, so that a close resets as that of the real client does.
    const options = { ...address, noDelay, highWaterMark: 1 };
    const socket = connect(options);
    cleaner.after(() => void socket.destroy());
    await once(socket, 'connect');
    return new RawConnection(socket);
  }

  /** True once the peer has ended it and everything was read. */
  get isOver(): boolean {
    this.#pull();
    return this.#isEnded && this.#unread.length === 0;
  }

  /** True once it is closed, as far as this side knows. */
  get isGone(): boolean {
    return this.#socket.destroyed;
  }

  /** Writes bytes as one piece; does not wait for them to leave. */
  write(bytes: Uint8Array): void {
    this.#lastWrite = new Promise((resolve) => {
      this.#socket.write(bytes, () => resolve());
    });
  }

  /** Resolves when all that was written has left, or the connection is gone. */
  async flushed(): Promise<void> {
    await this.#lastWrite;
  }

  /** What has come and was not taken, at most `maxBytes` of it, without waiting; empty where there is nothing. */
  takeNow(maxBytes: number): Buffer {
    if (this.#unread.length < maxBytes) this.#pull();
    const bytes = this.#unread.subarray(0, maxBytes);
    this.#unread = this.#unread.subarray(bytes.length);
    return bytes;
  }

  /** What has come and was not taken, left where it is. */
  peekNow(): Buffer {
    this.#pull();
    return this.#unread;
  }

  /**
   * Waits for bytes and takes at most `maxBytes` of them, at least one; null where the peer has ended the connection.
   * @throws NothingCameError where nothing came within `limitMs`
   */
  async read(maxBytes: number, limitMs = PATIENCE_MS): Promise<Buffer | null> {
    const bytes = this.takeNow(maxBytes);
    if (bytes.length > 0 || maxBytes === 0) return bytes;
    return (await this.#changed(limitMs)) ? this.takeNow(maxBytes) : null;
  }

  /** Takes exactly `lengthBytes`, waiting at most `limitMs` for each piece. @throws Error at the connection's end */
  async readExactly(lengthBytes: number, limitMs = PATIENCE_MS): Promise<Buffer> {
    const parts: Buffer[] = [];
    for (let missingBytes = lengthBytes; missingBytes > 0; ) {
      const part = await this.read(missingBytes, limitMs);
      if (part === null) {
        throw new Error(`the connection ended ${missingBytes} bytes before the end of ${lengthBytes}`);
      }
      parts.push(part);
      missingBytes -= part.length;
    }
    return Buffer.concat(parts);
  }

  /** Takes all up to and with `mark`, at most `maxBytes`; empty where the connection ends before a first byte. */
  async readThrough(mark: Buffer, maxBytes: number, limitMs = PATIENCE_MS): Promise<Buffer> {
    for (;;) {
      const unread = this.peekNow();
      const at = unread.indexOf(mark);
      if (at >= 0) return this.takeNow(at + mark.length);
      if (unread.length > maxBytes)
        throw new Error(`${unread.length} bytes without the end that was looked for`);
      if (await this.#changed(limitMs)) continue;
      if (unread.length === 0) return unread;
      throw new Error(
        `the connection ended behind ${JSON.stringify(unread.toString('latin1').slice(0, 200))}`,
      );
    }
  }

  /** Ends it when what was written has left; what the peer says is not read any more. */
  end(): void {
    this.#socket.destroySoon();
  }

  /** Ends it at once, as a killed process does. */
  kill(): void {
    this.#socket.resetAndDestroy();
  }

  #pull(): void {
    const part: unknown = this.#socket.read();
    if (Buffer.isBuffer(part)) this.#unread = Buffer.concat([this.#unread, part]);
  }

  /** Waits for more bytes than there are: true when they are there, false at the connection's end. */
  #changed(limitMs: number): Promise<boolean> {
    const hadBytes = this.#unread.length;
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        clearTimeout(limit);
        this.#socket.off('culvert-changed', look);
      };
      const look = (): void => {
        this.#pull();
        if (this.#unread.length === hadBytes && !this.#isEnded) return;
        settle();
        resolve(this.#unread.length > hadBytes);
      };
      const limit = setTimeout(() => {
        settle();
        reject(new NothingCameError(limitMs));
      }, limitMs);
      this.#socket.on('culvert-changed', look);
      look();
    });
  }
}

/** A request: its first line, its header lines in order, all without line ends, and its body; one buffer. */
export function requestBytes(
  requestLine: string,
  headerLines: readonly string[],
  body: Uint8Array = Buffer.alloc(0),
): Buffer {
  const head = [requestLine, ...headerLines, '', ''].join('\r\n');
  return Buffer.concat([Buffer.from(head, 'latin1'), body]);
}

/** The head of a reply as it came. */
export type ReplyHead = {
  readonly statusLine: string;
  /** `HTTP/1.1` */
  readonly version: string;
  readonly statusCode: number;
  /** `Content-Length: 1` and so on, in order. */
  readonly headerLines: readonly string[];
};

/** A whole reply. */
export type HttpReply = ReplyHead & { readonly body: Buffer };

/** The value of the first header of this name, in any case, trimmed; null where there is none. */
export function headerOf(head: ReplyHead, name: string): string | null {
  const start = `${name.toLowerCase()}:`;
  const line = head.headerLines.find((text) => text.toLowerCase().startsWith(start));
  return line === undefined ? null : line.slice(start.length).trim();
}

/** Reads the head of the next reply; null where the connection ends before it. */
export async function readReplyHead(
  connection: RawConnection,
  limitMs = PATIENCE_MS,
): Promise<ReplyHead | null> {
  const bytes = await connection.readThrough(HEAD_END, MAX_HEAD_BYTES, limitMs);
  if (bytes.length === 0) return null;
  const [statusLine = '', ...headerLines] = bytes.toString('latin1').trimEnd().split('\r\n');
  const [, version, status] = /^(HTTP\/\d\.\d) (\d{3})/.exec(statusLine) ?? [];
  if (version === undefined) throw new Error(`came ${JSON.stringify(statusLine)}; needed a status line`);
  return { statusLine, version, statusCode: Number(status), headerLines };
}

/** Reads the body that belongs to `head` as an HTTP library does: chunked, by its length, or to the connection's end. */
export async function readReplyBody(
  connection: RawConnection,
  head: ReplyHead,
  limitMs = PATIENCE_MS,
): Promise<Buffer> {
  if (headerOf(head, 'Transfer-Encoding')?.toLowerCase() === 'chunked') {
    return readChunkedBody(connection, limitMs);
  }
  const length = headerOf(head, 'Content-Length');
  if (length !== null) return connection.readExactly(Number(length), limitMs);
  const parts: Buffer[] = [];
  for (;;) {
    const part = await connection.read(65_536, limitMs);
    if (part === null) return Buffer.concat(parts);
    parts.push(part);
  }
}

/** Reads the next whole reply as an HTTP library does. @throws Error where the connection ends before it, or in it */
export async function readReply(connection: RawConnection, limitMs = PATIENCE_MS): Promise<HttpReply> {
  const head = await readReplyHead(connection, limitMs);
  if (head === null) throw new Error('the connection ended where a reply was needed');
  return { ...head, body: await readReplyBody(connection, head, limitMs) };
}

async function readChunkedBody(connection: RawConnection, limitMs: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  for (;;) {
    const line = await connection.readThrough(LINE_END, MAX_HEAD_BYTES, limitMs);
    const lengthBytes = Number.parseInt(line.toString('latin1'), 16);
    parts.push(await connection.readExactly(lengthBytes, limitMs));
    await connection.readExactly(LINE_END.length, limitMs);
    if (lengthBytes === 0) return Buffer.concat(parts);
  }
}
