// What is said of configurations that are allowed.

import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { describe, it } from 'node:test';
import { giveAdvice } from '../../src/config/advice.ts';
import { NO_FLAGS } from '../../src/config/flags.ts';
import { parseListener } from '../../src/config/listener.ts';
import { loadConfig, loadConfigFile, parseServeFlags } from '../../src/config/load-config.ts';

function adviceOn(text: string): readonly string[] {
  return giveAdvice(loadConfigFile('c.yaml', () => text));
}

describe('giveAdvice', () => {
  it('has nothing to say of the defaults, and of ordinary settings', () => {
    assert.deepEqual(giveAdvice(loadConfig({ flags: NO_FLAGS, env: {}, readFile: assert.fail })), []);
    assert.deepEqual(
      adviceOn(
        [
          'listen: [":1935", "[::1]:80", "127.0.0.1:80", "any::443"]',
          'tls: {certificate: a.pem, key: a.key, sessionTickets: false}',
          'certificates: {b: {certificate: b.pem}}',
          'trustedProxies: {proxyProtocol: [10.0.0.0/8, "::1"], httpProxies: ["::1"], httpHeader: forwarded}',
          'apps: {live: {mergeTime: 0ms}}',
        ].join('\n'),
      ),
      [],
    );
  });

  it('tells of a list of proxies that has every address in it', () => {
    const danger =
      'is every address, so that any client can pass for any other; name the addresses of your proxies';
    assert.deepEqual(
      adviceOn('trustedProxies:\n  proxyProtocol: [10.0.0.0/8, 0.0.0.0/0]\n  httpProxies: ["::/0"]\n'),
      [
        `c.yaml:2: trustedProxies.proxyProtocol[1]: 0.0.0.0/0 ${danger}`,
        `c.yaml:3: trustedProxies.httpProxies[0]: ::/0 ${danger}`,
      ],
    );
    assert.deepEqual(adviceOn('trustedProxies: {proxyProtocol: [0.0.0.0/1]}'), []);
  });

  it('tells of certificates where no listener speaks TLS', () => {
    const reason = 'never used, for no listener speaks TLS; add one such as tls::443 to listen';
    const file = 'listen: [":1935"]\ntls: {certificate: a.pem}\ncertificates:\n  b: {certificate: b.pem}\n';
    assert.deepEqual(adviceOn(file), [
      `c.yaml:2: tls.certificate: it is ${reason}`,
      `c.yaml:4: certificates: they are ${reason}`,
    ]);
    for (const listener of ['tls::443', 'any::1935']) {
      assert.deepEqual(adviceOn(file.replace(':1935', listener)), [], listener);
    }
    assert.deepEqual(adviceOn('listen: [":1935"]'), []);
  });

  it('tells of a polling byte that climbs where polls are held', () => {
    assert.deepEqual(adviceOn('tunnel:\n  pollingByte: ladder\n'), [
      'c.yaml:2: tunnel.pollingByte: it changes nothing, for polls are held; set tunnel.idleHold: 0ms to have them answered at once',
    ]);
    assert.deepEqual(adviceOn('tunnel: {pollingByte: ladder, idleHold: 0ms}'), []);
  });

  it('tells of what is set of TLS where no listener speaks it', () => {
    const reason = 'it changes nothing, for no listener speaks TLS; add one such as tls::443 to listen';
    const file =
      'listen: [":1935"]\ntls:\n  minVersion: TLSv1.3\n  maxVersion: TLSv1.3\n  handshakeTimeout: 5s\n';
    assert.deepEqual(adviceOn(file), [
      `c.yaml:3: tls.minVersion: ${reason}`,
      `c.yaml:4: tls.maxVersion: ${reason}`,
      `c.yaml:5: tls.handshakeTimeout: ${reason}`,
    ]);
    for (const listener of ['tls::443', 'any::1935']) {
      assert.deepEqual(adviceOn(file.replace(':1935', listener)), [], listener);
    }
  });

  it('tells of a folder for the development certificate beside one of your own', () => {
    assert.deepEqual(adviceOn('tls:\n  certificate: a.pem\n  developmentFolder: b\n'), [
      'c.yaml:3: tls.developmentFolder: it is never used, for tls.certificate is one of your own',
    ]);
    assert.deepEqual(adviceOn('tls: {developmentFolder: b}'), []);
    assert.deepEqual(adviceOn('tls: {certificate: a.pem}'), []);
  });

  it('tells of settings that do nothing beside others, where they were made', () => {
    assert.deepEqual(
      adviceOn(
        'tls:\n  key: a.key\n  minVersion: TLSv1.3\n  sessionTickets: false\ntrustedProxies: {httpHeader: forwarded}\n',
      ),
      [
        'c.yaml:2: tls.key: it is never used, for the development certificate has a key of its own; set tls.certificate too',
        'c.yaml:4: tls.sessionTickets: it changes nothing, for it is about TLS 1.2, which tls.minVersion rules out',
        'c.yaml:5: trustedProxies.httpHeader: it changes nothing, for no proxy is in trustedProxies.httpProxies',
      ],
    );
  });

  it('tells of applications that set nothing', () => {
    assert.deepEqual(adviceOn('apps:\n  live:\n  "a b": {}\n  other: {gopCache: true}\n'), [
      'c.yaml:2: apps.live: it sets nothing',
      'c.yaml:3: apps."a b": it sets nothing',
    ]);
  });

  it('names the variable or the flag that a setting came from', () => {
    const flags = parseServeFlags(['--listen', ':1', '--listen', 'tls::1']);
    const env = { CULVERT_TRUSTED_PROXIES_PROXY_PROTOCOL: '::/0' };
    const lines = giveAdvice(loadConfig({ flags, env, readFile: assert.fail }));
    assert.match(
      lines[0] ?? '',
      /^CULVERT_TRUSTED_PROXIES_PROXY_PROTOCOL: trustedProxies\.proxyProtocol\[0\]: /,
    );
    assert.match(
      lines[1] ?? '',
      /^--listen: listen\[1\]: tls::1 cannot be opened beside :1, so that the start will/,
    );
    assert.equal(lines.length, 2);
  });
});

describe('giveAdvice, of two listeners', () => {
  /** Whether the system opens both; the first one gets a free port, which the second is given too. */
  async function canBoth(first: string, second: string): Promise<boolean> {
    const servers = [createServer(), createServer()] as const;
    const open = (server: (typeof servers)[0], text: string, port: number) =>
      new Promise<boolean>((resolve) => {
        const { host } = parseListener(text);
        server.once('error', () => resolve(false));
        server.listen({ port, ...(host === null ? {} : { host }) }, () => resolve(true));
      });
    try {
      assert.ok(await open(servers[0], first, 0), first);
      const address = servers[0].address();
      assert.ok(typeof address === 'object' && address !== null);
      return await open(servers[1], second, address.port);
    } finally {
      for (const server of servers) if (server.listening) server.close();
    }
  }

  for (const [first, second] of [
    [':1', ':1'],
    [':1', '127.0.0.1:1'],
    ['127.0.0.1:1', ':1'],
    [':1', '0.0.0.0:1'],
    ['[::]:1', '127.0.0.1:1'],
    ['0.0.0.0:1', '127.0.0.1:1'],
    ['127.0.0.1:1', '0.0.0.0:1'],
    ['0.0.0.0:1', '[::1]:1'],
    ['127.0.0.1:1', '[::1]:1'],
    ['127.0.0.1:1', '127.0.0.2:1'],
    [':1', '[::1]:1'],
  ] as const) {
    it(`says the same of ${first} and ${second} as the system does`, async () => {
      const lines = adviceOn(`listen: ["${first}", "tls:${second}"]`);
      assert.equal(lines.length === 0, await canBoth(first, second), lines.join());
    });
  }

  it('names any: where one speaks TLS and the other does not, and only there', () => {
    assert.deepEqual(adviceOn('listen:\n  - :443\n  - tls::443\n'), [
      'c.yaml:1: listen[1]: tls::443 cannot be opened beside :443, so that the start will fail; any: takes plain connections and TLS on one port',
    ]);
    assert.deepEqual(adviceOn('listen: ["LOCALHOST:80", "localhost:80"]'), [
      'c.yaml:1: listen[1]: localhost:80 cannot be opened beside LOCALHOST:80, so that the start will fail',
    ]);
  });

  it('has nothing to say of other ports, and of free ports', () => {
    assert.deepEqual(adviceOn('listen: [":80", ":81"]'), []);
    assert.deepEqual(adviceOn('listen: [":0", "tls::0"]'), []);
  });
});
