// Dials of a test: upstreams as the configuration has them, servers on the loopback, black holes, and a count of what is left.

import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TLSSocket, type TlsOptions } from 'node:tls';
import { PROCESS_CLOCK } from '../../../src/cli/process-clock.ts';
import { configWith } from '../../../src/config/load-config.ts';
import { routingOf, type Upstream } from '../../../src/config/routing.ts';
import type { Config } from '../../../src/config/schema.ts';
import { createGuard } from '../../../src/errors.ts';
import { CaFiles } from '../../../src/links/dial/ca-files.ts';
import { DialError } from '../../../src/links/dial/dial-error.ts';
import type { DialDeps } from '../../../src/links/dial/dial-upstream.ts';
import { DeadlineWheel } from '../../../src/sessions/deadline-wheel.ts';
import type { CertificatePair } from '../../support/certificates.ts';
import { type Cleaner, newFilePath, startProgram } from '../../support/programs.ts';
import { until } from '../../support/until.ts';
import { TestEndpoint } from '../socket-rig.ts';

const LIMIT_MS = 10_000;
const HOLE_LIFE_MS = 30_000;
/** A connection that does not come about in this time on the loopback is dropped. */
const DROPPED_MS = 300;
/** LIMIT: far more than a backlog of 1 takes. */
const MAX_FILLERS = 16;

/** What stands in the credentials and queries of these tests: nothing of it may be told. */
export const SECRETS = /S3cret|Passw0rd|czNjcmV0/i;

/** What one upstream has set. */
export type Settings = NonNullable<Config['upstreams'][string]>;

/** The upstream that these settings make, as the configuration has it. */
export function upstreamWith(settings: Settings): Upstream {
  const { upstreams } = routingOf(configWith({ upstreams: { main: settings } }));
  const [upstream] = upstreams;
  if (upstream === undefined) throw new Error('no upstream');
  return upstream;
}

/** What dials stand on, with the errors of ours that were caught. */
export function dialDeps(t: Cleaner): DialDeps & { readonly caught: unknown[] } {
  const wheel = new DeadlineWheel(PROCESS_CLOCK);
  t.after(() => wheel.stop());
  const caught: unknown[] = [];
  const guard = createGuard((error) => caught.push(error));
  return { wheel, guard, writeTimeoutMs: 30_000, caFiles: new CaFiles(), caught };
}

/** What a dial fails with, which tells no secret. */
export async function faultOf(dial: Promise<unknown>): Promise<DialError> {
  try {
    await dial;
  } catch (error) {
    if (!(error instanceof DialError)) throw error;
    for (let part: unknown = error; part instanceof Error; part = part.cause) {
      if (SECRETS.test(`${part.message} ${part.stack}`))
        throw new Error(`it tells a secret: ${part.message}`);
    }
    return error;
  }
  throw new Error('it was dialled');
}

/** A server of the test, with what came to it. */
export class LoopbackServer {
  readonly port: number;
  /** Connections that came so far. */
  count = 0;
  readonly #open = new Set<Socket>();
  readonly #parts: Buffer[] = [];

  private constructor(server: Server) {
    this.port = (server.address() as AddressInfo).port;
  }

  /** Starts one, on TLS where there are options for it; `serve` has each connection, TLS finished. */
  static async start(
    t: Cleaner,
    serve: (socket: Socket, server: LoopbackServer) => void = () => undefined,
    tls: TlsOptions | null = null,
  ): Promise<LoopbackServer> {
    const taken: { server: LoopbackServer | null } = { server: null };
    const take = (socket: Socket): void => {
      if (taken.server !== null) serve(socket, taken.server);
    };
    const server = tls === null ? createServer(take) : createTlsServer(tls, take);
    server.on('tlsClientError', () => undefined);
    server.on('connection', (socket: Socket) => {
      if (taken.server !== null) taken.server.#count(socket, tls === null);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const made = new LoopbackServer(server);
    taken.server = made;
    t.after(() => {
      server.close();
      for (const socket of made.#open) socket.destroy();
    });
    return made;
  }

  /** Connections that are open. */
  get openCount(): number {
    return this.#open.size;
  }

  /** All that came in by connections that are kept by `keep`. */
  get received(): Buffer {
    return Buffer.concat(this.#parts);
  }

  /** Keeps what comes by this one. */
  keep(socket: Socket): void {
    socket.on('data', (part: Buffer) => this.#parts.push(part));
  }

  #count(socket: Socket, isPlain: boolean): void {
    this.count++;
    this.#open.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#open.delete(socket));
    if (isPlain) this.keep(socket);
  }
}

/** A TLS server that says hello, and whose name was asked for in `names`. */
export async function startTls(
  t: Cleaner,
  certificate: CertificatePair,
): Promise<{ server: LoopbackServer; names: (string | false | null)[] }> {
  const names: (string | false | null)[] = [];
  const serve = (socket: unknown, server: LoopbackServer): void => {
    const secured = socket as TLSSocket;
    names.push(secured.servername);
    server.keep(secured);
    secured.on('error', () => secured.destroy());
    secured.write('hello');
  };
  return { server: await LoopbackServer.start(t, serve, { ...certificate }), names };
}

/** The path of a file with these texts. */
export function caFileOf(...texts: string[]): string {
  const path = newFilePath('ca.pem');
  writeFileSync(path, texts.join('\n'));
  return path;
}

/** A port that takes no connection and refuses none: a process that never accepts, with a full backlog. */
export async function startBlackHole(t: Cleaner, lifeMs = HOLE_LIFE_MS): Promise<number> {
  const code = `
    const server = require('node:net').createServer();
    server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
      require('node:fs').writeSync(2, 'port ' + server.address().port + '\\n');
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
    });`;
  const args = ['--input-type=commonjs', '-e', code];
  const program = startProgram(t, {
    title: 'black hole',
    command: process.execPath,
    args,
    limitMs: lifeMs,
  });
  await program.waitForOutput(/port \d+/, LIMIT_MS);
  const port = Number(/port (\d+)/.exec(program.output())?.[1]);
  for (let count = 0; count < MAX_FILLERS; count++) {
    if (!(await fills(t, port))) return port;
  }
  throw new Error('the backlog took every connection');
}

async function fills(t: Cleaner, port: number): Promise<boolean> {
  const socket = connect({ host: '127.0.0.1', port });
  t.after(() => void socket.destroy());
  socket.on('error', () => undefined);
  const connected = once(socket, 'connect').then(
    () => true,
    () => false,
  );
  return Promise.race([connected, pass(DROPPED_MS).then(() => false)]);
}

/** How many sockets this process has open or opening, those of its servers among them. */
export function socketCount(): number {
  return process
    .getActiveResourcesInfo()
    .filter((name) => /^(?:TCPSocketWrap|TLSWrap|TCPConnectWrap)$/.test(name)).length;
}

/** Waits until there are no more than so many. */
export async function untilSockets(count: number): Promise<void> {
  await until(
    () => socketCount() <= count,
    () => `${socketCount()} sockets, not ${count} at most`,
  );
}

/** Resolves after `delayMs`. */
export function pass(delayMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, delayMs));
}

/** Gives what the test puts in, and remembers what it hears. */
export class DialEndpoint extends TestEndpoint {
  /** All that came, as text of a character a byte. */
  get text(): string {
    return this.received.toString('latin1');
  }
}
