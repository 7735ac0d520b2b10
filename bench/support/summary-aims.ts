// Aims about medians: what the gateway costs beside another server, and how late it is. Each gives nothing where that was
// not measured, and says where a server was at its limit.

import type { Aim } from './aim.ts';
import { CULVERT } from './culvert-server.ts';
import type { Summary } from './summary.ts';
import { findSummary } from './summary.ts';

/** What is aimed at: a figure of at most, or under, a limit. */
export type Goal = Pick<Aim, 'bound' | 'limit'>;

/** The gateway's cost as a multiple of `server`'s for the same work; `per` is by client and second, or by reply. */
export function costAims(
  summaries: readonly Summary[],
  { group, server, per = 'client' }: { group: string; server: string; per?: 'client' | 'reply' },
  goal: Goal,
): Aim[] {
  const [own, other] = [CULVERT.name, server].map((name) => findSummary(summaries, group, name));
  if (own === null || own === undefined || other === null || other === undefined) return [];
  const what = per === 'client' ? 'cost' : 'cost of a reply';
  const value = per === 'client' ? other.culvertTimes : other.culvertTimesPerReply;
  return [{ text: `${group}: ${what} in ${server}'s`, value, ...goal, caveats: fullCaveats(own, other) }];
}

/** The gateway's latency in a group, p50 in ms. */
export function latencyAims(summaries: readonly Summary[], group: string, goal: Goal): Aim[] {
  const own = findSummary(summaries, group, CULVERT.name);
  if (own === null) return [];
  return [{ text: `${group}: p50 ms`, value: own.latencyP50Ms, ...goal, caveats: fullCaveats(own) }];
}

/** Words for servers that were at the limit of their core: their cost is cut off there, their latency is a queue's. */
export function fullCaveats(...summaries: readonly Summary[]): string[] {
  return summaries
    .filter(({ isSaturated }) => isSaturated)
    .map(({ server }) => `FULL: ${server} was at the limit of its core`);
}
