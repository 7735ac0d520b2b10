// The part of the command line that cases with servers share.

import { wholeNumber } from '../load/load-options.ts';
import type { Scheme } from '../load/scheme.ts';
import type { ServerKind } from './bench-server.ts';
import { NGINX_RTMP, NGINX_RTMPS } from './nginx-server.ts';
import { NODE_MEDIA_SERVER, NODE_MEDIA_SERVER_RTMPS } from './node-media-server.ts';

/** The shared flags, for parseArgs. */
export const STRETCH_FLAGS = {
  seconds: { type: 'string' },
  runs: { type: 'string', default: '1' },
  peer: { type: 'string', default: 'none' },
  kbps: { type: 'string' },
  'settle-ms': { type: 'string' },
  smoke: { type: 'boolean', default: false },
} as const;

/** How they are described. */
export const STRETCH_USAGE = `  --seconds N           length of each measured stretch (20)
  --runs N              how often everything is measured (1)
  --settle-ms N         time between the last join and the measured stretch (2000)`;

/** How --peer is described. */
export const PEER_USAGE = `  --peer LIST           peers that do the same, turn by turn: nginx, node-media-server, all, none (none)`;

/** What parseArgs makes of them. */
export type StretchValues = {
  readonly seconds?: string | undefined;
  readonly runs: string;
  readonly peer: string;
  readonly kbps?: string | undefined;
  readonly 'settle-ms'?: string | undefined;
  readonly smoke: boolean;
};

/** What they say. */
export type StretchOptions = {
  readonly runs: number;
  /** Peers, each over what it has: see `peersOver`. */
  readonly peers: readonly ServerKind[];
  readonly kbps: number;
  /** Options that the load program gets in every stretch. */
  readonly loadArgs: readonly string[];
};

const PEERS: Readonly<Record<string, readonly ServerKind[]>> = {
  none: [],
  nginx: [NGINX_RTMP, NGINX_RTMPS],
  'node-media-server': [NODE_MEDIA_SERVER, NODE_MEDIA_SERVER_RTMPS],
  all: [NGINX_RTMP, NGINX_RTMPS, NODE_MEDIA_SERVER, NODE_MEDIA_SERVER_RTMPS],
};
const MAX_RUNS = 100;
const MAX_SECONDS = 3600;
const MAX_SETTLE_MS = 600_000;
const MAX_KBPS = 1_000_000;
const LIST_ENTRIES = 20;

/** Reads them; a smoke run has one second and no peers. @throws Error with what was expected */
export function readStretchFlags(values: StretchValues, defaultKbps: number): StretchOptions {
  const { smoke } = values;
  const peers = values.peer.split(',').flatMap((name) => {
    const kinds = PEERS[name];
    if (kinds === undefined) {
      throw new Error(`expected --peer ${Object.keys(PEERS).join('|')}, got ${values.peer}`);
    }
    return kinds;
  });
  const seconds = positiveNumber('--seconds', values.seconds ?? (smoke ? '1' : '20'), MAX_SECONDS);
  const settleMs = wholeNumber('--settle-ms', values['settle-ms'] ?? (smoke ? '300' : '2000'), MAX_SETTLE_MS);
  const kbps = positiveNumber('--kbps', values.kbps ?? String(defaultKbps), MAX_KBPS);
  return {
    runs: positiveNumber('--runs', values.runs, MAX_RUNS),
    peers: smoke ? [] : peers,
    kbps,
    loadArgs: ['--seconds', String(seconds), '--settle-ms', String(settleMs), '--kbps', String(kbps)],
  };
}

/** Those whose viewers may come over a scheme. */
export function peersOver({ peers }: Pick<StretchOptions, 'peers'>, scheme: Scheme): ServerKind[] {
  return peers.filter(({ schemes }) => schemes.includes(scheme));
}

/** Reads a number of at least 1. @throws Error with what was expected */
export function positiveNumber(name: string, text: string, max: number): number {
  const value = wholeNumber(name, text, max);
  if (value === 0) throw new Error(`expected ${name} 1 to ${max}, got ${text}`);
  return value;
}

/** Reads a list of numbers, "1,50,200". @throws Error with what was expected */
export function numberList(name: string, text: string, max: number): number[] {
  const words = text.split(',');
  if (words.length > LIST_ENTRIES) throw new Error(`expected ${name} with up to ${LIST_ENTRIES} numbers`);
  return words.map((word) => wholeNumber(name, word, max));
}
