// The measured stretch of a load run, of whatever kind: it is announced at its beginning and its end, and this
// program's own CPU time in it is what makes a run void.

import { performance } from 'node:perf_hooks';
import type { LoadEvent, LoadResult, TransportResult } from '../support/load-events.ts';
import { MAX_LOAD_CPU_SHARE } from '../support/load-events.ts';
import type { FaultList } from './fault-list.ts';

/** What a stretch needs. */
export type StretchOptions = {
  readonly say: (event: LoadEvent) => void;
  /** Turns counting on and off. */
  readonly setSteady: (isSteady: boolean) => void;
  /** Resolves when the stretch is over; where it rejects there is no run. */
  readonly until: () => Promise<unknown>;
};

/** How long it was, and what it cost this program. */
export type StretchFigures = Pick<LoadResult, 'measuredMs' | 'loadCpuShare' | 'isVoid'>;

/** The parts of a result that most runs have nothing to say to. */
export const NO_VIEWERS: TransportResult = {
  viewers: 0,
  joins: 0,
  frames: 0,
  arrivals: 0,
  requests: 0,
  latencyP50Ms: null,
  latencyP99Ms: null,
  latencyMaxMs: 0,
  setupP50Ms: null,
  setupP99Ms: null,
};

/** Runs the measured stretch. */
export async function measuredStretch({ say, setSteady, until }: StretchOptions): Promise<StretchFigures> {
  say({ type: 'steady' });
  setSteady(true);
  const cpuBefore = process.cpuUsage();
  const startedMs = performance.now();
  await until();
  const { user, system } = process.cpuUsage(cpuBefore);
  const measuredMs = performance.now() - startedMs;
  setSteady(false);
  say({ type: 'steady-end' });
  const loadCpuShare = (user + system) / 1000 / measuredMs;
  return { measuredMs, loadCpuShare, isVoid: loadCpuShare > MAX_LOAD_CPU_SHARE };
}

/** The faults of a run, as its result has them. */
export function faultsOf(faults: FaultList): Pick<LoadResult, 'faults' | 'faultTexts'> {
  return { faults: faults.counts, faultTexts: faults.texts };
}

/** Does `action` for each of `items` in turn, `atOnce` of them at a time. */
export async function forEachAtOnce<T>(
  items: readonly T[],
  atOnce: number,
  action: (item: T) => Promise<void>,
): Promise<void> {
  const waiting = items.values();
  const worker = async (): Promise<void> => {
    for (const item of waiting) await action(item);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}
