// What a gateway does from the call to stop on: whom it asks to connect elsewhere, whom it closes, and that nobody new
// gets in, neither by an HTTP connection that stays open nor by a socket that had said nothing yet.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import type { Socket } from 'node:net';
import { connect } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { ClientMessages, clientHandshake } from '../support/client-messages.ts';
import { startTestGateway, type TestGateway } from '../support/test-gateway.ts';
import { until } from '../support/until.ts';

const RECONNECT = 'NetConnection.Connect.ReconnectRequest';
const OTHER_URL = 'rtmp://other.example/live';

/** A raw client and all that it heard. */
class Peer {
  readonly say = new ClientMessages();
  readonly socket: Socket;
  heard = '';
  isOver = false;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (bytes: Buffer) => {
      this.heard += bytes.toString('latin1');
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.isOver = true;
    });
  }

  static async open(t: TestContext, port: number): Promise<Peer> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    t.after(() => socket.destroy());
    await once(socket, 'connect');
    return new Peer(socket);
  }

  /** One that is connected to an application, and can connect again where bit 0 of `capsEx` is set. */
  static async connected(t: TestContext, port: number, capsEx: number): Promise<Peer> {
    const peer = await Peer.open(t, port);
    peer.socket.write(Buffer.concat([clientHandshake(), peer.say.connect('live', { capsEx })]));
    await until(() => peer.heard.includes('Connect.Success'));
    return peer;
  }
}

/** A request on the one connection of `agent`; gives the status of its reply. */
async function post(agent: Agent, port: number, path: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const options = { agent, port, host: '127.0.0.1', method: 'POST', path };
    const sent = request(options, (reply) => {
      reply.resume();
      reply.once('end', () => resolve(reply.statusCode));
    });
    sent.once('error', reject);
    sent.end(Buffer.of(0));
  });
}

function start(t: TestContext, reconnectUrl: string, drainTimeoutMs = 3000): Promise<TestGateway> {
  return startTestGateway(t, { shutdown: { drainTimeoutMs, reconnectUrl } });
}

function endsOf({ log }: TestGateway): unknown[] {
  return log
    .filter(({ message }) => message === 'session ended')
    .map(({ fields }) => 'reason' in fields && fields.reason);
}

describe('Gateway, from stop on', () => {
  it('refuses a tunnel on a connection that stayed open, and a client whose first byte comes late', async (t) => {
    const server = await start(t, 'same');
    const { gateway, port } = server;
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    t.after(() => agent.destroy());
    assert.equal(await post(agent, port, '/fcs/ident2'), 404);
    const served = await Peer.connected(t, port, 1);
    const late = await Peer.open(t, port);
    // Its connection is through the listener when another that came later is answered.
    await Peer.connected(t, port, 0);
    const stopped = gateway.stop();
    await until(() => served.heard.includes(RECONNECT));
    assert.equal(await post(agent, port, '/open/1'), 503);
    late.socket.write(Buffer.concat([clientHandshake(), late.say.connect('live')]));
    await until(() => late.isOver);
    assert.equal(late.heard, '');
    assert.equal(served.isOver, false);
    assert.equal(gateway.counters.get('connection-while-stopping'), 2);
    served.socket.destroy();
    await stopped;
    assert.equal(server.log.filter(({ message }) => message === 'session connected').length, 2);
  });

  for (const [reconnectUrl, tcUrl] of [
    ['same', null],
    [OTHER_URL, OTHER_URL],
  ] as const) {
    it(`asks those that can to connect again where that is ${reconnectUrl}, and serves them until the end [item 85]`, async (t) => {
      const server = await start(t, reconnectUrl, 300);
      const [able, other] = [
        await Peer.connected(t, server.port, 1),
        await Peer.connected(t, server.port, 0),
      ];
      const stopped = server.gateway.stop();
      await until(() => other.isOver);
      await until(() => able.heard.includes(RECONNECT));
      assert.equal(able.heard.includes(OTHER_URL), tcUrl !== null);
      assert.equal(able.heard.split(RECONNECT)[1]?.includes('tcUrl'), tcUrl !== null);
      able.socket.write(able.say.call('createStream', 2));
      const heardBytes = able.heard.length;
      await until(() => able.heard.length > heardBytes);
      assert.equal(able.isOver, false);
      await stopped;
      await until(() => able.isOver);
      assert.match(able.heard, /AppShutdown/);
      assert.ok(!other.heard.includes(RECONNECT));
      assert.deepEqual(endsOf(server), ['drain', 'drain']);
    });
  }

  it('closes those that could connect again like all others where nobody said where to [item 85]', async (t) => {
    const server = await start(t, 'none', 60_000);
    const peers = [await Peer.connected(t, server.port, 1), await Peer.connected(t, server.port, 0)];
    await server.gateway.stop();
    await until(() => peers.every(({ isOver }) => isOver));
    for (const { heard } of peers) {
      assert.match(heard, /AppShutdown/);
      assert.ok(!heard.includes(RECONNECT));
    }
    assert.deepEqual(endsOf(server), ['drain', 'drain']);
  });
});
