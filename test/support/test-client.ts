// A client for tests of the whole gateway: the project's own client session, over a TCP socket, through the tunnel or over
// a WebSocket. What it receives is kept as events; waiting is by event, with a limit.

import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import type { Socket } from 'node:net';
import { connect } from 'node:net';
import WebSocket from 'ws';
import type { ClientEvent, MediaEvent } from '../../src/protocol/rtmp/client/client-events.ts';
import { ClientSession } from '../../src/protocol/rtmp/client/client-session.ts';
import type { Cleaner } from './programs.ts';

const WAIT_LIMIT_MS = 10_000;
const TAKE_BYTES = 1024 * 1024;

/** Carries a client session's bytes. */
interface Carrier {
  /** Takes what the session has to say. */
  wake(): void;
  /** Ends it as a killed process does: no goodbye. */
  kill(): void;
}

/** A connected client and everything it heard. */
export class TestClient {
  readonly session = new ClientSession({ randomBytes: (lengthBytes) => randomBytes(lengthBytes) });
  readonly events: ClientEvent[] = [];
  #carrier: Carrier | null = null;
  #watchers = new Set<() => void>();
  isOver = false;

  /** Opens a client over TCP and connects it to `app`. */
  static async overTcp(cleaner: Cleaner, port: number, app: string): Promise<TestClient> {
    const client = new TestClient();
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    cleaner.after(() => {
      socket.destroy();
    });
    await once(socket, 'connect');
    client.#carrier = tcpCarrier(socket, client);
    return client.#connect(`rtmp://127.0.0.1:${port}/${app}`, app);
  }

  /** Opens a client through the tunnel and connects it to `app`. */
  static async overTunnel(cleaner: Cleaner, port: number, app: string): Promise<TestClient> {
    const client = new TestClient();
    const carrier = new TunnelCarrier(port, client);
    cleaner.after(() => carrier.kill());
    client.#carrier = carrier;
    await carrier.open();
    return client.#connect(`rtmpt://127.0.0.1:${port}/${app}`, app);
  }

  /** Opens a client over a WebSocket, in TLS where it is asked for, and connects it to `app`. */
  static async overWebSocket(
    cleaner: Cleaner,
    port: number,
    app: string,
    { tls = false }: { readonly tls?: boolean } = {},
  ): Promise<TestClient> {
    const client = new TestClient();
    const url = `${tls ? 'wss' : 'ws'}://127.0.0.1:${port}/rtmp`;
    const webSocket = new WebSocket(url, 'rtmp', { rejectUnauthorized: false });
    cleaner.after(() => webSocket.terminate());
    await once(webSocket, 'open');
    client.#carrier = webSocketCarrier(webSocket, client);
    return client.#connect(`${tls ? 'rtmps' : 'rtmp'}://127.0.0.1:${port}/${app}`, app);
  }

  /** Publishes `name` and waits for the answer. */
  async publish(name: string): Promise<ClientEvent> {
    this.session.publish(name);
    this.wake();
    return this.waitFor(({ type }) => type === 'publish-started' || type === 'publish-rejected');
  }

  /** Plays `name` and waits for the answer. */
  async play(name: string): Promise<ClientEvent> {
    this.session.play(name);
    this.wake();
    return this.waitFor(({ type }) => type === 'play-started' || type === 'play-rejected');
  }

  /** The media received so far. */
  get media(): MediaEvent[] {
    return this.events.filter((event) => event.type === 'media');
  }

  /** Sends what waits. */
  wake(): void {
    this.#carrier?.wake();
  }

  /** Ends without a goodbye. */
  kill(): void {
    this.#carrier?.kill();
  }

  /** Resolves with the first event, past or coming, that fits. */
  async waitFor(fits: (event: ClientEvent) => boolean): Promise<ClientEvent> {
    let found = this.events.find(fits);
    await this.waitUntil(() => {
      found = this.events.find(fits);
      return found !== undefined;
    });
    if (found === undefined) throw new Error('unreachable');
    return found;
  }

  /** Resolves when `isTrue` holds; looked at again whenever something came. */
  async waitUntil(isTrue: () => boolean): Promise<void> {
    if (isTrue()) return;
    await new Promise<void>((resolve, reject) => {
      const limit = setTimeout(() => {
        this.#watchers.delete(look);
        const heard = this.events.slice(-8).map((event) => event.type);
        reject(new Error(`waited ${WAIT_LIMIT_MS} ms; heard last: ${heard.join(', ')}`));
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

  /** Takes in bytes from the carrier. */
  receive(bytes: Uint8Array): void {
    this.session.receive(bytes, performance.now());
    for (let events = this.session.drainEvents(); events.length > 0; events = this.session.drainEvents()) {
      this.events.push(...events);
    }
    this.wake();
    for (const look of this.#watchers) look();
  }

  /** The carrier is gone. */
  over(): void {
    this.isOver = true;
    for (const look of this.#watchers) look();
  }

  async #connect(tcUrl: string, app: string): Promise<TestClient> {
    this.session.connect({ app, tcUrl });
    this.wake();
    await this.waitFor(({ type }) => type === 'connected' || type === 'connect-rejected');
    return this;
  }
}

function tcpCarrier(socket: Socket, client: TestClient): Carrier {
  socket.on('data', (bytes) => client.receive(bytes));
  socket.on('error', () => socket.destroy());
  socket.on('close', () => client.over());
  return {
    wake: () => {
      for (const bytes of client.session.takeOutput(TAKE_BYTES)) socket.write(bytes);
    },
    kill: () => socket.resetAndDestroy(),
  };
}

function webSocketCarrier(webSocket: WebSocket, client: TestClient): Carrier {
  webSocket.on('message', (data) => {
    if (!Buffer.isBuffer(data)) throw new Error('expected a message in one buffer');
    client.receive(data);
  });
  webSocket.on('error', () => webSocket.terminate());
  webSocket.on('close', () => client.over());
  return {
    wake: () => {
      for (const bytes of client.session.takeOutput(TAKE_BYTES)) webSocket.send(bytes);
    },
    kill: () => webSocket.terminate(),
  };
}

/** One keep-alive connection, one request at a time: idle after idle while it plays, none while it publishes. */
class TunnelCarrier implements Carrier {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });
  readonly #port: number;
  readonly #client: TestClient;
  #sessionId = '';
  #sequenceNumber = 0;
  #isAsking = false;
  #isOver = false;

  constructor(port: number, client: TestClient) {
    this.#port = port;
    this.#client = client;
  }

  async open(): Promise<void> {
    const body = await this.#post('/open/1', Buffer.of(0));
    this.#sessionId = body.toString('latin1').trimEnd();
  }

  wake(): void {
    if (this.#isAsking || this.#isOver || this.#sessionId === '') return;
    this.#isAsking = true;
    this.#ask().then(
      () => {
        this.#isAsking = false;
      },
      () => this.#end(),
    );
  }

  kill(): void {
    this.#isOver = true;
    this.#agent.destroy();
  }

  async #ask(): Promise<void> {
    while (!this.#isOver) {
      const output = this.#client.session.takeOutput(TAKE_BYTES);
      if (output.length === 0 && this.#client.session.isPublishing) return;
      const verb = output.length > 0 ? 'send' : 'idle';
      const body = output.length > 0 ? Buffer.concat(output) : Buffer.of(0);
      const reply = await this.#post(`/${verb}/${this.#sessionId}/${this.#sequenceNumber++}`, body);
      if (reply.length === 0 || reply[0] === 0) return this.#end();
      if (reply.length > 1) this.#client.receive(reply.subarray(1));
    }
  }

  #end(): void {
    this.#isOver = true;
    this.#client.over();
  }

  #post(path: string, body: Buffer): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const headers = { 'Content-Type': 'application/x-fcs', 'Content-Length': body.length };
      const options = {
        method: 'POST',
        host: '127.0.0.1',
        port: this.#port,
        path,
        headers,
        agent: this.#agent,
      };
      const posting = request(options, (response) => {
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
