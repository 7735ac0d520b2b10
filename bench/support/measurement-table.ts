// Measurements for people: a row each, as they were taken.

import type { Scheme } from '../load/scheme.ts';
import { SCHEMES, STREAMING_SCHEMES } from '../load/scheme.ts';
import type { LoadResult, TransportResult } from './load-events.ts';
import type { Measurement } from './measure.ts';
import { tableText } from './table.ts';

const MIB = 1024 * 1024;
/** From this share of its core on a server is at its limit. */
const SATURATED_SHARE = 0.95;

/**
 * A row for each measurement, and one for each transport of it. `client` is what the cost is told by: "viewer",
 * "publisher". The cost stands in the first row of a measurement.
 */
export function measurementTable(measurements: readonly Measurement[], client: string): string {
  const head = ['server, clients', `CPU-ms/${client}-s`, 'server core', 'MiB'];
  head.push(
    'latency p50',
    'p99',
    'max ms',
    'setup p50',
    'p99 ms',
    `replies/${client}-s`,
    'load core',
    'faults',
  );
  return tableText(head, measurements.flatMap(rowsOf));
}

/** Tells that a run is void, and what was wrong in it. */
export function printFaults({ load, behind }: Measurement, print: (text: string) => void): void {
  if (load.isVoid) {
    const shared = behind === null ? '' : `, and the server behind ${percentText(behind.cpuShare)}`;
    const share = percentText(load.loadCpuShare);
    print(`  VOID: the load program used ${share} of its core${shared}; its figures measure itself.`);
  }
  for (const text of load.faultTexts) print(`  FAULT ${text}`);
}

/** Replies of a tunnel or a bare route a second and client; null where nothing is asked. */
export function repliesPerClientSecond({ load, clientCount, measuredMs }: Measurement): number | null {
  const replies = sumOf(SCHEMES, (scheme) => load[scheme].requests) + (load.bare?.requests ?? 0);
  return replies === 0 ? null : replies / ((clientCount * measuredMs) / 1000);
}

/** How often a viewer without a tunnel or a reading client got something, a second; null where clients do something else. */
export function arrivalsPerClientSecond({ load, clientCount, measuredMs }: Measurement): number | null {
  const { clients, arrivals, requests } = load.bare ?? {
    clients: sumOf(STREAMING_SCHEMES, (scheme) => load[scheme].viewers),
    arrivals: sumOf(STREAMING_SCHEMES, (scheme) => load[scheme].arrivals),
    requests: 0,
  };
  if (clients !== clientCount || requests > 0 || arrivals === 0) return null;
  return arrivals / ((clientCount * measuredMs) / 1000);
}

/** True where the server was at its limit. */
export function isSaturated({ serverCpuShare }: Measurement): boolean {
  return serverCpuShare > SATURATED_SHARE;
}

/** A figure with so many decimals, "-" where there is none. */
export function figureText(value: number | null | undefined, decimals: number): string {
  return value === null || value === undefined || Number.isNaN(value) ? '-' : value.toFixed(decimals);
}

/** A share of 1 in per cent. */
export function percentText(share: number): string {
  return `${Math.round(share * 100)} %`;
}

function rowsOf(measurement: Measurement): string[][] {
  const { server, group, load, serverCpuShare, cpuMsPerClientSecond } = measurement;
  const transports = transportsOf(load);
  const faults = Object.entries(load.faults).map(([kind, count]) => `${count} ${kind}`);
  const replies = figureText(repliesPerClientSecond(measurement), 1);
  return transports.map(([scheme, transport], index) => {
    const name = transports.length === 1 ? group : `${group}: ${scheme}`;
    const first = (text: string): string => (index === 0 ? text : '');
    return [
      `${server}, ${name}`,
      first(`${cpuMsPerClientSecond.toFixed(3)}${load.isVoid ? ' VOID' : ''}`),
      first(`${percentText(serverCpuShare)}${isSaturated(measurement) ? ' FULL' : ''}`),
      first(String(Math.round(measurement.residentBytes / MIB))),
      ...timesOf(transport),
      first(replies),
      first(percentText(load.loadCpuShare)),
      first(faults.join(', ') || 'none'),
    ];
  });
}

/** The transports that had viewers; the first one where none had. */
function transportsOf(load: LoadResult): [Scheme, TransportResult][] {
  const all = SCHEMES.map((scheme): [Scheme, TransportResult] => [scheme, load[scheme]]);
  const used = all.filter(([, { viewers }]) => viewers > 0);
  return used.length === 0 ? all.slice(0, 1) : used;
}

function sumOf(schemes: readonly Scheme[], figureOf: (scheme: Scheme) => number): number {
  return schemes.reduce((sum, scheme) => sum + figureOf(scheme), 0);
}

function timesOf(transport: TransportResult): string[] {
  const { viewers, latencyP50Ms, latencyP99Ms, latencyMaxMs, setupP50Ms, setupP99Ms } = transport;
  const maxMs = viewers === 0 ? null : latencyMaxMs;
  return [latencyP50Ms, latencyP99Ms, maxMs, setupP50Ms, setupP99Ms].map((ms) => figureText(ms, 1));
}
