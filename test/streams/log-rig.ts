// Logs filled with numbered frames, and a reader of their bytes that shares no code with src.

import type { EntryRole, LogLimits } from '../../src/streams/log-entry.ts';
import { StreamLog } from '../../src/streams/stream-log.ts';
import { setChunkSize } from '../support/chunk-wire.ts';
import { ServerReplyReader } from '../support/server-reply-reader.ts';
import { lineOf, PAYLOAD } from './stream-rig.ts';

/** Limits of these logs. */
export const LIMITS: LogLimits = {
  chunkSizeBytes: 4096,
  gopCacheBytes: 1024 * 1024,
  gopCacheMs: 10_000,
  lagBytes: 512 * 1024,
  lagMs: 5000,
};
/** Size of a slab. */
export const SLAB_BYTES = 64 * 1024;
/** A full chunk header, type 0. */
export const HEADER_BYTES = 12;
/** A keyframe, where a viewer may begin. */
export const KEY: EntryRole = { kind: 'video', sticky: [], isInterFrame: false, isHeader: false };
/** A frame that needs those before it. */
export const INTER: EntryRole = { kind: 'video', sticky: null, isInterFrame: true, isHeader: false };
/** Sound, where a viewer may begin. */
export const AUDIO_ENTRY: EntryRole = { kind: 'audio', sticky: [], isInterFrame: false, isHeader: false };

/** Appends one message. */
export function appendTo(log: StreamLog, role: EntryRole, timestampMs: number, payload: Uint8Array): void {
  const isVideo = role.kind === 'video';
  const chunkStreamId = isVideo ? 6 : 4;
  log.append({ typeId: isVideo ? 9 : 8, chunkStreamId, messageStreamId: 1, timestampMs, payload }, role);
}

/** A log of `count` inter frames, `payloadBytes` each, `stepMs` apart, behind one keyframe number 0. */
export function filledLog(
  count: number,
  payloadBytes: number,
  stepMs: number,
  limits: Partial<LogLimits> = {},
): StreamLog {
  const log = new StreamLog({ ...LIMITS, ...limits });
  appendTo(log, KEY, 0, PAYLOAD.key(0, payloadBytes));
  for (let n = 1; n <= count; n++) appendTo(log, INTER, n * stepMs, PAYLOAD.inter(n, payloadBytes));
  return log;
}

/** The messages in these bytes, a line each. */
export function linesOf(chunks: readonly Uint8Array[], chunkSizeBytes = LIMITS.chunkSizeBytes): string[] {
  const reader = new ServerReplyReader();
  reader.read(setChunkSize(chunkSizeBytes));
  return reader.read(Buffer.concat(chunks)).map(lineOf);
}
