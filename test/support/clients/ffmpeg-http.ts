// FFmpeg's HTTP as its tunnel uses it: one connection that is kept, one request at a time, the head read line by line and
// the body when the caller wants it. It knows no time limit. Redirects and authentication, which FFmpeg follows, are not
// here: the tunnel gives none.

import type { Cleaner } from '../programs.ts';
import {
  type Address,
  headerOf,
  RawConnection,
  type ReplyHead,
  readReplyHead,
  requestBytes,
} from './raw-http.ts';

const LINE_END = Buffer.from('\r\n', 'latin1');
/** LIMIT: characters of the line in front of a chunk. */
const MAX_CHUNK_LINE_BYTES = 64;

/** A status of 400 and more: FFmpeg gives the connection up, and the request counts as not sent. */
export class HttpStatusError extends Error {
  readonly statusCode: number;

  constructor(statusCode: number, path: string) {
    super(`came status ${statusCode} for ${path}; FFmpeg needs 200`);
    this.statusCode = statusCode;
  }
}

/** How the end of a body is told: by its length, by its chunks, by the connection's end; or it is over. */
type BodyKind = 'length' | 'chunked' | 'to the end' | 'over';

/** One HTTP context of FFmpeg. */
export class FfmpegHttp {
  readonly #cleaner: Cleaner;
  readonly #address: Address;
  #connection: RawConnection | null = null;
  #bodyKind: BodyKind = 'over';
  /** Bytes left of the body, or of its chunk. */
  #leftBytes = 0;
  #willClose = false;
  /** Connections opened so far. */
  connectionCount = 0;
  /** The paths of all requests, in order. */
  readonly requestPaths: string[] = [];

  constructor(cleaner: Cleaner, address: Address) {
    this.#cleaner = cleaner;
    this.#address = address;
  }

  /**
   * Sends a request on the connection there is, or a new one where an error closed it, and reads the reply's head.
   * @throws HttpStatusError at 400 and above; Error where the server has said that it closes, or did
   */
  async post(path: string, body: Uint8Array): Promise<void> {
    if (this.#willClose) {
      throw new Error('came Connection: close or HTTP/1.0 before; FFmpeg takes it for the end of file');
    }
    this.#connection ??= await this.#connect();
    this.requestPaths.push(path);
    // WHY: two writes with Nagle's algorithm on: the body leaves when the head was acknowledged, 40 ms later.
    this.#connection.write(this.#head(path, body.length));
    this.#connection.write(body);
    const head = await readReplyHead(this.#connection);
    if (head === null) throw new Error(`the connection ended where the reply to ${path} was needed`);
    this.#take(head, path);
  }

  /** Takes at most `maxBytes` of the body of the last reply, waiting for at least one; null at its end. */
  async read(maxBytes: number): Promise<Buffer | null> {
    const connection = this.#connection;
    if (connection === null || this.#bodyKind === 'over') return null;
    if (this.#bodyKind === 'to the end') return connection.read(maxBytes);
    if (this.#leftBytes === 0 && !(await this.#beginChunk(connection))) {
      this.#bodyKind = 'over';
      return null;
    }
    const bytes = await connection.read(Math.min(maxBytes, this.#leftBytes));
    if (bytes === null)
      throw new Error(`the connection ended ${this.#leftBytes} bytes before the body's end`);
    this.#leftBytes -= bytes.length;
    if (this.#bodyKind === 'chunked' && this.#leftBytes === 0) await connection.readExactly(LINE_END.length);
    return bytes;
  }

  /** Closes the connection. */
  close(): void {
    this.#connection?.end();
    this.#connection = null;
    this.#bodyKind = 'over';
  }

  async #connect(): Promise<RawConnection> {
    this.connectionCount++;
    return RawConnection.open(this.#cleaner, this.#address, false);
  }

  #head(path: string, bodyBytes: number): Buffer {
    return requestBytes(`POST ${path} HTTP/1.1`, [
      'Accept: */*',
      'Connection: keep-alive',
      `Host: ${this.#address.host}:${this.#address.port}`,
      `Content-Length: ${bodyBytes}`,
      'Icy-MetaData: 1',
      'Cache-Control: no-cache',
      'Content-type: application/x-fcs',
      'User-Agent: Shockwave Flash',
    ]);
  }

  #take(head: ReplyHead, path: string): void {
    if (head.statusCode >= 400) {
      this.close();
      throw new HttpStatusError(head.statusCode, path);
    }
    this.#willClose = head.version === 'HTTP/1.0' || headerOf(head, 'Connection') === 'close';
    const length = headerOf(head, 'Content-Length');
    const isChunked = headerOf(head, 'Transfer-Encoding')?.toLowerCase() === 'chunked';
    this.#leftBytes = isChunked ? 0 : Number(length ?? 0);
    if (isChunked) this.#bodyKind = 'chunked';
    else this.#bodyKind = length === null ? 'to the end' : 'length';
  }

  /** Reads the length of the next chunk; false where the body is over. */
  async #beginChunk(connection: RawConnection): Promise<boolean> {
    if (this.#bodyKind === 'length') return false;
    const line = await connection.readThrough(LINE_END, MAX_CHUNK_LINE_BYTES);
    this.#leftBytes = Number.parseInt(line.toString('latin1'), 16);
    if (this.#leftBytes === 0) await connection.readExactly(LINE_END.length);
    return this.#leftBytes > 0;
  }
}
