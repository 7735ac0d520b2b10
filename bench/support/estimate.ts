// About how long measuring will take, so that whoever starts it knows. The times were read off runs on a machine with
// two cores; nothing depends on them.

import type { LoadOptions } from '../load/load-options.ts';
import { LoadMode, parseLoadOptions } from '../load/load-options.ts';
import type { PerScheme, Scheme } from '../load/scheme.ts';
import { CARRIERS, SCHEMES, schemeOfEach } from '../load/scheme.ts';

/** Starting and stopping a server and the load program. */
const FIXED_MS = 1500;
/** Joining as one of many. A tunnel waits for polls that the server holds until it may publish or play. */
const JOIN_MS: PerScheme<number> = { rtmp: 1.5, rtmpt: 12, rtmps: 5, rtmpts: 14, ws: 3, wss: 6 };
/** A client of a floor, which connects and no more. */
const BARE_JOIN_MS = 1.5;
const BARE_SECURE_JOIN_MS = 3;
/** The same at a server that lets the first frame wait. */
const SLOW_JOIN_MS = 9.5;
/** A join of the case `join`, which waits for its first frame. */
const LONE_JOIN_MS = 6;
const LONE_SLOW_JOIN_MS = 92;
const USUAL_JOINS_AT_ONCE = 10;
const MS_PER_MINUTE = 60_000;

/** Of a flood, and of the weighing before and behind it. */
const HOSTILE_REQUESTS_PER_MS = 12;
const WEIGHINGS_MS = 3000;

/** Of one stretch, ms: what the load program does, by its options, at a server that gives viewers their first frame at once or not. */
export function estimateLoadMs(loadArgs: readonly string[], startsAtOnce = true): number {
  const options = parseLoadOptions(['--url', 'rtmp://localhost:1/live/bench', ...loadArgs]);
  return FIXED_MS + options.settleMs + joinsMs(options, startsAtOnce) + stretchMs(options, startsAtOnce);
}

/** "41 minutes", of a duration; "1 minute" at least. */
export function minutesText(durationMs: number): string {
  const minutes = Math.max(1, Math.round(durationMs / MS_PER_MINUTE));
  return minutes === 1 ? '1 minute' : `${minutes} minutes`;
}

function joinsMs(options: LoadOptions, startsAtOnce: boolean): number {
  const { mode, atOnce } = options;
  if (mode === LoadMode.Join || mode === LoadMode.Churn) return 0;
  const usual = atOnce === 0 ? USUAL_JOINS_AT_ONCE : atOnce;
  const joinMs = (scheme: Scheme): number => {
    if (mode.startsWith('bare')) return CARRIERS[scheme].isSecure ? BARE_SECURE_JOIN_MS : BARE_JOIN_MS;
    const usualMs = JOIN_MS[scheme];
    if (CARRIERS[scheme].framing !== 'tunnel')
      return startsAtOnce ? usualMs : Math.max(usualMs, SLOW_JOIN_MS);
    return Math.max(JOIN_MS.rtmp, (usualMs * USUAL_JOINS_AT_ONCE) / usual);
  };
  return SCHEMES.reduce((sum, scheme) => sum + options[scheme] * joinMs(scheme), 0);
}

function stretchMs(options: LoadOptions, startsAtOnce: boolean): number {
  if (options.mode === LoadMode.Hostile) {
    return options.requests / HOSTILE_REQUESTS_PER_MS + options.calmMs + WEIGHINGS_MS;
  }
  if (options.mode !== LoadMode.Join) return options.seconds * 1000;
  return schemeOfEach(options).length * (startsAtOnce ? LONE_JOIN_MS : LONE_SLOW_JOIN_MS);
}
