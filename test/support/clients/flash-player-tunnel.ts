// The tunnel's half of Flash Player and AIR, by captures and Adobe's documents; there is no source. The ident comes first,
// requests travel on several connections at once, the header block is repeated once more with each request (Linux 10.3),
// and nothing looks at a status: what /open answers is the id. Replies are taken in the order of their numbers.

import type { Cleaner } from '../programs.ts';
import { type Address, type HttpReply, RawConnection, readReply, requestBytes } from './raw-http.ts';

/** What the polling byte counts: 0x21, the top of the ladder, was about half a second. */
const POLLING_UNIT_MS = 16;
/** LIMIT: heads of 101 lines are about the longest that were seen; it is not known where the growing ends. */
const MAX_BLOCKS = 24;
const BLOCK_LINES = [
  'User-Agent: Shockwave Flash',
  'Connection: Keep-Alive',
  'Cache-Control: no-cache',
  'Content-Type: application/x-fcs',
] as const;
const ZERO = Buffer.of(0);

/** Who takes what the tunnel brings. */
export type FlashTunnelListener = {
  /** RTMP bytes, in order. What it throws breaks the client. */
  readonly received: (bytes: Buffer) => void;
  /** The client broke. */
  readonly failed: (error: unknown) => void;
};

/** One session. */
export class FlashPlayerTunnel {
  /** Connections so far, without those of `sayCrossing`. */
  connectionCount = 0;
  readonly #cleaner: Cleaner;
  readonly #listener: FlashTunnelListener;
  readonly #free: RawConnection[] = [];
  readonly #bodies = new Map<number, Buffer>();
  #address: Address;
  #requestCount = 0;
  #sessionId = '';
  #sequenceNumber = 0;
  #nextReplyNumber = 0;
  #outbox: Uint8Array[] = [];
  #isSending = false;
  #sending: Promise<void> = Promise.resolve();
  #isIdleOut = false;
  #idleTimer: NodeJS.Timeout | undefined;
  #isOver = false;

  constructor(cleaner: Cleaner, address: Address, listener: FlashTunnelListener) {
    this.#cleaner = cleaner;
    this.#address = address;
    this.#listener = listener;
    cleaner.after(() => this.#end());
  }

  /** Asks for the ident, whose text, where there is one, is the address from then on, and opens the session. */
  async open(): Promise<void> {
    const first = await this.#takeConnection();
    const ident = await this.#exchange('/fcs/ident2', ZERO, first);
    this.#free.push(first);
    const host = ident.body.toString('latin1').trim();
    if (ident.statusCode === 200 && host !== '') {
      this.#free.pop()?.end();
      this.#address = { host, port: this.#address.port };
    }
    const connection = await this.#takeConnection();
    const { statusLine, body } = await this.#exchange('/open/1', ZERO, connection);
    this.#free.push(connection);
    this.#sessionId = encodeURIComponent(body.toString('latin1').trim());
    if (!/^[\w-]+$/.test(this.#sessionId)) {
      throw new Error(
        `came ${statusLine} with ${JSON.stringify(body.toString('latin1'))}; needed a session id`,
      );
    }
    this.#pollIn(0);
  }

  /** Takes bytes; they leave in one request with all that waits once the send before is answered. */
  say(bytes: Uint8Array): void {
    this.#outbox.push(bytes);
    if (this.#isSending) return;
    this.#isSending = true;
    this.#sending = this.#drain();
  }

  /**
   * Sends each of two pieces in a request of its own, on two connections, of which the second one overtakes the first on
   * the way: it is at the server, whole, before the other one is begun. Resolves when both are answered.
   */
  async sayCrossing(first: Uint8Array, second: Uint8Array): Promise<void> {
    await this.#sending;
    const [late, early, witness] = [await this.#connect(), await this.#connect(), await this.#connect()];
    const [firstNumber, secondNumber] = [this.#sequenceNumber++, this.#sequenceNumber++];
    const overtaking = this.#carry('send', second, { connection: early, number: secondNumber });
    await this.#exchange('/fcs/ident2', ZERO, witness);
    await Promise.all([overtaking, this.#carry('send', first, { connection: late, number: firstNumber })]);
  }

  /** Posts /close with a number, behind what was said; resolves when it is answered. */
  async close(): Promise<void> {
    await this.#sending;
    this.#end();
    const path = `/close/${this.#sessionId}/${this.#sequenceNumber++}`;
    await this.#exchange(path, ZERO, await this.#takeConnection());
  }

  async #drain(): Promise<void> {
    while (this.#outbox.length > 0 && !this.#isOver) {
      await this.#carry('send', Buffer.concat(this.#outbox.splice(0)));
    }
    this.#isSending = false;
  }

  async #idle(): Promise<void> {
    if (this.#isOver || this.#isIdleOut) return;
    this.#isIdleOut = true;
    await this.#carry('idle', ZERO);
  }

  /** Posts, and takes the reply; the number is the next one where none is given. */
  async #carry(
    verb: 'send' | 'idle',
    body: Uint8Array,
    given: { readonly connection: RawConnection; readonly number: number } | null = null,
  ): Promise<void> {
    try {
      const connection = given?.connection ?? (await this.#takeConnection());
      const number = given?.number ?? this.#sequenceNumber++;
      const reply = await this.#exchange(`/${verb}/${this.#sessionId}/${number}`, body, connection);
      if (given === null) this.#free.push(connection);
      if (verb === 'idle') this.#isIdleOut = false;
      this.#take(number, reply);
    } catch (error) {
      if (!this.#isOver) this.#listener.failed(error);
      this.#end();
    }
  }

  /** Hands on what came, as far as no reply of a smaller number is missing. */
  #take(number: number, { statusLine, body }: HttpReply): void {
    if (this.#isOver) return;
    if (body.length === 0) throw new Error(`came ${statusLine} without a body; needed a polling byte`);
    this.#bodies.set(number, body);
    for (let next = this.#bodies.get(this.#nextReplyNumber); next !== undefined; ) {
      this.#bodies.delete(this.#nextReplyNumber++);
      this.#pollIn((next[0] ?? 0) * POLLING_UNIT_MS);
      this.#listener.received(next.subarray(1));
      next = this.#bodies.get(this.#nextReplyNumber);
    }
  }

  #pollIn(delayMs: number): void {
    clearTimeout(this.#idleTimer);
    if (!this.#isOver) this.#idleTimer = setTimeout(() => void this.#idle(), delayMs);
  }

  async #exchange(path: string, body: Uint8Array, connection: RawConnection): Promise<HttpReply> {
    const blocks = Math.min(++this.#requestCount, MAX_BLOCKS);
    const headerLines = [
      ...Array.from({ length: blocks }, () => BLOCK_LINES).flat(),
      `Host: ${this.#address.host}:${this.#address.port}`,
      `Content-Length: ${body.length}`,
    ];
    connection.write(requestBytes(`POST ${path} HTTP/1.1`, headerLines, body));
    return readReply(connection);
  }

  /** The connection that was free for longest, or a new one: two are enough for an idle and a send at once. */
  async #takeConnection(): Promise<RawConnection> {
    const free = this.#free.shift();
    if (free !== undefined) return free;
    this.connectionCount++;
    return this.#connect();
  }

  #connect(): Promise<RawConnection> {
    return RawConnection.open(this.#cleaner, this.#address);
  }

  #end(): void {
    this.#isOver = true;
    clearTimeout(this.#idleTimer);
  }
}
