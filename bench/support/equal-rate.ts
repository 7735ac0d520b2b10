// Floors that are to do something as often as the gateway did: what is compared is then the cost of as much work.

import type { Measurement } from './measure.ts';
import { median } from './table.ts';

/** What rates are looked for, and where. */
export type RateQuestion = {
  readonly group: string;
  readonly server: string;
  /** Times a second and client; null where a measurement has none. */
  readonly rateOf: (measurement: Measurement) => number | null;
};

/** Rates further apart than this share do not compare. */
const RATE_TOLERANCE = 0.15;

/** The time between two, ms, by the median rate of the runs so far; null where none counts. */
export function usualPeriodMs(
  earlier: readonly Measurement[],
  { group, server, rateOf }: RateQuestion,
): number | null {
  const rates = earlier
    .filter((each) => each.group === group && each.server === server && !each.load.isVoid)
    .map(rateOf)
    .filter((rate) => rate !== null);
  return rates.length === 0 ? null : 1000 / median(rates);
}

/** True where two rates do not compare; false where either is not known. */
export function areRatesApart(own: number | null, other: number | null): boolean {
  return own !== null && other !== null && Math.abs(own / other - 1) > RATE_TOLERANCE;
}
