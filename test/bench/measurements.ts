// Results of load runs and measurements as tests of the bench want them: everything is usual but for what is said.

import { NO_VIEWERS } from '../../bench/load/load-stretch.ts';
import type { Scheme } from '../../bench/load/scheme.ts';
import { CARRIERS, perScheme } from '../../bench/load/scheme.ts';
import type { LoadResult } from '../../bench/support/load-events.ts';
import type { Measurement } from '../../bench/support/measure.ts';

const CLIENTS = 1000;
const SECONDS = 10;

/** What may be unusual. */
export type Figures = {
  /** What carries the clients. */
  readonly scheme?: Scheme;
  /** CPU-ms a client and second. */
  readonly cost?: number;
  readonly coreShare?: number;
  /** A second and client. */
  readonly arrivals?: number;
  readonly replies?: number;
  readonly p50Ms?: number;
  readonly isVoid?: boolean;
  readonly ciphers?: readonly string[];
  /** What the clients do behind their number and what carries them: ", back to back". */
  readonly doing?: string;
};

/** A load run without viewers. */
export function loadResult(changes: Partial<LoadResult> = {}): LoadResult {
  return {
    ...perScheme(() => NO_VIEWERS),
    bare: null,
    publishers: 1,
    measuredMs: SECONDS * 1000,
    sentMessages: 0,
    sendLateP99Ms: null,
    basesMs: [],
    ciphers: [],
    loadCpuShare: 0.3,
    isVoid: false,
    faults: {},
    faultTexts: [],
    ...changes,
  };
}

/** The group of 1,000 viewers over a scheme. */
export function groupOver(scheme: Scheme, doing = ''): string {
  return `${CLIENTS} ${scheme}${doing}`;
}

/** A measurement of a server with 1,000 clients and ten seconds. */
export function measurementOf(server: string, figures: Figures = {}): Measurement {
  const { scheme = 'rtmp', cost = 1, coreShare = 0.5, arrivals = 20, replies = 0, doing } = figures;
  const { p50Ms = 5, isVoid = false, ciphers = [] } = figures;
  const often = CLIENTS * SECONDS;
  const isBare = server.startsWith('bare');
  const counts = { arrivals: arrivals * often, requests: replies * often };
  const viewers = { ...NO_VIEWERS, ...counts, viewers: CLIENTS, latencyP50Ms: p50Ms };
  const carried = replies > 0 && CARRIERS[scheme].framing !== 'tunnel' ? 'rtmpt' : scheme;
  return {
    server,
    isPeer: server === 'nginx',
    group: groupOver(scheme, doing),
    clientCount: CLIENTS,
    startedAtMs: 0,
    measuredMs: SECONDS * 1000,
    serverCpuMs: cost * often,
    cpuMsPerClientSecond: cost,
    serverCpuShare: coreShare,
    residentBytes: 1,
    behind: null,
    load: loadResult({
      isVoid,
      ciphers,
      ...(isBare ? { bare: { clients: CLIENTS, bytes: 1, ...counts } } : { [carried]: viewers }),
    }),
  };
}
