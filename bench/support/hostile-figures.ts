// What the runs of the case `hostile` come to: medians, the aims about memory, and a table of the answers.

import { NO_ANSWER } from '../load/hostile-tally.ts';
import type { Aim } from './aim.ts';
import type { HostileMeasurement } from './measure-hostile.ts';
import { growthTimes } from './memory-figures.ts';
import { median, tableText } from './table.ts';

/** Medians of all runs. */
export type HostileFigures = {
  readonly requestsPerSecond: number;
  readonly cpuUsPerRequest: number;
  /** The longest time in which nothing came to a viewer, ms. */
  readonly rtmpPauseMs: number;
  readonly rtmptPauseMs: number;
  /** The viewers' latency while the flood lasted, p99 in ms; NaN where nothing came. */
  readonly rtmpP99Ms: number;
  readonly rtmptP99Ms: number;
  /** The longest time for which the load program's own events had to wait, ms. */
  readonly ownDelayMs: number;
  /** Living memory behind it beyond that before it, bytes. */
  readonly liveGrowthBytes: number;
  /** The last third's RSS in that of the third before it. */
  readonly residentTimes: number;
};

const MIB = 1024 * 1024;
/** Living memory may be higher by so much behind the flood: a share of what it was, and as many bytes. */
const LIVE_SHARE = 0.05;
const LIVE_BYTES = 5 * MIB;
const RESIDENT_TIMES = 1.05;
/** Fewer requests show the process warming up. */
const LEAST_REQUESTS = 200_000;

/** Makes them. */
export function hostileFigures(runs: readonly HostileMeasurement[]): HostileFigures {
  const of = (figureOf: (run: HostileMeasurement) => number): number => median(runs.map(figureOf));
  return {
    requestsPerSecond: of(({ hostile, load }) => hostile.requests / (load.measuredMs / 1000)),
    cpuUsPerRequest: of(({ hostile, serverCpuMs }) => (serverCpuMs * 1000) / hostile.requests),
    rtmpPauseMs: of(({ hostile }) => hostile.rtmpPauseMs),
    rtmptPauseMs: of(({ hostile }) => hostile.rtmptPauseMs),
    rtmpP99Ms: of(({ load }) => load.rtmp.latencyP99Ms ?? Number.NaN),
    rtmptP99Ms: of(({ load }) => load.rtmpt.latencyP99Ms ?? Number.NaN),
    ownDelayMs: of(({ hostile }) => hostile.ownDelayMs),
    liveGrowthBytes: of(({ before, after }) => after.live - before.live),
    residentTimes: of(({ during, after }) => growthTimes([...during, after])),
  };
}

/** What is aimed at: that nothing stays behind, and nothing grows. */
export function hostileAims(runs: readonly HostileMeasurement[]): Aim[] {
  if (runs.length === 0 || runs.some(({ hostile }) => hostile.requests < LEAST_REQUESTS)) return [];
  const { liveGrowthBytes, residentTimes } = hostileFigures(runs);
  const allowedBytes = median(runs.map(({ before }) => before.live)) * LIVE_SHARE + LIVE_BYTES;
  const limit = Math.round((allowedBytes / MIB) * 100) / 100;
  const growth = {
    text: 'hostile: live memory behind the flood, MiB more than before',
    bound: 'most',
  } as const;
  const times = {
    text: 'hostile: RSS of the last third in that of the third before',
    bound: 'most',
  } as const;
  return [
    { ...growth, value: liveGrowthBytes / MIB, limit, caveats: [] },
    { ...times, value: residentTimes, limit: RESIDENT_TIMES, caveats: [] },
  ];
}

/** Answers of all runs by kind and status. */
export function answersTable(runs: readonly HostileMeasurement[]): string {
  const all = runs.flatMap(({ hostile }) => Object.entries(hostile.answers));
  const statuses = [...new Set(all.flatMap(([, counts]) => Object.keys(counts)))].sort();
  const rows = [...Map.groupBy(all, ([kind]) => kind)].map(([kind, alike]) => [
    kind,
    ...statuses.map((status) =>
      String(alike.reduce((sum, [, counts]) => sum + (counts[status] ?? 0), 0) || ''),
    ),
  ]);
  const heads = statuses.map((status) => (status === NO_ANSWER ? 'no answer' : status));
  return tableText(['answers', ...heads], rows);
}

/** One run's memory in words. */
export function memoryLine({ before, during, after }: HostileMeasurement): string {
  const steps = [before, ...during, after];
  const texts = (['resident', 'live'] as const).map((what) =>
    steps.map((weight) => (weight[what] / MIB).toFixed(1)).join(', '),
  );
  return `RSS ${texts[0]} MiB; live ${texts[1]} MiB: before, on the way, and behind it`;
}
