// Where upstreams and proxies are: the texts that are taken, and what is shown of them.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { EntryError } from '../../src/config/entry-error.ts';
import { parseHttpProxy } from '../../src/config/http-proxy.ts';
import { maskUrl } from '../../src/config/secret.ts';
import { parseUpstreamUrl } from '../../src/config/upstream-url.ts';
import '../support/property-sizes.ts';

function assertRefused(parse: (text: string) => unknown, text: string, reason: RegExp): void {
  assert.throws(
    () => parse(text),
    (error) => error instanceof EntryError && reason.test(error.message),
    text,
  );
}

describe('parseUpstreamUrl', () => {
  it('reads all parts of a URL', () => {
    assert.deepEqual(parseUpstreamUrl('rtmps://us%40er:p%3Ass:w@origin.example:8443/live/eu?token=a/b&x=1'), {
      transport: 'rtmps',
      host: 'origin.example',
      portNumber: 8443,
      credentials: { user: 'us@er', password: 'p:ss:w' },
      app: 'live/eu',
      query: 'token=a/b&x=1',
      description: 'rtmps://origin.example:8443/live/eu',
    });
  });

  it('fills in the port of each scheme, and tells no credentials and no query', () => {
    for (const [text, portNumber, description] of [
      ['rtmp://h', 1935, 'rtmp://h:1935'],
      ['RTMPS://h/', 443, 'rtmps://h:443'],
      ['rtmpt://user@h/live/', 80, 'rtmpt://h:80/live'],
      ['rtmpts://[2001:db8::1]//a//b/?k=v', 443, 'rtmpts://[2001:db8::1]:443/a/b'],
      ['rtmp://10.0.0.5:1?k=v', 1, 'rtmp://10.0.0.5:1'],
    ] as const) {
      const url = parseUpstreamUrl(text);
      assert.deepEqual([url.portNumber, url.description], [portNumber, description], text);
    }
    assert.deepEqual(parseUpstreamUrl('rtmp://u@h').credentials, { user: 'u', password: '' });
    assert.equal(parseUpstreamUrl('rtmp://[::1]').host, '::1');
  });

  it('refuses what leads nowhere, or might lead elsewhere', () => {
    for (const [text, reason] of [
      ['', /begins with none/],
      ['origin.example', /begins with none/],
      ['http://h/', /begins with none/],
      ['rtmpe://h/', /begins with none/],
      [' rtmp://h', /begins with none/],
      ['rtmp://', /no host/],
      ['rtmp://:1935/live', /no host/],
      ['rtmp://u:p@/live', /no host/],
      ['rtmp://@h', /no user/],
      ['rtmp://:p@h', /no user/],
      ['rtmp://u:%zz@h', /%25/],
      ['rtmp://h:0', /port must be/],
      ['rtmp://h:65536', /port must be/],
      ['rtmp://h:', /port must be/],
      ['rtmp://h:80:80', /port must be/],
      ['rtmp://::1/live', /port must be|no host|brackets/],
      ['rtmp://[1.2.3.4]', /no IPv6 address/],
      ['rtmp://[::1', /brackets/],
      ['rtmp://1.2.3/live', /neither a name nor an address/],
      ['rtmp://$1.example/live', /neither a name nor an address/],
      ['rtmp://a_b.ex*mple', /neither a name nor an address/],
      ['rtmp://h/a b', /blank/],
      ['rtmp://h/a?\n', /blank/],
      ['rtmp://h/../x', /\.\./],
      [`rtmp://h/${'x'.repeat(2_040)}`, /longer/],
    ] as const) {
      assertRefused(parseUpstreamUrl, text, reason);
    }
  });

  it('repeats nothing of a text that it refuses', () => {
    for (const text of [
      'rtmp://hunter2:hunter2@h:hunter2',
      'rtmp://hunter2:%hunter2@h',
      'hunter2',
      'rtmp://hunter 2/',
    ]) {
      assert.throws(
        () => parseUpstreamUrl(text),
        (error) => error instanceof EntryError && !error.message.includes('hunter'),
      );
    }
  });
});

describe('parseHttpProxy', () => {
  it('reads host, port and credentials', () => {
    assert.deepEqual(parseHttpProxy('http://u:p@proxy.example:3128/'), {
      host: 'proxy.example',
      portNumber: 3128,
      credentials: { user: 'u', password: 'p' },
    });
    assert.equal(parseHttpProxy('HTTP://[::1]:8080').host, '::1');
  });

  it('refuses other URLs, and one without a port', () => {
    assertRefused(parseHttpProxy, 'proxy.example:3128', /http:\/\//);
    assertRefused(parseHttpProxy, 'https://proxy.example:3128', /http:\/\//);
    assertRefused(parseHttpProxy, 'http://proxy.example', /no port/);
    assertRefused(parseHttpProxy, 'http://proxy.example:3128/path', /no path/);
    assertRefused(parseHttpProxy, 'http://proxy.example:3128?x', /no path/);
  });
});

describe('maskUrl', () => {
  it('leaves out credentials and query', () => {
    for (const [text, shown] of [
      ['rtmp://h/live', 'rtmp://h/live'],
      ['rtmp://u:p@h/live?k=v', 'rtmp://***@h/live?***'],
      ['u:p@h', '***@h'],
      ['h?k', 'h?***'],
      ['rtmp://u:p@w@h?k', 'rtmp://***@h?***'],
      ['rtmp://u:p?a@h/b?c', 'rtmp://***'],
      ['rtmp://h?mail=a@b', 'rtmp://***'],
      ['', ''],
    ] as const) {
      assert.equal(maskUrl(text), shown);
    }
  });

  it('shows no password that a URL has, however it is written', () => {
    const secret = fc.string({ minLength: 1, maxLength: 12 }).map((text) => `hunter${text}hunter`);
    fc.assert(
      fc.property(secret, secret, (password, token) => {
        assert.doesNotMatch(maskUrl(`rtmp://user:${password}@host/live?token=${token}`), /hunter/);
      }),
    );
  });
});
