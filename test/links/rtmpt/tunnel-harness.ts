// A tunnel plugin behind a real HTTP server on the loopback, with a wheel that the test turns, an endpoint for each
// session, and a client that speaks raw bytes.

import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { TestContext } from 'node:test';
import fastify from 'fastify';
import { createGuard, type EndReason } from '../../../src/errors.ts';
import type { Deadline, Link, LinkEndpoint, Wheel } from '../../../src/links/link.ts';
import type { RtmptConfig } from '../../../src/links/rtmpt/rtmpt-options.ts';
import { rtmptPlugin } from '../../../src/links/rtmpt/rtmpt-plugin.ts';
import { TunnelLink } from '../../../src/links/rtmpt/tunnel-link.ts';
import { FakeEndpoint } from '../../protocol/rtmpt/fake-endpoint.ts';
import { TUNNEL_SETTINGS } from '../../support/tunnel-settings.ts';

/** Long enough for one handshake: C0, C1, C2. */
export const HANDSHAKE = 'h'.repeat(3073);

/** The head of every reply but those on errors. */
export function replyHead(lengthBytes: number): string {
  return (
    'HTTP/1.1 200 OK\r\nContent-Type: application/x-fcs\r\nCache-Control: no-cache\r\n' +
    `Connection: Keep-Alive\r\nContent-Length: ${lengthBytes}\r\n\r\n`
  );
}

/** An answer of `body`, whole. */
export function replyOf(body: string): string {
  return replyHead(body.length) + body;
}

/** The answer to anything of an unknown session. */
export const NOT_FOUND =
  'HTTP/1.1 404 Not Found\r\nCache-Control: no-cache\r\nConnection: Keep-Alive\r\nContent-Length: 0\r\n\r\n';

/** Time and deadlines that move only when the test says so. */
export class FakeWheel implements Wheel {
  #nowMs = 1000;
  readonly #deadlines = new Map<Deadline, { readonly atMs: number; readonly callback: () => void }>();

  get pendingCount(): number {
    return this.#deadlines.size;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  at(deadlineMs: number, callback: () => void): Deadline {
    const deadline = { cancel: () => void this.#deadlines.delete(deadline) };
    this.#deadlines.set(deadline, { atMs: deadlineMs, callback });
    return deadline;
  }

  advance(ms: number): void {
    this.#nowMs += ms;
    for (const [deadline, { atMs, callback }] of [...this.#deadlines]) {
      if (atMs > this.#nowMs || !this.#deadlines.delete(deadline)) continue;
      callback();
    }
  }
}

/** Keeps what a link tells its endpoint. */
export class LinkEndpointFake extends FakeEndpoint implements LinkEndpoint {
  readonly ends: string[] = [];
  failed(reason: EndReason): void {
    this.ends.push(`failed ${reason.code}`);
  }
  closed(reason: EndReason): void {
    this.ends.push(`closed ${reason.code}`);
  }
}

/** One connection, as raw as it gets. All text is latin1: a character a byte. */
export class RawClient {
  readonly socket: Socket;
  #received = '';
  #isClosed = false;
  #onChange: () => void = () => undefined;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.setEncoding('latin1');
    socket.on('data', (text: string) => {
      this.#received += text;
      this.#onChange();
    });
    // A reset is the end of a connection like any other here.
    socket.on('error', () => this.#onChange());
    socket.on('close', () => {
      this.#isClosed = true;
      this.#onChange();
    });
  }

  /** Everything received and not yet read. */
  get unread(): string {
    return this.#received;
  }

  send(text: string): void {
    this.socket.write(text, 'latin1');
  }

  post(path: string, body = '\x00', headers = 'Content-Type: application/x-fcs\r\n'): void {
    this.send(`POST ${path} HTTP/1.1\r\nHost: h\r\n${headers}Content-Length: ${body.length}\r\n\r\n${body}`);
  }

  /** The next whole reply, head and body. */
  async reply(): Promise<string> {
    for (;;) {
      const headEnd = this.#received.indexOf('\r\n\r\n');
      if (headEnd >= 0) {
        const lengthBytes = Number(/Content-Length: (\d+)/i.exec(this.#received.slice(0, headEnd))?.[1] ?? 0);
        const end = headEnd + 4 + lengthBytes;
        if (this.#received.length >= end) {
          const whole = this.#received.slice(0, end);
          this.#received = this.#received.slice(end);
          return whole;
        }
      }
      if (this.#isClosed) throw new Error(`closed after ${JSON.stringify(this.#received)}`);
      await this.#changed();
    }
  }

  /** Posts and waits for the answer. */
  async ask(path: string, body?: string, headers?: string): Promise<string> {
    this.post(path, body, headers);
    return await this.reply();
  }

  /** Opens a session; its id. */
  async open(): Promise<string> {
    const reply = await this.ask('/open/1');
    return reply.slice(reply.indexOf('\r\n\r\n') + 4).trimEnd();
  }

  async closed(): Promise<void> {
    while (!this.#isClosed) await this.#changed();
  }

  #changed(): Promise<void> {
    return new Promise((resolve) => {
      this.#onChange = resolve;
    });
  }
}

/** A running tunnel. */
export type Harness = {
  readonly port: number;
  readonly wheel: FakeWheel;
  readonly links: Link[];
  readonly endpoints: LinkEndpointFake[];
  readonly counts: string[];
  /** Messages of our own errors that the boundary caught; a peer's are in the endpoints' ends. */
  readonly caught: string[];
  client(): Promise<RawClient>;
  close(): Promise<void>;
  /** Waits until the server knows that every connection of the first session is gone. */
  detached(): Promise<void>;
  /** Waits until `isTrue`, looking again after each turn of the event loop. */
  until(isTrue: () => boolean): Promise<void>;
};

/** Starts a tunnel; everything ends with the test. `onLink` may replace the attaching of an endpoint. */
export async function startTunnel(
  t: TestContext,
  config: Partial<RtmptConfig> = {},
  onLink?: (link: Link) => void,
): Promise<Harness> {
  const wheel = new FakeWheel();
  const links: Link[] = [];
  const endpoints: LinkEndpointFake[] = [];
  const counts: string[] = [];
  const caught: string[] = [];
  const guard = createGuard((error) => caught.push(error instanceof Error ? error.message : String(error)));
  const attach = (link: Link): void => {
    const endpoint = new LinkEndpointFake();
    endpoints.push(endpoint);
    link.attach(endpoint);
  };
  const app = fastify({
    forceCloseConnections: true,
  });
  await app.register(rtmptPlugin, {
    config: {
      ...TUNNEL_SETTINGS,
      maxSessions: 1000,
      maxSessionsPerSource: 1000,
      maxHalfOpenSessions: 1000,
      maxRequestsPerSecond: 100_000,
      writeTimeoutMs: 30_000,
      maxBodyBytes: 16 * 1024 * 1024,
      gatherTimeMs: 30,
      contentType: 'application/x-fcs',
      ident: 'not-found',
      ...config,
    },
    wheel,
    randomBytes,
    guard,
    peerOf: ({ socket }) => ({
      remoteAddress: socket.remoteAddress ?? '',
      remotePort: socket.remotePort ?? 0,
      proxyAddress: null,
      localPort: socket.localPort ?? 0,
      tlsVersion: null,
    }),
    onLink: (link) => {
      links.push(link);
      (onLink ?? attach)(link);
    },
    count: (name) => counts.push(name),
  });
  app.get('/page', async () => 'page');
  const { port } = new URL(await app.listen({ host: '127.0.0.1', port: 0 }));
  t.after(() => app.close());
  const until = async (isTrue: () => boolean): Promise<void> => {
    while (!isTrue()) await new Promise((resolve) => setImmediate(resolve));
  };
  return {
    port: Number(port),
    wheel,
    links,
    endpoints,
    counts,
    caught,
    client: async () => {
      const socket = connect({ host: '127.0.0.1', port: Number(port) });
      t.after(() => socket.destroy());
      const client = new RawClient(socket);
      await once(socket, 'connect');
      return client;
    },
    close: () => app.close(),
    detached: async () => {
      const [link] = links;
      if (link instanceof TunnelLink) await until(() => link.carriers.size === 0);
    },
    until,
  };
}
