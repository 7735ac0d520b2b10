// The case `hostile`: a million hostile requests to the tunnel, beside one publisher and two viewers who miss nothing. The
// gateway has its defaults; what is asked is what it answers, what stays behind in it, and how long a viewer has to wait.

import { parseArgs } from 'node:util';
import { wholeNumber } from '../load/load-options.ts';
import { aimLines } from '../support/aim.ts';
import type { BenchCase, CaseOutcome } from '../support/bench-case.ts';
import { readAsUsage } from '../support/bench-case.ts';
import { CULVERT } from '../support/culvert-server.ts';
import { estimateLoadMs } from '../support/estimate.ts';
import { answersTable, hostileAims, hostileFigures, memoryLine } from '../support/hostile-figures.ts';
import type { HostileMeasurement } from '../support/measure-hostile.ts';
import { measureHostile } from '../support/measure-hostile.ts';
import { positiveNumber, STRETCH_FLAGS } from '../support/stretch-flags.ts';
import { tableText } from '../support/table.ts';

const REQUESTS = '1000000';
const SMOKE_REQUESTS = '5000';
const MAX_REQUESTS = 100_000_000;
const MAX_SEED = 1_000_000;
const MAX_RUNS = 100;
/** LIMIT: what a client leaves behind lives on for 10 s, and 5 s more where it has still something to be told. */
const CALM_MS = '17000';

type HostileOptions = {
  readonly requests: number;
  readonly runs: number;
  readonly loadArgs: readonly string[];
};

/** Hostile requests. */
export const HOSTILE_CASE: BenchCase = {
  usage: `hostile [options]
  --requests N          hostile requests (${REQUESTS})
  --seed N              what chance begins with; the same seed sends the same (1)
  --runs N              how often everything is measured (1)
  --smoke               ${SMOKE_REQUESTS} requests: shows that it works, measures nothing`,
  estimateMs: (argv) => {
    const { runs, loadArgs } = readAsUsage(() => readHostileOptions(argv));
    return runs * estimateLoadMs(loadArgs);
  },
  run: runHostileCase,
};

function readHostileOptions(argv: readonly string[]): HostileOptions {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      runs: STRETCH_FLAGS.runs,
      smoke: STRETCH_FLAGS.smoke,
      requests: { type: 'string' },
      seed: { type: 'string', default: '1' },
    },
  });
  const { smoke } = values;
  const asked = values.requests ?? (smoke ? SMOKE_REQUESTS : REQUESTS);
  const requests = positiveNumber('--requests', asked, MAX_REQUESTS);
  const seed = wholeNumber('--seed', values.seed, MAX_SEED);
  const counts = ['--requests', String(requests), '--seed', String(seed)];
  const times = ['--settle-ms', smoke ? '300' : '3000', '--calm-ms', smoke ? '300' : CALM_MS];
  const loadArgs = ['--mode', 'hostile', ...counts, ...times];
  return { requests, runs: positiveNumber('--runs', values.runs, MAX_RUNS), loadArgs };
}

async function runHostileCase(argv: readonly string[], print: (text: string) => void): Promise<CaseOutcome> {
  const { requests, runs, loadArgs } = readAsUsage(() => readHostileOptions(argv));
  const versions = [`${CULVERT.name} ${CULVERT.version()}`];
  print(`hostile: ${versions.join(', ')}, ${requests} requests`);
  const measurements: HostileMeasurement[] = [];
  for (let run = 0; run < runs; run++) {
    print(`run ${run + 1} of ${runs}`);
    const measurement = await measureHostile(loadArgs);
    measurements.push(measurement);
    for (const text of measurement.load.faultTexts) print(`  FAULT ${text}`);
  }
  const figures = hostileFigures(measurements);
  const aims = hostileAims(measurements);
  const report = [
    figuresTable(measurements),
    ...measurements.flatMap((measurement) => [memoryLine(measurement), crowdLine(measurement)]),
    answersTable(measurements),
    ...aimLines(aims),
  ].join('\n');
  print(`\n${report}\n`);
  return {
    versions,
    measurements,
    figures: [figures],
    aims,
    faults: measurements.flatMap(({ load }) => load.faultTexts),
    report,
    isRight: measurements.every(({ load }) => Object.keys(load.faults).length === 0),
    isVoid: false,
  };
}

function figuresTable(measurements: readonly HostileMeasurement[]): string {
  const figures = hostileFigures(measurements);
  const head = [
    'medians',
    'runs',
    'requests/s',
    'CPU-µs/request',
    'RTMP: p99',
    'pause',
    'RTMPT: p99',
    'pause',
  ];
  const { rtmpP99Ms, rtmpPauseMs, rtmptP99Ms, rtmptPauseMs, ownDelayMs } = figures;
  const rates = [figures.requestsPerSecond.toFixed(0), figures.cpuUsPerRequest.toFixed(1)];
  const times = [rtmpP99Ms, rtmpPauseMs, rtmptP99Ms, rtmptPauseMs, ownDelayMs].map((ms) => ms.toFixed(0));
  return tableText(
    [...head, 'load delay ms'],
    [['culvert', String(measurements.length), ...rates, ...times]],
  );
}

function crowdLine({ hostile: { refusals } }: HostileMeasurement): string {
  const text = (status: number | null): string =>
    status === null ? 'not refused' : `refused with ${status}`;
  const { ofOneAddress, withoutHandshake } = refusals;
  return `Crowds: sessions of one address ${text(ofOneAddress)}, those without a handshake ${text(withoutHandshake)}`;
}
