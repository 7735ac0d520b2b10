// Aggregate messages (type 22): FLV tags one behind the other, each a message that was put off. [RTMP 7.1.6, FLV E.4.1]
//
//   offset  bytes  meaning
//   0       1      type: 8, 9, 15 or 18
//   1       3      length of the data
//   4       3 + 1  time in ms: low 24 bits, then the high 8
//   8       3      0
//   11      length data
//   then    4      11 + length; not looked at, for writers get it wrong

import { MAX_DATA_MESSAGE_BYTES } from './limits.ts';
import { MessageType, type RtmpMessage } from './message.ts';

/** LIMIT: messages taken out of one aggregate; Flash Media Server puts some dozens into one. */
const MAX_AGGREGATED_MESSAGES = 1024;

/** Bytes before and behind each tag's data. */
const TAG_HEADER_BYTES = 11;
const TAG_TRAILER_BYTES = 4;

/** Types that may stand in an aggregate, and the longest data of each; all other tags, aggregates among them, are
 * skipped by their length. */
const MAX_TAG_BYTES: ReadonlyMap<number, number> = new Map([
  [MessageType.Audio, Number.POSITIVE_INFINITY],
  [MessageType.Video, Number.POSITIVE_INFINITY],
  [MessageType.DataAmf0, MAX_DATA_MESSAGE_BYTES],
  [MessageType.DataAmf3, MAX_DATA_MESSAGE_BYTES],
]);

/**
 * Hands over the messages in `aggregate`, in order; their payloads are views into its own. Times in it count from its
 * first tag, which has the time of the aggregate. Returns how many tags were dropped: those of another type or too
 * long, and all from one on that runs past the end or past the limit, which count as one.
 */
export function unpackAggregate(aggregate: RtmpMessage, onMessage: (message: RtmpMessage) => void): number {
  const { payload: bytes } = aggregate;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let firstTagMs: number | null = null;
  let droppedTags = 0;
  let offset = 0;
  for (let count = 0; offset < bytes.length; count++) {
    const start = offset + TAG_HEADER_BYTES;
    if (start > bytes.length || count === MAX_AGGREGATED_MESSAGES) return droppedTags + 1;
    const typeId = view.getUint8(offset);
    const end = start + (view.getUint32(offset) & 0xff_ffff);
    if (end > bytes.length) return droppedTags + 1;
    const tagMs = ((view.getUint32(offset + 4) >>> 8) | (view.getUint8(offset + 7) << 24)) >>> 0;
    firstTagMs ??= tagMs;
    const timestampMs = (aggregate.timestampMs + tagMs - firstTagMs) >>> 0;
    if (end - start <= (MAX_TAG_BYTES.get(typeId) ?? -1)) {
      onMessage({ ...aggregate, typeId, timestampMs, payload: bytes.subarray(start, end) });
    } else droppedTags++;
    offset = end + TAG_TRAILER_BYTES;
  }
  return droppedTags;
}
