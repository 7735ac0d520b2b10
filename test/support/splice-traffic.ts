// Traffic of every kind that a gateway may not understand: both AMF versions, shared objects, Enhanced RTMP, aggregates,
// acknowledgements, private types, in chunks of changing sizes. Shares no code with src.

import { control, filled, join } from './chunk-wire.ts';
import { ClientMessages, userControl } from './client-messages.ts';
import { type VectorSection, vectorsOf } from './vectors.ts';

const TYPES: readonly [VectorSection, number][] = [
  ['SO', 19],
  ['ERTMP', 9],
  ['AMF3', 17],
  ['AMF0', 18],
];
const OTHER_TYPES = [8, 9, 15, 16, 22, 99, 200];
const CHUNK_SIZES_BYTES = [128, 16, 4096, 65_536, 1000];

/** A direction of a connection, whole messages; `seed` makes one differ from another. */
export function mixedTraffic(seed: number): Uint8Array {
  const messages = new ClientMessages();
  const parts: Uint8Array[] = [];
  for (const [round, sizeBytes] of CHUNK_SIZES_BYTES.entries()) {
    parts.push(messages.setChunkSize(sizeBytes), control(3, 1000 * round), userControl(6, seed));
    for (const [section, typeId] of TYPES) {
      for (const [index, { bytes }] of vectorsOf(section).slice(0, 12).entries()) {
        const addressed = { chunkStreamId: 5 + (index % 40), messageStreamId: 1, timestampMs: 20 * index };
        parts.push(messages.message(typeId, bytes, addressed));
      }
    }
    for (const [index, typeId] of OTHER_TYPES.entries()) {
      const payload = filled(1 + index * 3001, seed + round);
      const addressed = {
        chunkStreamId: 70 + 100 * index,
        timestampMs: 0xfffff0 + 10 * index,
        messageStreamId: 1,
      };
      parts.push(messages.message(typeId, payload, addressed));
    }
  }
  return join(parts);
}
