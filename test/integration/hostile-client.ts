// A client that sends any bytes, over TCP or through the tunnel, and keeps what is said to it. It reads answers with
// the project's own chunk decoder, as TestClient does: here it matters what the gateway makes of what it is sent.

import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { ChunkDecoder } from '../../src/protocol/rtmp/chunk-decoder.ts';
import type { RtmpMessage } from '../../src/protocol/rtmp/message.ts';
import { readAmf } from '../support/amf-wire.ts';
import { ClientMessages } from '../support/client-messages.ts';
import { SERVER_HANDSHAKE_BYTES } from '../support/server-reply-reader.ts';

const WAIT_LIMIT_MS = 20_000;

/** Transaction id of the call that shows that a session lives. */
const LAST_CALL_ID = 4242;

/** A call that every living session answers; its answer is the last thing that a client waits for. */
export const LAST_CALL: Uint8Array = new ClientMessages().call('getStreamLength', LAST_CALL_ID, 'x');

/** What carries a hostile client's bytes. */
type Carrier = {
  /** The port that the gateway's log knows it by. */
  readonly localPort: number;
  send(bytes: Uint8Array): void;
  /** Ends it in good order. */
  end(): void;
};

/** One client that may send anything. */
export class HostileClient {
  /** What came back behind S0, S1 and S2. */
  readonly answers: RtmpMessage[] = [];
  readonly #decoder = new ChunkDecoder({ maxMessageBytes: 0xffffff });
  #missingHandshakeBytes = SERVER_HANDSHAKE_BYTES;
  #carrier: Carrier | null = null;
  #isOver = false;
  #hasLastAnswer = false;
  readonly #watchers = new Set<() => void>();

  /** Opens one over TCP. */
  static async overTcp(port: number): Promise<HostileClient> {
    const client = new HostileClient();
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    // A reset, or a write behind the gateway's end, is followed by the close.
    socket.on('error', () => socket.destroy());
    socket.on('data', (bytes) => client.#receive(bytes));
    socket.on('close', () => client.#over());
    socket.on('end', () => socket.destroy());
    await once(socket, 'connect');
    const localPort = socket.localPort ?? 0;
    client.#carrier = {
      localPort,
      send: (bytes) => void (socket.writable && socket.write(bytes)),
      end: () => void socket.end(),
    };
    return client;
  }

  /** Opens one through the tunnel. */
  static async overTunnel(port: number): Promise<HostileClient> {
    const client = new HostileClient();
    const carrier = new TunnelCarrier(
      port,
      (bytes) => client.#receive(bytes),
      () => client.#over(),
    );
    await carrier.open();
    client.#carrier = carrier;
    return client;
  }

  /** The port that the gateway's log knows it by. */
  get localPort(): number {
    return this.#carrier?.localPort ?? 0;
  }

  /** True once the gateway, or `end`, has ended it. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Sends bytes as they are. */
  send(bytes: Uint8Array): void {
    this.#carrier?.send(bytes);
  }

  /** True where LAST_CALL, which was sent, is answered; false where the gateway ends the session instead. */
  async isAnswered(): Promise<boolean> {
    await this.until(() => this.#hasLastAnswer || this.#isOver, 'an answer, or the end');
    return this.#hasLastAnswer;
  }

  /** Ends it where it is not over yet. */
  async end(): Promise<void> {
    if (!this.#isOver) this.#carrier?.end();
    await this.until(() => this.#isOver, 'the end');
  }

  /** The answers that are commands of this name, each as its values. */
  commands(name: string): unknown[][] {
    return this.answers
      .filter(({ typeId }) => typeId === 20)
      .map(({ payload }) => readAmf(payload))
      .filter(([said]) => said === name);
  }

  /** Resolves once `isTrue` holds; looked at whenever something came. */
  async until(isTrue: () => boolean, what: string): Promise<void> {
    if (isTrue()) return;
    await new Promise<void>((resolve, reject) => {
      const limit = setTimeout(() => {
        this.#watchers.delete(look);
        reject(new Error(`waited ${WAIT_LIMIT_MS} ms for ${what}; ${this.answers.length} answers came`));
      }, WAIT_LIMIT_MS);
      const look = (): void => {
        if (!isTrue()) return;
        clearTimeout(limit);
        this.#watchers.delete(look);
        resolve();
      };
      this.#watchers.add(look);
    });
  }

  #receive(bytes: Uint8Array): void {
    const handshakeBytes = Math.min(this.#missingHandshakeBytes, bytes.length);
    this.#missingHandshakeBytes -= handshakeBytes;
    this.#decoder.receive(bytes, handshakeBytes, (message) => {
      this.answers.push(message);
      this.#hasLastAnswer ||= isLastAnswer(message);
      return true;
    });
    for (const look of this.#watchers) look();
  }

  #over(): void {
    this.#isOver = true;
    for (const look of this.#watchers) look();
  }
}

function isLastAnswer({ typeId, payload }: RtmpMessage): boolean {
  if (typeId !== 20) return false;
  const [name, transactionId] = readAmf(payload);
  return name === '_result' && transactionId === LAST_CALL_ID;
}

/** One keep-alive connection, one request at a time: sends while there is something, idles otherwise. */
class TunnelCarrier implements Carrier {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });
  readonly #port: number;
  readonly #onBytes: (bytes: Uint8Array) => void;
  readonly #onOver: () => void;
  readonly #waiting: Uint8Array[] = [];
  #sessionId = '';
  #isEnding = false;
  localPort = 0;

  constructor(port: number, onBytes: (bytes: Uint8Array) => void, onOver: () => void) {
    this.#port = port;
    this.#onBytes = onBytes;
    this.#onOver = onOver;
  }

  async open(): Promise<void> {
    const body = await this.#post('/open/1', Uint8Array.of(0));
    this.#sessionId = body.toString('latin1').trimEnd();
    this.#carry().then(this.#over, this.#over);
  }

  send(bytes: Uint8Array): void {
    this.#waiting.push(bytes);
  }

  end(): void {
    this.#isEnding = true;
  }

  /** Until it is to end, or a reply says that the session is over: its first byte is 0, or its status not 200. */
  async #carry(): Promise<void> {
    for (let sequenceNumber = 0; ; sequenceNumber++) {
      const body = this.#waiting.shift() ?? Uint8Array.of(0);
      const verb = this.#isEnding ? 'close' : body.length > 1 ? 'send' : 'idle';
      const reply = await this.#post(`/${verb}/${this.#sessionId}/${sequenceNumber}`, body);
      if (reply.length > 1) this.#onBytes(reply.subarray(1));
      if (verb === 'close' || reply.length === 0 || reply[0] === 0) return;
    }
  }

  readonly #over = (): void => {
    this.#agent.destroy();
    this.#onOver();
  };

  /** The body of the reply; empty where its status is not 200. */
  #post(path: string, body: Uint8Array): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const headers = { 'Content-Type': 'application/x-fcs', 'Content-Length': body.length };
      const where = { method: 'POST', host: '127.0.0.1', port: this.#port, path, headers };
      const posting = request({ ...where, agent: this.#agent }, (response) => {
        this.localPort ||= response.socket.localPort ?? 0;
        const parts: Buffer[] = [];
        response.on('data', (part: Buffer) => parts.push(part));
        response.on('end', () => resolve(Buffer.concat(response.statusCode === 200 ? parts : [])));
        response.on('error', reject);
      });
      posting.on('error', reject);
      posting.end(body);
    });
  }
}
