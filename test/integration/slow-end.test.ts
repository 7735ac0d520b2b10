// A stream that ends while much of it is still on its way to a client that reads slowly, and says something now and then.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { it } from 'node:test';
import { chunk, filled, join, setChunkSize } from '../support/chunk-wire.ts';
import { ClientMessages, clientHandshake } from '../support/client-messages.ts';
import { sleep } from '../support/programs.ts';
import { startRawUpstream } from '../support/raw-upstream.ts';
import { startTestGateway } from '../support/test-gateway.ts';

const STEP_MS = 50;
/** A megabyte a second: with what the system holds, several seconds behind the end. */
const STEP_BYTES = 50_000;
const ACK = chunk({ format: 0, chunkStreamId: 2, typeId: 3, payload: Uint8Array.of(0, 0, 0, 1) });
const ANSWER = new ClientMessages().call('_result', 1);
const HANDSHAKE_BYTES = 3073;
const STREAM = join([
  setChunkSize(0xffffff),
  ...Array.from({ length: 400 }, (_, index) =>
    chunk({ format: 0, chunkStreamId: 6, typeId: 9, payload: filled(20_000, index) }),
  ),
]);

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

it('comes whole to a client that reads slowly and acknowledges, though the server has gone long before', async (t) => {
  const upstream = await startRawUpstream(t, {
    onConnect: ({ socket }) => {
      socket.write(ANSWER);
      socket.end(STREAM);
    },
  });
  const { port } = await startTestGateway(t, { upstream: [upstream.url] });
  const socket = connect({ port, host: '127.0.0.1' });
  t.after(() => socket.destroy());
  await once(socket, 'connect');
  const ended = once(socket, 'end');
  socket.pause();
  socket.write(join([clientHandshake(), new ClientMessages().connect('live')]));
  const heard: Buffer[] = [];
  const startMs = performance.now();
  while (!socket.readableEnded && performance.now() - startMs < 20_000) {
    const bytes: Buffer | null = socket.read(STEP_BYTES) ?? socket.read();
    if (bytes !== null) heard.push(bytes);
    if (heard.length % 10 === 0) socket.write(ACK);
    await sleep(STEP_MS);
  }
  await ended;
  t.diagnostic(`it took ${Math.round(performance.now() - startMs)} ms`);
  const said = Buffer.concat(heard).subarray(HANDSHAKE_BYTES);
  const expected = join([ANSWER, STREAM]);
  assert.equal(sha256(said.subarray(0, expected.length)), sha256(expected));
  assert.match(said.subarray(expected.length).toString('latin1'), /NetConnection\.Connect\.Closed/);
});
