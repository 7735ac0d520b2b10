// A viewer through the HTTP tunnel: one keep-alive connection, one request at a time, as players do it. What the client
// has to say goes with the next /send; with nothing to say it asks by /idle, at once or after a pause.

import type { Socket } from 'node:net';
import { connect } from 'node:net';
import { FaultKind } from './fault-list.ts';
import type { ReplySink } from './http-reply-reader.ts';
import { HttpReplyReader } from './http-reply-reader.ts';
import type { ViewerTarget } from './viewer.ts';
import { READ_BUFFER, Viewer } from './viewer.ts';
import type { CheckContext } from './viewer-check.ts';

const EMPTY_BODY = Buffer.of(0);

/** What a tunnel's viewers share. */
export type TunnelContext = CheckContext & {
  /** Pause between a reply and the next /idle, ms; 0 asks back to back, and the server holds the request. */
  readonly pollMs: number;
  /** Requests that were answered while `isSteady`. */
  requests: number;
};

/** Plays over RTMPT. */
export class RtmptViewer extends Viewer implements ReplySink {
  readonly #target: ViewerTarget;
  readonly #context: TunnelContext;
  readonly #reader = new HttpReplyReader(this);
  readonly #headEnd: string;
  #socket: Socket | null = null;
  #sessionId = '';
  #openReply = '';
  #nextNumber = 0;
  #isFirstByte = true;
  #outbox: Buffer[] = [];
  #pollTimer: NodeJS.Timeout | null = null;

  constructor(name: string, target: ViewerTarget, context: TunnelContext) {
    super(name, target.script, context);
    this.#target = target;
    this.#context = context;
    this.#headEnd =
      ` HTTP/1.1\r\nHost: ${target.host}:${target.port}\r\nUser-Agent: Shockwave Flash\r\n` +
      'Connection: Keep-Alive\r\nContent-Type: application/x-fcs\r\nContent-Length: ';
  }

  send(bytes: Buffer): void {
    this.#outbox.push(bytes);
  }

  protected open(): void {
    const { host, port } = this.#target;
    const callback = (lengthBytes: number): boolean => {
      this.handle(() => this.#reader.receive(READ_BUFFER, lengthBytes));
      return true;
    };
    const socket = connect({ host, port, noDelay: true, onread: { buffer: READ_BUFFER, callback } });
    this.#socket = socket;
    socket.on('error', (error) => this.failed(error.message));
    socket.on('close', () => this.failed('the server closed the connection'));
    this.#request('/open/1', EMPTY_BODY);
    this.session.begin();
  }

  protected disconnect(): void {
    if (this.#pollTimer !== null) clearTimeout(this.#pollTimer);
    this.#socket?.destroy();
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
    this.session.receive(bytes, at, to);
  }

  replyEnd(): void {
    if (this.#sessionId === '') {
      this.#sessionId = this.#openReply.trimEnd();
    } else if (!this.session.isBetweenMessages) {
      this.check.fault(
        FaultKind.SplitReply,
        `the reply to request ${this.#nextNumber - 1} ends within a message`,
      );
    }
    this.#isFirstByte = true;
    if (this.#context.isSteady) this.#context.requests++;
    this.#next();
  }

  #next(): void {
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
    this.#request(`/idle/${this.#sessionId}/${this.#nextNumber++}`, EMPTY_BODY);
  }

  #request(path: string, body: Buffer): void {
    const head = `POST ${path}${this.#headEnd}${body.length}\r\n\r\n`;
    this.#socket?.write(head + body.toString('latin1'), 'latin1');
  }
}
