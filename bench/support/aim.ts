// A figure that is aimed at: told in words as met or missed, and no reason to fail.

import { figureText } from './measurement-table.ts';

/** One aim. */
export type Aim = {
  readonly text: string;
  /** What was measured; null where every run was void. */
  readonly value: number | null;
  /** `most` and `least`: the limit itself still meets the aim; `under`: it does not. */
  readonly bound: 'most' | 'under' | 'least';
  readonly limit: number;
  /** Why the figure means less than it seems to, such as a server at its limit; most have none. */
  readonly caveats: readonly string[];
  /** True where what was measured was cut off, and may be more in truth: it can show an aim missed, but not met. */
  readonly isCutOff?: boolean;
};

/** What came of an aim. */
export type Verdict = 'met' | 'MISSED' | 'not measured';

const DECIMALS = 2;

/** What came of it. */
export function verdictOf({ value, bound, limit, isCutOff = false }: Aim): Verdict {
  if (value === null || Number.isNaN(value)) return 'not measured';
  const isMet = { most: value <= limit, under: value < limit, least: value >= limit }[bound];
  if (isMet && isCutOff && bound !== 'least') return 'not measured';
  return isMet ? 'met' : 'MISSED';
}

/** What is aimed at, in words: "at most 1.3". */
export function wantedText({ bound, limit }: Aim): string {
  return bound === 'under' ? `under ${limit}` : `at ${bound} ${limit}`;
}

/** A line for each aim. */
export function aimLines(aims: readonly Aim[]): string[] {
  return aims.map((aim) => {
    const { text, value, caveats } = aim;
    return [
      `${text}: ${figureText(value, DECIMALS)}, ${wantedText(aim)} is aimed at: ${verdictOf(aim)}`,
      ...caveats,
    ].join('; ');
  });
}
