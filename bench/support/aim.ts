// A figure that is aimed at: told in words as met or missed, and no reason to fail.

import { figureText } from './measurement-table.ts';

/** One aim. */
export type Aim = {
  readonly text: string;
  /** What was measured; null where nothing was, and then there is nothing to tell. */
  readonly value: number | null;
  /** At most this is aimed at. */
  readonly limit: number;
};

const DECIMALS = 2;

/** A line for each aim that was measured. */
export function aimLines(aims: readonly Aim[]): string[] {
  return aims.flatMap(({ text, value, limit }) => {
    if (value === null) return [];
    const verdict = value <= limit ? 'met' : 'MISSED';
    return [`${text}: ${figureText(value, DECIMALS)}, at most ${limit} is aimed at: ${verdict}`];
  });
}
