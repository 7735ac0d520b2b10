// RootEncoder's tunnelled socket (Android), read from its source: a connection for each request, a reply with more than
// one byte overwrites what was not read yet, reads poll without a pause and give up after five seconds in all, media
// waits for its eleventh message. Heads are those of Android's HttpURLConnection.

import type { Cleaner } from '../programs.ts';
import { type Address, type HttpReply, RawConnection, readReply, requestBytes } from './raw-http.ts';

/** Its limit for a connection, for the pieces of a reply, and for all idles of one read, ms. */
const LIMIT_MS = 5000;
const STORED_MESSAGES = 10;
const STATUS_OK = 200;
const ZERO = Buffer.of(0);
const NOTHING = Buffer.alloc(0);

/** Bytes in and out of one session, as the rest of RootEncoder sees them. */
export class RootEncoderSocket {
  /** Connections so far, one for each request. */
  connectionCount = 0;
  readonly #cleaner: Cleaner;
  readonly #address: Address;
  readonly #limitMs: number;
  #sessionId = '';
  #index = 0;
  #output: Buffer[] = [];
  #input: Buffer = NOTHING;
  #overwrittenBytes = 0;
  #storedMessages = 0;
  #isConnected = false;
  // Its requests but the last one are under one lock.
  #lock: Promise<unknown> = Promise.resolve();

  /** `limitMs` is for tests that do not wait for five seconds. */
  constructor(cleaner: Cleaner, address: Address, limitMs = LIMIT_MS) {
    this.#cleaner = cleaner;
    this.#address = address;
    this.#limitMs = limitMs;
  }

  /** Opens the session. The answer to the ident is taken for input where it is a 200. */
  async connect(): Promise<void> {
    await this.#requestWrite('fcs/ident2', ZERO).catch(() => null);
    const { body } = await this.#requestRead('open/1');
    this.#sessionId = body.toString('utf8').trim();
    if (this.#sessionId === '') throw new Error('came an empty body; needed a session id');
    await this.#requestWrite(`idle/${this.#sessionId}/${this.#index}`, ZERO);
    this.#isConnected = true;
  }

  /** Puts bytes behind those that wait for a flush. */
  write(bytes: Uint8Array): void {
    this.#output.push(Buffer.from(bytes));
  }

  /** Sends what was written; where a media message is behind it, only with each eleventh of them. */
  async flush(isMedia = false): Promise<void> {
    if (isMedia && this.#storedMessages < STORED_MESSAGES) {
      this.#storedMessages++;
      return;
    }
    if (!this.#isConnected) return;
    await this.#locked(async () => {
      const body = Buffer.concat(this.#output.splice(0));
      await this.#requestWrite(`send/${this.#sessionId}/${++this.#index}`, body);
    });
    this.#storedMessages = 0;
  }

  /** Takes exactly so many bytes. They must be in one reply where any of them is. */
  async read(lengthBytes: number): Promise<Buffer> {
    if (this.#input.length < lengthBytes) await this.#locked(() => this.#poll());
    if (this.#input.length < lengthBytes) {
      const found = `came ${this.#input.length} of ${lengthBytes} bytes in one reply`;
      throw new Error(`End of stream: ${found}; needed the whole message`);
    }
    const bytes = this.#input.subarray(0, lengthBytes);
    this.#input = this.#input.subarray(lengthBytes);
    return bytes;
  }

  /** Posts /close without a number, in a thread of its own; resolves when it is answered. */
  async close(): Promise<void> {
    this.#isConnected = false;
    await this.#locked(() => this.#requestWrite(`close/${this.#sessionId}`, ZERO));
  }

  /** Polls until a reply has more than one byte of RTMP: fewer are lost with the next one. */
  async #poll(): Promise<void> {
    const startedMs = performance.now();
    while (this.#input.length <= 1 && this.#isConnected) {
      const { body } = await this.#requestRead(`idle/${this.#sessionId}/${++this.#index}`);
      this.#overwrittenBytes += this.#input.length;
      this.#input = body.subarray(1);
      if (performance.now() - startedMs < this.#limitMs) continue;
      throw new Error(
        `couldn't receive a valid packet: nothing came within ${this.#limitMs} ms of idles; ` +
          `replies have overwritten ${this.#overwrittenBytes} bytes that were not read`,
      );
    }
  }

  async #requestWrite(path: string, body: Uint8Array): Promise<void> {
    const reply = await this.#request(path, body);
    if (reply.body.length <= 1) return;
    this.#overwrittenBytes += this.#input.length;
    this.#input = reply.body.subarray(1);
  }

  /** Its body stays empty. */
  #requestRead(path: string): Promise<HttpReply> {
    return this.#request(path, NOTHING);
  }

  async #request(path: string, body: Uint8Array): Promise<HttpReply> {
    const connection = await RawConnection.open(this.#cleaner, this.#address);
    this.connectionCount++;
    const headerLines = [
      'Content-Type: application/x-fcs',
      'User-Agent: Shockwave Flash',
      `Host: ${this.#address.host}:${this.#address.port}`,
      'Connection: Keep-Alive',
      'Accept-Encoding: gzip',
      `Content-Length: ${body.length}`,
    ];
    try {
      connection.write(requestBytes(`POST /${path} HTTP/1.1`, headerLines, body));
      const reply = await readReply(connection, this.#limitMs);
      if (reply.statusCode !== STATUS_OK) {
        throw new Error(
          `came ${reply.statusLine} to /${path.split('/')[0]}; needed 200, or the pipe is broken`,
        );
      }
      return reply;
    } finally {
      connection.end();
    }
  }

  async #locked<Result>(act: () => Promise<Result>): Promise<Result> {
    const result = this.#lock.then(act);
    this.#lock = result.catch(() => null);
    return result;
  }
}
