// Where in a log a viewer begins or goes on, and which headers it needs there.

import type { RtmpMessage } from '../protocol/rtmp/message.ts';
import { MessageType } from '../protocol/rtmp/message.ts';
import { AUDIO_JOIN_MS } from './limits.ts';
import type { LogEntry } from './log-entry.ts';
import { messageInForce } from './sticky.ts';
import type { StreamLog } from './stream-log.ts';

/**
 * Where a viewer begins that came when the log ended at `joinedAt`: at the last place where `startsInPast`, else at the
 * next. One that jumped or paused goes on at or behind `resumeFrom`, null elsewhere. Null where there is no such place yet.
 */
export function placeToBegin(
  log: StreamLog,
  joinedAt: number,
  resumeFrom: number | null,
  startsInPast: boolean,
): LogEntry | null {
  if (resumeFrom !== null) return newestPlace(log, log.newestEntryPoint, resumeFrom);
  // WHY: who was there before the publisher gets all of it, as far as it is held and not too far behind.
  const isFirst = joinedAt === 0;
  const inPast = startsInPast && !isFirst ? newestPlace(log, log.cachedEntryPoint, 0) : null;
  const next = log.entryPointFrom(Math.max(joinedAt, log.lagPosition));
  return inPast ?? next ?? newestPlace(log, log.newestEntryPoint, joinedAt);
}

/**
 * The sticky messages in force at `entry`, or those of the video alone. What takes back an earlier one is for those who
 * may have had that, before a jump or a pause: not for a newcomer.
 */
export function headersInForce(
  entry: LogEntry,
  { ofVideo, isNewcomer }: { readonly ofVideo: boolean; readonly isNewcomer: boolean },
): RtmpMessage[] {
  return (entry.sticky ?? [])
    .filter(({ message, isReset }) => {
      return (!ofVideo || message.typeId === MessageType.Video) && !(isReset && isNewcomer);
    })
    .map(messageInForce);
}

/** The newest place to begin; in a stream of sound alone about a second before it, but not before a position. */
function newestPlace(log: StreamLog, newest: LogEntry | null, notBefore: number): LogEntry | null {
  if (newest === null || newest.position < notBefore) return null;
  if (newest.kind !== 'audio') return newest;
  return log.entryPointFrom(notBefore, AUDIO_JOIN_MS) ?? newest;
}
