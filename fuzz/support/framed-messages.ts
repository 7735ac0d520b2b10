// Input as whole messages in proper chunks, so that what is changed at random gets past the chunk decoder: three bytes
// choose type, message stream and length, the payload follows.

import { amf, type WireValue } from '../../test/support/amf-wire.ts';
import { ClientMessages } from '../../test/support/client-messages.ts';

const TYPES = [20, 17, 18, 15, 8, 9, 4, 3, 5, 6, 22, 2, 19, 99];
const HEAD_BYTES = 3;
const MESSAGE_STREAMS = 4;

/** One message as input. A payload is at most 255 bytes. */
export function framed(typeId: number, messageStreamId: number, payload: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.of(TYPES.indexOf(typeId), messageStreamId, payload.length), payload]);
}

/** A command as input. */
export function framedCommand(messageStreamId: number, ...values: WireValue[]): Uint8Array {
  return framed(20, messageStreamId, amf(...values));
}

/** The chunks of all messages in `data`. */
export function chunksOf(data: Uint8Array): Uint8Array {
  const writer = new ClientMessages();
  const messages: Uint8Array[] = [];
  for (let offset = 0; offset + HEAD_BYTES <= data.length; ) {
    const [type = 0, messageStream = 0, lengthBytes = 0] = data.subarray(offset, offset + HEAD_BYTES);
    const typeId = TYPES[type % TYPES.length] ?? 0;
    offset += HEAD_BYTES;
    const payload = data.subarray(offset, offset + lengthBytes);
    const addressed = {
      chunkStreamId: 3 + (type % 5),
      messageStreamId: messageStream % MESSAGE_STREAMS,
      timestampMs: offset,
    };
    messages.push(writer.message(typeId, payload, addressed));
    offset += lengthBytes;
  }
  return Buffer.concat(messages);
}
