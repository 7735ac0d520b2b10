// Reads the tags of an FLV file with their bytes, and writes received messages to one. [FLV E.2, E.4] It shares no code
// with src/, so that a fault of the gateway's own FLV is not one of the tests too.

import { readFileSync, writeFileSync } from 'node:fs';
import { type FlvTag, readFlvFile } from './flv-file.ts';

/** A tag and the bytes that it carries as a message. */
export type FlvMessage = Pick<FlvTag, 'type' | 'timestampMs'> & { readonly payload: Uint8Array };

const FILE_HEADER = Uint8Array.of(0x46, 0x4c, 0x56, 1, 5, 0, 0, 0, 9, 0, 0, 0, 0);
const TAG_HEADER_BYTES = 11;
const TAG_TYPES = { audio: 8, video: 9, script: 18 } as const;

/** The tags of a file in its order, their times and their bodies. */
export function readFlvMessages(path: string): FlvMessage[] {
  const bytes = readFileSync(path);
  return readFlvFile(path).tags.map(({ type, timestampMs, offsetBytes }) => {
    const start = offsetBytes + TAG_HEADER_BYTES;
    const payload = bytes.subarray(start, start + bytes.readUIntBE(offsetBytes + 1, 3));
    return { type, timestampMs, payload };
  });
}

/** Writes messages as an FLV file. */
export function writeFlvFile(path: string, messages: readonly FlvMessage[]): void {
  const parts: Uint8Array[] = [FILE_HEADER];
  for (const { type, timestampMs, payload } of messages) {
    const head = Buffer.alloc(TAG_HEADER_BYTES);
    head.writeUInt8(TAG_TYPES[type]);
    head.writeUIntBE(payload.length, 1, 3);
    head.writeUIntBE(timestampMs & 0xffffff, 4, 3);
    head.writeUInt8(timestampMs >>> 24, 7);
    const trailer = Buffer.alloc(4);
    trailer.writeUInt32BE(TAG_HEADER_BYTES + payload.length);
    parts.push(head, payload, trailer);
  }
  writeFileSync(path, Buffer.concat(parts));
}
