// Gateways whose upstreams lead in a circle: one client costs a few connections, and is told.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { freePort } from '../../bench/support/ports.ts';
import { MAX_HOPS } from '../../src/links/passage.ts';
import { ClientMessages } from '../support/client-messages.ts';
import { RawClient } from '../support/raw-client.ts';
import { startTestGateway, type TestGateway } from '../support/test-gateway.ts';
import { until } from '../support/until.ts';

const CONNECT = new ClientMessages().connect('live');

function endsOf({ log }: TestGateway): Record<string, unknown>[] {
  return log.filter(({ message }) => message === 'session ended').map(({ fields }) => ({ ...fields }));
}

describe('upstreams that lead in a circle', { concurrency: true }, () => {
  it('refuse a client of a gateway in front of itself after a few rounds', async (t) => {
    const port = await freePort();
    const gateway = await startTestGateway(t, {
      listen: [`127.0.0.1:${port}`],
      upstream: [`rtmp://127.0.0.1:${port}`],
    });
    const client = await RawClient.open(t, port);
    client.send(CONNECT);
    assert.match((await client.waitForEnd()).toString('latin1'), /NetConnection\.Connect\.Rejected/);
    await until(() => endsOf(gateway).length === MAX_HOPS + 1);
    const loops = endsOf(gateway).filter(({ reason }) => reason === 'upstream-loop');
    assert.equal(loops.length, 1);
    assert.match(String(loops[0]?.['detail']), /found one through 8: do upstreams lead in a circle/);
  });

  it('refuse a client of two gateways in front of each other, by a tunnel the one way', async (t) => {
    const [one, two] = [await freePort(), await freePort()];
    const first = await startTestGateway(t, {
      listen: [`127.0.0.1:${one}`],
      upstream: [`rtmpt://127.0.0.1:${two}`],
    });
    const second = await startTestGateway(t, {
      listen: [`127.0.0.1:${two}`],
      upstream: [`rtmp://127.0.0.1:${one}`],
    });
    const client = await RawClient.open(t, one);
    client.send(CONNECT);
    assert.match((await client.waitForEnd()).toString('latin1'), /NetConnection\.Connect\.Rejected/);
    await until(() => endsOf(first).length + endsOf(second).length === MAX_HOPS + 1);
    const loops = [...endsOf(first), ...endsOf(second)].filter(({ reason }) => reason === 'upstream-loop');
    assert.equal(loops.length, 1);
  });
});
