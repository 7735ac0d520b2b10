// What peers get wrong in the WebSocket, and floods of control frames.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ERRORS, type ErrorCode } from '../../../src/errors.ts';
import { RtmpError } from '../../../src/protocol/rtmp/rtmp-error.ts';
import type { FrameKind } from '../../../src/protocol/websocket/limits.ts';
import { FRAME_RATES } from '../../../src/protocol/websocket/limits.ts';
import { filled } from '../../support/chunk-wire.ts';
import { clientFrame, Opcode } from '../../support/websocket-wire.ts';
import { settled, until } from '../socket-rig.ts';
import { MAX_MESSAGE_BYTES, type RawWebSocket, startDoor } from './websocket-rig.ts';

/** Status and text of the close frame that came. */
function closeOf(client: RawWebSocket): readonly [number, string] | null {
  const [payload] = client.payloads(Opcode.Close);
  return payload === undefined ? null : [payload.readUInt16BE(0), payload.subarray(2).toString()];
}

const half = filled(MAX_MESSAGE_BYTES / 2);

const ROWS: readonly (readonly [string, ErrorCode, number, Uint8Array])[] = [
  [
    'a message one byte over the limit',
    'websocket-message-too-large',
    1009,
    clientFrame(Opcode.Binary, filled(MAX_MESSAGE_BYTES + 1)),
  ],
  [
    'fragments that are over it together',
    'websocket-message-too-large',
    1009,
    Buffer.concat([
      clientFrame(Opcode.Binary, half, { isLast: false }),
      clientFrame(Opcode.Continuation, half, { isLast: false }),
      clientFrame(Opcode.Continuation, 'x'),
    ]),
  ],
  [
    'a frame that declares 2^53 bytes and more',
    'websocket-message-too-large',
    1009,
    Buffer.of(0x82, 0xff, 0, 0x20, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4),
  ],
  [
    'more fragments than anybody needs',
    'websocket-message-too-large',
    1008,
    Buffer.concat([
      clientFrame(Opcode.Binary, '', { isLast: false }),
      ...Array.from({ length: 17_000 }, () => clientFrame(Opcode.Continuation, '', { isLast: false })),
    ]),
  ],
  ['a text message', 'websocket-not-binary', 1003, clientFrame(Opcode.Text, 'hello')],
  ['text that is none', 'websocket-not-binary', 1003, clientFrame(Opcode.Text, Buffer.of(0xff, 0xfe))],
  [
    'a frame that is not masked',
    'websocket-malformed',
    1002,
    clientFrame(Opcode.Binary, 'x', { isMasked: false }),
  ],
  ['an opcode that there is not', 'websocket-malformed', 1002, clientFrame(3, 'x')],
  ['a control frame that there is not', 'websocket-malformed', 1002, clientFrame(11, 'x')],
  ['a reserved bit', 'websocket-malformed', 1002, clientFrame(Opcode.Binary, 'x', { reservedBits: 0x10 })],
  [
    'a compressed message, which nobody agreed on',
    'websocket-malformed',
    1002,
    clientFrame(Opcode.Binary, 'x', { reservedBits: 0x40 }),
  ],
  ['a continuation of nothing', 'websocket-malformed', 1002, clientFrame(Opcode.Continuation, 'x')],
  ['a ping in parts', 'websocket-malformed', 1002, clientFrame(Opcode.Ping, 'x', { isLast: false })],
  ['a ping over 125 bytes', 'websocket-malformed', 1002, clientFrame(Opcode.Ping, filled(126))],
  ['a close frame of one byte', 'websocket-malformed', 1002, clientFrame(Opcode.Close, 'x')],
  [
    'a close frame with a number that means no close',
    'websocket-malformed',
    1002,
    clientFrame(Opcode.Close, Buffer.of(0x03, 0xed)),
  ],
];

describe('a WebSocket Link whose peer breaks the WebSocket', () => {
  for (const [what, code, closeCode, bytes] of ROWS) {
    it(`ends with ${code} and ${closeCode} for ${what}`, async (t) => {
      const rig = await startDoor(t);
      const { client, endpoint } = await rig.raw();
      client.socket.write(Buffer.concat([clientFrame(Opcode.Binary, 'before'), bytes]));
      client.socket.write(clientFrame(Opcode.Binary, 'behind'));
      await until(() => endpoint.heard.length > 0 && closeOf(client) !== null);
      client.socket.end();
      await until(() => endpoint.heard.length > 1);
      assert.deepEqual(endpoint.heard, [`failed ${code}`, `closed ${code}`]);
      assert.equal(closeOf(client)?.[0], closeCode);
      assert.equal(endpoint.received.toString(), 'before');
      assert.deepEqual(rig.caught, []);
      assert.equal(rig.wheel.pendingCount, 0);
    });
  }

  it('carries last words out before the close frame, where the frames are whole', async (t) => {
    const { client, endpoint } = await (await startDoor(t)).raw();
    endpoint.lastWords = Buffer.from('goodbye');
    const text = clientFrame(Opcode.Text, 'hello');
    client.socket.write(Buffer.concat([text, text, text]));
    await until(() => closeOf(client) !== null);
    assert.deepEqual(closeOf(client), [1003, 'websocket-not-binary']);
    assert.deepEqual(
      client.frames.map(({ opcode }) => opcode),
      [Opcode.Binary, Opcode.Close],
    );
    assert.equal(client.frames[0]?.payload.toString(), 'goodbye');
    assert.equal(endpoint.heard.length, 1);
  });

  it('has no last words for those to whom nothing can be said any more', async (t) => {
    const { client, endpoint } = await (await startDoor(t)).raw();
    endpoint.lastWords = Buffer.from('goodbye');
    client.socket.write(clientFrame(3, 'x'));
    await until(() => closeOf(client) !== null);
    client.socket.end();
    await until(() => endpoint.heard.length > 1);
    assert.deepEqual(client.payloads(Opcode.Binary), []);
    for (const code of ['websocket-malformed', 'websocket-message-too-large'] as const) {
      assert.equal(ERRORS[code].rtmpStatus, null);
    }
  });

  it('ends for RTMP that is broken as every Link does, and reads nothing more', async (t) => {
    const { client, endpoint } = await (await startDoor(t)).raw();
    endpoint.lastWords = Buffer.from('goodbye');
    endpoint.onReceive = () => {
      throw new RtmpError('rtmp-command-malformed', 'broken');
    };
    client.socket.write(Buffer.concat([clientFrame(Opcode.Binary, 'x'), clientFrame(Opcode.Binary, 'y')]));
    await until(() => closeOf(client) !== null);
    assert.deepEqual(closeOf(client), [1002, 'rtmp-command-malformed']);
    assert.equal(endpoint.received.toString(), 'x');
    assert.deepEqual(endpoint.heard, ['failed rtmp-command-malformed']);
    assert.equal(client.frames[0]?.payload.toString(), 'goodbye');
  });

  it('keeps nothing for a message that is declared and not sent', async (t) => {
    const { client, endpoint, socket } = await (await startDoor(t)).raw();
    const before = process.memoryUsage().arrayBuffers;
    client.socket.write(clientFrame(Opcode.Binary, 'x', { declaredLengthBytes: MAX_MESSAGE_BYTES }));
    await settled(() => socket.bytesRead);
    assert.ok(process.memoryUsage().arrayBuffers - before < MAX_MESSAGE_BYTES / 2);
    assert.deepEqual(endpoint.heard, []);
  });

  it('gives up a frame that comes byte by byte for thousands of bytes, each of which costs a hundredfold', async (t) => {
    const { client, endpoint, socket } = await (await startDoor(t)).raw();
    const frame = clientFrame(Opcode.Binary, filled(6000));
    for (const [index, byte] of frame.entries()) {
      const { bytesRead } = socket;
      client.socket.write(Buffer.of(byte));
      await until(() => socket.bytesRead > bytesRead || endpoint.heard.length > 0);
      if (endpoint.heard.length > 0) {
        assert.ok(index > 4096, `${index}`);
        assert.deepEqual(endpoint.heard, ['failed websocket-message-too-large']);
        return;
      }
    }
    assert.fail('it was taken');
  });
});

describe('a WebSocket Link whose peer pings', () => {
  it('answers each with what it said, in order, between messages', async (t) => {
    const { client } = await (await startDoor(t)).raw();
    const said = Array.from({ length: 10 }, (_, number) => `ping ${number}`);
    client.socket.write(Buffer.concat(said.map((text) => clientFrame(Opcode.Ping, text))));
    await until(() => client.payloads(Opcode.Pong).length === said.length);
    assert.deepEqual(client.payloads(Opcode.Pong).map(String), said);
  });

  it('answers the newest of many, and holds a bounded few answers for a peer that does not read', async (t) => {
    const { client, link, endpoint, socket } = await (await startDoor(t)).raw();
    client.socket.pause();
    const message = filled(60_000);
    endpoint.messages = Array.from({ length: 400 }, () => message);
    link.wake();
    await settled(() => endpoint.takenBytes);
    const fullBytes = socket.writableLength;
    assert.ok(fullBytes > 0);
    const count = FRAME_RATES['pings and pongs'].atOnce;
    const pings = Array.from({ length: count }, (_, index) =>
      clientFrame(Opcode.Ping, String(index + 1).padStart(125, '.')),
    );
    client.socket.write(Buffer.concat(pings));
    await settled(() => socket.bytesRead);
    assert.ok(socket.writableLength <= fullBytes + 16 * (2 + 125), `${socket.writableLength - fullBytes}`);
    assert.deepEqual(endpoint.heard, []);
    client.socket.resume();
    await until(() => Number(client.payloads(Opcode.Pong).at(-1)?.toString().replaceAll('.', '')) === count);
    assert.ok(client.payloads(Opcode.Pong).length <= 40);
    // No answer fell into the middle of a message.
    const all = Buffer.concat(Array.from({ length: 400 }, () => message));
    await until(() => Buffer.concat(client.payloads(Opcode.Binary)).length === all.length);
    assert.ok(Buffer.concat(client.payloads(Opcode.Binary)).equals(all));
  });
});

/** Fragments without a byte, in messages that have some. */
function emptyFragments(count: number): Buffer {
  const [begin, empty, end] = [
    clientFrame(Opcode.Binary, filled(16), { isLast: false }),
    clientFrame(Opcode.Continuation, '', { isLast: false }),
    clientFrame(Opcode.Continuation, filled(16)),
  ];
  const messages: Buffer[] = [];
  for (let left = count; left > 0; left -= 10_000) {
    messages.push(begin, Buffer.alloc(Math.min(left, 10_000) * empty.length, empty), end);
  }
  return Buffer.concat(messages);
}

/** Many of one frame. */
function many(opcode: number): (count: number) => Buffer {
  const frame = clientFrame(opcode, '');
  return (count) => Buffer.alloc(count * frame.length, frame);
}

const FLOODS: readonly (readonly [string, FrameKind, (count: number) => Buffer])[] = [
  ['pings', 'pings and pongs', many(Opcode.Ping)],
  ['pongs that nobody asked for', 'pings and pongs', many(Opcode.Pong)],
  ['empty messages', 'empty messages', many(Opcode.Binary)],
  ['empty fragments', 'tiny frames', emptyFragments],
];

describe('a WebSocket Link whose peer floods it with what carries nothing', () => {
  for (const [what, kind, flood] of FLOODS) {
    const { atOnce, perSecond } = FRAME_RATES[kind];
    it(`takes ${atOnce} ${what} at once, ${perSecond} a second from then on, and ends at one more with websocket-flood and 1008`, async (t) => {
      const rig = await startDoor(t);
      const { client, endpoint, socket } = await rig.raw();
      const send = async (count: number): Promise<void> => {
        const bytes = flood(count);
        const expectedBytes = socket.bytesRead + bytes.length;
        client.socket.write(bytes);
        await until(() => socket.bytesRead === expectedBytes || endpoint.heard.length > 0);
        await settled(() => endpoint.heard.length);
      };
      await send(atOnce);
      rig.wheel.advance(1000);
      await send(perSecond);
      assert.deepEqual(endpoint.heard, []);
      await send(1);
      assert.deepEqual(endpoint.heard, ['failed websocket-flood']);
      await until(() => closeOf(client) !== null);
      assert.deepEqual(closeOf(client), [1008, 'websocket-flood']);
      rig.wheel.advance(2000);
      await until(() => endpoint.heard.length > 1);
      assert.deepEqual(endpoint.heard.slice(1), ['closed websocket-flood']);
      assert.deepEqual(rig.caught, []);
      assert.equal(rig.wheel.pendingCount, 0);
    });
  }

  for (const [when, frame] of [
    ['it was closed for it', many(Opcode.Ping)(1000)],
    ['it was closed for something else', clientFrame(Opcode.Text, 'hello')],
  ] as const) {
    it(`reads nothing more of the flood once ${when}`, async (t) => {
      const { client, endpoint, socket } = await (await startDoor(t)).raw();
      client.socket.write(frame);
      await until(() => closeOf(client) !== null);
      const before = socket.bytesRead;
      const pings = many(Opcode.Ping)(10_000);
      for (let sent = 0; sent < 200; sent++) {
        client.socket.write(pings);
        await new Promise((resolve) => setImmediate(resolve));
      }
      await settled(() => socket.bytesRead);
      assert.ok(socket.bytesRead - before < 512 * 1024, `${socket.bytesRead - before}`);
      assert.equal(endpoint.heard.length, 1);
    });
  }

  it('says goodbye in RTMP first', async (t) => {
    const { client, endpoint } = await (await startDoor(t)).raw();
    endpoint.lastWords = Buffer.from('goodbye');
    client.socket.write(many(Opcode.Pong)(1000));
    await until(() => closeOf(client) !== null);
    assert.equal(client.frames[0]?.payload.toString(), 'goodbye');
    assert.notEqual(ERRORS['websocket-flood'].rtmpStatus, null);
  });
});
