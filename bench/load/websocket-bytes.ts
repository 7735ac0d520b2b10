// Bytes that a WebSocket client sends: the request to upgrade, and frames, which are masked. [RFC6455 4.1, 5.2] Shares no
// code with src/.

import { createHash, randomBytes } from 'node:crypto';
import type { Address } from './open-socket.ts';

/** What a frame holds, as far as this program knows it. */
export const Opcode = { Continuation: 0, Binary: 2, Close: 8, Ping: 9, Pong: 10 } as const;

const ACCEPT_SUFFIX = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const FIN = 0x80;
const MASKED = 0x80;
const MAX_LENGTH_7 = 125;
const MAX_LENGTH_16 = 0xffff;
const MASK_BYTES = 4;
const NORMAL_CLOSURE = 1000;

// WHY: one key and one mask for all connections: neither keeps anything from a server that is ours.
const KEY = randomBytes(16).toString('base64');
const MASK = randomBytes(MASK_BYTES);

/** What a server has to answer to the key, in Sec-WebSocket-Accept. */
export const EXPECTED_ACCEPT: string = createHash('sha1').update(`${KEY}${ACCEPT_SUFFIX}`).digest('base64');

/** The request of a client that wants to speak RTMP. */
export function upgradeRequest({ host, port }: Address): string {
  return [
    'GET /rtmp HTTP/1.1',
    `Host: ${host}:${port}`,
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    `Sec-WebSocket-Key: ${KEY}`,
    'Sec-WebSocket-Protocol: rtmp',
    '\r\n',
  ].join('\r\n');
}

/** One whole message, or a control frame; a buffer of its own. */
export function clientFrame(opcode: number, payload: Uint8Array): Buffer {
  const head = frameHead(opcode, payload.length);
  const frame = Buffer.allocUnsafe(head.length + MASK_BYTES + payload.length);
  frame.set(head);
  frame.set(MASK, head.length);
  const from = head.length + MASK_BYTES;
  for (let index = 0; index < payload.length; index++) {
    frame[from + index] = (payload[index] ?? 0) ^ (MASK[index % MASK_BYTES] ?? 0);
  }
  return frame;
}

/** The frame that ends a conversation in which nothing was wrong. */
export function closeFrame(): Buffer {
  const payload = Buffer.alloc(2);
  payload.writeUInt16BE(NORMAL_CLOSURE, 0);
  return clientFrame(Opcode.Close, payload);
}

function frameHead(opcode: number, lengthBytes: number): Buffer {
  const first = FIN | opcode;
  if (lengthBytes <= MAX_LENGTH_7) return Buffer.of(first, MASKED | lengthBytes);
  if (lengthBytes <= MAX_LENGTH_16) {
    return Buffer.of(first, MASKED | 126, lengthBytes >> 8, lengthBytes & 0xff);
  }
  const head = Buffer.alloc(10);
  head.set([first, MASKED | 127]);
  head.writeBigUInt64BE(BigInt(lengthBytes), 2);
  return head;
}
