// Pings, and floods of frames that carry nothing or next to it.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ERRORS } from '../../../src/errors.ts';
import type { FrameKind } from '../../../src/protocol/websocket/limits.ts';
import { FRAME_RATES } from '../../../src/protocol/websocket/limits.ts';
import { filled } from '../../support/chunk-wire.ts';
import { until } from '../../support/until.ts';
import { clientFrame, Opcode } from '../../support/websocket-wire.ts';
import { settled } from '../socket-rig.ts';
import { closeOf, startDoor } from './websocket-rig.ts';

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
