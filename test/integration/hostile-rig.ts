// A gateway as a process with a witness beside it, for the table of hostile input: sends a row, and asserts how its
// session ended by the gateway's own log, that nothing in the log alarms, and that the witness missed nothing.

import assert from 'node:assert/strict';
import { ERRORS } from '../../src/errors.ts';
import type { GatewayOptions, GatewayProcess, LogLine } from '../support/gateway-process.ts';
import { startGateway } from '../support/gateway-process.ts';
import type { Cleaner } from '../support/programs.ts';
import { Witness } from '../support/witness.ts';
import { HostileClient } from './hostile-client.ts';
import type { HostileRow } from './hostile-row.ts';
import { bytesOf } from './hostile-row.ts';

const LOG_LIMIT_MS = 10_000;

/** Times that would make tests slow, shortened; and the log lines of sessions that never connected. */
const SETTINGS: GatewayOptions = {
  args: ['--log-level', 'debug'],
  env: {
    CULVERT_RTMP_HANDSHAKE_TIMEOUT: '1s',
    CULVERT_RTMP_CONNECT_TIMEOUT: '1500ms',
    CULVERT_RTMP_MESSAGE_TIMEOUT: '1s',
    CULVERT_TUNNEL_SETUP_HOLD: '50ms',
    CULVERT_TUNNEL_IDLE_HOLD: '50ms',
  },
};

/** Where figures go that nothing is asserted of: a test's context. */
type Report = { readonly diagnostic: (text: string) => void };

/** The gateway, its witness, and what is asserted of both. */
export class HostileRig {
  readonly gateway: GatewayProcess;
  readonly witness: Witness;
  #nextNumber = 1;

  private constructor(gateway: GatewayProcess, witness: Witness) {
    this.gateway = gateway;
    this.witness = witness;
  }

  /** Starts both; the witness has a viewer in the tunnel too where that is asked for. */
  static async start(cleaner: Cleaner, options: { withTunnel?: boolean } = {}): Promise<HostileRig> {
    const gateway = await startGateway(cleaner, SETTINGS);
    return new HostileRig(gateway, await Witness.start(cleaner, portOf(gateway), options));
  }

  /** Port of the gateway. */
  get port(): number {
    return portOf(this.gateway);
  }

  /** A stream name that nothing else uses. */
  newName(): string {
    return `hostile-${this.#nextNumber++}`;
  }

  /** Opens a hostile client. */
  open(transport: 'rtmp' | 'rtmpt'): Promise<HostileClient> {
    return transport === 'rtmp' ? HostileClient.overTcp(this.port) : HostileClient.overTunnel(this.port);
  }

  /** Sends a row, and asserts what becomes of the client, of the log and of the witness. */
  async run(row: HostileRow, transport: 'rtmp' | 'rtmpt', report?: Report): Promise<void> {
    const bytes = bytesOf(row, this.newName());
    const client = await this.open(transport);
    client.send(bytes);
    const lives = await client.isAnswered();
    assert.equal(lives, row.ends === null, lives ? 'the session lives on' : 'the session was ended');
    row.check?.(client);
    await client.end();
    assertTold(row, client);
    const end = await this.endOf(client, transport);
    assert.equal(end['reason'], row.ends ?? 'peer-closed', JSON.stringify(end));
    for (const [name, count] of Object.entries(row.counted ?? {})) assert.equal(end[name], count, name);
    await this.assertUntouched(report);
  }

  /** The log's line of a client's end. */
  endOf({ localPort }: HostileClient, transport: 'rtmp' | 'rtmpt'): Promise<LogLine> {
    const isEnd = (line: LogLine): boolean =>
      line.msg === 'session ended' && line['remotePort'] === localPort && line['transport'] === transport;
    return this.gateway.waitForLine(isEnd, LOG_LIMIT_MS);
  }

  /** Asserts that nothing alarms, and that the witness got every frame so far; how long it waited is said to `report`. */
  async assertUntouched(report?: Report): Promise<void> {
    const { longestPauseMs } = await this.witness.check();
    report?.diagnostic(`the witness waited for ${longestPauseMs} ms at most`);
    assert.deepEqual(this.gateway.alarms(), []);
    assert.equal(this.gateway.output(), '');
  }
}

/** Asserts that a client that was connected hears of its end where the table of errors says so. */
function assertTold({ from, ends }: HostileRow, client: HostileClient): void {
  if (ends === null || from === 'nothing' || from === 'handshake') return;
  const { rtmpStatus } = ERRORS[ends];
  assert.equal(JSON.stringify(client.commands('onStatus').at(-1) ?? null).includes(`"${rtmpStatus}"`), true);
}

function portOf(gateway: GatewayProcess): number {
  const [port] = gateway.ports;
  assert.ok(port !== undefined);
  return port;
}
