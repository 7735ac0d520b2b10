// Aims about medians: what the gateway costs beside another server, and how late it is. Each gives nothing where that was
// not measured, and says where a server was at its limit, or did what is compared more often than the other.

import type { Aim } from './aim.ts';
import { CULVERT } from './culvert-server.ts';
import { areRatesApart } from './equal-rate.ts';
import type { Summary } from './summary.ts';
import { findSummary } from './summary.ts';

/** What is aimed at: a figure of at most, or under, a limit. */
export type Goal = Pick<Aim, 'bound' | 'limit'>;

/** What is compared: cost by client and second, or by reply, of servers who do as much in a group. */
export type Comparison = {
  readonly group: string;
  readonly server: string;
  readonly per?: 'client' | 'reply';
  /** What both have to do equally often; null where each does what is asked as often as it likes. */
  readonly rate?: 'replies' | 'arrivals' | null;
};

/** The gateway's cost as a multiple of `server`'s for the same work. */
export function costAims(
  summaries: readonly Summary[],
  { group, server, per = 'client', rate = null }: Comparison,
  goal: Goal,
): Aim[] {
  const own = findSummary(summaries, group, CULVERT.name);
  const other = findSummary(summaries, group, server);
  if (own === null || other === null) return [];
  const what = per === 'client' ? 'cost' : 'cost of a reply';
  const value = per === 'client' ? other.culvertTimes : other.culvertTimesPerReply;
  const caveats = [...fullCaveats(own, other), ...(rate === null ? [] : rateCaveats(own, other, rate))];
  return [{ text: `${group}: ${what} in ${server}'s`, value, ...goal, caveats, ...cutOff(own) }];
}

/** The gateway's latency in a group, p50 in ms. */
export function latencyAims(summaries: readonly Summary[], group: string, goal: Goal): Aim[] {
  return ownAims(summaries, group, { ...goal, what: 'p50 ms', figureOf: (own) => own.latencyP50Ms });
}

/** The gateway's cost in a group by itself, CPU-ms a viewer and second. */
export function ownCostAims(summaries: readonly Summary[], group: string, goal: Goal): Aim[] {
  const figureOf = (own: Summary): number | null => own.cpuMsPerClientSecond;
  return ownAims(summaries, group, { ...goal, what: 'CPU-ms/viewer-s', figureOf });
}

/** Words for a server that did something much more or less often than the gateway. */
export function rateCaveats(own: Summary, other: Summary, rate: 'replies' | 'arrivals'): string[] {
  const [ownRate, otherRate] = [own, other].map((summary) =>
    rate === 'replies' ? summary.repliesPerClientSecond : summary.arrivalsPerClientSecond,
  );
  if (ownRate === undefined || otherRate === undefined || !areRatesApart(ownRate, otherRate)) return [];
  return [`rates apart: ${ownRate?.toFixed(1)} ${rate} a second beside ${otherRate?.toFixed(1)}`];
}

function ownAims(
  summaries: readonly Summary[],
  group: string,
  { what, figureOf, ...goal }: Goal & { what: string; figureOf: (own: Summary) => number | null },
): Aim[] {
  const own = findSummary(summaries, group, CULVERT.name);
  if (own === null) return [];
  const caveats = fullCaveats(own);
  return [{ text: `${group}: ${what}`, value: figureOf(own), ...goal, caveats, ...cutOff(own) }];
}

/** WHY: at its limit the gateway does less than is asked, so that it seems cheaper than it is. */
export function cutOff({ isSaturated }: Summary): Pick<Aim, 'isCutOff'> {
  return isSaturated ? { isCutOff: true } : {};
}

/** Words for servers that were at the limit of their core: their cost is cut off there, their latency is a queue's. */
export function fullCaveats(...summaries: readonly Summary[]): string[] {
  return summaries
    .filter(({ isSaturated }) => isSaturated)
    .map(({ server }) => `FULL: ${server} was at the limit of its core`);
}
