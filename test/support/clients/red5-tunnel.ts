// The connector of Red5's Java client over Apache's HttpClient: one thread, one request at a time, a send where something
// waits and an idle where nothing does, a pause of 250 ms after a reply without a message. Numbers begin at 1. During the
// handshake a reply is taken apart as it stands: one that is too short breaks it. [RTMPT-NOTE 8]

import { type Cleaner, sleep } from '../programs.ts';
import {
  type Address,
  type HttpReply,
  headerOf,
  RawConnection,
  readReply,
  requestBytes,
} from './raw-http.ts';
import { PACKET_BYTES } from './rtmp-bytes.ts';
import { SignedHandshake } from './signed-handshake.ts';

/** Time in ms that the socket waits for bytes. */
export const RED5_TIMEOUT_MS = 7000;

const SEND_TARGET_BYTES = 32_768;
const PAUSE_MS = 250;
const ONE_ZERO = Buffer.of(0);
/** Time 5, version 128.0.7.2. */
const TIME_AND_VERSION_HEX = '0000000580000702';
const CONTENT_TYPE = 'Content-Type: application/x-fcs';

/** What stands above the connector. */
export type Red5Listener = {
  /** S0, S1 and S2 are read: connect may go out, together with C2. */
  readonly opened: () => void;
  /** Takes the bytes of a reply; true where a message was among them. */
  readonly decode: (bytes: Buffer) => boolean;
  /** A request was answered. */
  readonly answered: () => void;
};

/** One connector. */
export class Red5Tunnel {
  readonly #cleaner: Cleaner;
  readonly #address: Address;
  readonly #timeoutMs: number;
  readonly #listener: Red5Listener;
  readonly #handshake = new SignedHandshake(TIME_AND_VERSION_HEX, 772);
  #state: 'connect' | 'handshake' | 'connected' = 'connect';
  #connection: RawConnection | null = null;
  #pending: Buffer[] = [];
  #sessionId = '';
  #messageCount = 1;
  #stop = new AbortController();
  /** The paths of all requests, in order. */
  readonly requestPaths: string[] = [];
  /** The longest that a reply took, ms. */
  longestReplyMs = 0;

  constructor(cleaner: Cleaner, address: Address, timeoutMs: number, listener: Red5Listener) {
    this.#cleaner = cleaner;
    this.#address = address;
    this.#timeoutMs = timeoutMs;
    this.#listener = listener;
  }

  /** Queues a message, to leave with the next send. */
  write(bytes: Buffer): void {
    this.#pending.push(bytes);
  }

  /** The loop stops behind the request in hand, or at once in a pause. */
  stop(): void {
    this.#stop.abort();
  }

  /** The connector's whole life. What breaks it is thrown, and then there is no /close. */
  async run(): Promise<void> {
    await this.#open();
    while (!this.#stop.signal.aborted) {
      const body = this.#takePending();
      const reply = await this.#post(body === null ? 'idle' : 'send', body ?? ONE_ZERO);
      if (reply.statusCode !== 200) throw new Error(`Bad HTTP status returned, line: ${reply.statusLine}`);
      if (this.#state !== 'connected') {
        this.#shakeHands(reply.body);
        continue;
      }
      if (!this.#listener.decode(reply.body.subarray(1))) await this.#pause();
    }
    await this.#post('close', ONE_ZERO);
    this.#connection?.end();
  }

  async #open(): Promise<void> {
    const reply = await this.#request('/open/1', ONE_ZERO, true);
    if (reply.statusCode !== 200) throw new Error(`Bad HTTP status returned, line: ${reply.statusLine}`);
    if (reply.body.length === 0) throw new Error('came no id; Red5 cuts the last character off one');
    this.#sessionId = reply.body.toString('latin1').slice(0, -1);
    this.write(this.#handshake.c0c1);
  }

  /** Whole messages, until they are more than 32 KiB together; null where none waits. */
  #takePending(): Buffer | null {
    const parts: Buffer[] = [];
    let lengthBytes = 0;
    while (lengthBytes <= SEND_TARGET_BYTES) {
      const part = this.#pending.shift();
      if (part === undefined) break;
      parts.push(part);
      lengthBytes += part.length;
    }
    return parts.length === 0 ? null : Buffer.concat(parts);
  }

  /** Polling byte, S0 and S1, and S2 where it is in the same reply; or S2 alone, the polling byte taken for its first. */
  #shakeHands(body: Buffer): void {
    const at = this.#state === 'connect' ? 2 : 0;
    if (body.length < at + PACKET_BYTES) {
      throw new Error(`came ${body.length} bytes in the handshake; Red5: BufferUnderflowException`);
    }
    if (this.#state === 'connect') {
      const s1 = body.subarray(at, at + PACKET_BYTES);
      const c2 = s1.readUInt8(4) === 0 ? s1 : this.#handshake.signedC2(s1);
      if (c2 === null)
        throw new Error('came S1 without its digest; Red5: Handshake failed on S0S1 processing');
      this.write(c2);
      this.#state = 'handshake';
      if (body.length - at - PACKET_BYTES < PACKET_BYTES) return;
    }
    // S2 may say what it likes, and what stands behind it is lost.
    this.#state = 'connected';
    this.#listener.opened();
  }

  async #pause(): Promise<void> {
    if (this.#stop.signal.aborted) return;
    const woken = new Promise<void>((resolve) => {
      this.#stop.signal.addEventListener('abort', () => resolve(), { once: true });
    });
    await Promise.race([sleep(PAUSE_MS), woken]);
  }

  async #post(command: 'send' | 'idle' | 'close', body: Buffer): Promise<HttpReply> {
    const path = `/${command}/${this.#sessionId}/${this.#messageCount++}`;
    return this.#request(path, body, command !== 'close');
  }

  async #request(path: string, body: Buffer, hasCommonHeaders: boolean): Promise<HttpReply> {
    this.requestPaths.push(path);
    const sentMs = performance.now();
    this.#connection ??= await RawConnection.open(this.#cleaner, this.#address);
    const { host, port } = this.#address;
    const own = hasCommonHeaders ? ['Connection: Keep-Alive', 'Cache-Control: no-cache'] : [];
    const headerLines = [
      ...own,
      CONTENT_TYPE,
      `Content-Length: ${body.length}`,
      `Host: ${host}:${port}`,
      ...(hasCommonHeaders ? [] : ['Connection: Keep-Alive']),
      'User-Agent: Mozilla/4.0 (compatible; Red5 Server)',
      'Accept-Encoding: gzip,deflate',
    ];
    this.#connection.write(requestBytes(`POST ${path} HTTP/1.1`, headerLines, body));
    const reply = await readReply(this.#connection, this.#timeoutMs);
    this.longestReplyMs = Math.max(this.longestReplyMs, performance.now() - sentMs);
    if (headerOf(reply, 'Connection')?.toLowerCase() === 'close') {
      this.#connection.end();
      this.#connection = null;
    }
    this.#listener.answered();
    return reply;
  }
}
