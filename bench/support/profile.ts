// Reads a CPU profile of Node (--cpu-prof): which functions the time between two moments went to, by themselves and
// without what they called.

import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { percentText } from './measurement-table.ts';
import { tableText } from './table.ts';

/** A CPU profile as V8 writes it, as far as it is read here. Times are µs. */
export type CpuProfile = {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: {
      readonly functionName: string;
      readonly url: string;
      /** Counts from 0; -1 for what is no function of a file. */
      readonly lineNumber: number;
    };
  }[];
  readonly startTime: number;
  readonly endTime: number;
  /** The node that ran at each sample. */
  readonly samples: readonly number[];
  /** Time from the sample before, or from `startTime`, to each sample. */
  readonly timeDeltas: readonly number[];
};

/** A stretch of the machine's monotonic clock, ms. */
export type ClockWindow = { readonly fromMs: number; readonly toMs: number };

/** Time of one function by itself. */
export type SelfTime = { readonly name: string; readonly selfMs: number; readonly share: number };

/** Where the time went. Shares are of the time that was not idle. */
export type ProfileFigures = {
  readonly busyMs: number;
  /** V8's own: (garbage collector), and (program), which is native code and the kernel. */
  readonly own: readonly SelfTime[];
  /** Functions, longest first. */
  readonly functions: readonly SelfTime[];
};

const US_PER_MS = 1000;
const IDLE = '(idle)';
const OWN = ['(garbage collector)', '(program)'];
const TOP = 15;

/** Sums it up; samples outside of `window` do not count. */
export function profileFigures(profile: CpuProfile, window: ClockWindow | null): ProfileFigures {
  const selfMs = selfTimesMs(profile, window);
  selfMs.delete(IDLE);
  const busyMs = [...selfMs.values()].reduce((sum, ms) => sum + ms, 0);
  const all = [...selfMs]
    .map(([name, ms]) => ({ name, selfMs: ms, share: ms / busyMs }))
    .sort((a, b) => b.selfMs - a.selfMs);
  const isOwn = ({ name }: SelfTime): boolean => OWN.includes(name);
  return { busyMs, own: all.filter(isOwn), functions: all.filter((each) => !isOwn(each)) };
}

/** The first functions for people. */
export function profileText({ busyMs, own, functions }: ProfileFigures): string {
  const rows = [...own, ...functions.slice(0, TOP)].map(({ name, selfMs, share }) => {
    return [name, selfMs.toFixed(0), percentText(share)];
  });
  return tableText([`by itself, of ${busyMs.toFixed(0)} ms not idle`, 'ms', 'share'], rows);
}

/** Reads a profile from a file. @throws Error where there is none */
export function readProfile(path: string): CpuProfile {
  return JSON.parse(readFileSync(path, 'utf8')) as CpuProfile;
}

/** Time of each function by itself, ms: a sample lasts until the next one. */
function selfTimesMs(profile: CpuProfile, window: ClockWindow | null): Map<string, number> {
  const { nodes, samples, timeDeltas, startTime, endTime } = profile;
  const fromUs = window === null ? startTime : window.fromMs * US_PER_MS;
  const toUs = window === null ? endTime : window.toMs * US_PER_MS;
  const names = new Map(nodes.map((node) => [node.id, nameOf(node)]));
  const totals = new Map<string, number>();
  let atUs = startTime;
  for (const [index, id] of samples.entries()) {
    atUs += timeDeltas[index] ?? 0;
    const untilUs = atUs + (timeDeltas[index + 1] ?? endTime - atUs);
    const insideUs = Math.min(untilUs, toUs) - Math.max(atUs, fromUs);
    if (insideUs <= 0) continue;
    const name = names.get(id) ?? `node ${id}`;
    totals.set(name, (totals.get(name) ?? 0) + insideUs / US_PER_MS);
  }
  return totals;
}

/** The function's name, and its place where it has one: "wake live-stream.ts:12". */
function nameOf({ callFrame }: CpuProfile['nodes'][number]): string {
  const { functionName, url, lineNumber } = callFrame;
  const name = functionName === '' ? '(anonymous)' : functionName;
  return url === '' ? name : `${name} ${basename(url)}:${lineNumber + 1}`;
}
