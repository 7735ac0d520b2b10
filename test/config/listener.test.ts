// Listeners as the configuration writes them.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ListenerError, parseListener } from '../../src/config/listener.ts';

function refusal(text: string): string {
  try {
    const listener = parseListener(text);
    return `taken: ${JSON.stringify(listener)}`;
  } catch (error) {
    assert.ok(error instanceof ListenerError);
    return error.message;
  }
}

describe('parseListener', () => {
  it('takes a port alone for all addresses', () => {
    assert.deepEqual(parseListener(':1935'), { host: null, portNumber: 1935 });
  });

  it('takes a name, an IPv4 address and an IPv6 address in brackets', () => {
    assert.deepEqual(parseListener('localhost:80'), { host: 'localhost', portNumber: 80 });
    assert.deepEqual(parseListener('live.example-1.org:80'), { host: 'live.example-1.org', portNumber: 80 });
    assert.deepEqual(parseListener('127.0.0.1:1935'), { host: '127.0.0.1', portNumber: 1935 });
    assert.deepEqual(parseListener('[::1]:1935'), { host: '::1', portNumber: 1935 });
    assert.deepEqual(parseListener('[::]:80'), { host: '::', portNumber: 80 });
    assert.deepEqual(parseListener('[fe80::1%eth0]:80'), { host: 'fe80::1%eth0', portNumber: 80 });
  });

  it('takes ports of 0 to 65535', () => {
    assert.equal(parseListener(':0').portNumber, 0);
    assert.equal(parseListener(':65535').portNumber, 65_535);
    for (const text of [':65536', ':100000', ':', ':-1', ':80a', ':1e3', ':0x50', ': 80', 'localhost:']) {
      assert.equal(refusal(text), 'the port must be a number of 0 to 65535', text);
    }
  });

  it('refuses TLS listeners by saying that there are none', () => {
    for (const text of ['tls::443', 'tls:0.0.0.0:443', 'any::80', 'TLS:[::1]:443', 'any:example.org:80']) {
      assert.equal(refusal(text), 'TLS listeners are not available in this version', text);
    }
  });

  it('refuses a text without a port', () => {
    for (const text of ['1935', 'localhost', '']) {
      assert.match(refusal(text), /there is no port/, text);
    }
  });

  it('refuses an IPv6 address without brackets and brackets without one', () => {
    assert.match(refusal('::1:1935'), /needs brackets/);
    assert.match(refusal('[localhost]:80'), /no IPv6 address/);
    assert.match(refusal('[127.0.0.1]:80'), /no IPv6 address/);
    assert.match(refusal('[]:80'), /no IPv6 address/);
    assert.match(refusal('[::1]'), /IPv6|port/);
  });

  it('refuses what is neither a name nor an address', () => {
    for (const text of [
      '*:80',
      'a b:80',
      '999.1.1.1:80',
      '1.2.3:80',
      '-a:80',
      'a..b:80',
      'http//x:80',
      'ü:80',
    ]) {
      assert.equal(refusal(text), 'the host is neither a name nor an address', text);
    }
  });

  it('takes a name of 253 characters and refuses a longer one', () => {
    const host = `${'a'.repeat(63)}.`.repeat(4).slice(0, 253);
    assert.equal(parseListener(`${host}:80`).host, host);
    assert.match(refusal(`${host}a:80`), /neither a name/);
  });
});
