// Listeners as the configuration writes them.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { EntryError } from '../../src/config/entry-error.ts';
import { listenerText, parseListener } from '../../src/config/listener.ts';

function refusal(text: string): string {
  try {
    const listener = parseListener(text);
    return `taken: ${JSON.stringify(listener)}`;
  } catch (error) {
    assert.ok(error instanceof EntryError);
    return error.message;
  }
}

describe('parseListener', () => {
  it('takes a port alone for all addresses', () => {
    assert.deepEqual(parseListener(':1935'), { kind: 'plain', host: null, portNumber: 1935 });
  });

  it('takes a name, an IPv4 address and an IPv6 address in brackets', () => {
    assert.deepEqual(parseListener('localhost:80'), { kind: 'plain', host: 'localhost', portNumber: 80 });
    assert.deepEqual(parseListener('live.example-1.org:80'), {
      kind: 'plain',
      host: 'live.example-1.org',
      portNumber: 80,
    });
    assert.deepEqual(parseListener('127.0.0.1:1935'), { kind: 'plain', host: '127.0.0.1', portNumber: 1935 });
    assert.deepEqual(parseListener('[::1]:1935'), { kind: 'plain', host: '::1', portNumber: 1935 });
    assert.deepEqual(parseListener('[::]:80'), { kind: 'plain', host: '::', portNumber: 80 });
    assert.deepEqual(parseListener('[fe80::1%eth0]:80'), {
      kind: 'plain',
      host: 'fe80::1%eth0',
      portNumber: 80,
    });
  });

  it('takes ports of 0 to 65535', () => {
    assert.equal(parseListener(':0').portNumber, 0);
    assert.equal(parseListener(':65535').portNumber, 65_535);
    for (const text of [':65536', ':100000', ':', ':-1', ':80a', ':1e3', ':0x50', ': 80', 'localhost:']) {
      assert.equal(refusal(text), 'the port must be a number of 0 to 65535', text);
    }
  });

  it('takes tls: and any: in front of every form, in any case', () => {
    for (const [text, listener] of [
      ['tls::443', { kind: 'tls', host: null, portNumber: 443 }],
      ['tls:0.0.0.0:443', { kind: 'tls', host: '0.0.0.0', portNumber: 443 }],
      ['TLS:[::1]:443', { kind: 'tls', host: '::1', portNumber: 443 }],
      ['Tls:example.org:0', { kind: 'tls', host: 'example.org', portNumber: 0 }],
      ['any::80', { kind: 'any', host: null, portNumber: 80 }],
      ['any:[::1]:0', { kind: 'any', host: '::1', portNumber: 0 }],
      ['ANY:localhost:1935', { kind: 'any', host: 'localhost', portNumber: 1935 }],
    ] as const) {
      assert.deepEqual(parseListener(text), listener, text);
    }
  });

  it('takes a host whose name begins like a prefix, and one that is a prefix only behind another', () => {
    assert.deepEqual(parseListener('tls.example.org:443'), {
      kind: 'plain',
      host: 'tls.example.org',
      portNumber: 443,
    });
    assert.deepEqual(parseListener('tls:any:443'), { kind: 'tls', host: 'any', portNumber: 443 });
  });

  it('refuses behind a prefix what it refuses without one', () => {
    for (const prefix of ['tls:', 'any:', 'TLS:']) {
      const port = 'the port must be a number of 0 to 65535';
      for (const text of [':', ':65536', 'localhost:', '[::1]:x']) assert.equal(refusal(prefix + text), port);
      assert.match(refusal(`${prefix}::1:443`), /needs brackets/);
      assert.match(refusal(`${prefix}*:443`), /neither a name/);
    }
  });

  it('says which prefixes there are where another word stands in front', () => {
    for (const text of [
      'https::443',
      'ssl::443',
      'plain::80',
      'tls ::443',
      ' tls::443',
      'tls:tls::443',
      'any:ssl::443',
      'https:[::1]:443',
      'rtmp://localhost:1935',
      'https://[::1]:443',
    ]) {
      assert.equal(refusal(text), 'the prefixes are tls: and any:, one at most', text);
    }
  });

  it('says of several in one how they are parted', () => {
    for (const text of [
      ':1935 :80',
      ':1935,:80',
      ':1935, tls::443',
      ':1935\nany:[::1]:80',
      '[::1]:80 [::1]:81',
    ]) {
      assert.equal(
        refusal(text),
        'it looks like several; entries are separated by commas in a variable, and given one by one elsewhere',
        text,
      );
    }
    for (const text of ['a b:80', '[::1 ::2]:80', ':1935 ', 'tls: :443', ', :80']) {
      assert.doesNotMatch(refusal(text), /several|taken/, text);
    }
  });

  it('says of a prefix and a port alone how they are written', () => {
    assert.equal(refusal('tls:443'), 'there is no port; a port alone is written tls::1935');
    assert.equal(refusal('ANY:443'), 'there is no port; a port alone is written any::1935');
    assert.equal(refusal('tls:'), 'there is no port; a port alone is written tls::1935');
    assert.equal(refusal('443'), 'there is no port; a port alone is written :1935');
  });

  it('refuses a text without a port', () => {
    for (const text of ['1935', 'localhost', '']) {
      assert.match(refusal(text), /there is no port/, text);
    }
  });

  it('refuses an address in brackets without a port', () => {
    assert.equal(refusal('[::1]'), 'there is no port; behind an address it is written [::1]:1935');
    assert.equal(refusal('any:[::1]'), 'there is no port; behind an address it is written any:[::1]:1935');
    assert.equal(
      refusal('TLS:[fe80::1]'),
      'there is no port; behind an address it is written tls:[::1]:1935',
    );
    assert.equal(refusal('[::1]:'), 'the port must be a number of 0 to 65535');
  });

  it('refuses an IPv6 address without brackets and brackets without one', () => {
    for (const text of ['::1:1935', 'fe80::1:443', 'ABCD:1::2:80', 'tls:2001:db8::1:443']) {
      assert.match(refusal(text), /needs brackets/, text);
    }
    assert.match(refusal('[localhost]:80'), /no IPv6 address/);
    assert.match(refusal('[127.0.0.1]:80'), /no IPv6 address/);
    assert.match(refusal('[]:80'), /no IPv6 address/);
    assert.match(refusal('[localhost]'), /no IPv6 address/);
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

describe('listenerText', () => {
  it('writes what is read as the same listener', () => {
    for (const text of [
      ':1935',
      'tls::443',
      'any:[::1]:0',
      'TLS:localhost:443',
      '[fe80::1%eth0]:80',
      '10.0.0.1:1',
    ]) {
      const listener = parseListener(text);
      assert.equal(listenerText(listener), text.replace('TLS', 'tls'));
      assert.deepEqual(parseListener(listenerText(listener)), listener);
    }
  });
});
