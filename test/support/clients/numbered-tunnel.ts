// The tunnel's half of a client of the tests' own, which does what the rules of the tunnel allow one that numbers its
// requests: two sends and an idle under way at a time, each on a connection of its own, replies taken in the order of their
// numbers. A request whose connection ends ahead of the reply is posted again, on a new one. [RTMPT-NOTE 4] [RTMPT-NOTE 5]

import type { Cleaner } from '../programs.ts';
import {
  type Address,
  type HttpReply,
  RawConnection,
  readReplyBody,
  readReplyHead,
  requestBytes,
} from './raw-http.ts';

/** LIMIT: requests that run one at a time, until a gateway can have seen that they count. */
const FIRST_REQUESTS = 4;
const MAX_SENDS = 2;
/** LIMIT: no request leaves so far ahead of one that has no reply; a gateway keeps four replies. */
const MAX_AHEAD = 4;
/** LIMIT: a connection that ends before each of so many replies is no chance any more. */
const MAX_POSTS = 4;
const ZERO = Buffer.of(0);

/** Who takes what the tunnel brings. */
export type NumberedTunnelListener = {
  /** RTMP bytes, in order. What it throws breaks the client. */
  readonly received: (bytes: Buffer) => void;
  /** The client broke. */
  readonly failed: (error: unknown) => void;
};

/** One session. */
export class NumberedTunnel {
  /** Connections so far. */
  connectionCount = 0;
  /** Requests that were posted again. */
  repostCount = 0;
  /** Most requests that were under way at a time. */
  mostUnderWay = 0;
  readonly #cleaner: Cleaner;
  readonly #address: Address;
  readonly #listener: NumberedTunnelListener;
  readonly #free: RawConnection[] = [];
  readonly #bodies = new Map<number, Buffer>();
  #sessionId = '';
  #nextNumber = 0;
  #nextReplyNumber = 0;
  #outbox: Uint8Array[] = [];
  #sendsOut = 0;
  #isIdleOut = false;
  #isClosing = false;
  #isOver = false;
  #drained: (() => void) | null = null;

  constructor(cleaner: Cleaner, address: Address, listener: NumberedTunnelListener) {
    this.#cleaner = cleaner;
    this.#address = address;
    this.#listener = listener;
    cleaner.after(() => {
      this.#isOver = true;
    });
  }

  /** Opens the session. */
  async open(): Promise<void> {
    const { statusLine, body } = await this.#post('/open/1', ZERO);
    this.#sessionId = body.toString('latin1').trimEnd();
    if (!/^[\w-]+$/.test(this.#sessionId)) throw new Error(`came ${statusLine}; needed a session id`);
  }

  /** Takes bytes; they leave in one request with all that waits once fewer than two sends are under way. */
  say(bytes: Uint8Array): void {
    this.#outbox.push(bytes);
    this.#go();
  }

  /** Posts /close behind everything that was said, and no more idles; resolves when it is answered. */
  async close(): Promise<void> {
    this.#isClosing = true;
    await new Promise<void>((resolve) => {
      this.#drained = resolve;
      this.#go();
    });
    if (this.#isOver) return;
    this.#isOver = true;
    await this.#post(`/close/${this.#sessionId}/${this.#nextNumber++}`, ZERO);
  }

  /** Begins what may begin. */
  #go(): void {
    while (this.#outbox.length > 0 && this.#sendsOut < MAX_SENDS && this.#mayAsk) {
      this.#sendsOut++;
      void this.#carry('send', Buffer.concat(this.#outbox.splice(0)));
    }
    if (!this.#isIdleOut && !this.#isClosing && this.#mayAsk) {
      this.#isIdleOut = true;
      void this.#carry('idle', ZERO);
    }
    const isDrained = this.#outbox.length === 0 && this.#underWay === 0;
    if (this.#isClosing && (isDrained || this.#isOver)) this.#drained?.();
  }

  get #underWay(): number {
    return this.#sendsOut + (this.#isIdleOut ? 1 : 0);
  }

  get #mayAsk(): boolean {
    if (this.#isOver || this.#sessionId === '') return false;
    if (this.#nextNumber < FIRST_REQUESTS) return this.#underWay === 0;
    return this.#nextNumber < this.#nextReplyNumber + MAX_AHEAD && this.#nextReplyNumber >= FIRST_REQUESTS;
  }

  async #carry(verb: 'send' | 'idle', body: Uint8Array): Promise<void> {
    const number = this.#nextNumber++;
    this.mostUnderWay = Math.max(this.mostUnderWay, this.#underWay);
    try {
      const reply = await this.#post(`/${verb}/${this.#sessionId}/${number}`, body);
      if (verb === 'send') this.#sendsOut--;
      else this.#isIdleOut = false;
      this.#take(number, reply);
    } catch (error) {
      if (!this.#isOver) this.#listener.failed(error);
      this.#isOver = true;
    }
    this.#go();
  }

  /** Hands on what came, as far as no reply of a smaller number is missing. */
  #take(number: number, { statusLine, statusCode, body }: HttpReply): void {
    if (this.#isOver) return;
    if (statusCode !== 200 || body[0] !== 1)
      throw new Error(`came ${statusLine}, ${body[0]}; needed 200 and 1`);
    this.#bodies.set(number, body);
    for (;;) {
      const next = this.#bodies.get(this.#nextReplyNumber);
      if (next === undefined) return;
      this.#bodies.delete(this.#nextReplyNumber++);
      this.#listener.received(next.subarray(1));
    }
  }

  async #post(path: string, body: Uint8Array): Promise<HttpReply> {
    const headerLines = [
      `Host: ${this.#address.host}:${this.#address.port}`,
      'Content-Type: application/x-fcs',
      `Content-Length: ${body.length}`,
    ];
    const bytes = requestBytes(`POST ${path} HTTP/1.1`, headerLines, body);
    for (let posts = 1; posts <= MAX_POSTS; posts++) {
      const connection = await this.#takeConnection();
      connection.write(bytes);
      const head = await readReplyHead(connection);
      if (head !== null) {
        const reply = { ...head, body: await readReplyBody(connection, head) };
        this.#free.push(connection);
        return reply;
      }
      this.repostCount++;
    }
    throw new Error(`no reply to ${path} in ${MAX_POSTS} posts`);
  }

  /** The connection that was free for longest and still stands, or a new one. */
  async #takeConnection(): Promise<RawConnection> {
    for (let free = this.#free.shift(); free !== undefined; free = this.#free.shift()) {
      if (!free.isOver) return free;
    }
    this.connectionCount++;
    return RawConnection.open(this.#cleaner, this.#address);
  }
}
