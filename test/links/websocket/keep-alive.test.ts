import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { until } from '../../support/until.ts';
import { clientFrame, Opcode } from '../../support/websocket-wire.ts';
import { settled } from '../socket-rig.ts';
import { PING_INTERVAL_MS, PING_TIMEOUT_MS, type RawWebSocket, startDoor } from './websocket-rig.ts';

/** Waits until so many pings came. */
async function pinged(client: RawWebSocket, count: number): Promise<void> {
  await until(() => client.payloads(Opcode.Ping).length === count);
}

describe('KeepAlive', () => {
  it('pings a peer at its interval, and not before', async (t) => {
    const { wheel, raw } = await startDoor(t);
    const { client, socket } = await raw();
    wheel.advance(PING_INTERVAL_MS - 1);
    const before = socket.bytesWritten;
    wheel.advance(1);
    assert.equal(socket.bytesWritten - before, 2);
    await pinged(client, 1);
  });

  it('keeps a quiet peer that answers for as long as it does, with one deadline', async (t) => {
    const { wheel, client: open } = await startDoor(t);
    const { client, endpoint, socket } = await open();
    let pings = 0;
    client.on('ping', () => pings++);
    for (let round = 1; round <= 20; round++) {
      const { bytesRead } = socket;
      wheel.advance(PING_INTERVAL_MS);
      await until(() => pings === round && socket.bytesRead > bytesRead);
      assert.equal(wheel.pendingCount, 1);
      wheel.advance(PING_TIMEOUT_MS);
    }
    assert.deepEqual(endpoint.heard, []);
  });

  it('gives up a peer that sends nothing at all after a ping, tells it, and leaves nothing behind', async (t) => {
    const { wheel, raw, caught } = await startDoor(t);
    const { client, endpoint } = await raw();
    endpoint.lastWords = Buffer.from('goodbye');
    wheel.advance(PING_INTERVAL_MS);
    await pinged(client, 1);
    wheel.advance(PING_TIMEOUT_MS - 1);
    assert.deepEqual(endpoint.heard, []);
    wheel.advance(1);
    assert.deepEqual(endpoint.heard, ['failed websocket-peer-silent']);
    await until(() => client.payloads(Opcode.Close).length === 1);
    assert.equal(client.payloads(Opcode.Binary).join(), 'goodbye');
    assert.equal(client.payloads(Opcode.Close)[0]?.readUInt16BE(0), 1002);
    client.socket.end();
    await until(() => endpoint.heard.length > 1);
    assert.deepEqual(endpoint.heard, ['failed websocket-peer-silent', 'closed websocket-peer-silent']);
    assert.equal(wheel.pendingCount, 0);
    assert.deepEqual(caught, []);
  });

  it('counts whatever comes as an answer, a part of a frame as well', async (t) => {
    const { wheel, raw } = await startDoor(t);
    const { client, endpoint, socket } = await raw();
    const frame = clientFrame(Opcode.Binary, 'x'.repeat(30));
    for (let round = 0; round < frame.length; round++) {
      wheel.advance(PING_INTERVAL_MS);
      await pinged(client, round + 1);
      const { bytesRead } = socket;
      client.socket.write(frame.subarray(round, round + 1));
      await until(() => socket.bytesRead > bytesRead);
      wheel.advance(PING_TIMEOUT_MS);
      assert.deepEqual(endpoint.heard, []);
    }
    assert.equal(endpoint.received.length, 30);
  });

  it('gives up a peer that was there for long and falls silent, at the first ping it does not answer', async (t) => {
    const { wheel, raw } = await startDoor(t);
    const { client, endpoint, socket } = await raw();
    wheel.advance(PING_INTERVAL_MS);
    await pinged(client, 1);
    client.socket.write(clientFrame(Opcode.Pong, ''));
    const { bytesRead } = socket;
    await until(() => socket.bytesRead > bytesRead);
    wheel.advance(PING_INTERVAL_MS);
    await pinged(client, 2);
    wheel.advance(PING_TIMEOUT_MS);
    assert.deepEqual(endpoint.heard, ['failed websocket-peer-silent']);
  });

  it('counts silence from the first ping that was not answered, where it pings more often than that', async (t) => {
    const { wheel, raw } = await startDoor(t, { pingIntervalMs: 4000 });
    const { client, endpoint } = await raw();
    for (let count = 1; count <= 4; count++) {
      wheel.advance(4000);
      await pinged(client, count);
    }
    wheel.advance(4000 + PING_TIMEOUT_MS - 16_000 - 1);
    assert.deepEqual(endpoint.heard, []);
    wheel.advance(1);
    assert.deepEqual(endpoint.heard, ['failed websocket-peer-silent']);
  });

  it('has one ping wait in a full socket, and asks no more of a peer that has yet to read it', async (t) => {
    const { wheel, raw } = await startDoor(t, { writeTimeoutMs: 1_000_000 });
    const { client, link, endpoint, socket } = await raw();
    client.socket.pause();
    endpoint.messages = Array.from({ length: 400 }, () => Buffer.alloc(60_000));
    link.wake();
    await settled(() => endpoint.takenBytes);
    const fullBytes = socket.writableLength;
    for (let round = 0; round < 10; round++) {
      wheel.advance(PING_INTERVAL_MS);
      await settled(() => socket.writableLength);
      assert.equal(socket.writableLength - fullBytes, 2);
    }
    assert.deepEqual(endpoint.heard, []);
    client.socket.resume();
    await pinged(client, 1);
    await until(() => socket.writableLength === 0);
    wheel.advance(PING_TIMEOUT_MS);
    assert.deepEqual(endpoint.heard, ['failed websocket-peer-silent']);
  });
});
