// A gateway as a process with a listener of each kind, and a witness beside it over RTMP and through the tunnel, for what
// is bad before it is anybody's session. What the gateway tells of it is counted by its log, line by line, and once more
// by the counters of its last line.

import assert from 'node:assert/strict';
import type { ListenerKind } from '../../src/config/listener.ts';
import type { ErrorCode } from '../../src/errors.ts';
import type { GatewayProcess, LogLine } from '../support/gateway-process.ts';
import { startGateway } from '../support/gateway-process.ts';
import { type Cleaner, sleep } from '../support/programs.ts';
import { Witness, type WitnessReport } from '../support/witness.ts';

/** Every kind of listener, in the order of the gateway's ports. */
export const KINDS = ['plain', 'any', 'tls'] as const satisfies readonly ListenerKind[];

/** How often something was told, by its code. */
export type Told = Readonly<Partial<Record<ErrorCode, number>>>;

/** Sessions of the witness: two viewers, one of them in a tunnel, and a publisher. */
export const WITNESS_SESSIONS = 3;

/** Connections of the witness. */
export const WITNESS_CONNECTIONS = 3;

const TELL_LIMIT_MS = 10_000;
const LOOK_MS = 10;

/** Where figures go that nothing is asserted of: a test's context. */
type Report = { readonly diagnostic: (text: string) => void };

/** The gateway, its witness, and what is asserted of both. */
export class DoorRig {
  readonly gateway: GatewayProcess;
  readonly witness: Witness;
  readonly #expected = new Map<string, number>();
  /** Lines of the log that were counted. */
  #countedLines = 0;
  /** What was counted and not asked for yet, by port, and then by code. */
  readonly #told = new Map<number, Map<string, number>>();

  private constructor(gateway: GatewayProcess, witness: Witness) {
    this.gateway = gateway;
    this.witness = witness;
  }

  /** Starts both. `env` are settings. */
  static async start(cleaner: Cleaner, env: Readonly<Record<string, string>> = {}): Promise<DoorRig> {
    const listen = ['127.0.0.1:0', 'any:127.0.0.1:0', 'tls:127.0.0.1:0'];
    const gateway = await startGateway(cleaner, { listen, args: ['--log-level', 'debug'], env });
    const port = gateway.ports[KINDS.indexOf('plain')] ?? assert.fail();
    return new DoorRig(gateway, await Witness.start(cleaner, port, { withTunnel: true }));
  }

  /** Port of the listener of that kind. */
  portOf(kind: ListenerKind): number {
    return this.gateway.ports[KINDS.indexOf(kind)] ?? assert.fail();
  }

  /**
   * Asserts that the log tells just this of the listener since the last call, of refusals and of ends of sessions, and that
   * nothing of it disturbed anybody.
   */
  async assertTold(kind: ListenerKind, expected: Told, report?: Report): Promise<void> {
    const wanted = new Map<string, number>(Object.entries(expected));
    const port = this.portOf(kind);
    const limitMs = performance.now() + TELL_LIMIT_MS;
    while (!this.#hasAll(port, wanted) && performance.now() < limitMs) await sleep(LOOK_MS);
    const told = this.#told.get(port) ?? new Map<string, number>();
    this.#told.delete(port);
    assert.deepEqual(sorted(told), sorted(wanted));
    for (const [code, count] of wanted) this.expectCount(nameOf(code), count);
    await this.assertUntouched(report);
  }

  /** Has `assertCounted` expect so many more of that counter. */
  expectCount(name: string, count: number): void {
    this.#expected.set(name, (this.#expected.get(name) ?? 0) + count);
  }

  /** Asserts that nothing alarms, that nothing but the log was written, and that the witness got every frame so far. */
  async assertUntouched(report?: Report): Promise<WitnessReport> {
    const seen = await this.witness.check();
    report?.diagnostic(`the witness waited for ${seen.longestPauseMs} ms at most`);
    this.#assertQuiet();
    return seen;
  }

  /** Stops the gateway, and asserts that it counted exactly what was expected of it, and its witness besides. */
  async assertCounted(): Promise<void> {
    await this.witness.end();
    assert.equal(await this.gateway.stop(), 0);
    const last = this.gateway.lines.at(-1);
    assert.equal(last?.msg, 'stopped');
    this.expectCount('tunnel-opened', 1);
    this.expectCount('tunnel-ended', 1);
    this.expectCount('session-ended-drain', WITNESS_SESSIONS);
    assert.deepEqual(last?.['counted'], Object.fromEntries(sorted(this.#expected)));
    this.#assertQuiet();
  }

  #assertQuiet(): void {
    assert.deepEqual(this.gateway.alarms(), []);
    assert.equal(this.gateway.output(), '');
  }

  #hasAll(port: number, wanted: ReadonlyMap<string, number>): boolean {
    const { lines } = this.gateway;
    for (; this.#countedLines < lines.length; this.#countedLines++) this.#take(lines[this.#countedLines]);
    const told = this.#told.get(port);
    return [...wanted].every(([code, count]) => (told?.get(code) ?? 0) >= count);
  }

  #take(line: LogLine | undefined): void {
    if (line?.msg !== 'connection refused' && line?.msg !== 'session ended') return;
    const port = Number(line['localPort']);
    const code = String(line['reason']);
    const counts = this.#told.get(port) ?? new Map<string, number>();
    this.#told.set(port, counts.set(code, (counts.get(code) ?? 0) + 1));
  }
}

/** The counter of a code: that of a connection or request has its name, that of a session says that one ended. */
function nameOf(code: string): string {
  return /^(?:connection|http)-/.test(code) ? code : `session-ended-${code}`;
}

function sorted(counts: ReadonlyMap<string, number>): [string, number][] {
  return [...counts].filter(([, count]) => count > 0).sort();
}
