// About how long measuring will take, so that whoever starts it knows. The times were read off runs on a machine with
// two cores; nothing depends on them.

import type { LoadOptions } from '../load/load-options.ts';
import { LoadMode, parseLoadOptions } from '../load/load-options.ts';

/** Starting and stopping a server and the load program. */
const FIXED_MS = 1500;
/** Joining as one of many. A tunnel waits for polls that the server holds until it may publish or play. */
const RTMP_JOIN_MS = 1.5;
const TUNNEL_JOIN_MS = 12;
/** The same at a server that lets the first frame wait. */
const SLOW_JOIN_MS = 9.5;
/** A join of the case `join`, which waits for its first frame. */
const LONE_JOIN_MS = 6;
const LONE_SLOW_JOIN_MS = 92;
const USUAL_JOINS_AT_ONCE = 10;
const MS_PER_MINUTE = 60_000;

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

function joinsMs({ mode, rtmp, rtmpt, atOnce }: LoadOptions, startsAtOnce: boolean): number {
  if (mode === LoadMode.Join || mode === LoadMode.Churn) return 0;
  const usual = atOnce === 0 ? USUAL_JOINS_AT_ONCE : atOnce;
  const tunnelJoinMs = (TUNNEL_JOIN_MS * USUAL_JOINS_AT_ONCE) / usual;
  return rtmp * (startsAtOnce ? RTMP_JOIN_MS : SLOW_JOIN_MS) + rtmpt * Math.max(RTMP_JOIN_MS, tunnelJoinMs);
}

function stretchMs({ mode, rtmp, rtmpt, seconds }: LoadOptions, startsAtOnce: boolean): number {
  if (mode !== LoadMode.Join) return seconds * 1000;
  return (rtmp + rtmpt) * (startsAtOnce ? LONE_JOIN_MS : LONE_SLOW_JOIN_MS);
}
