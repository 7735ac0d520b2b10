// A tunnel server whose every answer the test writes, over real HTTP on the loopback, and an endpoint for the client's Link.

import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { PROCESS_CLOCK } from '../../../src/cli/process-clock.ts';
import { createGuard, type EndReason } from '../../../src/errors.ts';
import type { LinkEndpoint } from '../../../src/links/link.ts';
import { dialTunnel } from '../../../src/links/tunnel-client/dial-tunnel.ts';
import type { TunnelClientLink } from '../../../src/links/tunnel-client/tunnel-client-link.ts';
import type { TunnelClientOptions } from '../../../src/links/tunnel-client/tunnel-client-options.ts';
import { DeadlineWheel } from '../../../src/sessions/deadline-wheel.ts';
import { FakeEndpoint } from '../../protocol/rtmpt/fake-endpoint.ts';
import type { CertificatePair } from '../../support/certificates.ts';
import type { Cleaner } from '../../support/programs.ts';
import { until } from '../../support/until.ts';

/** The id that the server gives: nothing of it may stand in a message. */
export const SESSION_ID = 'S3cretSession';

/** One request as it came. */
export type SeenRequest = {
  readonly verb: string;
  /** -1 where there is none. */
  readonly sequenceNumber: number;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** Numbers connections in the order they came. */
  readonly connection: number;
  readonly atMs: number;
  readonly response: ServerResponse;
};

/** A server that answers what it is told to. */
export class ScriptedServer {
  readonly requests: SeenRequest[] = [];
  /** Answers one request; by default as a server that has nothing to say and holds nothing. */
  answer: (request: SeenRequest) => void = (request) => reply(request, '\x01');
  readonly #server: Server;
  readonly #sockets: Socket[] = [];

  private constructor(certificate: CertificatePair | null) {
    this.#server = certificate === null ? createServer() : createSecureServer(certificate);
    this.#server.on('request', (incoming, response) => {
      const parts: Buffer[] = [];
      incoming.on('data', (part: Buffer) => parts.push(part));
      incoming.on('error', () => response.destroy());
      incoming.on('end', () => {
        const { url = '', headers, socket } = incoming;
        const path = url.startsWith('/') ? url : new URL(url).pathname;
        const [, verb = '', , number] = path.split('/');
        if (!this.#sockets.includes(socket)) this.#sockets.push(socket);
        const request: SeenRequest = {
          verb,
          sequenceNumber: number === undefined ? -1 : Number(number),
          url,
          headers,
          body: Buffer.concat(parts).toString('latin1'),
          connection: this.#sockets.indexOf(socket),
          atMs: performance.now(),
          response,
        };
        this.requests.push(request);
        if (verb === 'open') reply(request, `${SESSION_ID}\n`);
        else if (verb === 'close') reply(request, '\x00');
        else this.answer(request);
      });
    });
  }

  static async start(
    t: Cleaner,
    certificate: (CertificatePair & { readonly maxVersion?: 'TLSv1.2' }) | null = null,
  ): Promise<ScriptedServer> {
    const server = new ScriptedServer(certificate);
    server.#server.listen(0, '127.0.0.1');
    await once(server.#server, 'listening');
    t.after(() => server.stop());
    return server;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Those of a verb. */
  of(verb: string): SeenRequest[] {
    return this.requests.filter((request) => request.verb === verb);
  }

  /** Stops listening, and resets what is open. */
  stop(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}

/** Answers with a body of one character a byte. */
export function reply({ response }: SeenRequest, body: string, statusCode = 200): void {
  response.writeHead(statusCode, { 'Content-Length': body.length });
  response.end(body, 'latin1');
}

/** Takes and gives text, and remembers how the Link ended. */
export class LinkEnd extends FakeEndpoint implements LinkEndpoint {
  readonly failures: EndReason[] = [];
  readonly ends: EndReason[] = [];

  failed(reason: EndReason): void {
    this.failures.push(reason);
  }

  closed(reason: EndReason): void {
    this.ends.push(reason);
  }

  /** All that came. */
  get text(): string {
    return this.received.join('');
  }
}

/** An opened Link with its endpoint attached, and what else it was given. */
export type OpenLink = {
  readonly link: TunnelClientLink;
  readonly end: LinkEnd;
  readonly caught: unknown[];
};

/** Time and an error boundary for Links of a test. */
export function linkDeps(
  t: Cleaner,
): Pick<TunnelClientOptions, 'guard'> & { wheel: DeadlineWheel; caught: unknown[] } {
  const wheel = new DeadlineWheel(PROCESS_CLOCK);
  t.after(() => wheel.stop());
  const caught: unknown[] = [];
  return { wheel, guard: createGuard((error) => caught.push(error)), caught };
}

/** Dials the server and attaches an endpoint. */
export async function openLink(
  t: Cleaner,
  server: { readonly port: number },
  options: Partial<TunnelClientOptions> = {},
): Promise<OpenLink> {
  const { caught, ...deps } = linkDeps(t);
  const address = { host: '127.0.0.1', port: server.port, isSecure: options.tls !== undefined };
  const link = await dialTunnel(address, { ...deps, ...options });
  const end = new LinkEnd();
  link.attach(end);
  // The second time, it ends at once.
  t.after(() => {
    for (let time = 0; time < 2; time++) link.fail({ code: 'done', message: 'the test is over' });
  });
  return { link, end, caught };
}

/** Sends one message. */
export function say({ link, end }: OpenLink, text: string): void {
  end.queue(text);
  link.wake();
}

/** Sends four messages one after another, behind which the server may take the session for numbered. */
export async function sayFour(open: OpenLink, server: ScriptedServer): Promise<void> {
  for (let number = 0; number < 4; number++) {
    say(open, String(number));
    await until(() => server.of('send').length === number + 1);
    await until(() => open.link.diagnostics().requests > number);
  }
}

/** Resolves after `delayMs`: for what must not happen in that time. */
export function pass(delayMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, delayMs));
}
