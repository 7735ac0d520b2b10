// The figures of the case `play` for people: a row a measurement, and how Culvert compares with a peer.

import type { TransportResult } from '../support/load-events.ts';
import type { Measurement } from '../support/measure.ts';
import { median, tableText } from '../support/table.ts';

const HEAD = [
  'server, viewers',
  'CPU-ms/viewer-s',
  'server core',
  'MiB',
  'latency p50',
  'p99',
  'max ms',
  'setup p50',
  'p99 ms',
  'load core',
  'faults',
];
const MIB = 1024 * 1024;
/** From this share of its core on a server is at its limit. */
const SATURATED_SHARE = 0.95;

/** A row for each measurement and transport; the cost stands in the first row of a measurement. */
export function playTable(measurements: readonly Measurement[]): string {
  return tableText(HEAD, measurements.flatMap(rowsOf));
}

/** Culvert's cost with RTMP viewers against the peer's, medians of all runs that count; null without a peer. */
export function ratioText(measurements: readonly Measurement[]): string | null {
  const counted = measurements.filter(({ load }) => !load.isVoid && load.rtmpt.viewers === 0);
  const costsOf = (isCulvert: boolean): number[] =>
    counted
      .filter(({ server }) => (server === 'culvert') === isCulvert)
      .map(({ cpuMsPerViewerSecond }) => cpuMsPerViewerSecond);
  const [own, peers] = [costsOf(true), costsOf(false)];
  if (own.length === 0 || peers.length === 0) return null;
  const [ownMs, peerMs] = [median(own), median(peers)];
  const name = counted.find(({ server }) => server !== 'culvert')?.server ?? 'peer';
  const ratio = (ownMs / peerMs).toFixed(2);
  return `culvert ${ownMs.toFixed(3)}, ${name} ${peerMs.toFixed(3)} CPU-ms per viewer-second: ratio ${ratio}`;
}

function rowsOf(measurement: Measurement): string[][] {
  const { server, viewers, load, serverCpuShare } = measurement;
  const transports = [load.rtmp, load.rtmpt].filter((transport) => transport.viewers > 0);
  const faults = Object.entries(load.faults).map(([kind, count]) => `${count} ${kind}`);
  return transports.map((transport, index) => {
    const name =
      transports.length === 1 ? viewers : `${viewers}: ${transport === load.rtmp ? 'rtmp' : 'rtmpt'}`;
    const isFirst = index === 0;
    return [
      `${server}, ${name}`,
      isFirst ? `${measurement.cpuMsPerViewerSecond.toFixed(3)}${load.isVoid ? ' VOID' : ''}` : '',
      isFirst ? `${percent(serverCpuShare)}${serverCpuShare > SATURATED_SHARE ? ' FULL' : ''}` : '',
      isFirst ? String(Math.round(measurement.residentBytes / MIB)) : '',
      ...timesOf(transport),
      isFirst ? percent(load.loadCpuShare) : '',
      isFirst ? faults.join(', ') || 'none' : '',
    ];
  });
}

function timesOf(transport: TransportResult): string[] {
  const { latencyP50Ms, latencyP99Ms, latencyMaxMs, setupP50Ms, setupP99Ms } = transport;
  return [latencyP50Ms, latencyP99Ms, latencyMaxMs, setupP50Ms, setupP99Ms].map(
    (ms) => ms?.toFixed(1) ?? '-',
  );
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
