// Ways to a server that a test can have stall: a socket that is not read any more, a tunnel that asks no more, and one
// that goes on asking and never reads a reply.

import type { Socket } from 'node:net';
import type { ReplySink } from '../../bench/load/http-reply-reader.ts';
import { HttpReplyReader } from '../../bench/load/http-reply-reader.ts';
import type { Address } from '../../bench/load/open-socket.ts';
import { openSocket } from '../../bench/load/open-socket.ts';
import type { Transport, TransportListener } from '../../bench/load/transport.ts';

const EMPTY_BODY = Buffer.of(0);

/** A transport that stalls when it is told to. */
export interface StallingTransport extends Transport {
  /** Names who hears of it; called once, before `open`. */
  listenedBy(listener: TransportListener): this;
  /** The port that the server's log knows it by; 0 before it is connected. */
  readonly localPort: number;
  /** Reads or asks no more from now on. */
  stall(): void;
  /** Asks once more while it stalls, where it is one that does. */
  askInVain(): void;
  /** Goes on as if nothing had been. */
  goOn(): void;
}

/** What both kinds of transports are made of: one socket, and who hears of it. */
abstract class Connection {
  readonly #address: Address;
  protected socket: Socket | null = null;
  protected listener: TransportListener | null = null;

  constructor(address: Address) {
    this.#address = address;
  }

  get queuedBytes(): number {
    return this.socket?.writableLength ?? 0;
  }

  get localPort(): number {
    return this.socket?.localPort ?? 0;
  }

  listenedBy(listener: TransportListener): this {
    this.listener = listener;
    return this;
  }

  open(): void {
    this.socket = openSocket(this.#address, {
      bytes: (bytes, lengthBytes) => this.received(bytes, lengthBytes),
      failed: (text) => this.listener?.failed(text),
    });
  }

  protected abstract received(bytes: Buffer, lengthBytes: number): void;
}

/** A plain socket that stalls by not being read. */
export class StallingSocket extends Connection implements StallingTransport {
  send(bytes: Buffer): void {
    this.socket?.write(bytes);
  }

  stall(): void {
    this.socket?.pause();
  }

  askInVain(): void {
    // A socket is not asked for anything.
  }

  goOn(): void {
    this.socket?.resume();
  }

  close(): void {
    this.socket?.destroy();
  }

  protected override received(bytes: Buffer, lengthBytes: number): void {
    this.listener?.received(bytes, 0, lengthBytes);
  }
}

/** A tunnel on one connection, an idle behind each reply, that stalls by asking no more or by reading no more. */
export class StallingTunnel extends Connection implements StallingTransport, ReplySink {
  readonly #head: string;
  readonly #keepsAsking: boolean;
  readonly #reader = new HttpReplyReader(this);
  #sessionId = '';
  #openReply = '';
  #nextNumber = 0;
  #missingReplies = 0;
  #isFirstByte = true;
  #isStalled = false;
  #isClosed = false;
  #outbox: Buffer[] = [];

  /** `keepsAsking` where it stalls by reading no more. */
  constructor(address: Address, keepsAsking: boolean) {
    super(address);
    this.#keepsAsking = keepsAsking;
    this.#head = ` HTTP/1.1\r\nHost: ${address.host}:${address.port}\r\nContent-Type: application/x-fcs\r\n`;
  }

  override open(): void {
    super.open();
    this.#request('/open/1', EMPTY_BODY);
  }

  send(bytes: Buffer): void {
    this.#outbox.push(bytes);
  }

  stall(): void {
    this.#isStalled = true;
    if (this.#keepsAsking) this.socket?.pause();
  }

  askInVain(): void {
    if (this.#keepsAsking) this.#ask('idle', EMPTY_BODY);
  }

  goOn(): void {
    this.#isStalled = false;
    this.socket?.resume();
    if (this.#missingReplies === 0) this.#next();
  }

  /** Ends the session too, where it does not stall. */
  close(): void {
    if (this.#isStalled || this.#isClosed || this.#sessionId === '') {
      this.socket?.destroy();
      return;
    }
    this.#isClosed = true;
    this.#ask('close', EMPTY_BODY);
    this.socket?.destroySoon();
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
    this.listener?.received(bytes, at, to);
  }

  replyEnd(): void {
    this.#missingReplies--;
    if (this.#sessionId === '') this.#sessionId = this.#openReply.trimEnd();
    else this.listener?.replied(this.#nextNumber - 1 - this.#missingReplies);
    this.#isFirstByte = true;
    if (!this.#isStalled && !this.#isClosed && this.#missingReplies === 0) this.#next();
  }

  protected override received(bytes: Buffer, lengthBytes: number): void {
    this.#reader.receive(bytes, lengthBytes);
  }

  #next(): void {
    const said = this.#outbox.splice(0);
    if (said.length > 0) this.#ask('send', Buffer.concat(said));
    else this.#ask('idle', EMPTY_BODY);
  }

  #ask(verb: 'send' | 'idle' | 'close', body: Buffer): void {
    this.#request(`/${verb}/${this.#sessionId}/${this.#nextNumber++}`, body);
  }

  #request(path: string, body: Buffer): void {
    this.#missingReplies++;
    const head = `POST ${path}${this.#head}Content-Length: ${body.length}\r\n\r\n`;
    this.socket?.write(Buffer.concat([Buffer.from(head, 'latin1'), body]));
  }
}
