// Clients of the floors: they read, poll or send bytes and count them, with no RTMP around, in TLS or not. As light as can
// be, for what they measure is the least that a server can do.

import type { Socket } from 'node:net';
import { ArrivalCounter } from './arrival-counter.ts';
import type { FaultList } from './fault-list.ts';
import { FaultKind } from './fault-list.ts';
import type { ReplySink } from './http-reply-reader.ts';
import { HttpReplyReader } from './http-reply-reader.ts';
import type { Address } from './open-socket.ts';
import { openSocket } from './open-socket.ts';
import { upgradeRequest } from './websocket-bytes.ts';

/** What the clients of one run share. */
export type BareContext = {
  readonly faults: FaultList;
  isSteady: boolean;
  /** How often something came while `isSteady`, over all clients. */
  arrivals: number;
};

/** A connection that counts what it reads; it can send too. */
export class BareClient {
  protected readonly address: Address;
  readonly #context: BareContext;
  readonly #arrivals = new ArrivalCounter();
  #socket: Socket | null = null;
  #isStopped = false;
  /** Bytes read while the run was steady. */
  steadyBytes = 0;

  constructor(address: Address, context: BareContext) {
    this.address = address;
    this.#context = context;
  }

  /** Bytes that the server has not taken. */
  get queuedBytes(): number {
    return this.#socket?.writableLength ?? 0;
  }

  /** Connects; resolves when that is done, or has failed, which is a fault. */
  open(): Promise<void> {
    return new Promise((resolve) => {
      const failed = (text: string): void => {
        if (!this.#isStopped) this.#context.faults.add(FaultKind.Connection, text);
        this.stop();
        resolve();
      };
      const bytes = (buffer: Buffer, lengthBytes: number): void => {
        const isArrival = this.#arrivals.read();
        if (this.#context.isSteady) {
          this.steadyBytes += lengthBytes;
          if (isArrival) this.#context.arrivals++;
        }
        this.received(buffer, lengthBytes);
      };
      const opened = (): void => {
        this.opened();
        resolve();
      };
      this.#socket = openSocket(this.address, { opened, bytes, failed });
    });
  }

  /** Sends bytes. */
  send(bytes: Buffer | string): void {
    if (!this.#isStopped) this.#socket?.write(bytes);
  }

  /** Ends the connection. */
  stop(): void {
    this.#isStopped = true;
    this.#socket?.destroy();
  }

  /** The connection is there. */
  protected opened(): void {
    // A client that only reads has nothing to say.
  }

  /** Bytes have come: a view, valid until the call returns. */
  protected received(_bytes: Buffer, _lengthBytes: number): void {
    // They are counted already.
  }
}

/** What clients that poll share. */
export type PollContext = BareContext & {
  /** Pause between a reply and the next request, ms. */
  readonly pollMs: number;
  requests: number;
};

/** A keep-alive connection that polls by POST, as a tunnel's viewer does. */
export class PollClient extends BareClient implements ReplySink {
  readonly #context: PollContext;
  readonly #reader = new HttpReplyReader(this);
  readonly #request: string;

  constructor(address: Address, context: PollContext) {
    super(address, context);
    this.#context = context;
    const { host, port } = address;
    this.#request =
      `POST /idle/0123456789abcdef0123456789abcdef/1 HTTP/1.1\r\nHost: ${host}:${port}\r\n` +
      'User-Agent: Shockwave Flash\r\nConnection: Keep-Alive\r\nContent-Type: application/x-fcs\r\n' +
      'Content-Length: 1\r\n\r\n\0';
  }

  replyBytes(): void {
    // They are counted already.
  }

  replyEnd(): void {
    if (this.#context.isSteady) this.#context.requests++;
    if (this.#context.pollMs === 0) this.send(this.#request);
    else setTimeout(() => this.send(this.#request), this.#context.pollMs);
  }

  protected override opened(): void {
    this.send(this.#request);
  }

  protected override received(bytes: Buffer, lengthBytes: number): void {
    this.#reader.receive(bytes, lengthBytes);
  }
}

const UPGRADED = 'HTTP/1.1 101';

/** A WebSocket that counts what it reads, heads of frames too. What comes in them is the floor's own affair. */
export class BareWebSocketClient extends BareClient {
  #answer = '';

  protected override opened(): void {
    this.send(upgradeRequest(this.address));
  }

  protected override received(bytes: Buffer, lengthBytes: number): void {
    if (this.#answer.length === UPGRADED.length) return;
    this.#answer = (this.#answer + bytes.toString('latin1', 0, lengthBytes)).slice(0, UPGRADED.length);
    if (!UPGRADED.startsWith(this.#answer)) throw new Error(`an answer that begins ${this.#answer}`);
  }
}
