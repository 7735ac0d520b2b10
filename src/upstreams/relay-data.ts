// Data messages between a live stream of here and one of an upstream: what a server sends to its players is read as what a
// publisher says, and metadata goes out as publishers say it.

import type { AmfValue } from '../protocol/amf/amf-value.ts';
import { encodeAmf0Values } from '../protocol/amf/amf0-encoder.ts';
import type { DataMessage } from '../protocol/rtmp/data-message.ts';

/** What servers say to their players of the playing, which is none of the stream's. */
const OF_THE_SERVER: ReadonlySet<string> = new Set(['|RtmpSampleAccess', 'onStatus', 'onPlayStatus']);

const METADATA_HANDLER = 'onMetaData';

/** What stands before the metadata of a publisher: AMF0 text. */
const SET_DATA_FRAME = encodeAmf0Values(['@setDataFrame']);
const METADATA_START = encodeAmf0Values([METADATA_HANDLER]);

/** True where a data message of a server belongs to the stream that it plays. */
export function isOfStream({ name }: { readonly name: string }): boolean {
  return !OF_THE_SERVER.has(name);
}

/** What a data message of a server says as a publisher's; null where that is nothing to pass on. */
export function dataMessageOf({
  name,
  values,
  payload,
}: {
  readonly name: string;
  readonly values: readonly AmfValue[];
  readonly payload: Uint8Array;
}): DataMessage | null {
  const receivedBytes = payload.length;
  if (!isOfStream({ name })) return null;
  if (name !== '@setDataFrame' && name !== '@clearDataFrame') {
    const kind = name === METADATA_HANDLER ? 'set' : 'send';
    return { kind, handler: name, values, receivedBytes };
  }
  const [handler, ...others] = values;
  if (typeof handler !== 'string') return null;
  if (name === '@clearDataFrame') return { kind: 'clear', handler, values: [], receivedBytes };
  return { kind: 'set', handler, values: others, receivedBytes };
}

/** The AMF0 body of a data message of a live stream, as a publisher sends it. The very same where nothing is to be added. */
export function publishedBody(body: Uint8Array): Uint8Array {
  const isMetadata = METADATA_START.every((byte, at) => body[at] === byte);
  return isMetadata ? Buffer.concat([SET_DATA_FRAME, body]) : body;
}
