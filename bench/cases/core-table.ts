// The figures of the case `core` for people: a row a piece of work, medians of all runs.

import type { CheckedWork } from '../core/work.ts';
import { median, tableText } from '../support/table.ts';

/** CPU time of one call in ns, of each run; empty where nothing was timed. */
export type CallTimes = { readonly oursNs: number[]; readonly theirsNs: number[] };

/** One piece of work over all runs. */
export type WorkFigures = CallTimes & {
  readonly name: string;
  readonly unit: 'GB/s' | 'µs';
  readonly target: number | null;
  /** Medians in `unit`; null where nothing was timed. */
  readonly ours: number | null;
  readonly theirs: number | null;
  /** How many times as fast as theirs ours is. */
  readonly speedRatio: number | null;
  readonly isTargetMet: boolean | null;
};

/** Makes figures of the times of one piece of work. */
export function workFigures({ name, wireBytes, target }: CheckedWork, times: CallTimes): WorkFigures {
  const isRate = wireBytes > 0;
  const figureOf = (callNs: readonly number[]): number | null => {
    if (callNs.length === 0) return null;
    return isRate ? wireBytes / median(callNs) : median(callNs) / 1000;
  };
  const [ours, theirs] = [figureOf(times.oursNs), figureOf(times.theirsNs)];
  const hasBoth = ours !== null && theirs !== null;
  const isTimedAim = ours !== null && target !== null;
  return {
    name,
    unit: isRate ? 'GB/s' : 'µs',
    target,
    ours,
    theirs,
    speedRatio: hasBoth ? median(times.theirsNs) / median(times.oursNs) : null,
    isTargetMet: isTimedAim ? (isRate ? ours >= target : ours <= target) : null,
    ...times,
  };
}

/** The table. */
export function coreTable(figures: readonly WorkFigures[], peerName: string): string {
  const head = ['work', 'culvert', 'target', peerName, 'times as fast'];
  return tableText(head, figures.map(rowOf));
}

function rowOf({ name, unit, ours, theirs, speedRatio, target, isTargetMet }: WorkFigures): string[] {
  const figure = (value: number | null): string => (value === null ? '-' : `${value.toFixed(2)} ${unit}`);
  const aim = target === null ? '' : `${unit === 'GB/s' ? '>' : '<'} ${target} ${unit}`;
  const verdict = isTargetMet === null ? '' : isTargetMet ? ' met' : ' MISSED';
  return [name, figure(ours), `${aim}${verdict}`, figure(theirs), speedRatio?.toFixed(2) ?? '-'];
}
