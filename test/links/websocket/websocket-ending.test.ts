// How WebSocket Links end, from either side.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import type WebSocket from 'ws';
import type { EndReason, ErrorCode } from '../../../src/errors.ts';
import { filled } from '../../support/chunk-wire.ts';
import { until } from '../../support/until.ts';
import { clientFrame, Opcode } from '../../support/websocket-wire.ts';
import { settled } from '../socket-rig.ts';
import { startDoor, WRITE_TIMEOUT_MS } from './websocket-rig.ts';

const LINGER_MS = 2000;

/** Number and text of the close that a client of the library heard. */
async function closeOf(client: WebSocket): Promise<readonly [number, string]> {
  const [code, text]: unknown[] = await once(client, 'close');
  return [Number(code), String(text)];
}

describe('a WebSocket Link, ending', () => {
  for (const [code, closeCode] of [
    ['done', 1000],
    ['drain', 1001],
    ['rtmp-flood', 1002],
    ['rtmp-peer-silent', 1002],
    ['amf-depth-exceeded', 1002],
    ['rtmp-connect-refused', 1008],
    ['rtmp-stream-refused', 1008],
    ['internal-error', 1011],
  ] as const satisfies readonly (readonly [ErrorCode, number])[]) {
    it(`says what was said last, and then ${closeCode} for ${code}`, async (t) => {
      const { wheel, client: open } = await startDoor(t);
      const { client, link, endpoint } = await open();
      const heard: string[] = [];
      client.on('message', (data) => heard.push(String(data)));
      endpoint.messages = [Buffer.from('goodbye')];
      link.close({ code, message: 'of no concern to the peer' });
      assert.deepEqual(await closeOf(client), [closeCode, code]);
      await until(() => endpoint.heard.length > 0);
      assert.deepEqual(heard, ['goodbye']);
      assert.deepEqual(endpoint.heard, [`closed ${code}`]);
      assert.equal(wheel.pendingCount, 0);
    });
  }

  it('says what was said last behind all that waits for a full socket', async (t) => {
    const { client, link, endpoint } = await (await startDoor(t)).raw();
    client.socket.pause();
    const message = filled(60_000);
    endpoint.messages = Array.from({ length: 400 }, () => message);
    link.wake();
    await settled(() => endpoint.takenBytes);
    endpoint.messages.push(Buffer.from('goodbye'));
    link.close({ code: 'done', message: '' });
    client.socket.resume();
    await until(() => client.payloads(Opcode.Close).length === 1);
    const got = Buffer.concat(client.payloads(Opcode.Binary));
    assert.equal(got.length, 400 * message.length + 'goodbye'.length);
    assert.equal(got.subarray(-7).toString(), 'goodbye');
    assert.equal(client.frames.at(-1)?.opcode, Opcode.Close);
  });

  it('leaves a peer that does not answer the close frame two seconds', async (t) => {
    const { wheel, raw } = await startDoor(t);
    const { client, link, endpoint, socket } = await raw();
    link.close({ code: 'done', message: '' });
    await until(() => client.payloads(Opcode.Close).length === 1);
    wheel.advance(LINGER_MS - 1);
    await settled(() => endpoint.heard.length);
    assert.deepEqual(endpoint.heard, []);
    assert.ok(!socket.destroyed);
    wheel.advance(1);
    await until(() => endpoint.heard.length > 0 && client.isClosed);
    assert.deepEqual(endpoint.heard, ['closed done']);
    assert.equal(wheel.pendingCount, 0);
  });

  it('ends a peer that does not read what was said last as one that does not read at all', async (t) => {
    const { wheel, raw } = await startDoor(t);
    const { client, link, endpoint } = await raw();
    client.socket.pause();
    endpoint.messages = Array.from({ length: 400 }, () => filled(60_000));
    link.wake();
    await settled(() => endpoint.takenBytes);
    link.close({ code: 'done', message: '' });
    wheel.advance(WRITE_TIMEOUT_MS);
    await until(() => endpoint.heard.length > 0);
    assert.deepEqual(endpoint.heard, ['closed done']);
    assert.equal(wheel.pendingCount, 0);
  });

  it('takes nothing in once it is told to close, and sends nothing behind its close frame', async (t) => {
    const { client, link, endpoint, socket } = await (await startDoor(t)).raw();
    link.close({ code: 'done', message: '' });
    const { bytesRead } = socket;
    client.socket.write(
      Buffer.concat([clientFrame(Opcode.Binary, 'late'), clientFrame(Opcode.Ping, 'late')]),
    );
    await until(() => socket.bytesRead > bytesRead);
    endpoint.messages = [Buffer.from('too late')];
    link.wake();
    assert.equal(link.outlet?.offer([Buffer.from('too late')]), false);
    client.socket.write(clientFrame(Opcode.Close, Buffer.of(3, 0xe8)));
    await until(() => endpoint.heard.length > 0 && client.isClosed);
    assert.deepEqual(
      client.frames.map(({ opcode }) => opcode),
      [Opcode.Close],
    );
    assert.equal(endpoint.received.length, 0);
  });

  it('survives garbage behind its close frame', async (t) => {
    const rig = await startDoor(t);
    const { client, link, endpoint } = await rig.raw();
    link.close({ code: 'drain', message: '' });
    client.socket.write(Buffer.alloc(1000, 0xff));
    client.socket.end();
    await until(() => endpoint.heard.length > 0);
    assert.deepEqual(endpoint.heard, ['closed drain']);
    assert.deepEqual(rig.caught, []);
  });

  it("ends with the peer's close frame, answers it, and takes what came before it", async (t) => {
    const { wheel, raw } = await startDoor(t);
    const { client, link, endpoint } = await raw();
    const close = Buffer.concat([Buffer.of(3, 0xe9), Buffer.from('leaving')]);
    client.socket.write(
      Buffer.concat([clientFrame(Opcode.Binary, 'last'), clientFrame(Opcode.Close, close)]),
    );
    await until(() => client.payloads(Opcode.Close).length === 1);
    assert.equal(link.outlet?.offer([Buffer.from('too late')]), false);
    endpoint.messages = [Buffer.from('too late')];
    link.wake();
    // The server ends the connection first. [RFC6455 7.1.1]
    await until(() => client.isClosed || client.socket.readableEnded);
    client.socket.end();
    await until(() => endpoint.heard.length > 0);
    assert.deepEqual(endpoint.heard, ['closed peer-closed']);
    assert.equal(endpoint.received.toString(), 'last');
    assert.equal(client.frames.length, 1);
    assert.ok(client.frames[0]?.payload.equals(close));
    assert.equal(wheel.pendingCount, 0);
  });

  it("ends at the peer's close frame while the socket is full, and within two seconds", async (t) => {
    const { wheel, raw } = await startDoor(t);
    const { client, link, endpoint, socket } = await raw();
    client.socket.pause();
    endpoint.messages = Array.from({ length: 400 }, () => filled(60_000));
    link.wake();
    await settled(() => endpoint.takenBytes);
    const { takenBytes } = endpoint;
    const { bytesRead } = socket;
    client.socket.write(clientFrame(Opcode.Close, ''));
    await until(() => socket.bytesRead > bytesRead);
    wheel.advance(LINGER_MS);
    await until(() => endpoint.heard.length > 0);
    assert.deepEqual(endpoint.heard, ['closed peer-closed']);
    assert.equal(endpoint.takenBytes, takenBytes);
  });

  it("ends with the end of the peer's connection, which no close frame announced", async (t) => {
    const { wheel, raw } = await startDoor(t);
    const { client, link, endpoint } = await raw();
    client.socket.end(clientFrame(Opcode.Binary, 'last'));
    await until(() => endpoint.heard.length > 0);
    assert.deepEqual(endpoint.heard, ['closed peer-closed']);
    assert.equal(endpoint.received.toString(), 'last');
    assert.equal(link.outlet?.offer([Buffer.from('too late')]), false);
    assert.equal(wheel.pendingCount, 0);
  });

  it('tells of a reset once', async (t) => {
    const rig = await startDoor(t);
    const { client, endpoint } = await rig.raw();
    client.socket.resetAndDestroy();
    await until(() => endpoint.heard.length > 0);
    assert.deepEqual(endpoint.heard, ['closed peer-reset']);
    assert.equal(rig.wheel.pendingCount, 0);
    assert.deepEqual(rig.counts, ['websocket-opened', 'websocket-ended']);
  });

  it('ends where the endpoint fails at giving, with 1011', async (t) => {
    const rig = await startDoor(t);
    const { client, link, endpoint } = await rig.client();
    let takes = 0;
    endpoint.onTake = () => {
      if (takes++ === 0) throw new Error('a bug');
    };
    link.wake();
    assert.deepEqual(await closeOf(client), [1011, 'internal-error']);
    await until(() => endpoint.heard.length > 1);
    assert.deepEqual(endpoint.heard, ['failed internal-error', 'closed internal-error']);
    assert.equal(rig.caught.length, 1);
  });

  it('tells a client that nobody took in why, and ends the connection whatever it says', async (t) => {
    const reason: EndReason = { code: 'drain', message: 'The server is shutting down.' };
    const rig = await startDoor(t, { onLink: (link) => link.close(reason) });
    const client = await rig.ask({}, undefined, Buffer.from('garbage that is no frame'));
    await until(() => client.isClosed);
    const [close] = client.payloads(Opcode.Close);
    assert.equal(close?.readUInt16BE(0), 1001);
    assert.equal(close?.subarray(2).toString(), 'drain');
    await until(() => rig.counts.length === 2);
    assert.deepEqual(rig.counts, ['websocket-opened', 'websocket-ended']);
    assert.equal(rig.wheel.pendingCount, 0);
    assert.deepEqual(rig.caught, []);
  });

  it('ends where taking it in fails', async (t) => {
    const rig = await startDoor(t, {
      onLink: () => {
        throw new Error('a bug');
      },
    });
    const client = await rig.ask();
    await until(() => client.isClosed);
    assert.equal(client.payloads(Opcode.Close)[0]?.readUInt16BE(0), 1011);
    assert.equal(rig.caught.length, 1);
  });
});
