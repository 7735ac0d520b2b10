// FFmpeg's tunnel: what is written waits in a buffer until something is read and the last reply is used up; then it leaves
// as one /send, or an /idle asks, 50 ms after a reply that brought nothing. The first byte of a reply is read and ignored.
// A request that failed keeps its body: it leaves again with the next one. [RTMPT-NOTE 10]

import { type Cleaner, sleep } from '../programs.ts';
import { FfmpegHttp } from './ffmpeg-http.ts';
import type { Address } from './raw-http.ts';

/** LIMIT: bytes of the answer to /open, from which on FFmpeg fails: its buffer of 64 must not become full. */
const SESSION_ID_BUFFER_BYTES = 64;
const PAUSE_MS = 50;
const ONE_ZERO = Buffer.of(0);

/** One tunnel of FFmpeg. */
export class FfmpegTunnel {
  readonly #http: FfmpegHttp;
  #output: Buffer[] = [];
  #sessionId = '';
  #nextNumber = 0;
  #isFinishing = false;
  #isClosed = false;
  #bytesSinceRequest = 0;
  /** What went wrong when it closed; FFmpeg does not look at it. */
  closeFailure: unknown = null;

  private constructor(http: FfmpegHttp) {
    this.#http = http;
  }

  /** Opens a session. @throws Error where its id does not fit FFmpeg's buffer */
  static async open(cleaner: Cleaner, address: Address): Promise<FfmpegTunnel> {
    const http = new FfmpegHttp(cleaner, address);
    const tunnel = new FfmpegTunnel(http);
    try {
      await tunnel.#open();
    } catch (error) {
      http.close();
      throw error;
    }
    return tunnel;
  }

  /** The session's id. */
  get sessionId(): string {
    return this.#sessionId;
  }

  /** The paths of all requests, in order. */
  get requestPaths(): readonly string[] {
    return this.#http.requestPaths;
  }

  /** Connections opened so far. */
  get connectionCount(): number {
    return this.#http.connectionCount;
  }

  /** Appends to the output buffer; nothing leaves. */
  write(bytes: Uint8Array): void {
    this.#output.push(Buffer.from(bytes));
  }

  /**
   * Reads exactly `lengthBytes` of RTMP, asking as often as it takes; null once the tunnel is finishing.
   * @throws HttpStatusError, Error
   */
  async readExactly(lengthBytes: number): Promise<Buffer | null> {
    const parts: Buffer[] = [];
    for (let missingBytes = lengthBytes; missingBytes > 0; ) {
      const part = await this.#read(missingBytes, true);
      if (part === null) return null;
      parts.push(part);
      missingBytes -= part.length;
    }
    return Buffer.concat(parts);
  }

  /**
   * The one attempt to read that a publisher makes at a flush: a byte that the last reply still holds, or else what was
   * written leaves, its reply begins, and there is null.
   */
  async readByteNow(): Promise<Buffer | null> {
    return this.#read(1, false);
  }

  /** No request is made any more; what reads gets null once the last reply is used up. */
  finish(): void {
    this.#isFinishing = true;
  }

  /** Uses up the last reply, drops what was written, asks for the end, and closes the connection. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.finish();
    try {
      while ((await this.#read(2048, true)) !== null);
      this.#output = [ONE_ZERO];
      await this.#request('close');
    } catch (error) {
      this.closeFailure = error;
    } finally {
      this.#http.close();
    }
  }

  async #open(): Promise<void> {
    await this.#http.post('/open/1', ONE_ZERO);
    let text = Buffer.alloc(0);
    for (let part = await this.#http.read(SESSION_ID_BUFFER_BYTES); part !== null; ) {
      text = Buffer.concat([text, part]);
      if (text.length >= SESSION_ID_BUFFER_BYTES) {
        throw new Error(
          `came an id of ${SESSION_ID_BUFFER_BYTES} bytes or more with its LF; FFmpeg takes 63`,
        );
      }
      part = await this.#http.read(SESSION_ID_BUFFER_BYTES - text.length);
    }
    this.#sessionId = text.toString('latin1').trimEnd();
  }

  /** At least one byte and at most `maxBytes`; null where nothing is to be asked, or `isBlocking` is false. */
  async #read(maxBytes: number, isBlocking: boolean): Promise<Buffer | null> {
    for (;;) {
      const bytes = await this.#http.read(maxBytes);
      if (bytes !== null) {
        this.#bytesSinceRequest += bytes.length;
        return bytes;
      }
      if (this.#isFinishing) return null;
      if (this.#output.length > 0) {
        await this.#request('send');
      } else {
        if (this.#bytesSinceRequest === 0) await sleep(PAUSE_MS);
        this.write(ONE_ZERO);
        await this.#request('idle');
      }
      if (!isBlocking) return null;
    }
  }

  async #request(verb: 'send' | 'idle' | 'close'): Promise<void> {
    const path = `/${verb}/${this.#sessionId}/${this.#nextNumber++}`;
    await this.#http.post(path, Buffer.concat(this.#output));
    this.#output = [];
    const pollingByte = await this.#http.read(1);
    if (pollingByte === null) throw new Error(`came an empty body for ${path}; FFmpeg needs a first byte`);
    this.#bytesSinceRequest = 0;
  }
}
