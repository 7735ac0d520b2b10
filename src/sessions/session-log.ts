// What the log says of a session: one line when it is connected, one when it ends. Names come from the client: no
// character of theirs that ends a line or moves a terminal's cursor is written. Queries, which may hold keys, never are.

import { randomBytes } from 'node:crypto';
import type { EndReason, ErrorCode } from '../errors.ts';
import { ERRORS } from '../errors.ts';
import type { LinkFacts } from '../links/link.ts';
import { type Logger, printable } from '../log.ts';
import type { ServerSessionCounters } from '../protocol/rtmp/server/server-session.ts';

/** Bytes of the short id that a session's lines share. */
const PUBLIC_ID_BYTES = 6;

/** Ends by which a client is turned away for good ahead of any question of who it is. */
const NOTABLE_ENDS: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['rtmp-connect-invalid']);

/** The log lines of one session, and what they count. */
export class SessionLog {
  readonly #log: Logger;
  readonly #startedMs: number;
  readonly #fields: Record<string, unknown>;
  /** True where the end is worth its own level: of a client that was let in, or was turned away for good. */
  #isNotable = false;
  bytesIn = 0;
  bytesOut = 0;
  /** Times a viewer of the session fell behind and jumped. */
  skips = 0;
  /** Bytes that they jumped over. */
  skippedBytes = 0;
  /** Bytes that they had yet to take at the end. */
  waitingBytes = 0;

  constructor(log: Logger, facts: LinkFacts, startedMs: number) {
    this.#log = log;
    this.#startedMs = startedMs;
    this.#fields = {
      session: randomBytes(PUBLIC_ID_BYTES).toString('hex'),
      transport: facts.transport,
      remoteAddress: facts.remoteAddress,
      remotePort: facts.remotePort,
      localPort: facts.localPort,
    };
    if (facts.proxyAddress !== null) this.#fields['proxyAddress'] = facts.proxyAddress;
    if (facts.tlsVersion !== null) this.#fields['tls'] = facts.tlsVersion;
  }

  /** Writes the line of an accepted connect; `isEncrypted` by RTMPE, whatever carries it. */
  connected(app: string, client: string, isEncrypted = false): void {
    this.#isNotable = true;
    Object.assign(this.#fields, { app: printable(app), client: printable(client.slice(0, 128)) });
    if (isEncrypted) this.#fields['rtmpe'] = true;
    this.#log.info(this.#fields, 'session connected');
  }

  /** Remembers what the session was refused to connect to; a refusal that is a step on the way in is not notable. */
  refused(app: string, client: string, isStep: boolean): void {
    this.#isNotable = !isStep;
    Object.assign(this.#fields, { app: printable(app), client: printable(client.slice(0, 128)) });
  }

  /** Remembers where the client was passed on to. */
  passedOn(upstream: string): void {
    this.#fields['upstream'] = upstream;
    this.#log.debug(this.#fields, 'session passed on');
  }

  /** Remembers what the session publishes, or was refused to. */
  published(stream: string): void {
    Object.assign(this.#fields, { role: 'publisher', stream: printable(stream) });
    this.#log.debug(this.#fields, 'publish asked');
  }

  /** Remembers what the session plays, or was refused to. */
  played(stream: string): void {
    Object.assign(this.#fields, { role: 'player', stream: printable(stream) });
    this.#log.debug(this.#fields, 'play asked');
  }

  /**
   * Writes the line of the end; at debug level where the connect was neither accepted nor refused for good. `tunnel` is
   * what a tunnel's Link says of itself, null elsewhere.
   */
  end(reason: EndReason, nowMs: number, counters: ServerSessionCounters, tunnel: object | null = null): void {
    const dropped = Object.fromEntries(Object.entries(counters).filter(([, count]) => count > 0));
    const fields = {
      ...this.#fields,
      ...dropped,
      bytesIn: this.bytesIn,
      bytesOut: this.bytesOut,
      skips: this.skips,
      skippedBytes: this.skippedBytes,
      waitingBytes: this.waitingBytes,
      ...(tunnel === null ? {} : { tunnel }),
      durationMs: Math.round(nowMs - this.#startedMs),
      reason: reason.code,
      detail: printable(reason.message),
    };
    const isNotable = this.#isNotable || NOTABLE_ENDS.has(reason.code);
    const level = isNotable ? ERRORS[reason.code].logLevel : 'debug';
    this.#log[level](fields, 'session ended');
  }
}
