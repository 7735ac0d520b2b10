// Certificates in files, a store over them whose time the test moves, and a TLS door on a listener that shows what the
// store has. The certificates are made here, and not by what is tested.

import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { type ConnectionOptions, connect, type PeerCertificate, type TLSSocket } from 'node:tls';
import { generate } from 'selfsigned';
import { configWith } from '../../../src/config/load-config.ts';
import { CertificateStore } from '../../../src/links/tls/certificate-store.ts';
import { TlsDoor } from '../../../src/links/tls/tls-door.ts';
import type { Logger } from '../../../src/log.ts';
import { until } from '../../support/until.ts';
import { FakeWheel } from '../rtmpt/tunnel-harness.ts';

export const DAY_MS = 24 * 60 * 60 * 1000;

const HANDSHAKE_TIMEOUT_MS = 10_000;

/** PEM texts. */
export type Pems = { readonly cert: string; readonly key: string };

/** What a certificate may be otherwise than usual. */
export type PemOptions = {
  readonly commonName?: string;
  /** Alternative names by their number in X.509; those of `names` where it is not given, none where it is empty. */
  readonly altNames?: readonly { type: 1 | 2 | 7; value?: string; ip?: string }[];
  readonly notBeforeMs?: number;
  readonly notAfterMs?: number;
  readonly ca?: Pems;
  readonly isAuthority?: boolean;
  readonly keyType?: 'rsa' | 'ec';
  readonly keySize?: number;
};

/** Makes a certificate for host names: a day old, and valid for a hundred more. */
export async function makePems(names: readonly string[], options: PemOptions = {}): Promise<Pems> {
  const { commonName = 'test', altNames = names.map((value) => ({ type: 2 as const, value })) } = options;
  const { notBeforeMs = Date.now() - DAY_MS, notAfterMs = Date.now() + 100 * DAY_MS } = options;
  const { cert, private: key } = await generate([{ name: 'commonName', value: commonName }], {
    keyType: options.keyType ?? 'ec',
    ...(options.keySize === undefined ? {} : { keySize: options.keySize }),
    algorithm: 'sha256',
    notBeforeDate: new Date(notBeforeMs),
    notAfterDate: new Date(notAfterMs),
    extensions: [
      { name: 'basicConstraints', cA: options.isAuthority === true, critical: true },
      ...(altNames.length === 0 ? [] : [{ name: 'subjectAltName' as const, altNames: [...altNames] }]),
    ],
    ...(options.ca === undefined ? {} : { ca: options.ca }),
  });
  return { cert, key };
}

/** A folder that goes with the test. */
export function newFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'culvert-tls-'));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

/** Writes certificate and key in place, as NAME.pem and NAME.key. Gives their settings. */
export function writePems(folder: string, name: string, { cert, key }: Pems) {
  const settings = { certificate: join(folder, `${name}.pem`), key: join(folder, `${name}.key`) };
  writeFileSync(settings.certificate, cert);
  writeFileSync(settings.key, key);
  return settings;
}

/** One line of the log. */
export type Line = {
  readonly level: string;
  readonly message: string;
  readonly fields: Record<string, unknown>;
};

/** Keeps what is logged. */
export class MemoryLog implements Logger {
  readonly lines: Line[] = [];

  debug = (fields: object, message: string): void => this.#keep('debug', fields, message);
  info = (fields: object, message: string): void => this.#keep('info', fields, message);
  warn = (fields: object, message: string): void => this.#keep('warn', fields, message);
  error = (fields: object, message: string): void => this.#keep('error', fields, message);

  /** The lines since the last time of asking, as level and message. */
  news(): string[] {
    return this.take().map(({ level, message }) => `${level} ${message}`);
  }

  /** The lines since the last time of asking. */
  take(): Line[] {
    return this.lines.splice(0);
  }

  #keep(level: string, fields: object, message: string): void {
    this.lines.push({ level, message, fields: { ...fields } });
  }
}

/** What is set otherwise than by default. */
export type Settings = NonNullable<Parameters<typeof configWith>[0]>;

/** A store, and what the test moves and reads of its world. */
export class StoreRig {
  readonly store: CertificateStore;
  readonly log: MemoryLog;
  readonly #wheel: FakeWheel;

  private constructor(store: CertificateStore, log: MemoryLog, wheel: FakeWheel) {
    this.store = store;
    this.log = log;
    this.#wheel = wheel;
  }

  /** Loads the store; its clock is that of the machine, moved by what the test has waited. */
  static async load(t: TestContext, settings: Settings): Promise<StoreRig> {
    const wheel = new FakeWheel();
    const log = new MemoryLog();
    const startMs = Date.now() - wheel.nowMs();
    const deps = { wheel, log, epochMs: () => startMs + wheel.nowMs() };
    const store = await CertificateStore.load(configWith(settings), deps);
    t.after(() => store.stop());
    return new StoreRig(store, log, wheel);
  }

  /** How many deadlines are pending. */
  get pendingCount(): number {
    return this.#wheel.pendingCount;
  }

  /** Lets time pass until the store looks, and waits until it has looked. */
  async look(afterMs = 1000): Promise<void> {
    this.#wheel.advance(afterMs);
    await until(() => this.#wheel.pendingCount > 0);
  }

  /** Two looks: what has changed is in force after them. */
  async settle(): Promise<void> {
    await this.look();
    await this.look();
  }
}

/** Serves what the store has on a free port of the loopback; gives the port. `receive` has whoever was let in. */
export async function serve(
  t: TestContext,
  certificates: CertificateStore,
  receive: (socket: TLSSocket) => void = sayOk,
): Promise<number> {
  const wheel = new FakeWheel();
  const door = new TlsDoor({ wheel, handshakeTimeoutMs: HANDSHAKE_TIMEOUT_MS, certificates });
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => socket.destroy());
    door.handshake(socket, { secured: receive, refuse: () => void socket.destroy() });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

function sayOk(socket: TLSSocket): void {
  socket.end('ok');
}

/** What a client sees of a server. */
export type Seen = {
  readonly certificate: PeerCertificate;
  readonly protocol: string;
  readonly isReused: boolean;
};

/** Connects, checking the server against `options.ca` where it is given, and reads to the end. */
export async function visit(port: number, options: ConnectionOptions): Promise<Seen> {
  const isChecked = options.ca !== undefined;
  const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: isChecked, ...options });
  await once(socket, 'secureConnect');
  const seen = {
    certificate: socket.getPeerCertificate(),
    protocol: socket.getProtocol() ?? '',
    isReused: socket.isSessionReused(),
  };
  socket.resume();
  await once(socket, 'close');
  return seen;
}

/** The common name that is shown to a client that asks for that host. */
export async function shownFor(port: number, servername?: string): Promise<string> {
  const { certificate } = await visit(port, servername === undefined ? {} : { servername });
  return String(certificate.subject.CN);
}
