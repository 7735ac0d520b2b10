// What is offered to a WebSocket Link: it leaves at once, in one frame and one write, and nothing of it is copied.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { filled } from '../../support/chunk-wire.ts';
import { until } from '../../support/until.ts';
import { Opcode } from '../../support/websocket-wire.ts';
import { settled } from '../socket-rig.ts';
import { startDoor } from './websocket-rig.ts';

describe('a WebSocket Link, offered something', () => {
  it('carries several chunks away at once, in one frame, without copying any', async (t) => {
    const { client, link, endpoint, socket } = await (await startDoor(t)).raw();
    const written: unknown[] = [];
    const write = socket.write.bind(socket);
    socket.write = (chunk: Uint8Array | string): boolean => {
      written.push(chunk);
      return write(chunk);
    };
    const chunks = [filled(700), filled(30_000, 1), new Uint8Array(0), filled(5, 2)];
    const before = socket.bytesWritten;
    assert.equal(link.outlet?.offer(chunks), true);
    assert.equal(socket.bytesWritten - before, 4 + 30_705);
    assert.equal(socket.writableLength, 0);
    for (const chunk of chunks) assert.equal(written.filter((part) => part === chunk).length, 1);
    assert.equal(written.length, 1 + chunks.length);
    await until(() => client.frames.length === 1);
    assert.deepEqual(
      client.frames.map(({ opcode, headLengthBytes }) => [opcode, headLengthBytes]),
      [[Opcode.Binary, 4]],
    );
    assert.ok(client.frames[0]?.payload.equals(Buffer.concat(chunks)));
    assert.equal(endpoint.takenBytes, 0);
  });

  it('writes one frame with one system call', async (t) => {
    const { link, socket } = await (await startDoor(t)).raw();
    let calls = 0;
    const writev = socket._writev?.bind(socket);
    socket._writev = (chunks, callback): void => {
      calls++;
      writev?.(chunks, callback);
    };
    socket._write = (): void => assert.fail('a part was written alone');
    link.outlet?.offer([filled(10), filled(20), filled(30)]);
    assert.equal(calls, 1);
  });

  it('gives a crowd in step one and the same header', async (t) => {
    const rig = await startDoor(t);
    const first = await rig.raw();
    const second = await rig.raw();
    const written = new Set<unknown>();
    for (const { socket } of [first, second]) {
      const write = socket.write.bind(socket);
      socket.write = (chunk: Uint8Array | string): boolean => {
        written.add(chunk);
        return write(chunk);
      };
    }
    const chunks = [filled(4000)];
    for (const { link } of [first, second]) assert.equal(link.outlet?.offer(chunks), true);
    assert.equal(written.size, 2);
  });

  it('refuses it while the socket is full, takes nothing apart, and takes it again when it has drained', async (t) => {
    const { client, link, endpoint, socket } = await (await startDoor(t)).raw();
    client.socket.pause();
    const message = filled(60_000);
    let offered = 0;
    while (link.outlet?.offer([message]) === true) {
      offered++;
      await settled(() => socket.writableLength);
    }
    assert.equal(link.outlet?.offer([Buffer.from('not this either')]), false);
    endpoint.messages = [Buffer.from('pulled')];
    link.wake();
    assert.equal(endpoint.takenBytes, 0);
    client.socket.resume();
    await until(() => client.payloads(Opcode.Binary).at(-1)?.toString() === 'pulled');
    assert.equal(link.outlet?.offer([Buffer.from('last')]), true);
    await until(() => client.payloads(Opcode.Binary).at(-1)?.toString() === 'last');
    assert.equal(client.payloads(Opcode.Binary).length, offered + 2);
    assert.ok(
      client
        .payloads(Opcode.Binary)
        .slice(0, offered)
        .every((payload) => payload.equals(message)),
    );
  });
});
