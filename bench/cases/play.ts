// The case `play`: one publisher, many viewers. Each transport is measured by itself, for its cost is its own; a peer
// gets the same RTMP viewers in the same run, turn by turn.

import { parseArgs } from 'node:util';
import { wholeNumber } from '../load/load-options.ts';
import type { BenchCase, CaseOutcome } from '../support/bench-case.ts';
import { UsageError } from '../support/bench-case.ts';
import type { ServerKind } from '../support/bench-server.ts';
import { CULVERT } from '../support/culvert-server.ts';
import type { Measurement, Stretch } from '../support/measure.ts';
import { measure } from '../support/measure.ts';
import { NGINX_RTMP } from '../support/nginx-server.ts';
import { playTable, ratioText } from './play-table.ts';

const PEERS: Readonly<Record<string, ServerKind | null>> = { none: null, nginx: NGINX_RTMP };
const MAX_RUNS = 100;
/** LIMIT: viewers of one transport; both together and the publisher stay below 20,000 descriptors. */
const MAX_VIEWERS = 9500;
const MAX_SECONDS = 3600;

type PlayOptions = {
  readonly rtmp: number;
  readonly rtmpt: number;
  readonly runs: number;
  readonly peer: ServerKind | null;
  readonly isMixed: boolean;
  /** Options that the load program gets in every stretch. */
  readonly loadArgs: readonly string[];
};

/** One publisher, many viewers. */
export const PLAY_CASE: BenchCase = {
  usage: `play [options]
  --rtmp N, --rtmpt N   viewers over RTMP and over RTMPT (200 and 200)
  --seconds N           length of each measured stretch (20)
  --runs N              how often everything is measured (1)
  --peer nginx|none     a peer that gets the same RTMP viewers, turn by turn with Culvert (none)
  --mixed               RTMP and RTMPT viewers at the same time instead of one after the other
  --kbps N              bit rate of the stream (1130)
  --start-ms N          the publisher's timestamps jump up by N behind its first group of pictures (0: they do not)
  --poll-ms N           pause of a tunnel's viewer between polls; 0 polls back to back, the server holds (0)
  --settle-ms N         time between the last join and the measured stretch (2000)
  --smoke               four viewers each, mixed, two seconds, no peer: shows that it works, measures nothing`,
  run: runPlay,
};

async function runPlay(argv: readonly string[], print: (text: string) => void): Promise<CaseOutcome> {
  const options = parsePlayOptions(argv);
  const versions = [CULVERT, ...(options.peer === null ? [] : [options.peer])].map((server) => {
    return `${server.name} ${server.version()}`;
  });
  print(`play: ${versions.join(', ')}`);
  const measurements: Measurement[] = [];
  for (let run = 0; run < options.runs; run++) {
    const stretches = stretchesOf(options);
    // WHY: who comes first changes from run to run, for a machine warms up and its load drifts.
    if (run % 2 === 1) stretches.reverse();
    for (const stretch of stretches) {
      print(`run ${run + 1} of ${options.runs}: ${stretch.server.name}, ${stretch.viewers}`);
      const measurement = await measure(stretch);
      measurements.push(measurement);
      printFaults(measurement, print);
    }
  }
  print(`\n${playTable(measurements)}\n`);
  const ratio = ratioText(measurements);
  if (ratio !== null) print(ratio);
  const isRight = measurements.every(
    ({ server, load }) => server !== CULVERT.name || isFaultless(load.faults),
  );
  const isVoid = measurements.some(({ load }) => load.isVoid);
  return { result: { versions, measurements }, isRight, isVoid };
}

function parsePlayOptions(argv: readonly string[]): PlayOptions {
  try {
    return readPlayOptions(argv);
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function readPlayOptions(argv: readonly string[]): PlayOptions {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      rtmp: { type: 'string' },
      rtmpt: { type: 'string' },
      seconds: { type: 'string' },
      runs: { type: 'string', default: '1' },
      peer: { type: 'string', default: 'none' },
      mixed: { type: 'boolean', default: false },
      kbps: { type: 'string', default: '1130' },
      'start-ms': { type: 'string', default: '0' },
      'poll-ms': { type: 'string', default: '0' },
      'settle-ms': { type: 'string' },
      smoke: { type: 'boolean', default: false },
    },
  });
  const { smoke } = values;
  const peer = PEERS[values.peer];
  if (peer === undefined)
    throw new Error(`expected --peer ${Object.keys(PEERS).join('|')}, got ${values.peer}`);
  const seconds = wholeNumber('--seconds', values.seconds ?? (smoke ? '2' : '20'), MAX_SECONDS);
  if (seconds === 0) throw new Error('expected --seconds 1 or more');
  const settleMs = wholeNumber('--settle-ms', values['settle-ms'] ?? (smoke ? '300' : '2000'), 600_000);
  const loadArgs = ['--seconds', String(seconds), '--settle-ms', String(settleMs), '--kbps', values.kbps];
  loadArgs.push('--start-ms', values['start-ms'], '--poll-ms', values['poll-ms']);
  return {
    rtmp: wholeNumber('--rtmp', values.rtmp ?? (smoke ? '4' : '200'), MAX_VIEWERS),
    rtmpt: wholeNumber('--rtmpt', values.rtmpt ?? (smoke ? '4' : '200'), MAX_VIEWERS),
    runs: wholeNumber('--runs', values.runs, MAX_RUNS),
    peer: smoke ? null : peer,
    isMixed: values.mixed || smoke,
    loadArgs,
  };
}

/** The stretches of one run, in the order of an odd run. */
function stretchesOf({ rtmp, rtmpt, peer, isMixed, loadArgs }: PlayOptions): Stretch[] {
  const stretch = (server: ServerKind, plain: number, tunnelled: number): Stretch => {
    const names = [plain > 0 ? `${plain} rtmp` : '', tunnelled > 0 ? `${tunnelled} rtmpt` : ''];
    return {
      server,
      viewers: names.filter((name) => name !== '').join(' + '),
      viewerCount: plain + tunnelled,
      loadArgs: ['--rtmp', String(plain), '--rtmpt', String(tunnelled), ...loadArgs],
    };
  };
  const stretches: Stretch[] = [];
  if (isMixed) stretches.push(stretch(CULVERT, rtmp, rtmpt));
  else {
    if (rtmp > 0) stretches.push(stretch(CULVERT, rtmp, 0));
    if (rtmpt > 0) stretches.push(stretch(CULVERT, 0, rtmpt));
  }
  if (peer !== null && rtmp > 0) stretches.splice(1, 0, stretch(peer, rtmp, 0));
  return stretches;
}

function isFaultless(faults: Readonly<Record<string, number>>): boolean {
  return Object.keys(faults).length === 0;
}

function printFaults({ load }: Measurement, print: (text: string) => void): void {
  if (load.isVoid) {
    const share = Math.round(load.loadCpuShare * 100);
    print(`  VOID: the load program used ${share} % of its core; its figures measure itself.`);
  }
  for (const text of load.faultTexts) print(`  FAULT ${text}`);
}
