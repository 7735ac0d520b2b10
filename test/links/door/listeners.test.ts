import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer as createHttpServer, request } from 'node:http';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { freePort } from '../../../bench/support/ports.ts';
import { type Listener, listenerText } from '../../../src/config/listener.ts';
import { Listeners } from '../../../src/links/door/listeners.ts';
import { until } from '../../support/until.ts';
import { Collector } from '../socket-rig.ts';

type Rig = {
  readonly http: Server;
  readonly listeners: Listeners;
  readonly sockets: Socket[];
  readonly fallBacks: string[];
  readonly failedAccepts: string[];
};

function rigOf(t: TestContext, fallbackPorts = new Map<number, number>()): Rig & { open: Open } {
  const http = createHttpServer((_, response) => response.end('page'));
  const [toHttp] = http.listeners('connection');
  assert.ok(toHttp !== undefined);
  http.removeAllListeners('connection');
  const sockets: Socket[] = [];
  const fallBacks: string[] = [];
  const onSocket = (socket: Socket): void => {
    sockets.push(socket);
    toHttp.call(http, socket);
  };
  const failedAccepts: string[] = [];
  const listeners = new Listeners(
    { httpServer: http, onSocket, onFailedAccept: () => failedAccepts.push('failed'), textOf: listenerText },
    fallbackPorts,
  );
  t.after(async () => {
    listeners.destroySockets();
    await listeners.close();
  });
  const open: Open = async (wanted, mayFallBack = true) => {
    const opened = await listeners.open(wanted, mayFallBack, (from, to) =>
      fallBacks.push(`${from} -> ${to}`),
    );
    return opened.map(({ address }) => address);
  };
  return { http, listeners, sockets, fallBacks, failedAccepts, open };
}

type Open = (wanted: readonly Listener[], mayFallBack?: boolean) => Promise<string[]>;

const LOOPBACK: Listener = { kind: 'plain', host: '127.0.0.1', portNumber: 0 };

function portOf(address: string | undefined): number {
  return Number(address?.split(':').at(-1));
}

/** A port that somebody has. */
async function takenPort(t: TestContext): Promise<number> {
  const server: Server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const address = server.address();
  assert.ok(address !== null && typeof address === 'object');
  return address.port;
}

async function connected(t: TestContext, port: number, host = '127.0.0.1'): Promise<Socket> {
  const socket = connect({ host, port });
  socket.on('error', () => socket.destroy());
  t.after(() => socket.destroy());
  await once(socket, 'connect');
  return socket;
}

describe('Listeners', () => {
  it('opens all, gives their addresses in order, and takes connections on each', async (t) => {
    const { open, sockets } = rigOf(t);
    const addresses = await open([LOOPBACK, LOOPBACK, LOOPBACK]);
    assert.equal(new Set(addresses).size, 3);
    for (const address of addresses) {
      assert.match(address, /^127\.0\.0\.1:\d+$/);
      await connected(t, portOf(address));
    }
    await until(() => sockets.length === 3);
    assert.deepEqual(
      sockets.map(({ localPort }) => localPort),
      addresses.map(portOf),
    );
  });

  it('writes IPv6 addresses in brackets, also where they cannot be had', async (t) => {
    const { open } = rigOf(t);
    const [address] = await open([{ kind: 'plain', host: '::1', portNumber: 0 }]);
    assert.match(address ?? '', /^\[::1\]:\d+$/);
    const second = rigOf(t);
    await assert.rejects(
      second.open([{ kind: 'plain', host: '::1', portNumber: portOf(address) }]),
      (error: Error) =>
        error.message.startsWith(`cannot listen on [::1]:${portOf(address)}: the port is in use`),
    );
  });

  it('listens on every address where no host is given', async (t) => {
    const { open, sockets } = rigOf(t);
    const [address] = await open([{ kind: 'plain', host: null, portNumber: 0 }]);
    await connected(t, portOf(address), '127.0.0.1');
    await until(() => sockets.length === 1);
  });

  it('says which port is in use, and what to do', async (t) => {
    const port = await takenPort(t);
    const { open } = rigOf(t);
    await assert.rejects(
      open([LOOPBACK, { kind: 'plain', host: '127.0.0.1', portNumber: port }]),
      (error: Error) => {
        assert.equal(
          error.message,
          `cannot listen on 127.0.0.1:${port}: the port is in use; stop what uses it, or choose another with --listen`,
        );
        assert.equal(Object(error.cause).code, 'EADDRINUSE');
        return true;
      },
    );
  });

  it('says what else keeps a port from opening', async (t) => {
    await assert.rejects(rigOf(t).open([{ kind: 'plain', host: '192.0.2.1', portNumber: 0 }]), {
      message: 'cannot listen on 192.0.2.1:0: this machine does not have that address',
    });
    await assert.rejects(
      rigOf(t).open([{ kind: 'plain', host: 'no-such-host.invalid', portNumber: 1935 }]),
      (error: Error) => {
        assert.match(error.message, /^cannot listen on no-such-host\.invalid:1935: ./);
        return true;
      },
    );
  });

  it('closes again what it had opened where one cannot be', async (t) => {
    const port = await takenPort(t);
    const first = await freePort();
    const { open } = rigOf(t);
    await assert.rejects(
      open([
        { kind: 'plain', host: '127.0.0.1', portNumber: first },
        { kind: 'plain', host: '127.0.0.1', portNumber: port },
      ]),
    );
    const again = rigOf(t);
    assert.deepEqual(await again.open([{ kind: 'plain', host: '127.0.0.1', portNumber: first }]), [
      `127.0.0.1:${first}`,
    ]);
  });

  it('ends who came in meanwhile where a later one cannot be had, and says so', async (t) => {
    const port = await takenPort(t);
    const first = await freePort();
    const { open, http, sockets } = rigOf(t);
    http.once('listening', () => void connected(t, first));
    const wanted: Listener[] = [
      { kind: 'plain', host: '127.0.0.1', portNumber: first },
      // A name, which takes a look-up, so that there is time to come in.
      { kind: 'plain', host: 'localhost', portNumber: port },
    ];
    await assert.rejects(open(wanted), /the port is in use/);
    await until(() => sockets.every(({ destroyed }) => destroyed));
  });

  for (const place of ['first', 'second'] as const) {
    it(`takes the stand-in where the ${place} port is in use and only the default asked for it`, async (t) => {
      const port = await takenPort(t);
      const standIn = await freePort();
      const { http, open, fallBacks, failedAccepts, sockets, listeners } = rigOf(
        t,
        new Map([[port, standIn]]),
      );
      const wanted: Listener = { kind: 'plain', host: '127.0.0.1', portNumber: port };
      const addresses = await open(place === 'first' ? [wanted, LOOPBACK] : [LOOPBACK, wanted]);
      assert.equal(addresses[place === 'first' ? 0 : 1], `127.0.0.1:${standIn}`);
      assert.deepEqual(fallBacks, [`127.0.0.1:${port} -> 127.0.0.1:${standIn}`]);
      for (const address of addresses) await connected(t, portOf(address));
      await until(() => sockets.length === 2);
      http.emit('error', new Error('accept EMFILE'));
      assert.equal(failedAccepts.length, 1, 'it is listened to once, though it took two attempts');
      listeners.destroySockets();
      await listeners.close();
      await assert.rejects(once(connect({ host: '127.0.0.1', port: standIn }), 'connect'));
    });
  }

  it('does not take it where the port was asked for, and says so of both where neither is to be had', async (t) => {
    const port = await takenPort(t);
    const other = await takenPort(t);
    const wanted: Listener[] = [{ kind: 'plain', host: '127.0.0.1', portNumber: port }];
    const asked = rigOf(t, new Map([[port, await freePort()]]));
    await assert.rejects(asked.open(wanted, false), {
      message: new RegExp(`^cannot listen on 127.0.0.1:${port}: `),
    });
    assert.deepEqual(asked.fallBacks, []);
    const neither = rigOf(t, new Map([[port, other]]));
    await assert.rejects(neither.open(wanted), {
      message: new RegExp(`^cannot listen on 127.0.0.1:${other}: `),
    });
    const unavailable = rigOf(t, new Map([[0, other]]));
    await assert.rejects(unavailable.open([{ kind: 'plain', host: '192.0.2.1', portNumber: 0 }]), {
      message: /this machine does not have that address/,
    });
  });

  it('keeps connections that are there while it closes, those of idle HTTP clients too', async (t) => {
    const { open, listeners } = rigOf(t);
    const [address] = await open([LOOPBACK]);
    const port = portOf(address);
    const socket = await connected(t, port);
    const got = new Collector(socket);
    const ask = 'GET / HTTP/1.1\r\nHost: h\r\n\r\n';
    socket.write(ask);
    await until(() => got.all().toString().endsWith('page'));
    const answerBytes = got.lengthBytes;
    let isClosed = false;
    const closed = listeners.close().then(() => {
      isClosed = true;
    });
    await assert.rejects(once(request({ host: '127.0.0.1', port, agent: false }).end(), 'response'));
    socket.write(ask);
    await until(() => got.lengthBytes === 2 * answerBytes);
    assert.equal(isClosed, false);
    listeners.destroySockets();
    await closed;
    await until(() => socket.destroyed);
  });

  it('survives an accept that fails, and counts it', async (t) => {
    const { http, open, failedAccepts } = rigOf(t);
    await open([LOOPBACK]);
    http.emit('error', Object.assign(new Error('accept ENOBUFS'), { code: 'ENOBUFS' }));
    assert.equal(failedAccepts.length, 1);
  });
});
