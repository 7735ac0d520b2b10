// What the measurements of the case `memory` come to: medians of what a viewer holds, and the aims about it. Void runs do
// not count; where none is left there is no figure.

import type { MemoryBytes } from '../../test/support/memory-probe.ts';
import type { Aim } from './aim.ts';
import type { MemoryMeasurement } from './measure-memory.ts';
import { median } from './table.ts';

/** From so long on it is asked whether memory stays the same. */
const FLAT_SECONDS = 60;
/** The last third of the samples may weigh so many times what the third before it weighs. */
const FLAT_TIMES = 1.05;
/** Aims are about so many viewers or more; fewer would share the whole process's warming up. */
const LEAST_VIEWERS = 1000;
const KILOBYTE = 1000;
/** Kilobytes a viewer that are aimed at. */
const AIMS: Readonly<Record<string, number>> = { 'rtmp playing': 25, 'rtmpt playing': 45 };

/** Kilobytes that a tunnel with a held poll may hold more than a socket, and replies a second of it. */
const HELD_KB = 30;
const HELD_REPLIES = 2.5;

/** Those that count. */
export function countedRuns(alike: readonly MemoryMeasurement[]): MemoryMeasurement[] {
  return alike.filter(({ load }) => !load.isVoid);
}

/** The median of a figure of the runs that count; null where none does. */
export function countedMedian(
  alike: readonly MemoryMeasurement[],
  figureOf: (measurement: MemoryMeasurement) => number,
): number | null {
  const values = countedRuns(alike).map(figureOf);
  return values.length === 0 ? null : median(values);
}

/** The median of what one of the viewers holds, kB; null where no run counts. */
export function perViewerKb(alike: readonly MemoryMeasurement[], what: 'resident' | 'live'): number | null {
  return countedMedian(alike, ({ before, samples, clientCount }) => {
    const after = samples[0]?.[what] ?? Number.NaN;
    return (after - before[what]) / clientCount / KILOBYTE;
  });
}

/** What is aimed at for a group of runs alike. */
export function memoryAims(group: string, alike: readonly MemoryMeasurement[]): Aim[] {
  const limit = AIMS[group];
  if (limit === undefined || alike.some(({ clientCount }) => clientCount < LEAST_VIEWERS)) return [];
  const value = perViewerKb(alike, 'resident');
  return [{ text: `${group}, kB a viewer`, value, bound: 'most', limit, caveats: voidCaveats(alike) }];
}

/** Replies of a tunnel's viewer a second, the median of the runs that count; null where nothing is asked. */
export function repliesPerViewerSecond(alike: readonly MemoryMeasurement[]): number | null {
  if (alike.every(({ load }) => load.rtmpt.requests === 0)) return null;
  return countedMedian(
    alike,
    ({ load, clientCount }) => load.rtmpt.requests / ((clientCount * load.measuredMs) / 1000),
  );
}

/** What is aimed at for viewers of a stream that is quiet: what a tunnel with a poll that is held holds more than a socket, and how often it asks. */
export function quietAims(weighed: readonly MemoryMeasurement[]): Aim[] {
  const [plain, held] = ['rtmp quiet', 'rtmpt quiet'].map((name) =>
    weighed.filter(({ group, clientCount }) => group === name && clientCount >= LEAST_VIEWERS),
  );
  if (plain === undefined || held === undefined || plain.length === 0 || held.length === 0) return [];
  const [plainKb, heldKb] = [perViewerKb(plain, 'resident'), perViewerKb(held, 'resident')];
  const more = { text: 'rtmpt held minus rtmp, kB a viewer', bound: 'most', limit: HELD_KB } as const;
  const often = { text: 'rtmpt held: replies/viewer-s', bound: 'most', limit: HELD_REPLIES } as const;
  const difference = plainKb === null || heldKb === null ? null : heldKb - plainKb;
  return [
    { ...more, value: difference, caveats: voidCaveats([...plain, ...held]) },
    { ...often, value: repliesPerViewerSecond(held), caveats: voidCaveats(held) },
  ];
}

/** Whether memory stays the same, by the median of the runs alike: the process warms up in the first third of each, and then nothing may come. */
export function flatAim(alike: readonly MemoryMeasurement[], seconds: number): Aim[] {
  const [first] = alike;
  if (first === undefined || seconds < FLAT_SECONDS) return [];
  const value = countedMedian(alike, ({ samples }) => growthTimes(samples));
  const text = `${first.group} for ${seconds} s: RSS of the last third in that of the third before`;
  return [{ text, value, bound: 'most', limit: FLAT_TIMES, caveats: voidCaveats(alike) }];
}

/** The RSS of the last third of some samples in that of the third before it; NaN with fewer than three. */
export function growthTimes(samples: readonly MemoryBytes[]): number {
  const third = Math.floor(samples.length / 3);
  if (third === 0) return Number.NaN;
  const weights = samples.map(({ resident }) => resident);
  return median(weights.slice(-third)) / median(weights.slice(-2 * third, -third));
}

function voidCaveats(alike: readonly MemoryMeasurement[]): string[] {
  const voidRuns = alike.length - countedRuns(alike).length;
  return voidRuns === 0 ? [] : [`VOID: ${voidRuns} of ${alike.length} runs do not count`];
}
