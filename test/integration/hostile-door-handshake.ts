// TLS handshakes that a client breaks off: a real client's bytes, of which only the first so many are sent.

import { once } from 'node:events';
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls';
import { sleep } from '../support/programs.ts';
import { openPlain } from './hostile-door-client.ts';

/** LIMIT: what a client has not said by then it does not say, ms. */
const FLUSH_MS = 50;

/** A transport for a TLS client that carries its first so many bytes to a socket, and drops the others. */
class CutTransport extends Duplex {
  readonly #socket: Socket;
  #leftBytes: number;
  /** What the client said, the dropped bytes among it. */
  readonly said: Buffer[] = [];
  /** Resolves when the last byte that is carried was. */
  readonly cut: Promise<void>;
  readonly #onCut: () => void;

  constructor(socket: Socket, maxBytes: number) {
    super();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.cut = promise;
    this.#onCut = resolve;
    this.#socket = socket;
    this.#leftBytes = maxBytes;
    socket.on('data', (bytes) => this.push(bytes));
  }

  override _read(): void {
    this.#socket.resume();
  }

  override _write(bytes: Buffer, _encoding: string, done: () => void): void {
    this.said.push(bytes);
    const carried = bytes.subarray(0, this.#leftBytes);
    this.#leftBytes -= carried.length;
    if (carried.length > 0) this.#socket.write(carried);
    if (this.#leftBytes === 0) this.#onCut();
    done();
  }
}

/** A transport that carries what a client says byte by byte. */
class DripTransport extends Duplex {
  readonly #socket: Socket;
  saidBytes = 0;

  constructor(socket: Socket) {
    super();
    this.#socket = socket;
    socket.on('data', (bytes) => this.push(bytes));
  }

  override _read(): void {
    this.#socket.resume();
  }

  override _write(bytes: Buffer, _encoding: string, done: () => void): void {
    this.saidBytes += bytes.length;
    let index = 0;
    const next = (): void => {
      if (index === bytes.length) done();
      else this.#socket.write(bytes.subarray(index, ++index), () => setImmediate(next));
    };
    next();
  }
}

/** Shakes hands byte by byte; gives the client, and how many bytes it said. */
export async function dripHandshake(
  port: number,
  options: ConnectionOptions,
): Promise<{ readonly client: TLSSocket; readonly saidBytes: number }> {
  const socket = await openPlain({ port });
  const transport = new DripTransport(socket);
  const client = connectTls({ ...options, socket: transport, rejectUnauthorized: false });
  await once(client, 'secureConnect');
  client.on('error', () => client.destroy());
  client.once('close', () => socket.destroy());
  return { client, saidBytes: transport.saidBytes };
}

/** How long the handshake of a client is, bytes: what it says first, and all it says. */
export type HandshakeLength = { readonly helloBytes: number; readonly allBytes: number };

/** Shakes hands to the end, and tells how long what the client said was. */
export async function measureHandshake(port: number, options: ConnectionOptions): Promise<HandshakeLength> {
  const socket = await openPlain({ port });
  const transport = new CutTransport(socket, Number.POSITIVE_INFINITY);
  const client = connectTls({ ...options, socket: transport, rejectUnauthorized: false });
  await once(client, 'secureConnect');
  await sleep(FLUSH_MS);
  const lengths = transport.said.map(({ length }) => length);
  client.on('error', () => client.destroy()).destroy();
  socket.destroy();
  return { helloBytes: lengths[0] ?? 0, allBytes: lengths.reduce((sum, length) => sum + length, 0) };
}

/** Begins a handshake of which the first `maxBytes` bytes are sent; gives the connection once they are. */
export async function beginHandshake(
  port: number,
  maxBytes: number,
  options: ConnectionOptions,
): Promise<Socket> {
  const socket = await openPlain({ port });
  const transport = new CutTransport(socket, maxBytes);
  const client = connectTls({ ...options, socket: transport, rejectUnauthorized: false });
  client.on('error', () => client.destroy());
  socket.once('close', () => client.destroy());
  await transport.cut;
  return socket;
}

/** The ClientHello of a client, as it goes over the wire. */
export async function clientHello(options: ConnectionOptions = {}): Promise<Buffer> {
  const said = Promise.withResolvers<Buffer>();
  const transport = new Duplex({
    read: () => undefined,
    write: (bytes: Buffer, _encoding, done) => {
      said.resolve(bytes);
      done();
    },
  });
  const client = connectTls({ ...options, socket: transport });
  client.on('error', () => client.destroy());
  const hello = await said.promise;
  client.destroy();
  return hello;
}
