// What a splice sends to its upstream in place of the client's connect: the same bytes, but for a few strings in the
// command object. What came in front of it goes first, as it came. [RTMP 5.3.1, 7.2.1.1]

import { ByteWriter } from '../../bytes/byte-writer.ts';
import { withStrings } from './command-properties.ts';
import type { IncomingConnect } from './connect-reader.ts';
import { FollowingHeaders } from './following-headers.ts';
import { basicHeaderBytes, withLength } from './message-start.ts';

const MAX_PAYLOAD_BYTES = 0xffffff;
const TYPE_THREE = 0xc0;
const TIMESTAMP_BYTES = 4;

/** What the upstream is told in place of what the client said; what is left out stays. */
export type ConnectChanges = {
  /** The application path, with its query. */
  readonly app?: string;
  readonly tcUrl?: string;
  /** Further properties by name. One that the client has set, too, has this value in the end. */
  readonly properties?: Readonly<Record<string, string>>;
};

/** What to send. */
export type RewrittenConnect = {
  /** Everything up to the end of connect; the very `rawBytes` where nothing is changed. */
  readonly bytes: Uint8Array;
  /** What follows goes through this; null where it may go as it is. */
  readonly following: FollowingHeaders | null;
};

/**
 * Changes a connect. It is cut by the chunk size that the client has announced, on its chunk stream and at its time.
 * @throws AmfError for a property without a name or with too long a one; Error for a connect that grows past 0xFFFFFF bytes
 */
export function rewriteConnect(incoming: IncomingConnect, changes: ConnectChanges): RewrittenConnect {
  const { message, rawBytes } = incoming;
  const payload = withStrings(message, stringsOf(changes));
  if (payload.length > MAX_PAYLOAD_BYTES) throw new Error(`a connect of ${payload.length} bytes is too long`);
  if (Buffer.compare(payload, message.payload) === 0) return { bytes: rawBytes, following: null };
  const isAsLong = payload.length === message.payload.length;
  const following = isAsLong ? null : new FollowingHeaders(rawBytes, message.chunkStreamId);
  return { bytes: bytesWith(incoming, payload), following };
}

function stringsOf({ app, tcUrl, properties = {} }: ConnectChanges): Map<string, string> {
  const strings = new Map(Object.entries(properties));
  if (app !== undefined) strings.set('app', app);
  if (tcUrl !== undefined) strings.set('tcUrl', tcUrl);
  return strings;
}

/** All that came up to the end of connect, with `payload` in the place of its own. */
function bytesWith(incoming: IncomingConnect, payload: Uint8Array): Uint8Array {
  const { rawBytes, chunks, headerInForce, chunkSizeBytes } = incoming;
  const [first] = chunks;
  if (first === undefined) throw new Error('a connect has a chunk');
  const writer = new ByteWriter(rawBytes.length + 2 * payload.length);
  // WHY: what stands between its chunks goes in front of it: on other chunk streams, in the same order.
  let writtenBytes = 0;
  for (const { startBytes, endBytes } of chunks) {
    writer.writeBytes(rawBytes.subarray(writtenBytes, startBytes));
    writtenBytes = endBytes;
  }
  const header = rawBytes.subarray(first.startBytes, first.payloadStartBytes);
  const basicHeader = Uint8Array.from(header.subarray(0, basicHeaderBytes(header[0] ?? 0)));
  basicHeader[0] = TYPE_THREE | (basicHeader[0] ?? 0);
  const repeatsTimestamp = headerInForce.hasExtendedTimestamp && isRepeated(incoming, basicHeader.length);
  writer.writeBytes(withLength(header, headerInForce, payload.length));
  for (let offset = 0; offset < payload.length; offset += chunkSizeBytes) {
    if (offset > 0) writer.writeBytes(basicHeader);
    if (offset > 0 && repeatsTimestamp) writer.writeU32(headerInForce.extendedTimestampMs);
    writer.writeBytes(payload.subarray(offset, offset + chunkSizeBytes));
  }
  return writer.toBytes();
}

/** True where the client repeats an extended timestamp on type 3 chunks, as far as its connect shows it. */
function isRepeated({ chunks }: IncomingConnect, shortBytes: number): boolean {
  return chunks
    .slice(1)
    .every(
      ({ startBytes, payloadStartBytes }) => payloadStartBytes - startBytes === shortBytes + TIMESTAMP_BYTES,
    );
}
