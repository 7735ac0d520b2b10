// The connect command of a client and its answer, with what a server says of where else to connect: a redirect with its
// refusal, or the wish for a reconnect later on. [RTMP 7.2.1.1] [ERTMP2 "Reconnect Request"]

import type { AmfValue } from '../../amf/amf-value.ts';
import { RtmpError } from '../rtmp-error.ts';
import type { ClientEvent, SessionEnd } from './client-events.ts';
import { type ConnectRequest, connectProperties } from './client-options.ts';
import { type ClientOutput, commandMessage } from './client-output.ts';
import { findStatus, isRefusal, type RtmpStatus, redirectOf, textOf } from './client-status.ts';
import { Countdown } from './countdown.ts';

/** What the connect command needs of its session. */
export type ClientConnectContext = {
  readonly output: ClientOutput;
  readonly emit: (event: ClientEvent) => void;
  readonly connectTimeoutMs: number;
  /** The server accepted connect. */
  readonly connected: () => void;
  /** The server ended the session in an orderly way. */
  readonly close: (reason: SessionEnd) => void;
};

/** One connect. */
export class ClientConnect {
  readonly #context: ClientConnectContext;
  readonly #countdown = new Countdown();
  #transactionId = 0;
  #tcUrl = '';

  constructor(context: ClientConnectContext) {
    this.#context = context;
  }

  /** True while connect is not answered. */
  get isWaiting(): boolean {
    return this.#countdown.nextDeadlineMs !== null;
  }

  /** When to tick next; null where nothing is waited for. */
  get nextDeadlineMs(): number | null {
    return this.#countdown.nextDeadlineMs;
  }

  /** Sends connect. */
  send(request: ConnectRequest, transactionId: number): void {
    this.#transactionId = transactionId;
    this.#tcUrl = request.tcUrl;
    this.#countdown.start(this.#context.connectTimeoutMs);
    const args = request.args ?? [];
    this.#context.output.put(commandMessage(0, 'connect', transactionId, connectProperties(request), args));
  }

  /** Takes in an answer; false where it is none to connect. `values` are command object and arguments. */
  handleReply(transactionId: number, isError: boolean, values: readonly AmfValue[]): boolean {
    if (!this.isWaiting || transactionId !== this.#transactionId) return false;
    const status = findStatus(values);
    if (isError || isRefusal(status)) {
      this.#reject(status);
      return true;
    }
    this.#countdown.stop();
    this.#context.connected();
    this.#context.emit({ type: 'connected', status, properties: values[0] });
    return true;
  }

  /** Takes in an onStatus that came before the answer, or one that is about the connection. */
  handleStatus(status: RtmpStatus): void {
    if (this.isWaiting && isRefusal(status)) this.#reject(status);
    else if (status.code === 'NetConnection.Connect.ReconnectRequest') {
      const tcUrl = resolveUrl(textOf(status.info, 'tcUrl'), this.#tcUrl);
      this.#context.emit({ type: 'reconnect-requested', status, tcUrl });
    } else this.#context.emit({ type: 'status', status });
  }

  /** Passes time. @throws RtmpError 'rtmp-connect-timeout' */
  tick(nowMs: number): void {
    if (!this.#countdown.tick(nowMs)) return;
    const text = `expected an answer to connect within ${this.#context.connectTimeoutMs} ms, got none`;
    throw new RtmpError('rtmp-connect-timeout', text);
  }

  #reject(status: RtmpStatus): void {
    this.#countdown.stop();
    this.#context.emit({ type: 'connect-rejected', status, redirectUrl: redirectOf(status) });
    // WHY: behind a '?' stand salt and challenge, where the login is asked for: they are not for a log.
    const [description] = status.description.split('?', 1);
    const text = `expected the server to accept connect, got ${status.code || 'an error'}: ${description}`;
    this.#context.close({ code: 'rtmp-connect-refused', message: text });
  }
}

/** `reference` as an absolute URL, where `base` is the current one; the latter where the server gave none, or no URL. */
function resolveUrl(reference: string, base: string): string {
  if (reference === '') return base;
  return URL.parse(reference, base)?.href ?? base;
}
