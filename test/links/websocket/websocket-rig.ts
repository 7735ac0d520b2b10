// A WebSocket door behind a real HTTP server on the loopback, with a wheel that the test turns, an endpoint for each Link,
// and clients: the library's, and one that writes frames by hand.

import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { connect, type Socket } from 'node:net';
import type { TestContext } from 'node:test';
import WebSocket, { type ClientOptions } from 'ws';
import { createGuard } from '../../../src/errors.ts';
import type { Link, Peer } from '../../../src/links/link.ts';
import { isWebSocketUpgrade, WebSocketDoor } from '../../../src/links/websocket/websocket-door.ts';
import type { CertificatePair } from '../../support/certificates.ts';
import { until } from '../../support/until.ts';
import { Opcode, readServerFrames, type ServerFrame } from '../../support/websocket-wire.ts';
import { FakeWheel } from '../rtmpt/tunnel-harness.ts';
import { TestEndpoint } from '../socket-rig.ts';

export const PING_INTERVAL_MS = 20_000;
export const PING_TIMEOUT_MS = 15_000;
export const MAX_MESSAGE_BYTES = 256 * 1024;
export const WRITE_TIMEOUT_MS = 30_000;

/** Who every client is. */
export const PEER: Peer = {
  remoteAddress: '192.0.2.7',
  remotePort: 50_000,
  proxyAddress: '10.0.0.1',
  localPort: 80,
  tlsVersion: null,
};

/** How a client asks. */
export const HANDSHAKE_FIELDS: Readonly<Record<string, string>> = {
  Host: 'h',
  Connection: 'Upgrade',
  Upgrade: 'websocket',
  'Sec-WebSocket-Version': '13',
  'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
  'Sec-WebSocket-Protocol': 'rtmp',
};

/** What a client that writes by hand has heard, from the head of the answer on. */
export class RawWebSocket {
  readonly socket: Socket;
  isClosed = false;
  readonly #parts: Buffer[] = [];

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (part: Buffer) => this.#parts.push(part));
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      this.isClosed = true;
    });
  }

  /** The head of the answer, and what followed it where that is no WebSocket. */
  get text(): string {
    return Buffer.concat(this.#parts).toString('latin1');
  }

  /** The whole frames that came. */
  get frames(): ServerFrame[] {
    const bytes = Buffer.concat(this.#parts);
    const headEnd = bytes.indexOf('\r\n\r\n');
    return headEnd < 0 ? [] : readServerFrames(bytes.subarray(headEnd + 4));
  }

  /** The payloads of the frames of one kind that came. */
  payloads(opcode: number): Buffer[] {
    return this.frames.filter((frame) => frame.opcode === opcode).map(({ payload }) => payload);
  }
}

/** Status and text of the close frame that came. */
export function closeOf(client: RawWebSocket): readonly [number, string] | null {
  const [payload] = client.payloads(Opcode.Close);
  return payload === undefined ? null : [payload.readUInt16BE(0), payload.subarray(2).toString()];
}

/** A running door. */
export type Rig = {
  readonly port: number;
  readonly wheel: FakeWheel;
  readonly links: Link[];
  readonly endpoints: TestEndpoint[];
  /** The server's side of each connection that asked for a WebSocket. */
  readonly sockets: Socket[];
  readonly counts: string[];
  /** Errors of ours that the boundary caught. */
  readonly caught: unknown[];
  /** A client of the library, open, and the Link and the endpoint of its other side. */
  client(options?: ClientOptions): Promise<Opened & { readonly client: WebSocket }>;
  /** Writes a request by hand; fields of null are left out. */
  ask(
    fields?: Readonly<Record<string, string | null>>,
    line?: string,
    body?: Uint8Array,
  ): Promise<RawWebSocket>;
  /** A WebSocket by hand, open. */
  raw(): Promise<Opened & { readonly client: RawWebSocket }>;
};

/** The server's side of a WebSocket. */
export type Opened = { readonly link: Link; readonly endpoint: TestEndpoint; readonly socket: Socket };

/** What a rig may be made with. */
export type RigOptions = {
  readonly onLink?: (link: Link) => void;
  readonly onRequest?: RequestListener;
  readonly peer?: Peer;
  readonly writeTimeoutMs?: number;
  readonly pingIntervalMs?: number;
  /** Speaks TLS with it, to clients of the library alone. */
  readonly certificate?: CertificatePair;
};

/** Starts a door; everything ends with the test. */
export async function startDoor(t: TestContext, options: RigOptions = {}): Promise<Rig> {
  const wheel = new FakeWheel();
  const links: Link[] = [];
  const endpoints: TestEndpoint[] = [];
  const sockets: Socket[] = [];
  const counts: string[] = [];
  const caught: unknown[] = [];
  const attach = (link: Link): void => {
    const endpoint = new TestEndpoint();
    endpoints.push(endpoint);
    link.attach(endpoint);
  };
  const door = new WebSocketDoor({
    config: {
      pingIntervalMs: options.pingIntervalMs ?? PING_INTERVAL_MS,
      pingTimeoutMs: PING_TIMEOUT_MS,
      maxMessageBytes: MAX_MESSAGE_BYTES,
    },
    writeTimeoutMs: options.writeTimeoutMs ?? WRITE_TIMEOUT_MS,
    wheel,
    guard: createGuard((error) => caught.push(error)),
    peerOf: () => options.peer ?? PEER,
    onLink: (link) => {
      links.push(link);
      (options.onLink ?? attach)(link);
    },
    count: (name) => counts.push(name),
  });
  const { certificate, onRequest } = options;
  const settings = { shouldUpgradeCallback: isWebSocketUpgrade, noDelay: true };
  const server =
    certificate === undefined
      ? createServer(settings, onRequest)
      : createTlsServer({ ...settings, ...certificate }, onRequest);
  server.on('upgrade', (request, _socket, head) => {
    sockets.push(request.socket);
    door.upgrade(request, request.socket, head);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const { port } = address;
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.closeAllConnections();
    server.close();
  });

  const ask: Rig['ask'] = async (fields = {}, line = 'GET /rtmp HTTP/1.1', body = new Uint8Array(0)) => {
    const socket = connect({ host: '127.0.0.1', port, noDelay: true });
    t.after(() => socket.destroy());
    const client = new RawWebSocket(socket);
    await once(socket, 'connect');
    const head = Object.entries({ ...HANDSHAKE_FIELDS, ...fields })
      .filter(([, value]) => value !== null)
      .map(([name, value]) => `${name}: ${value}\r\n`);
    socket.write(Buffer.concat([Buffer.from(`${line}\r\n${head.join('')}\r\n`), body]));
    return client;
  };
  const openedBy = async <T>(client: T): Promise<Opened & { readonly client: T }> => {
    await until(() => links.length > 0 && endpoints.length === links.length);
    const [link, endpoint, socket] = [links.at(-1), endpoints.at(-1), sockets.at(-1)];
    if (link === undefined || endpoint === undefined || socket === undefined) throw new Error('not open');
    return { client, link, endpoint, socket };
  };
  return {
    port,
    wheel,
    links,
    endpoints,
    sockets,
    counts,
    caught,
    ask,
    client: async (clientOptions = {}) => {
      const url = `${certificate === undefined ? 'ws' : 'wss'}://127.0.0.1:${port}/rtmp`;
      const client = new WebSocket(url, 'rtmp', { ca: certificate?.cert, ...clientOptions });
      t.after(() => client.terminate());
      await once(client, 'open');
      return openedBy(client);
    },
    raw: async () => {
      const client = await ask();
      await until(() => client.text.includes('\r\n\r\n'));
      return openedBy(client);
    },
  };
}
