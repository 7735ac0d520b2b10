import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { EXPECTED_ACCEPT } from '../../bench/load/websocket-bytes.ts';
import type { WebSocketSink } from '../../bench/load/websocket-reader.ts';
import { WebSocketReader } from '../../bench/load/websocket-reader.ts';
import { everyTwoWaySplit, splitEvery } from '../support/splits.ts';

const ANSWER = answer({});
const LAST = 0x80;
const BINARY = 2;
const TEXT = 1;
const PING = 9;
const CLOSE = 8;

/** The answer of a server that does as it is asked, but for what is said. */
function answer({ status = '101 Switching Protocols', accept = EXPECTED_ACCEPT, protocol = 'rtmp' }): Buffer {
  const protocolLine = protocol === '' ? '' : `Sec-WebSocket-Protocol: ${protocol}\r\n`;
  const upgrade = 'Upgrade: websocket\r\nConnection: Upgrade\r\n';
  return Buffer.from(
    `HTTP/1.1 ${status}\r\n${upgrade}Sec-WebSocket-Accept: ${accept}\r\n${protocolLine}\r\n`,
  );
}

/** A frame of a server. */
function frame(first: number, payload: Uint8Array): Buffer {
  const { length } = payload;
  if (length < 126) return Buffer.concat([Buffer.of(first, length), payload]);
  const head = Buffer.alloc(length < 65_536 ? 4 : 10);
  head[0] = first;
  if (length < 65_536) {
    head[1] = 126;
    head.writeUInt16BE(length, 2);
  } else {
    head[1] = 127;
    head.writeBigUInt64BE(BigInt(length), 2);
  }
  return Buffer.concat([head, payload]);
}

/** What a reader tells of bytes that come in these pieces. */
function read(pieces: Iterable<Uint8Array>) {
  const payloads: Buffer[] = [];
  const events: string[] = [];
  const sink: WebSocketSink = {
    upgraded: () => events.push('upgraded'),
    payload: (bytes, from, to) => payloads.push(Buffer.from(bytes.subarray(from, to))),
    ping: (payload) => events.push(`ping ${payload.toString('latin1')}`),
    closing: (code) => events.push(`closing ${code}`),
  };
  const reader = new WebSocketReader(sink);
  for (const piece of pieces) {
    // A buffer that is used again for every read, as the load program's is.
    const shared = Buffer.from(piece);
    reader.receive(shared, shared.length);
    shared.fill(0xee);
  }
  return { events, payload: Buffer.concat(payloads) };
}

describe('WebSocketReader', () => {
  const media = Buffer.from(Array.from({ length: 300 }, (_, index) => index & 0xff));
  const bytes = Buffer.concat([
    ANSWER,
    frame(LAST | BINARY, media.subarray(0, 125)),
    frame(LAST | PING, Buffer.from('why')),
    frame(BINARY, media.subarray(125, 130)),
    frame(LAST | PING, Buffer.alloc(0)),
    frame(LAST, media.subarray(130, 260)),
    frame(LAST | BINARY, Buffer.alloc(0)),
    frame(LAST | BINARY, media.subarray(260)),
    frame(LAST | CLOSE, Buffer.of(3, 0xe9)),
  ]);
  const whole = { events: ['upgraded', 'ping why', 'ping ', 'closing 1001'], payload: media };

  it('gives the payload of binary messages, whole ones and in parts, and tells of control frames between them', () => {
    assert.deepEqual(read([bytes]), whole);
  });

  it('gives the same however the bytes are split', () => {
    assert.deepEqual(read(splitEvery(bytes, 1)), whole);
    for (const pieces of everyTwoWaySplit(bytes)) {
      assert.deepEqual(read(pieces.filter(({ length }) => length > 0)), whole);
    }
  });

  it('reads lengths of all three forms', () => {
    for (const lengthBytes of [1, 125, 126, 65_535, 65_536, 200_000]) {
      const payload = Buffer.alloc(lengthBytes, 0x5a);
      const { payload: got } = read([ANSWER, ...splitEvery(frame(LAST | BINARY, payload), 16_384)]);
      assert.ok(got.equals(payload), `${lengthBytes} bytes`);
    }
  });

  it('takes a close frame without a code', () => {
    assert.deepEqual(read([ANSWER, frame(LAST | CLOSE, Buffer.alloc(0))]).events, ['upgraded', 'closing 0']);
  });

  for (const { what, wrong, message } of [
    {
      what: 'another status',
      wrong: [answer({ status: '404 Not Found' })],
      message: /begins HTTP\/1\.1 404 Not Found/,
    },
    { what: 'the answer to another key', wrong: [answer({ accept: 'AAAA' })], message: /another key/ },
    {
      what: 'no subprotocol',
      wrong: [answer({ protocol: '' })],
      message: /expected the subprotocol rtmp, got none/,
    },
    {
      what: 'an endless head',
      wrong: [Buffer.from(`HTTP/1.1 101 ${'a'.repeat(5000)}`)],
      message: /without an end/,
    },
    {
      what: 'a masked frame',
      wrong: [ANSWER, Buffer.of(LAST | BINARY, 0x81, 1, 2, 3, 4, 5)],
      message: /masked/,
    },
    { what: 'a text message', wrong: [ANSWER, frame(LAST | TEXT, Buffer.of(0x41))], message: /got 1$/ },
    {
      what: 'reserved bits',
      wrong: [ANSWER, frame(LAST | 0x40 | BINARY, Buffer.of(0))],
      message: /reserved bits/,
    },
    {
      what: 'a part without a message',
      wrong: [ANSWER, frame(LAST, Buffer.of(0))],
      message: /opcode 2, got 0/,
    },
    {
      what: 'a message within another',
      wrong: [ANSWER, frame(BINARY, Buffer.of(0)), frame(LAST | BINARY, Buffer.of(0))],
      message: /opcode 0, got 2/,
    },
    {
      what: 'a control frame in parts',
      wrong: [ANSWER, frame(PING, Buffer.of(0))],
      message: /a control frame that begins 9 1/,
    },
    {
      what: 'a control frame that is too long',
      wrong: [ANSWER, frame(LAST | PING, Buffer.alloc(126))],
      message: /a control frame/,
    },
  ]) {
    it(`refuses ${what}`, () => {
      assert.throws(() => read(wrong), message);
    });
  }
});
