// The keys of Culvert's own schema that are about TLS, certificates and proxies in front.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ConfigError } from '../../src/config/config-error.ts';
import { NO_FLAGS } from '../../src/config/flags.ts';
import { loadConfig, loadConfigFile } from '../../src/config/load-config.ts';

const CERTIFICATE = 'expected the path of a PEM file, found';

function loadFile(text: string) {
  return loadConfigFile('culvert.yaml', () => text);
}

function problemsOf(load: () => unknown): string[] {
  try {
    load();
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    return error.message.split('\n');
  }
  return [];
}

function problemsOfFile(text: string): string[] {
  return problemsOf(() => loadFile(text));
}

describe('tls', () => {
  it('takes one version alone, and refuses an oldest that is newer than the newest, where it was set', () => {
    for (const version of ['TLSv1.2', 'TLSv1.3']) {
      const { tls } = loadFile(`tls: {minVersion: ${version}, maxVersion: ${version}}`).config;
      assert.deepEqual([tls.minVersion, tls.maxVersion], [version, version]);
    }
    assert.deepEqual(problemsOfFile('tls:\n  minVersion: TLSv1.3\n  maxVersion: TLSv1.2\n'), [
      'culvert.yaml:2: tls.minVersion: expected at most the TLSv1.2 of tls.maxVersion, found TLSv1.3',
    ]);
    const env = { CULVERT_TLS_MIN_VERSION: 'TLSv1.3', CULVERT_TLS_MAX_VERSION: 'TLSv1.2' };
    assert.deepEqual(
      problemsOf(() => loadConfig({ flags: NO_FLAGS, env, readFile: assert.fail })),
      [
        'CULVERT_TLS_MIN_VERSION: tls.minVersion: expected at most the TLSv1.2 of tls.maxVersion, found TLSv1.3',
      ],
    );
  });

  it('refuses other spellings of a version, with the right one where it is near', () => {
    assert.deepEqual(problemsOfFile('tls:\n  minVersion: tlsv1.3\n  maxVersion: 1.2\n'), [
      'culvert.yaml:2: tls.minVersion: expected one of TLSv1.2, TLSv1.3, found "tlsv1.3" (did you mean TLSv1.3?)',
      'culvert.yaml:3: tls.maxVersion: expected one of TLSv1.2, TLSv1.3, found 1.2',
    ]);
  });

  it('takes paths of 1 to 4096 characters', () => {
    const path = 'x'.repeat(4096);
    assert.equal(loadFile(`tls: {certificate: ${path}}`).config.tls.certificate, path);
    for (const wrong of ['""', `${path}x`]) {
      assert.match(
        problemsOfFile(`tls: {certificate: ${wrong}}`).join(),
        /certificate: expected the path of a PEM file, or development, found/,
      );
    }
  });
});

describe('certificates', () => {
  it('has a certificate by each label, and a key where one is given', () => {
    const { certificates } = loadFile(
      'certificates:\n  a.example: {certificate: a.pem}\n  "*.b.example": {certificate: b.pem, key: b.key}\n',
    ).config;
    assert.deepEqual(
      { ...certificates },
      { 'a.example': { certificate: 'a.pem' }, '*.b.example': { certificate: 'b.pem', key: 'b.key' } },
    );
  });

  it('tells a label without a certificate, with its line', () => {
    const key = 'culvert.yaml:2: certificates."a.example".certificate';
    assert.deepEqual(problemsOfFile('certificates:\n  a.example:\n    key: a.key\n'), [
      `${key}: ${CERTIFICATE} nothing`,
    ]);
    assert.deepEqual(problemsOfFile('certificates:\n  a.example:\n'), [`${key}: ${CERTIFICATE} nothing`]);
    assert.deepEqual(problemsOfFile('certificates:\n  a.example: {certificate: ""}\n'), [
      `${key}: ${CERTIFICATE} ""`,
    ]);
  });

  it('says that a label which begins with an asterisk needs quotes', () => {
    assert.match(
      problemsOfFile('certificates:\n  *.b.example: {certificate: b.pem}\n').join('\n'),
      /a text that begins with \* needs quotes/,
    );
  });

  it('takes letters, digits, dots, hyphens, underscores and asterisks as a label, 253 of them', () => {
    const file = (label: string) => `certificates:\n  ${JSON.stringify(label)}: {certificate: a.pem}\n`;
    for (const label of ['a', 'A-1_b.example', '*', '__proto__', 'x'.repeat(253)]) {
      assert.deepEqual(problemsOfFile(file(label)), [], label);
    }
    for (const label of ['', 'a b', 'a/b', 'ä', 'a:1', 'x'.repeat(254)]) {
      assert.match(
        problemsOfFile(file(label)).join(),
        /^culvert\.yaml:2: certificates: expected a label of 1 to 253/,
      );
    }
  });

  it('takes 1000 labels and none more', () => {
    const file = (count: number) =>
      `certificates:\n${Array.from({ length: count }, (_, n) => `  c${n}: {certificate: a}\n`).join('')}`;
    assert.equal(Object.keys(loadFile(file(1000)).config.certificates).length, 1000);
    assert.deepEqual(problemsOfFile(file(1001)), [
      'culvert.yaml:1002: certificates: expected at most 1000 certificates, found 1001',
    ]);
  });
});

describe('trustedProxies', () => {
  it('takes addresses and ranges from a file and from a variable', () => {
    const file = 'trustedProxies:\n  proxyProtocol: [10.0.0.0/8, "::1"]\n  httpHeader: forwarded\n';
    const env = { CULVERT_TRUSTED_PROXIES_HTTP_PROXIES: '127.0.0.1, 2001:db8::/32' };
    const flags = { ...NO_FLAGS, configFile: 'culvert.yaml' };
    assert.deepEqual(loadConfig({ flags, env, readFile: () => file }).config.trustedProxies, {
      proxyProtocol: ['10.0.0.0/8', '::1'],
      httpProxies: ['127.0.0.1', '2001:db8::/32'],
      httpHeader: 'forwarded',
    });
  });

  it('tells a wrong entry with its line and why', () => {
    const expected = 'expected an address or a range of them, such as 10.0.0.0/8 or 2001:db8::/32';
    assert.deepEqual(
      problemsOfFile('trustedProxies:\n  httpProxies:\n    - 127.0.0.1\n    - localhost\n    - ::1/129\n'),
      [
        `culvert.yaml:4: trustedProxies.httpProxies[1]: ${expected}, found "localhost" (there is no IPv4 or IPv6 address)`,
        `culvert.yaml:5: trustedProxies.httpProxies[2]: ${expected}, found "::1/129" (the bits behind the slash must be a number of 0 to 128)`,
      ],
    );
  });

  it('takes the two headers in lower case, as they are written', () => {
    assert.deepEqual(problemsOfFile('trustedProxies: {httpHeader: X-Forwarded-For}'), [
      'culvert.yaml:1: trustedProxies.httpHeader: expected one of x-forwarded-for, forwarded, found "X-Forwarded-For" (did you mean x-forwarded-for?)',
    ]);
  });
});
