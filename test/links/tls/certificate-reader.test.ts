// What is said of files that make no certificate.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { CertificateError, type CertificateProblem } from '../../../src/links/tls/certificate-error.ts';
import { readCertificatePair } from '../../../src/links/tls/certificate-reader.ts';
import { makePems, newFolder } from './certificate-rig.ts';

const READER = join(import.meta.dirname, '../../../src/links/tls/certificate-reader.ts');

const good = await makePems(['a.example']);
const other = await makePems(['b.example']);

/** Writes what is given and reads it; a path is taken as it is where there is no text for it. */
async function problemOf(
  t: TestContext,
  cert: string | Buffer | null,
  key?: string,
): Promise<CertificateProblem> {
  const folder = newFolder(t);
  const certificatePath = join(folder, 'server.crt');
  const keyPath = key === undefined ? certificatePath : join(folder, 'server.key');
  if (cert !== null) writeFileSync(certificatePath, cert);
  if (key !== undefined && key !== '') writeFileSync(keyPath, key);
  const error = await failureOf(readCertificatePair({ label: 'tls', certificatePath, keyPath }));
  assert.equal(error.problem.file.startsWith(folder), true);
  assert.equal(error.message.includes('PRIVATE KEY-----'), false);
  return error.problem;
}

async function failureOf(reading: Promise<unknown>): Promise<CertificateError> {
  try {
    await reading;
  } catch (error) {
    assert.ok(error instanceof CertificateError, String(error));
    return error;
  }
  throw new Error('expected that it cannot be read');
}

describe('readCertificatePair', () => {
  it('reads a certificate and its key, from two files and from one', async (t) => {
    const folder = newFolder(t);
    const [certificatePath, keyPath, both] = ['c', 'k', 'b'].map((name) => join(folder, name));
    assert.ok(certificatePath && keyPath && both);
    writeFileSync(certificatePath, `Bag Attributes\n${good.cert}`);
    writeFileSync(keyPath, good.key);
    writeFileSync(both, good.key + good.cert.replaceAll('\n', '\r\n'));
    const leaf = new X509Certificate(good.cert);
    for (const place of [
      { certificatePath, keyPath },
      { certificatePath: both, keyPath: both },
    ]) {
      const pair = await readCertificatePair({ label: 'tls', ...place });
      assert.equal(pair.fingerprint256, leaf.fingerprint256);
      assert.deepEqual(pair.names, ['a.example']);
      assert.equal(pair.notAfterMs, leaf.validToDate.getTime());
    }
  });

  it('reads keys of RSA and keys in the old forms of PEM', async (t) => {
    const folder = newFolder(t);
    const rsa = await makePems(['a.example'], { keyType: 'rsa' });
    const forms = [
      { pems: rsa, type: 'pkcs8' as const },
      { pems: rsa, type: 'pkcs1' as const },
      { pems: good, type: 'sec1' as const },
    ];
    for (const { pems, type } of forms) {
      const path = join(folder, type);
      const key = createPrivateKey(pems.key).export({ format: 'pem', type });
      // openssl ecparam writes the curve in front of the key.
      const parameters = '-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n';
      writeFileSync(path, `${pems.cert}${parameters}${String(key)}`);
      const pair = await readCertificatePair({ label: 'tls', certificatePath: path, keyPath: path });
      assert.equal(pair.fingerprint256, new X509Certificate(pems.cert).fingerprint256, type);
    }
  });

  it('names the setting, the file, what was expected and found, and the cure', async (t) => {
    const certificatePath = join(newFolder(t), 'none.pem');
    const place = { label: 'certificates.live', certificatePath, keyPath: certificatePath };
    const { message } = await failureOf(readCertificatePair(place));
    assert.equal(
      message,
      `certificates.live.certificate: ${certificatePath}: expected a PEM file with a certificate, found no such file (put the file there, or correct certificates.live.certificate)`,
    );
  });

  it('tells a missing key file from a missing certificate', async (t) => {
    const { setting, found } = await problemOf(t, good.cert, '');
    assert.deepEqual([setting, found], ['tls.key', 'no such file']);
  });

  it('refuses what is no file, and what is too large for one', async (t) => {
    const folder = newFolder(t);
    const place = { label: 'tls', certificatePath: folder, keyPath: folder };
    assert.equal((await failureOf(readCertificatePair(place))).problem.found, 'no regular file');
    const atMost = ' '.repeat(1024 * 1024 - good.cert.length - good.key.length);
    const path = join(folder, 'large.pem');
    writeFileSync(path, atMost + good.cert + good.key);
    await readCertificatePair({ label: 'tls', certificatePath: path, keyPath: path });
    assert.equal((await problemOf(t, `${atMost} ${good.cert}${good.key}`)).found, 'a file of 1048577 bytes');
  });

  it('says what is in a file instead of a certificate', async (t) => {
    const der = Buffer.from(new X509Certificate(good.cert).raw);
    const request = '-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n';
    const cases = [
      ['', 'an empty file'],
      [good.key, 'a private key and no certificate'],
      [request, 'a certificate request'],
      [good.cert.slice(0, 100), 'none in it'],
      ['0123', 'none in it'],
      [der, 'DER'],
    ] as const;
    for (const [text, found] of cases) assert.equal((await problemOf(t, text, good.key)).found, found);
    const { cure } = await problemOf(t, der, good.key);
    assert.match(cure, /^convert it: openssl x509 -inform der -in \S+server\.crt -out \S+server\.pem$/);
  });

  it('refuses a broken certificate, in the first place and in the chain', async (t) => {
    const broken = good.cert.replace(/\n(.)(.*)/, '\nA$2');
    for (const text of [broken, good.cert + broken]) {
      const { setting, found } = await problemOf(t, text, good.key);
      assert.equal(setting, 'tls.certificate');
      assert.match(found, /^one that cannot be parsed \(.+\)$/);
    }
  });

  it('refuses a file without a key', async (t) => {
    const { cure, expected, found } = await problemOf(t, good.cert);
    assert.deepEqual(
      [expected, found, cure],
      ['a private key in the file of the certificate', 'none', 'set tls.key to the path of the key'],
    );
    const { setting, found: foundInKeyFile } = await problemOf(t, good.cert, good.cert);
    assert.deepEqual([setting, foundInKeyFile], ['tls.key', 'none in it']);
  });

  it('refuses an encrypted key, in the new form of PEM and in the old one', async (t) => {
    const key = createPrivateKey(good.key);
    const protection = { format: 'pem' as const, cipher: 'aes-256-cbc', passphrase: 'secret' };
    for (const type of ['pkcs8', 'sec1'] as const) {
      const { found, cure } = await problemOf(t, good.cert, String(key.export({ ...protection, type })));
      assert.equal(found, 'an encrypted one', type);
      assert.match(cure, /^decrypt it: openssl pkey -in /);
    }
  });

  it('refuses a broken key and does not show it', async (t) => {
    const { found } = await problemOf(t, good.cert, good.key.replace(/\n(.)(.*)/, '\nA$2'));
    assert.match(found, /^one that cannot be parsed \(.+\)$/);
    const [, secret = ''] = /\n(.{40})/.exec(good.key) ?? [];
    assert.equal(found.includes(secret.slice(8)), false);
  });

  it('refuses the key of another certificate', async (t) => {
    const { setting, expected, found } = await problemOf(t, good.cert, other.key);
    assert.equal(setting, 'tls.key');
    assert.match(expected, /^the private key of the certificate in \S+server\.crt$/);
    assert.equal(found, 'that of another');
  });

  it('refuses a chain whose first certificate is not that of the server', async (t) => {
    const { setting, found, cure } = await problemOf(t, other.cert + good.cert, good.key);
    assert.equal(setting, 'tls.certificate');
    assert.deepEqual([found, cure], ['the one that the key belongs to in place 2', 'put it first']);
  });

  it('refuses a file that the user may not read', async (t) => {
    const path = join(newFolder(t), 'server.pem');
    writeFileSync(path, good.cert + good.key, { mode: 0 });
    const place = JSON.stringify({ label: 'tls', certificatePath: path, keyPath: path });
    // WHY: root may read everything, so that nobody has to try.
    const script = `
      const { readCertificatePair } = await import(${JSON.stringify(READER)});
      if (process.getuid() === 0) process.setuid(65534);
      await readCertificatePair(${place}).catch((error) => console.log(error.message));`;
    const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      encoding: 'utf8',
    });
    assert.match(
      stdout,
      /found that it cannot be read, EACCES \(let the user that Culvert runs as read it\)/,
    );
  });
});
