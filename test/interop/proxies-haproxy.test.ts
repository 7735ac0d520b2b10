// A real HAProxy in front of the gateway, configured as docs/proxies.md says: what programs publish and play through it
// arrives whole, and the log tells the clients by their own addresses and ports. What is no proxy's word is not believed.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { freePort } from '../../bench/support/ports.ts';
import { makeCertificate } from '../support/certificates.ts';
import type { GatewayProcess } from '../support/gateway-process.ts';
import { type Haproxy, startHaproxy } from '../support/haproxy.ts';
import { playWithFfmpeg } from '../support/players.ts';
import { type Cleaner, newFilePath, Scope } from '../support/programs.ts';
import {
  assertQuiet,
  assertRefused,
  assertScenePlays,
  CLIENT_ADDRESS,
  connectedLines,
  PAGE_PROXY_ADDRESS,
  PROXY_ADDRESS,
  pageBlock,
  startPageGateway,
} from './proxied-scene.ts';

const LISTEN = 'any::1935';
const WAIT_LIMIT_MS = 5000;

/** A client's C0 and C1, of the plain handshake. [RTMP 5.2] */
const HELLO = Buffer.concat([Buffer.of(3), Buffer.alloc(1536)]);

const FORGED = {
  'version 1': Buffer.from('PROXY TCP4 203.0.113.7 203.0.113.8 5000 1935\r\n'),
  'version 2': Buffer.from(
    // Signature, version 2 and PROXY, TCP over IPv4, 12 bytes: source, destination, their ports.
    '0d0a0d0a000d0a515549540a2111000ccb007107cb0071081388078f',
    'hex',
  ),
};

/** A proxy with its gateway, and the ports for those who come without TLS and with it. */
type Front = {
  readonly gateway: GatewayProcess;
  readonly haproxy: Haproxy;
  readonly plainPort: number;
  readonly tlsPort: number;
};

/** Starts the gateway under "HAProxy", and in front of it HAProxy with its sections under that heading. */
async function startFront(
  cleaner: Cleaner,
  options: {
    readonly gateway?: GatewayProcess;
    /** The heading of the section `listen culvert`. */
    readonly heading?: string;
    readonly replacements?: Readonly<Record<string, string>>;
  } = {},
): Promise<Front> {
  const gateway = options.gateway ?? (await startPageGateway(cleaner, 'HAProxy', LISTEN));
  const [plainPort, httpPort, tlsPort] = [await freePort(), await freePort(), await freePort()];
  const [plain, http, tls] = [plainPort, httpPort, tlsPort].map((port) => `127.0.0.1:${port}`);
  const { heading = 'HAProxy' } = options;
  const isFirst = heading === 'HAProxy';
  const binds: Record<string, string> = isFirst
    ? { ':80,:443,:1935': `${http},${tls},${plain}` }
    : { ':80,:1935': `${http},${plain}`, ':443 ssl': `${tls} ssl` };
  const moved = {
    ...binds,
    '10.0.0.2:1935': `127.0.0.1:${gateway.ports[0]}`,
    [PAGE_PROXY_ADDRESS]: PROXY_ADDRESS,
    ...options.replacements,
  };
  const section = pageBlock(heading, 'haproxy', moved, isFirst ? 1 : 0);
  const haproxy = await startHaproxy(cleaner, plainPort, `${pageBlock('HAProxy', 'haproxy')}\n${section}`);
  return { gateway, haproxy, plainPort, tlsPort };
}

const ROWS = [
  {
    name: 'the PROXY protocol 2',
    start: (cleaner: Cleaner) => startFront(cleaner),
    publisher: { scheme: 'rtmp', transport: 'rtmp', tls: undefined },
    players: [
      { scheme: 'rtmps', transport: 'rtmps', tls: 'TLSv1.3' },
      { scheme: 'rtmpts', transport: 'rtmpts', tls: 'TLSv1.3' },
    ],
  },
  {
    name: 'the PROXY protocol 1',
    start: (cleaner: Cleaner) => startFront(cleaner, { replacements: { 'send-proxy-v2': 'send-proxy' } }),
    publisher: { scheme: 'rtmps', transport: 'rtmps', tls: 'TLSv1.3' },
    players: [
      { scheme: 'rtmp', transport: 'rtmp', tls: undefined },
      { scheme: 'rtmpts', transport: 'rtmpts', tls: 'TLSv1.3' },
    ],
  },
  {
    name: 'TLS at HAProxy',
    start: startTlsFront,
    publisher: { scheme: 'rtmps', transport: 'rtmp', tls: undefined },
    players: [
      { scheme: 'rtmpts', transport: 'rtmpt', tls: undefined },
      { scheme: 'rtmpt', transport: 'rtmpt', tls: undefined },
    ],
  },
] as const;

/** HAProxy that holds the certificate. */
async function startTlsFront(cleaner: Cleaner): Promise<Front> {
  const { cert, key } = await makeCertificate('localhost');
  const path = newFilePath('haproxy.pem');
  writeFileSync(path, `${cert}\n${key}\n`);
  return startFront(cleaner, {
    heading: 'TLS at HAProxy',
    replacements: { '/etc/haproxy/culvert.pem': path },
  });
}

describe('The gateway behind HAProxy', { concurrency: false }, () => {
  for (const row of ROWS) {
    it(`takes and gives every frame, and knows its clients, by ${row.name}`, async (t) => {
      const { gateway, haproxy, plainPort, tlsPort } = await row.start(t);
      const urlOf = (scheme: string): string => {
        return `${scheme}://127.0.0.1:${scheme.endsWith('s') ? tlsPort : plainPort}/live/stream`;
      };
      await assertScenePlays(t, {
        publishUrl: urlOf(row.publisher.scheme),
        players: row.players.map(
          ({ scheme }) =>
            () =>
              playWithFfmpeg(t, urlOf(scheme)),
        ),
      });

      const wanted = [row.publisher, ...row.players];
      const lines = await connectedLines(gateway, wanted.length);
      const kindOf = ({ transport, tls }: Record<string, unknown>): string => `${transport} ${tls}`;
      assert.deepEqual(lines.map(kindOf).sort(), wanted.map(kindOf).sort());
      for (const line of lines) {
        assert.equal(line['remoteAddress'], CLIENT_ADDRESS);
        assert.equal(line['proxyAddress'], PROXY_ADDRESS);
        assert.equal(line['localPort'], gateway.ports[0]);
      }
      const toldPorts = new Set(lines.map((line) => Number(line['remotePort'])));
      assert.equal(toldPorts.size, wanted.length, 'each client has a port of its own');
      await haproxy.toldOfClients(toldPorts);
      assertQuiet(gateway);
    });
  }

  it('writes the line of the log that the page shows', async (t) => {
    const { gateway, tlsPort } = await startFront(t);
    playWithFfmpeg(t, `rtmps://127.0.0.1:${tlsPort}/live/stream`);
    const [line] = await connectedLines(gateway, 1);
    const shown: object = JSON.parse(pageBlock('In the log', 'json'));
    assert.deepEqual(Object.keys(shown), Object.keys(line ?? {}));
  });
});

describe('The gateway that trusts HAProxy', { concurrency: false }, () => {
  const scope = new Scope();
  let front: Front | undefined;
  before(async () => {
    // At level debug each refusal has a line, and not only the first of its kind.
    const limited = (text: string): string =>
      `${text}listeners:\n  maxConnectionsPerSource: 2\nlogLevel: debug\n`;
    const gateway = await startPageGateway(scope, 'HAProxy', LISTEN, limited);
    front = await startFront(scope, { gateway });
  });
  after(() => scope.close());
  const partsOf = (): Front => {
    assert.ok(front !== undefined, 'HAProxy was not started');
    return front;
  };

  for (const [index, [version, header]] of Object.entries(FORGED).entries()) {
    it(`closes a connection that brings a header of ${version} and is not HAProxy's`, async (t) => {
      const { gateway } = partsOf();
      const address = `127.0.0.${31 + index}`;
      assert.equal(await answerTo(t, gateway.ports[0] ?? 0, address, Buffer.concat([header, HELLO])), 0);
      await assertRefused(gateway, 'connection-proxy-untrusted', address);
    });

    it(`closes a client behind HAProxy that brings a header of ${version} itself`, async (t) => {
      const { gateway, plainPort } = partsOf();
      const address = `127.0.0.${41 + index}`;
      assert.equal(await answerTo(t, plainPort, address, Buffer.concat([header, HELLO])), 0);
      await assertRefused(gateway, 'connection-proxy-invalid', address);
    });
  }

  it('counts connections for the address that HAProxy tells, and not for its own', async (t) => {
    const { gateway, plainPort } = partsOf();
    const answerFrom = (address: string): Promise<number> => answerTo(t, plainPort, address, HELLO);
    assert.ok((await answerFrom('127.0.0.21')) > 0);
    assert.ok((await answerFrom('127.0.0.21')) > 0);
    assert.equal(await answerFrom('127.0.0.21'), 0, 'the third of an address is let in');
    assert.ok((await answerFrom('127.0.0.22')) > 0, 'one of another address is not');
    await assertRefused(gateway, 'connection-source-limit', '127.0.0.21');
  });
});

describe('The gateway that was not told of HAProxy', () => {
  it('closes what comes from there, and says whose header it does not believe', async (t) => {
    const untold = (text: string): string => text.replace(/^trustedProxies:\n.*\n/m, '');
    const gateway = await startPageGateway(t, 'HAProxy', LISTEN, untold);
    const { plainPort } = await startFront(t, { gateway });
    assert.equal(await answerTo(t, plainPort, CLIENT_ADDRESS, HELLO), 0);
    await assertRefused(gateway, 'connection-proxy-untrusted', PROXY_ADDRESS);
  });
});

/** Sends `bytes` from that address of the loopback; how many come first for them, 0 where the connection ends before any. */
async function answerTo(
  cleaner: Cleaner,
  port: number,
  localAddress: string,
  bytes: Buffer,
): Promise<number> {
  const socket = connect({ port, host: '127.0.0.1', localAddress });
  cleaner.after(() => {
    socket.destroy();
  });
  return new Promise((resolve, reject) => {
    const limit = setTimeout(() => reject(new Error(`nothing came for ${WAIT_LIMIT_MS} ms`)), WAIT_LIMIT_MS);
    const settle = (lengthBytes: number): void => {
      clearTimeout(limit);
      resolve(lengthBytes);
    };
    socket.once('connect', () => socket.write(bytes));
    socket.once('data', (answer) => settle(answer.length));
    // A reset is an end as well.
    socket.on('error', () => socket.destroy());
    socket.once('close', () => settle(0));
  });
}
