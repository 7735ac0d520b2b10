// Bytes in both ways over a WebSocket, and a peer that does not read.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type WebSocket from 'ws';
import { testCertificate } from '../../support/certificates.ts';
import { filled } from '../../support/chunk-wire.ts';
import { splitEvery } from '../../support/splits.ts';
import { until } from '../../support/until.ts';
import { clientFrame, Opcode } from '../../support/websocket-wire.ts';
import { settled, type TestEndpoint } from '../socket-rig.ts';
import {
  MAX_MESSAGE_BYTES,
  PING_INTERVAL_MS,
  PING_TIMEOUT_MS,
  startDoor,
  WRITE_TIMEOUT_MS,
} from './websocket-rig.ts';

const PULL_BYTES = 256 * 1024;
const PIECE_BYTES = 64 * 1024;

/** Keeps what a client of the library hears. */
function messagesOf(client: WebSocket): Buffer[] {
  const messages: Buffer[] = [];
  client.on('message', (data) => {
    assert.ok(Buffer.isBuffer(data));
    messages.push(data);
  });
  return messages;
}

/** More than the system takes for a peer that does not read. */
function flood(endpoint: TestEndpoint, totalBytes = 24 * 1024 * 1024): Buffer {
  const message = filled(60_000);
  endpoint.messages = Array.from({ length: Math.ceil(totalBytes / message.length) }, () => message);
  return Buffer.concat(endpoint.messages);
}

describe('a WebSocket Link, bytes in', () => {
  it('delivers the bytes of messages one behind the other, wherever they end', async (t) => {
    const { client, endpoint } = await (await startDoor(t)).client();
    for (const part of ['he', 'l', '', 'lo wor', 'ld']) client.send(Buffer.from(part));
    await until(() => endpoint.received.length === 11);
    assert.equal(endpoint.received.toString(), 'hello world');
  });

  it('reads nothing while it is paused, and does not take the peer for silent then', async (t) => {
    const { wheel, client: open } = await startDoor(t);
    const { client, endpoint, link } = await open();
    link.pause();
    const bytes = filled(MAX_MESSAGE_BYTES);
    const count = 96;
    for (let number = 0; number < count; number++) client.send(bytes);
    const waitingBytes = await settled(() => client.bufferedAmount);
    assert.ok(waitingBytes > 1024 * 1024, `${waitingBytes} bytes are with the peer`);
    wheel.advance(PING_INTERVAL_MS);
    wheel.advance(PING_TIMEOUT_MS);
    wheel.advance(PING_TIMEOUT_MS);
    assert.deepEqual(endpoint.heard, []);
    link.resume();
    await until(() => endpoint.received.length === count * bytes.length);
    assert.ok(endpoint.received.subarray(-bytes.length).equals(bytes));
    assert.deepEqual(endpoint.heard, []);
  });

  it('takes messages of one byte each', async (t) => {
    const { client, endpoint } = await (await startDoor(t)).client();
    const bytes = filled(5000);
    for (const part of splitEvery(bytes, 1)) client.send(part);
    await until(() => endpoint.received.length === bytes.length);
    assert.ok(endpoint.received.equals(bytes));
  });

  it('takes fragmented messages, with empty fragments and control frames between them', async (t) => {
    const { client, endpoint } = await (await startDoor(t)).raw();
    client.socket.write(
      Buffer.concat([
        clientFrame(Opcode.Binary, 'one ', { isLast: false }),
        clientFrame(Opcode.Ping, 'still there?'),
        clientFrame(Opcode.Continuation, '', { isLast: false }),
        clientFrame(Opcode.Continuation, 'two ', { isLast: false }),
        clientFrame(Opcode.Continuation, 'three'),
      ]),
    );
    await until(() => endpoint.received.length === 'one two three'.length);
    assert.equal(endpoint.received.toString(), 'one two three');
    await until(() => client.payloads(Opcode.Pong).length === 1);
  });

  it('takes the same bytes out of frames however frames and reads are cut', async (t) => {
    const rig = await startDoor(t);
    const bytes = filled(400);
    const cuts = fc.tuple(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 1, max: 60 }));
    await fc.assert(
      fc.asyncProperty(cuts, async ([frameLengthBytes, readLengthBytes]) => {
        const { client, endpoint } = await rig.raw();
        const frames = splitEvery(bytes, frameLengthBytes).map((part) => clientFrame(Opcode.Binary, part));
        for (const read of splitEvery(Buffer.concat(frames), readLengthBytes)) {
          client.socket.write(read);
          await new Promise((resolve) => setImmediate(resolve));
        }
        await until(() => endpoint.received.length === bytes.length);
        assert.ok(endpoint.received.equals(bytes));
        client.socket.destroy();
      }),
      { numRuns: 30 },
    );
  });

  it('takes a message as long as is allowed', async (t) => {
    const { client, endpoint } = await (await startDoor(t)).client();
    const bytes = filled(MAX_MESSAGE_BYTES);
    client.send(bytes);
    await until(() => endpoint.received.length === bytes.length);
    assert.ok(endpoint.received.equals(bytes));
    assert.deepEqual(endpoint.heard, []);
  });

  it('takes what came together with the request', async (t) => {
    const rig = await startDoor(t);
    await rig.ask({}, undefined, clientFrame(Opcode.Binary, 'early'));
    await until(() => rig.endpoints[0]?.received.toString() === 'early');
  });
});

describe('a WebSocket Link, bytes out', () => {
  it('carries out what there is when it is woken', async (t) => {
    const { client, link, endpoint } = await (await startDoor(t)).client();
    const messages = messagesOf(client);
    endpoint.messages = [Buffer.from('one'), Buffer.from('two')];
    link.wake();
    endpoint.messages = [Buffer.from('three')];
    link.wake();
    await until(() => messages.length === 2);
    assert.deepEqual(messages.map(String), ['onetwo', 'three']);
  });

  for (const lengthBytes of [1, 125, 126, 65_535, 65_536, 200_000]) {
    it(`carries ${lengthBytes} bytes`, async (t) => {
      const { client, link, endpoint } = await (await startDoor(t)).client();
      const messages = messagesOf(client);
      const bytes = filled(lengthBytes);
      endpoint.messages = [bytes];
      link.wake();
      await until(() => Buffer.concat(messages).length === lengthBytes);
      assert.ok(Buffer.concat(messages).equals(bytes));
    });
  }

  it('stops pulling from a peer that does not read, with no more than one pull in hand, and goes on when it drains', async (t) => {
    const { client, link, endpoint, socket } = await (await startDoor(t)).client();
    const messages = messagesOf(client);
    client.pause();
    const all = flood(endpoint);
    link.wake();
    await settled(() => endpoint.takenBytes);
    assert.ok(endpoint.messages.length > 0, 'the rest waits in front of the Link');
    assert.ok(endpoint.takenBytes - socket.bytesWritten <= PULL_BYTES);
    assert.ok(socket.writableLength <= 2 * PIECE_BYTES, `${socket.writableLength}`);
    const { takenBytes } = endpoint;
    for (let n = 0; n < 100; n++) link.wake();
    assert.equal(endpoint.takenBytes, takenBytes, 'waking does not help it');
    client.resume();
    await until(() => Buffer.concat(messages).length === all.length);
    assert.ok(Buffer.concat(messages).equals(all));
  });

  it('gives up a peer that reads nothing for the time to write', async (t) => {
    const { wheel, client: open } = await startDoor(t);
    const { client, link, endpoint } = await open();
    client.pause();
    flood(endpoint);
    link.wake();
    await settled(() => endpoint.takenBytes);
    wheel.advance(WRITE_TIMEOUT_MS - 1);
    assert.deepEqual(endpoint.heard, []);
    wheel.advance(1);
    await until(() => endpoint.heard.length > 0);
    assert.deepEqual(endpoint.heard, ['closed rtmp-peer-not-reading']);
    assert.equal(wheel.pendingCount, 0);
  });

  it('writes a long message in frames of a piece, so that a peer on a slow line is seen to read', async (t) => {
    const { client, link, endpoint } = await (await startDoor(t)).raw();
    const bytes = filled(1_000_003);
    endpoint.messages = [bytes];
    link.wake();
    await until(() => Buffer.concat(client.payloads(Opcode.Binary)).length === bytes.length);
    const payloads = client.payloads(Opcode.Binary);
    assert.ok(payloads.every(({ length }) => length <= PIECE_BYTES));
    assert.ok(Buffer.concat(payloads).equals(bytes));
  });
});

describe('a WebSocket Link in TLS', () => {
  it('carries both ways, stops pulling from a peer that does not read, and goes on when it drains', async (t) => {
    const rig = await startDoor(t, { certificate: await testCertificate() });
    const { client, link, endpoint, socket } = await rig.client();
    const messages = messagesOf(client);
    client.send(Buffer.from('hello'));
    await until(() => endpoint.received.toString() === 'hello');
    assert.equal(link.outlet?.offer([filled(700), filled(30_000)]), true);
    await until(() => messages.length === 1);
    assert.ok(messages[0]?.equals(Buffer.concat([filled(700), filled(30_000)])));
    client.pause();
    const all = flood(endpoint);
    link.wake();
    await settled(() => endpoint.takenBytes);
    assert.ok(endpoint.messages.length > 0);
    assert.ok(socket.writableLength <= 2 * PIECE_BYTES);
    client.resume();
    await until(() => Buffer.concat(messages).length === 30_700 + all.length);
    assert.ok(Buffer.concat(messages).subarray(30_700).equals(all));
  });

  it('sees by what came out of TLS that a peer is there', async (t) => {
    const { wheel, client: open } = await startDoor(t, { certificate: await testCertificate() });
    const { client, endpoint, socket } = await open({ autoPong: false });
    let pings = 0;
    client.on('ping', () => pings++);
    wheel.advance(PING_INTERVAL_MS);
    await until(() => pings === 1);
    const { bytesRead } = socket;
    client.pong();
    await until(() => socket.bytesRead > bytesRead);
    wheel.advance(PING_INTERVAL_MS);
    await until(() => pings === 2);
    assert.deepEqual(endpoint.heard, []);
    wheel.advance(PING_TIMEOUT_MS);
    assert.deepEqual(endpoint.heard, ['failed websocket-peer-silent']);
  });
});
