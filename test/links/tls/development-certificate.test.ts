// The certificate that a machine makes for itself: its files, its life, and real clients that come to trust it.

import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { hostname, networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import {
  DAY_MS,
  makePems,
  newFolder,
  type Pems,
  StoreRig,
  serve,
  shownFor,
  visit,
} from './certificate-rig.ts';

const FILES = ['development-cert.pem', 'development-key.pem'] as const;
const [CERTIFICATE, KEY] = FILES;

function settingsOf(developmentFolder: string) {
  return { tls: { certificate: 'development', developmentFolder } };
}

function keep(folder: string, { cert, key }: Pems): void {
  writeFileSync(join(folder, CERTIFICATE), cert);
  writeFileSync(join(folder, KEY), key, { mode: 0o600 });
}

function keptIn(folder: string): X509Certificate {
  return new X509Certificate(readFileSync(join(folder, CERTIFICATE)));
}

describe('the development certificate', () => {
  it('is made at the first start, in a folder that is made as well, and told of with its fingerprint', async (t) => {
    const folder = join(newFolder(t), 'new', 'certs');
    const { store, log } = await StoreRig.load(t, settingsOf(folder));
    assert.deepEqual(readdirSync(folder).sort(), [...FILES]);
    const [line, ...rest] = log.take();
    assert.deepEqual([line?.level, line?.message, rest], ['info', 'using a development certificate', []]);
    const kept = keptIn(folder);
    const { file, fingerprint256, notAfter } = line?.fields ?? {};
    assert.deepEqual(
      [file, fingerprint256, notAfter],
      [join(folder, CERTIFICATE), kept.fingerprint256, kept.validToDate.toISOString()],
    );
    const port = await serve(t, store);
    for (const byName of [{ servername: 'localhost' }, {}]) {
      const seen = await visit(port, { ...byName, ca: kept.toString() });
      assert.equal(seen.certificate.fingerprint256, kept.fingerprint256);
    }
  });

  it('has a key that nobody but its owner can read', async (t) => {
    const folder = newFolder(t);
    await StoreRig.load(t, settingsOf(folder));
    assert.equal(statSync(join(folder, KEY)).mode & 0o777, 0o600);
    assert.equal(statSync(join(folder, CERTIFICATE)).mode & 0o777, 0o644 & ~process.umask());
  });

  it('is for this machine by all its names and addresses, for a year, as a server and nothing else', async (t) => {
    const folder = newFolder(t);
    await StoreRig.load(t, settingsOf(folder));
    const kept = keptIn(folder);
    for (const name of ['localhost', hostname().toLowerCase()]) assert.equal(kept.checkHost(name), name);
    const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
    const own = addresses
      .map(({ address }) => address)
      .filter((address) => !/^(169\.254\.|fe80:)/.test(address));
    for (const address of ['127.0.0.1', '::1', ...own]) {
      assert.equal(kept.checkIP(address), address);
    }
    const daysLeft = (kept.validToDate.getTime() - Date.now()) / DAY_MS;
    assert.ok(daysLeft > 364.9 && daysLeft <= 365, `${daysLeft} days`);
    assert.equal(kept.ca, false);
    // id-kp-serverAuth
    assert.deepEqual(kept.keyUsage, ['1.3.6.1.5.5.7.3.1']);
    assert.deepEqual(
      [kept.publicKey.asymmetricKeyType, kept.publicKey.asymmetricKeyDetails?.namedCurve],
      ['ec', 'prime256v1'],
    );
  });

  it('is used again at the next start', async (t) => {
    const folder = newFolder(t);
    await StoreRig.load(t, settingsOf(folder));
    const first = FILES.map((name) => readFileSync(join(folder, name), 'utf8'));
    const { log } = await StoreRig.load(t, settingsOf(folder));
    assert.deepEqual(log.take()[0]?.fields['fingerprint256'], keptIn(folder).fingerprint256);
    assert.deepEqual(
      FILES.map((name) => readFileSync(join(folder, name), 'utf8')),
      first,
    );
  });

  it('is used again while it ends more than a day ahead, with a word on that', async (t) => {
    const folder = newFolder(t);
    keep(
      folder,
      await makePems(['localhost'], { commonName: 'mine', notAfterMs: Date.now() + 1.1 * DAY_MS }),
    );
    const { store, log } = await StoreRig.load(t, settingsOf(folder));
    assert.equal(await shownFor(await serve(t, store)), 'mine');
    assert.deepEqual(log.news(), ['info using a development certificate', 'warn certificate ends soon']);
  });

  it('is made anew where it has ended, ends within a day, is broken, or has the key of another', async (t) => {
    const folder = newFolder(t);
    const good = await makePems(['localhost']);
    const old = [
      await makePems(['localhost'], {
        notBeforeMs: Date.now() - 9 * DAY_MS,
        notAfterMs: Date.now() - DAY_MS,
      }),
      await makePems(['localhost'], { notAfterMs: Date.now() + 0.9 * DAY_MS }),
      { ...good, cert: 'broken' },
      { ...good, key: (await makePems(['localhost'])).key },
    ];
    for (const pems of old) {
      keep(folder, pems);
      const { store, log } = await StoreRig.load(t, settingsOf(folder));
      assert.deepEqual(log.news(), ['info using a development certificate']);
      assert.notEqual(readFileSync(join(folder, CERTIFICATE), 'utf8'), pems.cert);
      assert.equal(statSync(join(folder, KEY)).mode & 0o777, 0o600);
      await visit(await serve(t, store), { servername: 'localhost', ca: keptIn(folder).toString() });
    }
  });

  it('is renewed in a gateway that runs until its last day', async (t) => {
    const folder = newFolder(t);
    const rig = await StoreRig.load(t, settingsOf(folder));
    const port = await serve(t, rig.store);
    const first = keptIn(folder).fingerprint256;
    await rig.look(363.9 * DAY_MS);
    assert.equal(keptIn(folder).fingerprint256, first);
    rig.log.take();
    await rig.look(0.2 * DAY_MS);
    const { fingerprint256 } = keptIn(folder);
    assert.notEqual(fingerprint256, first);
    assert.deepEqual(rig.log.news(), ['info using a development certificate']);
    assert.equal((await visit(port, {})).certificate.fingerprint256, fingerprint256);
  });

  it('is one and the same for gateways that start at once in an empty folder', async (t) => {
    const folder = newFolder(t);
    const rigs = await Promise.all(Array.from({ length: 8 }, () => StoreRig.load(t, settingsOf(folder))));
    const fingerprints = new Set(rigs.map(({ log }) => log.take()[0]?.fields['fingerprint256']));
    assert.deepEqual([...fingerprints], [keptIn(folder).fingerprint256]);
    assert.deepEqual(readdirSync(folder).sort(), [...FILES]);
  });

  it('does not wait for ever for a gateway that died while it made one', async (t) => {
    const folder = newFolder(t);
    writeFileSync(join(folder, 'development.lock'), '');
    await StoreRig.load(t, settingsOf(folder));
    assert.deepEqual(readdirSync(folder).sort(), [...FILES]);
  });

  it('is in memory where the folder cannot be written, and the log says what to do', async (t) => {
    const file = join(newFolder(t), 'file');
    writeFileSync(file, '');
    const { store, log } = await StoreRig.load(t, settingsOf(join(file, 'certs')));
    const [warning, line, ...rest] = log.take();
    assert.equal(warning?.level, 'warn');
    assert.match(
      warning.message,
      /in memory only .+ set tls\.developmentFolder to .+, or tls\.certificate to your own/,
    );
    assert.deepEqual(warning.fields, { folder: join(file, 'certs'), cause: 'ENOTDIR' });
    assert.deepEqual(
      [line?.message, line?.fields['file'], rest],
      ['using a development certificate', null, []],
    );
    const port = await serve(t, store);
    const shown = async () => (await visit(port, {})).certificate.fingerprint256;
    assert.equal(await shown(), line?.fields['fingerprint256']);
    await store.reload();
    assert.equal(await shown(), line?.fields['fingerprint256']);
    assert.deepEqual(log.news(), ['info certificates were read again']);
  });
});
