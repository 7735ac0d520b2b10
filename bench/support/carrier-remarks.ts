// What is told under the medians about carriers: what TLS and WebSocket add to the gateway's cost, and which ciphers were
// spoken, for figures of different ones do not compare.

import type { Scheme } from '../load/scheme.ts';
import { CARRIERS, SCHEMES } from '../load/scheme.ts';
import { CULVERT } from './culvert-server.ts';
import type { Summary } from './summary.ts';
import { findSummary } from './summary.ts';

/** A group that begins with a number of clients and what carries them: "1000 rtmps, merged 350 ms". */
const CARRIED_GROUP = /^(\d+) (\w+)(.*)$/s;

/** A line for each group of the gateway's whose plain counterpart was measured too: as many clients doing the same. */
export function carrierLines(summaries: readonly Summary[]): string[] {
  return summaries
    .filter(({ server }) => server === CULVERT.name)
    .flatMap(({ group, cpuMsPerClientSecond: cost }) => {
      const plainGroup = plainGroupOf(group);
      const plain = plainGroup === null ? null : findSummary(summaries, plainGroup, CULVERT.name);
      const plainCost = plain?.cpuMsPerClientSecond ?? null;
      if (cost === null || plainCost === null || plainCost === 0) return [];
      return [`${group}: costs culvert ${(cost / plainCost).toFixed(2)} times what ${plainGroup} costs it`];
    });
}

/** A line for each version and cipher of TLS, with the servers that spoke it. */
export function cipherLines(summaries: readonly Summary[]): string[] {
  const spoken = summaries.flatMap(({ server, ciphers }) => ciphers.map((cipher) => ({ server, cipher })));
  return [...Map.groupBy(spoken, ({ cipher }) => cipher)].map(([cipher, speakers]) => {
    return `${cipher}: ${[...new Set(speakers.map(({ server }) => server))].join(', ')}`;
  });
}

function plainGroupOf(group: string): string | null {
  const [, count, word, rest] = CARRIED_GROUP.exec(group) ?? [];
  const scheme = SCHEMES.find((known): known is Scheme => known === word);
  const base = scheme === undefined ? null : CARRIERS[scheme].base;
  return base === null ? null : `${count} ${base}${rest}`;
}
