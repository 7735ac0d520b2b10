// SIGHUP to a gateway whose file says now which upstreams are drained.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { describe, it, type TestContext } from 'node:test';
import { ClientMessages } from '../support/client-messages.ts';
import { startGateway } from '../support/gateway-process.ts';
import { newFilePath } from '../support/programs.ts';
import { RawClient } from '../support/raw-client.ts';
import { startRawUpstream } from '../support/raw-upstream.ts';

const ANSWER = new ClientMessages().call('_result', 1);
const LIMIT_MS = 5000;

async function splicedClient(t: TestContext, port: number): Promise<RawClient> {
  const client = await RawClient.open(t, port);
  client.send(new ClientMessages().connect('live'));
  await client.waitForBytes(ANSWER.length);
  return client;
}

describe('an upstream that is drained by its setting', () => {
  it('gets no new clients from SIGHUP on, keeps those that it has, and is had back', async (t) => {
    const answering = {
      onConnect: ({ socket }: { socket: { write(bytes: Uint8Array): unknown } }) => {
        socket.write(ANSWER);
      },
    };
    const [main, spare] = [await startRawUpstream(t, answering), await startRawUpstream(t, answering)];
    const path = newFilePath('culvert.yaml');
    const write = (drain: string, more = ''): void => {
      writeFileSync(
        path,
        `upstreams:
  main: {url: "${main.url}", drain: ${drain}}
  spare: {url: "${spare.url}"}
routes: [{action: splice, upstreams: [main, spare]}]
${more}`,
      );
    };
    write('false');
    const gateway = await startGateway(t, { args: ['--config', path] });
    const [port = 0] = gateway.ports;
    const told = (msg: string) => gateway.waitForLine((line) => line.msg.startsWith(msg), LIMIT_MS);
    const first = await splicedClient(t, port);
    write('true');
    process.kill(gateway.pid, 'SIGHUP');
    const line = await told('upstream draining');
    assert.deepEqual([line['upstream'], line['connections']], ['main', 1]);
    await splicedClient(t, port);
    assert.deepEqual([main.openCount(), spare.openCount()], [1, 1]);
    assert.equal(first.isOver, false);
    write('false', 'relay: {keepTime: 0ms}');
    process.kill(gateway.pid, 'SIGHUP');
    assert.equal((await told('upstream not drained any more'))['upstream'], 'main');
    await told('the configuration was changed in more than drain of upstreams: that needs a restart');
    await splicedClient(t, port);
    assert.deepEqual([main.openCount(), spare.openCount()], [2, 1]);
    write('perhaps');
    process.kill(gateway.pid, 'SIGHUP');
    const wrong = await told('nothing of the configuration is taken again: ');
    assert.match(wrong.msg, /culvert\.yaml:2: upstreams\.main\.drain: expected true or false/);
    await splicedClient(t, port);
    assert.equal(main.openCount(), 3);
  });
});
