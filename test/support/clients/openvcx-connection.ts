// The tunnel's half of OpenVCX (VSX), read from its source: one keep-alive connection, requests that do not wait for
// the answers before them, reads of exactly as many bytes as are needed. The ident has to be 404 without a body, the id
// is read as a decimal number, a body must not be empty, and what comes behind a reply in one read of its buffer is lost.

import type { Cleaner } from '../programs.ts';
import { type Address, RawConnection } from './raw-http.ts';

/** Time between two idles in a row that bring nothing, at least, ms. */
const IDLE_STEP_MS = 500;
/** Its buffer while it looks for a head, bytes: larger while it opens the session. */
const SETUP_BUFFER_BYTES = 4096;
const BUFFER_BYTES = 2048;
const HEAD_END = '\r\n\r\n';
const MAX_ID = 2n ** 63n - 1n;
const ZERO = Buffer.of(0);
const NOTHING = Buffer.alloc(0);

/** One session. */
export class OpenVcxConnection {
  readonly #connection: RawConnection;
  readonly #address: Address;
  #sessionId = 0n;
  #sequenceNumber = 0;
  #pendingRequests = 0;
  /** What of the buffer is behind the head of the reply that is being read. */
  #buffered: Buffer = NOTHING;
  #bodyLeftBytes = 0;
  #queued: Buffer[] = [];
  #lastIdleMs = 0;

  private constructor(connection: RawConnection, address: Address) {
    this.#connection = connection;
    this.#address = address;
  }

  /** Asks for the ident, opens the session and sends a first idle. */
  static async open(cleaner: Cleaner, address: Address): Promise<OpenVcxConnection> {
    const opened = new OpenVcxConnection(await RawConnection.open(cleaner, address), address);
    const { statusCode } = await opened.#setUp('/fcs/ident2');
    if (statusCode !== 404) throw new Error(`RTMPT expecting 404 to /fcs/ident2 but got ${statusCode}`);
    const open = await opened.#setUp('/open/1');
    if (open.statusCode !== 200) throw new Error(`RTMPT got ${open.statusCode} response to /open/1`);
    opened.#sessionId = decimalId(open.body.toString('latin1'));
    if (opened.#sessionId === 0n) {
      const text = JSON.stringify(open.body.toString('latin1'));
      throw new Error(`RTMPT got invalid session id ${text}; needed a decimal number but 0`);
    }
    opened.#lastIdleMs = performance.now();
    const idle = await opened.#setUp(opened.#pathOf('idle'));
    if (idle.statusCode !== 200) throw new Error(`RTMPT got ${idle.statusCode} response to the first idle`);
    return opened;
  }

  /** Keeps bytes for the next `send`, which takes them along. */
  queue(bytes: Uint8Array): void {
    this.#queued.push(Buffer.from(bytes));
  }

  /** Posts bytes at once, whatever is still to be answered. */
  send(bytes: Uint8Array): void {
    const body = Buffer.concat([...this.#queued.splice(0), bytes]);
    this.#post(this.#pathOf('send'), body);
    this.#pendingRequests++;
  }

  /** Takes exactly so many bytes of RTMP: out of the replies that are due, and out of idles behind them. */
  async read(lengthBytes: number): Promise<Buffer> {
    const parts: Buffer[] = [];
    let wasEmpty = false;
    for (let missingBytes = lengthBytes; missingBytes > 0; ) {
      if (this.#bodyLeftBytes === 0) wasEmpty = (await this.#nextReply(wasEmpty)) === 1;
      const part = await this.#takeBody(missingBytes);
      missingBytes -= part.length;
      parts.push(part);
    }
    return Buffer.concat(parts);
  }

  /** Ends the connection; it knows no /close. */
  end(): void {
    this.#connection.end();
  }

  /** Reads a head and the polling byte behind it, and asks for them where nothing is due; gives the body's length. */
  async #nextReply(wasEmpty: boolean): Promise<number> {
    if (this.#pendingRequests === 0) {
      const waitMs = this.#lastIdleMs + IDLE_STEP_MS - performance.now();
      if (wasEmpty && waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
      this.#lastIdleMs = performance.now();
      this.#post(this.#pathOf('idle'), ZERO);
      this.#pendingRequests++;
    }
    const { statusCode, lengthBytes } = await this.#readHead(BUFFER_BYTES);
    if (statusCode < 200 || statusCode >= 400)
      throw new Error(`RTMPT Error Status code ${statusCode}; needed 200`);
    if (lengthBytes <= 0) throw new Error('Content-Length not found in response; needed one above 0');
    this.#pendingRequests--;
    this.#bodyLeftBytes = lengthBytes;
    await this.#takeBody(1);
    return lengthBytes;
  }

  async #setUp(path: string): Promise<{ statusCode: number; body: Buffer }> {
    this.#post(path, ZERO);
    const { statusCode, lengthBytes } = await this.#readHead(SETUP_BUFFER_BYTES);
    // Of an error it reads the head alone: a body would stand in front of the next one.
    if (statusCode < 200 || statusCode >= 400) return { statusCode, body: NOTHING };
    this.#bodyLeftBytes = lengthBytes;
    const parts: Buffer[] = [];
    while (this.#bodyLeftBytes > 0) parts.push(await this.#takeBody(this.#bodyLeftBytes));
    return { statusCode, body: Buffer.concat(parts) };
  }

  async #takeBody(maxBytes: number): Promise<Buffer> {
    const wantedBytes = Math.min(maxBytes, this.#bodyLeftBytes);
    const part =
      this.#buffered.length > 0
        ? this.#buffered.subarray(0, wantedBytes)
        : await this.#connection.readExactly(wantedBytes);
    this.#buffered = this.#buffered.subarray(part.length);
    this.#bodyLeftBytes -= part.length;
    return part;
  }

  async #readHead(bufferBytes: number): Promise<{ statusCode: number; lengthBytes: number }> {
    if (this.#buffered.length > 0) {
      const text = JSON.stringify(this.#buffered.toString('latin1', 0, 40));
      throw new Error(
        `came ${this.#buffered.length} bytes behind a reply in one read, which are lost: ${text}`,
      );
    }
    let buffer: Buffer = NOTHING;
    while (!buffer.includes(HEAD_END)) {
      if (buffer.length === bufferBytes) throw new Error(`came a head of more than ${bufferBytes} bytes`);
      const part = await this.#connection.read(bufferBytes - buffer.length);
      if (part === null) throw new Error('Failed to read RTMPT response headers: the connection ended');
      buffer = Buffer.concat([buffer, part]);
    }
    const headBytes = buffer.indexOf(HEAD_END) + HEAD_END.length;
    this.#buffered = buffer.subarray(headBytes);
    const head = buffer.toString('latin1', 0, headBytes);
    const [, status = '0'] = /^\S+ +(\d+)/.exec(head) ?? [];
    const [, length = '0'] = /\r\nContent-Length: *(\d+)/i.exec(head) ?? [];
    return { statusCode: Number(status), lengthBytes: Number(length) };
  }

  #pathOf(verb: string): string {
    return `/${verb}/${this.#sessionId}/${this.#sequenceNumber++}`;
  }

  /** Head and body are two writes. */
  #post(path: string, body: Buffer): void {
    const headerLines = [
      `POST ${path} HTTP/1.1`,
      `Host: ${this.#address.host}:${this.#address.port}`,
      'User-Agent: Shockwave Flash',
      'Content-Type: application/x-fcs',
      'Accept: */*',
      `Content-Length: ${body.length}`,
      'Connection: Keep-Alive',
    ];
    this.#connection.write(Buffer.from(`${headerLines.join('\r\n')}${HEAD_END}`, 'latin1'));
    this.#connection.write(body);
  }
}

/** What C's atoll makes of it: the digits that it begins with, 0 where it begins with none. */
function decimalId(text: string): bigint {
  const [, digits] = /^\s*(\d+)/.exec(text) ?? [];
  const id = BigInt(digits ?? '0');
  return id > MAX_ID ? MAX_ID : id;
}
