// The polling byte that an operator chooses, over real HTTP.

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { startTestGateway } from '../support/test-gateway.ts';

for (const [pollingByte, last] of [
  ['ladder', 0x05],
  ['fixed', 0x01],
] as const) {
  it(`is 0${last} behind twenty empty idles with tunnel.pollingByte ${pollingByte} [tunnel point 7]`, async (t) => {
    const { port } = await startTestGateway(t, { tunnel: { idleHoldMs: 0, setupHoldMs: 0, pollingByte } });
    const post = async (path: string): Promise<Buffer> => {
      const reply = await fetch(`http://127.0.0.1:${port}${path}`, {
        method: 'POST',
        body: Uint8Array.of(0),
      });
      assert.equal(reply.status, 200);
      return Buffer.from(await reply.arrayBuffer());
    };
    const id = (await post('/open/1')).toString('latin1').trim();
    for (let number = 0; number < 20; number++) await post(`/idle/${id}/${number}`);
    assert.deepEqual([...(await post(`/idle/${id}/20`))], [last]);
  });
}
