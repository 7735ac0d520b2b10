// What all runs of a case come to: for each group of servers that did the same, the medians of each server, and how many
// times as much as each of the others the gateway costs. Void runs do not count.

import { SCHEMES } from '../load/scheme.ts';
import type { TransportResult } from './load-events.ts';
import type { Measurement } from './measure.ts';
import {
  arrivalsPerClientSecond,
  figureText,
  isSaturated,
  repliesPerClientSecond,
} from './measurement-table.ts';
import { median, tableText } from './table.ts';

/** Medians of one server in one group. */
export type Summary = {
  readonly group: string;
  readonly server: string;
  /** Runs that count, and runs that were void. */
  readonly runs: number;
  readonly voidRuns: number;
  /** Null where no run counts. */
  readonly cpuMsPerClientSecond: number | null;
  /** The same of the server behind this one; null where there is none. */
  readonly behindCpuMsPerClientSecond: number | null;
  /** The gateway's cost as a multiple of this server's; null for the gateway itself, or where either has none. */
  readonly culvertTimes: number | null;
  /** CPU time of one reply over HTTP, µs; null where there are none. */
  readonly cpuUsPerReply: number | null;
  /** The gateway's cost of a reply as a multiple of this server's. */
  readonly culvertTimesPerReply: number | null;
  readonly repliesPerClientSecond: number | null;
  /** How often one client got something, a second; null where clients do something else. */
  readonly arrivalsPerClientSecond: number | null;
  readonly latencyP50Ms: number | null;
  readonly latencyP99Ms: number | null;
  /** Versions and ciphers of TLS that its clients spoke, each once. */
  readonly ciphers: readonly string[];
  /** True where the server was at the limit of its core in any run that counts. */
  readonly isSaturated: boolean;
};

const GATEWAY = 'culvert';

/** Makes them, in the order in which groups and servers first came. */
export function summarise(measurements: readonly Measurement[]): Summary[] {
  const keyOf = ({ group, server }: Measurement): string => `${group}\n${server}`;
  const plain = [...Map.groupBy(measurements, keyOf).values()].map(summaryOf);
  return plain.map((summary) => {
    const own = plain.find(({ group, server }) => group === summary.group && server === GATEWAY);
    if (own === undefined || own === summary) return summary;
    return {
      ...summary,
      culvertTimes: quotient(own.cpuMsPerClientSecond, summary.cpuMsPerClientSecond),
      culvertTimesPerReply: quotient(own.cpuUsPerReply, summary.cpuUsPerReply),
    };
  });
}

/** The table of medians. `client` is what the cost is told by: "viewer", "publisher". */
export function summaryTable(summaries: readonly Summary[], client: string): string {
  const head = ['medians', 'runs', `CPU-ms/${client}-s`, 'culvert is', 'latency p50', 'p99 ms'];
  const hasReplies = summaries.some(({ cpuUsPerReply }) => cpuUsPerReply !== null);
  // Where nothing is to be compared at equal rates they say little, and servers that do not gather have too many.
  const hasArrivals = summaries.some(
    ({ server, arrivalsPerClientSecond: rate }) => server.startsWith('bare') && rate !== null,
  );
  if (hasArrivals) head.push(`arrivals/${client}-s`);
  if (hasReplies) head.push(`replies/${client}-s`, 'CPU-µs/reply', 'culvert is');
  return tableText(
    head,
    summaries.map((summary) => rowOf(summary, { hasArrivals, hasReplies })),
  );
}

/** The summary of a server in a group; null where there is none. */
export function findSummary(summaries: readonly Summary[], group: string, server: string): Summary | null {
  return summaries.find((summary) => summary.group === group && summary.server === server) ?? null;
}

function summaryOf(measurements: readonly Measurement[]): Summary {
  const [first] = measurements;
  if (first === undefined) throw new Error('a group without a measurement');
  const counted = measurements.filter(({ load }) => !load.isVoid);
  const medianOf = (figureOf: (measurement: Measurement) => number | null): number | null => {
    const values = counted.map(figureOf).filter((value) => value !== null);
    return values.length === 0 ? null : median(values);
  };
  const transportOf = ({ load }: Measurement): TransportResult =>
    load[SCHEMES.find((scheme) => load[scheme].viewers > 0) ?? 'rtmp'];
  return {
    group: first.group,
    server: first.server,
    runs: counted.length,
    voidRuns: measurements.length - counted.length,
    cpuMsPerClientSecond: medianOf(({ cpuMsPerClientSecond }) => cpuMsPerClientSecond),
    behindCpuMsPerClientSecond: medianOf(({ behind }) => behind?.cpuMsPerClientSecond ?? null),
    culvertTimes: null,
    cpuUsPerReply: medianOf(cpuUsPerReply),
    culvertTimesPerReply: null,
    repliesPerClientSecond: medianOf(repliesPerClientSecond),
    arrivalsPerClientSecond: medianOf(arrivalsPerClientSecond),
    latencyP50Ms: medianOf((measurement) => transportOf(measurement).latencyP50Ms),
    latencyP99Ms: medianOf((measurement) => transportOf(measurement).latencyP99Ms),
    ciphers: [...new Set(counted.flatMap(({ load }) => load.ciphers))],
    isSaturated: counted.some(isSaturated),
  };
}

function cpuUsPerReply(measurement: Measurement): number | null {
  const replies = repliesPerClientSecond(measurement);
  return replies === null ? null : (measurement.cpuMsPerClientSecond * 1000) / replies;
}

function quotient(own: number | null, other: number | null): number | null {
  return own === null || other === null || other === 0 ? null : own / other;
}

function rowOf(
  summary: Summary,
  { hasArrivals, hasReplies }: { hasArrivals: boolean; hasReplies: boolean },
): string[] {
  const { group, server, runs, voidRuns } = summary;
  const times = (value: number | null): string => (value === null ? '' : `${value.toFixed(2)} times`);
  const cells = [
    `${group}: ${server}`,
    `${runs}${voidRuns === 0 ? '' : `, ${voidRuns} VOID`}`,
    `${figureText(summary.cpuMsPerClientSecond, 3)}${summary.isSaturated ? ' FULL' : ''}`,
    times(summary.culvertTimes),
    figureText(summary.latencyP50Ms, 1),
    figureText(summary.latencyP99Ms, 1),
  ];
  if (hasArrivals) cells.push(figureText(summary.arrivalsPerClientSecond, 1));
  if (!hasReplies) return cells;
  const { repliesPerClientSecond: replies, cpuUsPerReply: replyUs, culvertTimesPerReply } = summary;
  return [...cells, figureText(replies, 1), figureText(replyUs, 1), times(culvertTimesPerReply)];
}
