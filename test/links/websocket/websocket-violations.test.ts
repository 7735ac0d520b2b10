// What peers get wrong in the WebSocket.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ERRORS, type ErrorCode } from '../../../src/errors.ts';
import { RtmpError } from '../../../src/protocol/rtmp/rtmp-error.ts';
import { filled } from '../../support/chunk-wire.ts';
import { until } from '../../support/until.ts';
import { clientFrame, Opcode } from '../../support/websocket-wire.ts';
import { settled } from '../socket-rig.ts';
import { closeOf, MAX_MESSAGE_BYTES, startDoor } from './websocket-rig.ts';

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
