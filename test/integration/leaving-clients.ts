// Clients that go on to a moment of their way through a splice, by RTMP or by RTMPT, and leave there: with a word, without
// one, or by a reset. They keep nothing, so that thousands of them cost the test nothing. They share no code with src.

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { ClientMessages, clientHandshake } from '../support/client-messages.ts';
import { sleep } from '../support/programs.ts';
import { SERVER_HANDSHAKE_BYTES } from '../support/server-reply-reader.ts';

/** How far a client goes before it leaves. */
export type Moment =
  | 'accepted'
  | 'in its handshake'
  | 'shaken'
  | 'in its connect'
  /** Up to 20 ms behind the connect. */
  | 'connecting'
  /** With the first bytes of an answer, or of a refusal. */
  | 'answered'
  /** In the middle of a message that it publishes. */
  | 'publishing';

/** How a client leaves: by a FIN, by a RST, or with the tunnel's own word; by TCP alone that is a FIN. */
export type Leave = 'end' | 'reset' | 'close';

const HANDSHAKE = clientHandshake();
const VIDEO = new ClientMessages().video(1, 0, new Uint8Array(1000).fill(0x27));
const WAIT_LIMIT_MS = 8000;
const MAX_DELAY_MS = 20;

/** Sends bytes, and says how many came. */
interface Carrier {
  readonly socket: Socket;
  /** Bytes of RTMP that came. */
  readonly heardBytes: number;
  send(bytes: Uint8Array): Promise<void>;
  /** Sends without waiting for an answer. */
  throw(bytes: Uint8Array): Promise<void>;
  /** Has more come, where it comes by asking. */
  ask(): Promise<void>;
  /** Says that it goes, where there is a word for it. */
  say(): void;
}

/** Goes on to `moment` with a connect to `app`, leaves, and resolves once its connection is gone. */
export async function comeAndLeave(
  port: number,
  { app, moment, leave, isTunnel }: { app: string; moment: Moment; leave: Leave; isTunnel: boolean },
  delayShare: number,
): Promise<void> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  socket.on('error', () => undefined);
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  const limit = setTimeout(() => {
    socket.destroy(new Error('too late'));
    isLate = true;
  }, WAIT_LIMIT_MS);
  let isLate = false;
  try {
    await once(socket, 'connect');
    const carrier = isTunnel ? new TunnelCarrier(socket) : new TcpCarrier(socket);
    // Its connection may be ended under it, by an upstream that goes first.
    await Promise.race([closed, goOn(carrier, app, moment, delayShare * MAX_DELAY_MS)]);
    if (leave === 'close') carrier.say();
    if (leave === 'reset') socket.resetAndDestroy();
    else socket.end();
    await closed;
  } finally {
    clearTimeout(limit);
    socket.destroy();
  }
  if (isLate) throw new Error(`a client took more than ${WAIT_LIMIT_MS} ms: ${app}, ${moment}, ${leave}`);
}

async function goOn(carrier: Carrier, app: string, moment: Moment, delayMs: number): Promise<void> {
  if (moment === 'accepted') return;
  if (moment === 'in its handshake') {
    await carrier.throw(HANDSHAKE.subarray(0, 700));
    return;
  }
  await carrier.send(HANDSHAKE);
  await until(carrier, SERVER_HANDSHAKE_BYTES);
  if (moment === 'shaken') return;
  const said = new ClientMessages().connect(app);
  if (moment === 'in its connect') await carrier.throw(said.subarray(0, said.length / 2));
  else if (moment === 'connecting') {
    await carrier.throw(said);
    await sleep(delayMs);
  } else {
    await carrier.send(said);
    await until(carrier, SERVER_HANDSHAKE_BYTES + 1);
    if (moment === 'publishing') await carrier.throw(VIDEO.subarray(0, VIDEO.length / 2));
  }
}

async function until(carrier: Carrier, countBytes: number): Promise<void> {
  while (carrier.heardBytes < countBytes && !carrier.socket.destroyed) await carrier.ask();
}

class TcpCarrier implements Carrier {
  readonly socket: Socket;
  heardBytes = 0;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (bytes: Buffer) => {
      this.heardBytes += bytes.length;
    });
  }

  async send(bytes: Uint8Array): Promise<void> {
    this.socket.write(bytes);
  }

  throw(bytes: Uint8Array): Promise<void> {
    return this.send(bytes);
  }

  async ask(): Promise<void> {
    await new Promise<void>((resolve) => {
      const go = (): void => {
        this.socket.off('data', go).off('close', go);
        resolve();
      };
      this.socket.on('data', go).on('close', go);
    });
  }

  say(): void {
    // TCP's own end is the word.
  }
}

class TunnelCarrier implements Carrier {
  readonly socket: Socket;
  heardBytes = 0;
  #sessionId = '';
  #sequenceNumber = 0;
  #heard = Buffer.alloc(0);
  #onReply: ((body: Buffer) => void) | null = null;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (bytes: Buffer) => this.#read(bytes));
  }

  async send(bytes: Uint8Array): Promise<void> {
    await this.#open();
    this.#count(await this.#post(this.#path('send'), bytes));
  }

  async throw(bytes: Uint8Array): Promise<void> {
    await this.#open();
    void this.#post(this.#path('send'), bytes);
  }

  async ask(): Promise<void> {
    this.#count(await this.#post(this.#path('idle'), Buffer.of(0)));
  }

  say(): void {
    if (this.#sessionId !== '') void this.#post(this.#path('close'), Buffer.of(0));
  }

  async #open(): Promise<void> {
    if (this.#sessionId !== '') return;
    this.#sessionId = (await this.#post('/open/1', Buffer.of(0))).toString('latin1').trimEnd();
  }

  #path(verb: string): string {
    return `/${verb}/${this.#sessionId}/${this.#sequenceNumber++}`;
  }

  #count(body: Buffer): void {
    this.heardBytes += Math.max(0, body.length - 1);
    // The tunnel is over: no more will come.
    if (body.length === 0 || body[0] === 0) this.heardBytes = Number.POSITIVE_INFINITY;
  }

  #post(path: string, body: Uint8Array): Promise<Buffer> {
    const head = `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-fcs\r\nContent-Length: ${body.length}\r\n\r\n`;
    this.socket.write(Buffer.concat([Buffer.from(head), body]));
    return new Promise((resolve) => {
      this.#onReply = resolve;
    });
  }

  #read(bytes: Buffer): void {
    this.#heard = Buffer.concat([this.#heard, bytes]);
    const headEnd = this.#heard.indexOf('\r\n\r\n');
    if (headEnd < 0) return;
    const head = this.#heard.subarray(0, headEnd).toString('latin1');
    const lengthBytes = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0);
    const body = this.#heard.subarray(headEnd + 4, headEnd + 4 + lengthBytes);
    if (body.length < lengthBytes) return;
    this.#heard = this.#heard.subarray(headEnd + 4 + lengthBytes);
    this.#onReply?.(body);
  }
}
