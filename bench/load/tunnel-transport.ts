// RTMP through the HTTP tunnel: one keep-alive connection, one request at a time, as players do it. What the client has
// to say goes with the next /send; with nothing to say it asks by /idle, at once or after a pause.

import type { Socket } from 'node:net';
import type { ReplySink } from './http-reply-reader.ts';
import { HttpReplyReader } from './http-reply-reader.ts';
import type { Address } from './open-socket.ts';
import { openSocket } from './open-socket.ts';
import type { Transport, TransportListener } from './transport.ts';

const EMPTY_BODY = Buffer.of(0);

/** What the tunnels of one kind of client share. */
export type TunnelContext = {
  /** Pause between a reply and the next /idle, ms; 0 asks back to back, and the server holds the request. */
  readonly pollMs: number;
  /** True where what is to be said ends the pause: a publisher's media. A viewer's acknowledgements wait. */
  readonly sendsAtOnce: boolean;
  isSteady: boolean;
  /** Requests that were answered while `isSteady`. */
  requests: number;
};

/** One tunnel. */
export class TunnelTransport implements Transport, ReplySink {
  readonly #address: Address;
  readonly #context: TunnelContext;
  readonly #listener: TransportListener;
  readonly #reader = new HttpReplyReader(this);
  readonly #headEnd: string;
  #socket: Socket | null = null;
  #sessionId = '';
  #openReply = '';
  #nextNumber = 0;
  #isFirstByte = true;
  #outbox: Buffer[] = [];
  #pollTimer: NodeJS.Timeout | null = null;
  #isClosed = false;

  constructor(address: Address, context: TunnelContext, listener: TransportListener) {
    this.#address = address;
    this.#context = context;
    this.#listener = listener;
    this.#headEnd =
      ` HTTP/1.1\r\nHost: ${address.host}:${address.port}\r\nUser-Agent: Shockwave Flash\r\n` +
      'Connection: Keep-Alive\r\nContent-Type: application/x-fcs\r\nContent-Length: ';
  }

  get queuedBytes(): number {
    const waiting = this.#outbox.reduce((bytes, { length }) => bytes + length, 0);
    return waiting + (this.#socket?.writableLength ?? 0);
  }

  open(): void {
    this.#socket = openSocket(this.#address, {
      bytes: (bytes, lengthBytes) => this.#reader.receive(bytes, lengthBytes),
      failed: (text) => this.#listener.failed(text),
    });
    this.#request('/open/1', EMPTY_BODY);
  }

  send(bytes: Buffer): void {
    this.#outbox.push(bytes);
    if (this.#context.sendsAtOnce && this.#pollTimer !== null) this.#next();
  }

  /** Ends the session too, so that the server need not wait for a client that has gone. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#stopPolling();
    if (this.#sessionId !== '') this.#request(`/close/${this.#sessionId}/${this.#nextNumber++}`, EMPTY_BODY);
    this.#socket?.destroySoon();
  }

  replyBytes(bytes: Buffer, from: number, to: number): void {
    if (this.#sessionId === '') {
      this.#openReply += bytes.toString('latin1', from, to);
      return;
    }
    let at = from;
    if (this.#isFirstByte) {
      this.#isFirstByte = false;
      if (bytes[at++] === 0) throw new Error('the server ended the tunnel');
    }
    this.#listener.received(bytes, at, to);
  }

  replyEnd(): void {
    if (this.#sessionId === '') this.#sessionId = this.#openReply.trimEnd();
    else this.#listener.replied(this.#nextNumber - 1);
    this.#isFirstByte = true;
    if (this.#isClosed) return;
    if (this.#context.isSteady) this.#context.requests++;
    this.#next();
  }

  #next(): void {
    this.#stopPolling();
    if (this.#outbox.length > 0) {
      const body = Buffer.concat(this.#outbox);
      this.#outbox = [];
      this.#request(`/send/${this.#sessionId}/${this.#nextNumber++}`, body);
    } else if (this.#context.pollMs === 0) {
      this.#idle();
    } else {
      this.#pollTimer = setTimeout(() => this.#idle(), this.#context.pollMs);
    }
  }

  #idle(): void {
    this.#pollTimer = null;
    this.#request(`/idle/${this.#sessionId}/${this.#nextNumber++}`, EMPTY_BODY);
  }

  #stopPolling(): void {
    if (this.#pollTimer !== null) clearTimeout(this.#pollTimer);
    this.#pollTimer = null;
  }

  #request(path: string, body: Buffer): void {
    const head = `POST ${path}${this.#headEnd}${body.length}\r\n\r\n`;
    this.#socket?.write(head + body.toString('latin1'), 'latin1');
  }
}
