// What the case `front` comes to beside its medians: CPU time by process, how much later viewers get what nginx sends than
// those who are at nginx itself, and the aims about both.

import type { Aim } from './aim.ts';
import { CULVERT } from './culvert-server.ts';
import { BARE_PIPE } from './floor-server.ts';
import { figureText } from './measurement-table.ts';
import { NGINX_BEHIND } from './nginx-server.ts';
import type { Summary } from './summary.ts';
import { findSummary } from './summary.ts';
import type { Goal } from './summary-aims.ts';
import { cutOff, fullCaveats } from './summary-aims.ts';
import { tableText } from './table.ts';

/** How much later, ms; null where either was not measured. */
export type AddedLatency = { readonly p50Ms: number | null; readonly p99Ms: number | null };

/** A table of what each process costs, and of the latency that what is in front adds. */
export function frontTable(summaries: readonly Summary[]): string {
  const head = ['medians, CPU-ms/viewer-s', 'in front', 'nginx', 'together', 'added p50', 'added p99 ms'];
  return tableText(
    head,
    summaries.map((summary) => rowOf(summaries, summary)),
  );
}

/**
 * The latency of a server less that of nginx with as many viewers; where these were not measured, less that of the first
 * nginx of the case.
 */
export function addedLatency(summaries: readonly Summary[], own: Summary): AddedLatency {
  const direct = directFor(summaries, own.group);
  return {
    p50Ms: difference(own.latencyP50Ms, direct?.latencyP50Ms),
    p99Ms: difference(own.latencyP99Ms, direct?.latencyP99Ms),
  };
}

/** The gateway's added latency in a group, p50. */
export function addedLatencyAims(summaries: readonly Summary[], group: string, goal: Goal): Aim[] {
  const own = findSummary(summaries, group, CULVERT.name);
  const direct = directFor(summaries, group);
  if (own === null || direct === null) return [];
  const value = addedLatency(summaries, own).p50Ms;
  const caveats = fullCaveats(own, direct);
  return [{ text: `${group}: added p50 ms`, value, ...goal, caveats, ...cutOff(own) }];
}

/** The gateway's cost in a group as a multiple of the bare pipe's in another one, which does the same at once. */
export function mergedCostAims(
  summaries: readonly Summary[],
  { group, pipeGroup }: { readonly group: string; readonly pipeGroup: string },
  goal: Goal,
): Aim[] {
  const own = findSummary(summaries, group, CULVERT.name);
  const pipe = findSummary(summaries, pipeGroup, BARE_PIPE.name);
  if (own === null || pipe === null) return [];
  const [ownCost, pipeCost] = [own.cpuMsPerClientSecond, pipe.cpuMsPerClientSecond];
  const value = ownCost === null || pipeCost === null || pipeCost === 0 ? null : ownCost / pipeCost;
  const caveats = fullCaveats(own, pipe);
  return [{ text: `${group}: cost in ${pipe.server}'s`, value, ...goal, caveats, ...cutOff(own) }];
}

function directFor(summaries: readonly Summary[], group: string): Summary | null {
  const direct = findSummary(summaries, group, NGINX_BEHIND.name);
  return direct ?? summaries.find(({ server }) => server === NGINX_BEHIND.name) ?? null;
}

function rowOf(summaries: readonly Summary[], summary: Summary): string[] {
  const { group, server, cpuMsPerClientSecond: cost, behindCpuMsPerClientSecond: behindCost } = summary;
  const name = `${group}: ${server}`;
  // WHY: where nobody is in front, the server that is measured is the one behind.
  if (server === NGINX_BEHIND.name) return [name, '', figureText(cost, 3), figureText(cost, 3), '', ''];
  const together = cost === null || behindCost === null ? null : cost + behindCost;
  const { p50Ms, p99Ms } = addedLatency(summaries, summary);
  const costs = [cost, behindCost, together].map((figure) => figureText(figure, 3));
  return [name, ...costs, figureText(p50Ms, 1), figureText(p99Ms, 1)];
}

function difference(own: number | null, other: number | null | undefined): number | null {
  return own === null || other === null || other === undefined ? null : own - other;
}
