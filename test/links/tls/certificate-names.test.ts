// Names in certificates, and which certificate is found by them.

import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { describe, it } from 'node:test';
import { NameIndex, namesOf } from '../../../src/links/tls/certificate-names.ts';
import { makePems, type PemOptions } from './certificate-rig.ts';

async function namesIn(names: string[], options: PemOptions = {}): Promise<readonly string[]> {
  return namesOf(new X509Certificate((await makePems(names, options)).cert));
}

describe('namesOf', () => {
  it('gives host names in lower case, wildcards and addresses in their short form', async () => {
    const altNames = [
      { type: 2 as const, value: 'Live.Example.com' },
      { type: 2 as const, value: '*.Example.com' },
      { type: 7 as const, ip: '192.0.2.7' },
      { type: 7 as const, ip: '2001:db8::7' },
    ];
    const expected = ['live.example.com', '*.example.com', '192.0.2.7', '2001:db8::7'];
    assert.deepEqual(await namesIn([], { altNames }), expected);
  });

  it('is not led astray by a name that looks like several', async () => {
    const names = await namesIn(['a.example, DNS:b.example', 'c.example']);
    assert.deepEqual(names, ['a.example, dns:b.example', 'c.example']);
  });

  it('takes the common name only where there are no alternative names', async () => {
    assert.deepEqual(await namesIn([], { commonName: 'Old.example' }), ['old.example']);
    assert.deepEqual(await namesIn(['new.example'], { commonName: 'old.example' }), ['new.example']);
    const altNames = [{ type: 1 as const, value: 'mail@example.com' }];
    assert.deepEqual(await namesIn([], { commonName: 'old.example', altNames }), []);
  });
});

describe('NameIndex', () => {
  function indexOf(...entries: readonly (readonly [string, ...string[]])[]): NameIndex<string> {
    const index = new NameIndex<string>();
    for (const [value, ...names] of entries) index.add(names, value);
    return index;
  }

  it('finds a name in full before a wildcard, whatever was added first', () => {
    const index = indexOf(['wild', '*.example.com'], ['full', 'live.example.com']);
    assert.equal(index.find('live.example.com'), 'full');
    assert.equal(index.find('other.example.com'), 'wild');
  });

  it('lets a wildcard stand for exactly one label [RFC 6125 6.4.3]', () => {
    const index = indexOf(['wild', '*.example.com']);
    for (const name of ['example.com', 'a.b.example.com', '.example.com', 'com', '']) {
      assert.equal(index.find(name), undefined, name);
    }
    assert.equal(index.find('*.example.com'), 'wild');
  });

  it('makes no difference for letter case and a dot at the end', () => {
    const index = indexOf(['full', 'live.example.com'], ['wild', '*.example.com']);
    assert.equal(index.find('LIVE.Example.COM'), 'full');
    assert.equal(index.find('live.example.com.'), 'full');
    assert.equal(index.find('Other.Example.COM.'), 'wild');
  });

  it('gives what was added first where two are for the same name', () => {
    const index = indexOf(['first', 'a.example', '*.a.example'], ['second', 'a.example', '*.a.example']);
    assert.equal(index.find('a.example'), 'first');
    assert.equal(index.find('b.a.example'), 'first');
  });
});
