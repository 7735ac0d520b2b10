// Connections that never come to anything, against a gateway in the test's own process, whose counters and memory can be
// looked at: what is neither RTMP nor HTTP, what says nothing, what declares and never sends.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, it } from 'node:test';
import { chunk } from '../support/chunk-wire.ts';
import { ClientMessages, clientHandshake } from '../support/client-messages.ts';
import { startTestGateway } from '../support/test-gateway.ts';
import { inOrder } from './hostile-wire.ts';

const LIMIT_MS = 5000;

/** Sends bytes and gives what came back until the server closed, or fails. */
async function exchange(port: number, bytes: Uint8Array): Promise<Buffer> {
  const socket = connect({ port, host: '127.0.0.1' });
  const received: Buffer[] = [];
  socket.on('data', (part) => received.push(part));
  socket.on('error', () => socket.destroy());
  socket.write(bytes);
  const limit = setTimeout(() => socket.destroy(new Error('the server did not close')), LIMIT_MS);
  await once(socket, 'close');
  clearTimeout(limit);
  return Buffer.concat(received);
}

describe('connections that come to nothing', () => {
  it('are closed where they are neither RTMP nor HTTP, and counted [item 6]', async (t) => {
    const gateway = await startTestGateway(t);
    const reply = await exchange(gateway.port, Uint8Array.of(0x80, 1, 2, 3));
    assert.equal(reply.length, 0);
    assert.equal(gateway.gateway.counters.get('connection-unknown-protocol'), 1);
  });

  it('are closed where they say nothing, and counted', async (t) => {
    const gateway = await startTestGateway(t, { listeners: { firstByteTimeoutMs: 150 } });
    assert.equal((await exchange(gateway.port, new Uint8Array(0))).length, 0);
    assert.equal(gateway.gateway.counters.get('connection-silent'), 1);
  });

  it('hold no memory for what they declare and never send [item 28]', async (t) => {
    const gateway = await startTestGateway(t);
    const client = new ClientMessages();
    const lengthBytes = 8_000_000;
    const declared = chunk({ format: 0, chunkStreamId: 4, lengthBytes, payload: new Uint8Array(1) });
    const before = process.memoryUsage().arrayBuffers;
    const sockets = Array.from({ length: 50 }, () => connect({ port: gateway.port, host: '127.0.0.1' }));
    t.after(() => {
      for (const socket of sockets) socket.destroy();
    });
    for (const socket of sockets) {
      socket.on('error', () => socket.destroy());
      socket.on('data', () => undefined);
      socket.write(inOrder(clientHandshake(), client.connect('live'), declared));
    }
    await new Promise((resolve) => setTimeout(resolve, 500));
    const grownBytes = process.memoryUsage().arrayBuffers - before;
    assert.ok(grownBytes < 50 * 256 * 1024, `${grownBytes} bytes for 50 clients that declared 400 MB`);
  });
});
