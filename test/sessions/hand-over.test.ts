import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { join } from '../support/chunk-wire.ts';
import { ClientMessages } from '../support/client-messages.ts';
import { sleep } from '../support/programs.ts';
import { RawClient } from '../support/raw-client.ts';
import { startRawUpstream } from '../support/raw-upstream.ts';
import { startTestGateway } from '../support/test-gateway.ts';

describe('HandOver', () => {
  it('leaves no upstream behind where what follows a connect that is rewritten is no chunk stream', async (t) => {
    const answer = new ClientMessages().call('_result', 1);
    const upstream = await startRawUpstream(t, { onConnect: ({ socket }) => socket.write(answer) });
    const { port, log } = await startTestGateway(t, {
      upstreams: { one: { url: upstream.url, addressProperty: 'ip', maxConnections: 1 } },
      routes: [{ action: 'splice', upstreams: ['one'] }],
    });
    const connect = new ClientMessages().connect('live');
    const broken = await RawClient.open(t, port);
    broken.send(join([connect, Uint8Array.of(0xc9, 1, 2, 3, 4)]));
    await broken.waitForEnd();
    await (await upstream.connection(0)).waitForEnd();
    // Its place is free again.
    const client = await RawClient.open(t, port);
    client.send(connect);
    await client.waitForBytes(answer.length);
    await sleep(50);
    const ends = log.filter(({ message }) => message === 'session ended');
    assert.equal(ends.length, 1);
    assert.match(JSON.stringify(ends[0]?.fields), /"reason":"rtmp-chunk-header-without-start"/);
    assert.deepEqual(
      log.filter(({ level }) => level === 'error'),
      [],
    );
  });
});
