// Clients as bare bytes, by TCP or through a tunnel: they shake hands, say what the test says, and keep what they hear. They
// share no code with src.

import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { clientHandshake } from './client-messages.ts';
import type { Cleaner } from './programs.ts';
import { SERVER_HANDSHAKE_BYTES } from './server-reply-reader.ts';

const WAIT_LIMIT_MS = 10_000;

/** A client by TCP. */
export class RawClient {
  readonly socket: Socket;
  readonly #heard: Buffer[] = [];
  #heardBytes = 0;
  isOver = false;
  readonly #watchers = new Set<() => void>();

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (bytes: Buffer) => {
      this.#heard.push(bytes);
      this.#heardBytes += bytes.length;
      this.#look();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.isOver = true;
      this.#look();
    });
  }

  /** Connects; the bytes of the handshake, where it says them, go out at once. */
  static async open(
    cleaner: Cleaner,
    port: number,
    handshake: Uint8Array = clientHandshake(),
  ): Promise<RawClient> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    const client = new RawClient(socket);
    cleaner.after(() => {
      socket.destroy();
    });
    await once(socket, 'connect');
    socket.write(handshake);
    return client;
  }

  /** What came behind S0, S1 and S2. */
  get heard(): Buffer {
    return Buffer.concat(this.#heard).subarray(SERVER_HANDSHAKE_BYTES);
  }

  /** S0, S1 and S2. */
  async serverHandshake(): Promise<Buffer> {
    await this.waitForBytes(0);
    return Buffer.concat(this.#heard).subarray(0, SERVER_HANDSHAKE_BYTES);
  }

  /** Writes bytes. */
  send(bytes: Uint8Array): void {
    this.socket.write(bytes);
  }

  /** Resolves once so many bytes came behind the handshake. */
  async waitForBytes(countBytes: number): Promise<Buffer> {
    await this.#waitUntil(
      () => this.#heardBytes - SERVER_HANDSHAKE_BYTES >= countBytes,
      () => `${this.#heardBytes - SERVER_HANDSHAKE_BYTES} of ${countBytes} bytes`,
    );
    return this.heard;
  }

  /** Resolves once the connection is gone, with all that came. */
  async waitForEnd(): Promise<Buffer> {
    await this.#waitUntil(
      () => this.isOver,
      () => 'no end',
    );
    return this.heard;
  }

  async #waitUntil(isTrue: () => boolean, found: () => string): Promise<void> {
    if (isTrue()) return;
    await new Promise<void>((resolve, reject) => {
      const limit = setTimeout(() => {
        this.#watchers.delete(look);
        reject(new Error(`a client waited ${WAIT_LIMIT_MS} ms, found ${found()}`));
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

  #look(): void {
    for (const look of this.#watchers) look();
  }
}

/** A client through a tunnel: one request at a time, when the test says so. */
export class RawTunnel {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });
  readonly #port: number;
  #sessionId = '';
  #sequenceNumber = 0;
  #handshakeBytes = SERVER_HANDSHAKE_BYTES;
  #heardBytes = 0;
  /** The RTMP bytes of each reply behind the handshake, those without any left out. */
  readonly replies: Buffer[] = [];
  isOver = false;

  private constructor(port: number) {
    this.#port = port;
  }

  /** Opens a tunnel, and sends these bytes first. */
  static async open(
    cleaner: Cleaner,
    port: number,
    handshake: Uint8Array = clientHandshake(),
  ): Promise<RawTunnel> {
    const tunnel = new RawTunnel(port);
    cleaner.after(() => tunnel.kill());
    tunnel.#sessionId = (await tunnel.#post('/open/1', Buffer.of(0))).toString('latin1').trimEnd();
    await tunnel.send(handshake);
    return tunnel;
  }

  /** What came behind S0, S1 and S2. */
  get heard(): Buffer {
    return Buffer.concat(this.replies);
  }

  /** Sends bytes, and takes what the reply has. */
  send(bytes: Uint8Array): Promise<void> {
    return this.#ask('send', bytes);
  }

  /** Asks for what there is. */
  idle(): Promise<void> {
    return this.#ask('idle', Buffer.of(0));
  }

  /** Asks until so many bytes came behind the handshake, or the tunnel is over. */
  async pollFor(countBytes: number): Promise<Buffer> {
    const untilMs = performance.now() + WAIT_LIMIT_MS;
    while (this.#heardBytes < countBytes && !this.isOver) {
      if (performance.now() > untilMs) throw new Error(`${this.#heardBytes} of ${countBytes} bytes came`);
      await this.idle();
    }
    return this.heard;
  }

  /** Asks until the tunnel is over. */
  pollToEnd(): Promise<Buffer> {
    return this.pollFor(Number.POSITIVE_INFINITY);
  }

  /** Says that it goes. */
  async close(): Promise<void> {
    await this.#ask('close', Buffer.of(0));
    this.kill();
  }

  /** Goes without a word. */
  kill(): void {
    this.isOver = true;
    this.#agent.destroy();
  }

  async #ask(verb: string, body: Uint8Array): Promise<void> {
    const reply = await this.#post(`/${verb}/${this.#sessionId}/${this.#sequenceNumber++}`, body);
    if (reply.length === 0 || reply[0] === 0) {
      this.isOver = true;
      return;
    }
    const rtmp = reply.subarray(1);
    const skippedBytes = Math.min(this.#handshakeBytes, rtmp.length);
    this.#handshakeBytes -= skippedBytes;
    if (rtmp.length === skippedBytes) return;
    this.replies.push(rtmp.subarray(skippedBytes));
    this.#heardBytes += rtmp.length - skippedBytes;
  }

  #post(path: string, body: Uint8Array): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const headers = { 'Content-Type': 'application/x-fcs', 'Content-Length': body.length };
      const place = {
        method: 'POST',
        host: '127.0.0.1',
        port: this.#port,
        path,
        headers,
        agent: this.#agent,
      };
      const posting = request(place, (response) => {
        const parts: Buffer[] = [];
        response.on('data', (part: Buffer) => parts.push(part));
        response.on('end', () => resolve(Buffer.concat(parts)));
        response.on('error', reject);
      });
      posting.on('error', reject);
      posting.end(body);
    });
  }
}
