// Gateways whose upstreams lead in a circle: one client costs a few connections, and is told.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { freePort } from '../../bench/support/ports.ts';
import { MAX_HOPS } from '../../src/links/passage.ts';
import { ClientMessages } from '../support/client-messages.ts';
import type { Cleaner } from '../support/programs.ts';
import { RawClient } from '../support/raw-client.ts';
import { TestClient } from '../support/test-client.ts';
import { startTestGateway, type TestGateway } from '../support/test-gateway.ts';
import { until } from '../support/until.ts';
import { LivePublisher } from './relay-paced.ts';

const CONNECT = new ClientMessages().connect('live');

function linesOf({ log }: TestGateway, text: string): Record<string, unknown>[] {
  return log.filter(({ message }) => message === text).map(({ fields }) => ({ ...fields }));
}

function endsOf(gateway: TestGateway): Record<string, unknown>[] {
  return linesOf(gateway, 'session ended');
}

function startInFrontOf(cleaner: Cleaner, port: number, upstream: string): Promise<TestGateway> {
  return startTestGateway(cleaner, { listen: [`127.0.0.1:${port}`], upstream: [upstream] });
}

async function assertRejected(cleaner: Cleaner, port: number): Promise<void> {
  const client = await RawClient.open(cleaner, port);
  client.send(CONNECT);
  assert.match((await client.waitForEnd()).toString('latin1'), /NetConnection\.Connect\.Rejected/);
}

/** A gateway whose relays lead back to itself, under a name that is longer by an x each time. */
async function relayingToItself(cleaner: Cleaner): Promise<TestGateway> {
  const port = await freePort();
  return startTestGateway(cleaner, {
    listen: [`127.0.0.1:${port}`],
    upstreams: { itself: { url: `rtmp://127.0.0.1:${port}` } },
    routes: [{ app: 'live', stream: '*', action: 'relay', upstreams: ['itself'], upstreamStream: '$1x' }],
  });
}

describe('upstreams that lead in a circle', { concurrency: true }, () => {
  it('refuse a client of a gateway in front of itself after a few rounds', async (t) => {
    const port = await freePort();
    const gateway = await startInFrontOf(t, port, `rtmp://127.0.0.1:${port}`);
    await assertRejected(t, port);
    await until(() => endsOf(gateway).length === MAX_HOPS + 1);
    const loops = endsOf(gateway).filter(({ reason }) => reason === 'upstream-loop');
    assert.equal(loops.length, 1);
    assert.match(String(loops[0]?.['detail']), /found one through 8: do upstreams lead in a circle/);
  });

  it('refuse a client of two gateways in front of each other, by a tunnel the one way', async (t) => {
    const [one, two] = [await freePort(), await freePort()];
    const first = await startInFrontOf(t, one, `rtmpt://127.0.0.1:${two}`);
    const second = await startInFrontOf(t, two, `rtmp://127.0.0.1:${one}`);
    await assertRejected(t, one);
    await until(() => endsOf(first).length + endsOf(second).length === MAX_HOPS + 1);
    const loops = [...endsOf(first), ...endsOf(second)].filter(({ reason }) => reason === 'upstream-loop');
    assert.equal(loops.length, 1);
  });

  it('end the pulls of a gateway that fetches from itself under changed names, and tell the viewer', async (t) => {
    const gateway = await relayingToItself(t);
    const viewer = await TestClient.overTcp(t, gateway.port, 'live');
    assert.equal((await viewer.play('s')).type, 'play-rejected');
    const refused = linesOf(gateway, 'relay refused');
    assert.equal(linesOf(gateway, 'relay started').length, MAX_HOPS);
    assert.deepEqual(
      refused.map(({ direction, stream }) => [direction, stream]),
      [['pull', 'sxxxxxxxx']],
    );
    assert.match(String(refused[0]?.['reason']), /found one through 8: do upstreams lead in a circle/);
  });

  it('end the pushes of a gateway that sends to itself under changed names', async (t) => {
    const gateway = await relayingToItself(t);
    await LivePublisher.start(t, gateway.port, 's');
    await until(() => linesOf(gateway, 'relay refused').length > 0);
    await until(() => linesOf(gateway, 'relay flowing').length === MAX_HOPS);
    const refused = linesOf(gateway, 'relay refused');
    assert.deepEqual(
      refused.map(({ direction, stream }) => [direction, stream]),
      [['push', 'sxxxxxxxx']],
    );
    assert.equal(linesOf(gateway, 'relay started').length, MAX_HOPS);
  });
});
