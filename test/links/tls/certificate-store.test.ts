// The certificates in force, seen by real clients over TLS: which one they get, and what is spoken.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { connect } from 'node:tls';
import { configWith } from '../../../src/config/load-config.ts';
import { CertificateStore } from '../../../src/links/tls/certificate-store.ts';
import { FakeWheel } from '../rtmpt/tunnel-harness.ts';
import {
  MemoryLog,
  makePems,
  newFolder,
  StoreRig,
  serve,
  shownFor,
  visit,
  writePems,
} from './certificate-rig.ts';

describe('CertificateStore', () => {
  it('gives each client the certificate that names the host it asks for, and the default one to all others', async (t) => {
    const folder = newFolder(t);
    const write = async (name: string, ...names: string[]) =>
      writePems(folder, name, await makePems(names, { commonName: name }));
    const { store } = await StoreRig.load(t, {
      tls: await write('default', 'main.example', 'one.wild.example'),
      certificates: {
        wild: await write('wild', '*.wild.example'),
        live: await write('live', 'Live.example', 'two.wild.example'),
      },
    });
    const port = await serve(t, store);
    const cases = [
      ['live.example', 'live'],
      ['LIVE.EXAMPLE', 'live'],
      ['two.wild.example', 'live'],
      ['three.wild.example', 'wild'],
      ['one.wild.example', 'default'],
      ['a.b.wild.example', 'default'],
      ['wild.example', 'default'],
      ['main.example', 'default'],
      ['other.example', 'default'],
    ] as const;
    for (const [name, shown] of cases) assert.equal(await shownFor(port, name), shown, name);
    assert.equal(await shownFor(port), 'default');
  });

  it('prefers a further certificate to the default one where both have the name', async (t) => {
    const folder = newFolder(t);
    const tls = writePems(folder, 'a', await makePems(['a.example'], { commonName: 'default' }));
    const further = writePems(folder, 'b', await makePems(['a.example'], { commonName: 'further' }));
    const { store } = await StoreRig.load(t, { tls, certificates: { further } });
    assert.equal(await shownFor(await serve(t, store), 'a.example'), 'further');
  });

  it('makes one context for each certificate', async (t) => {
    const folder = newFolder(t);
    const tls = writePems(folder, 'a', await makePems(['a.example']));
    const further = writePems(folder, 'b', await makePems(['b.example', '*.c.example']));
    const { store } = await StoreRig.load(t, { tls, certificates: { further } });
    assert.ok(store.contextFor('b.example') !== null);
    assert.equal(store.contextFor('b.example'), store.contextFor('x.c.example'));
    assert.equal(store.contextFor('a.example'), null);
  });

  it('shows the chain behind a certificate, so that who knows its root only can check it', async (t) => {
    const folder = newFolder(t);
    const authority = { isAuthority: true };
    const root = await makePems([], { commonName: 'root', ...authority });
    const middle = await makePems([], { commonName: 'middle', ...authority, ca: root });
    const leaf = await makePems(['live.example'], { ca: middle });
    const path = join(folder, 'all.pem');
    writeFileSync(path, leaf.key + leaf.cert + middle.cert);
    const further = { certificate: path };
    const other = await makePems(['a.example']);
    const tls = writePems(folder, 'default', other);
    const { store } = await StoreRig.load(t, { tls, certificates: { further } });
    const port = await serve(t, store);
    await visit(port, { servername: 'live.example', ca: root.cert });
    await assert.rejects(
      visit(port, { servername: 'live.example', ca: other.cert }),
      /unable to get local issuer certificate/,
    );
  });

  it('speaks the versions of TLS that are set, with every certificate', async (t) => {
    const folder = newFolder(t);
    const pair = writePems(folder, 'a', await makePems(['a.example']));
    const certificates = { b: writePems(folder, 'b', await makePems(['b.example'])) };
    const load = async (minVersion: 'TLSv1.2' | 'TLSv1.3', maxVersion: 'TLSv1.2' | 'TLSv1.3') => {
      const { store } = await StoreRig.load(t, { tls: { ...pair, minVersion, maxVersion }, certificates });
      return serve(t, store);
    };
    const [old, both, recent] = [
      await load('TLSv1.2', 'TLSv1.2'),
      await load('TLSv1.2', 'TLSv1.3'),
      await load('TLSv1.3', 'TLSv1.3'),
    ];
    for (const servername of ['a.example', 'b.example']) {
      assert.equal((await visit(old, { servername })).protocol, 'TLSv1.2');
      assert.equal((await visit(both, { servername })).protocol, 'TLSv1.3');
      assert.equal((await visit(both, { servername, maxVersion: 'TLSv1.2' })).protocol, 'TLSv1.2');
      assert.equal((await visit(recent, { servername })).protocol, 'TLSv1.3');
      await assert.rejects(visit(recent, { servername, maxVersion: 'TLSv1.2' }), /alert protocol version/);
    }
  });

  it('gives clients of TLS 1.2 session tickets, or none where that is set', async (t) => {
    const pair = writePems(newFolder(t), 'a', await makePems(['a.example']));
    for (const sessionTickets of [true, false]) {
      const { store } = await StoreRig.load(t, { tls: { ...pair, sessionTickets } });
      const port = await serve(t, store);
      assert.equal((await ticketOf(port)) !== undefined, sessionTickets);
    }
  });

  it('writes a line for each certificate in force, and nothing of a key', async (t) => {
    const folder = newFolder(t);
    const pems = await makePems(['a.example', '*.b.example']);
    const tls = writePems(folder, 'a', pems);
    const { log } = await StoreRig.load(t, { tls, certificates: { 'live.example': tls } });
    const lines = log.take();
    assert.deepEqual(
      lines.map(({ level, message, fields }) => [level, message, fields['label'], fields['file']]),
      [
        ['info', 'certificate in force', 'certificates.live.example', tls.certificate],
        ['info', 'certificate in force', 'tls', tls.certificate],
      ],
    );
    const { names, notAfter, fingerprint256 } = lines[0]?.fields ?? {};
    assert.deepEqual(names, ['a.example', '*.b.example']);
    assert.match(String(notAfter), /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    assert.match(String(fingerprint256), /^([0-9A-F]{2}:){31}[0-9A-F]{2}$/);
    assert.equal(JSON.stringify(lines).includes('PRIVATE'), false);
  });

  it('does not start with certificates that cannot be used, and tells of all of them', async (t) => {
    const folder = newFolder(t);
    const good = await makePems(['a.example']);
    const mixed = writePems(folder, 'mixed', { ...good, key: (await makePems(['b.example'])).key });
    const none = { certificate: join(folder, 'none.pem') };
    const tls = writePems(folder, 'good', good);
    const settings = configWith({ tls, certificates: { mixed, none } });
    const log = new MemoryLog();
    const wheel = new FakeWheel();
    const loading = CertificateStore.load(settings, { wheel, log, epochMs: Date.now });
    await assert.rejects(loading, ({ message }: Error) => {
      const [first = '', second = '', ...rest] = message.split('\n');
      assert.match(
        first,
        /^certificates\.mixed\.key: \S+mixed\.key: expected the private key of .+ found that of another/,
      );
      assert.match(second, /^certificates\.none\.certificate: \S+none\.pem: expected .+ found no such file/);
      return rest.length === 0;
    });
    assert.deepEqual([log.lines.length, wheel.pendingCount], [0, 0]);
  });

  it('goes on looking where whoever is told of a change fails, and logs that as a bug', async (t) => {
    const folder = newFolder(t);
    const tls = writePems(folder, 'a', await makePems(['a.example']));
    const rig = await StoreRig.load(t, { tls });
    const told: number[] = [];
    rig.store.onDefaultChanged(() => {
      told.push(told.length);
      throw new Error('a bug');
    });
    rig.log.take();
    for (let times = 0; times < 2; times++) {
      writePems(folder, 'a', await makePems(['a.example']));
      await rig.settle();
    }
    assert.equal(told.length, 2);
    assert.ok(rig.log.news().includes('error internal error'));
  });

  it('refuses a key that is too weak for TLS', async (t) => {
    const weak = await makePems(['a.example'], { keyType: 'rsa', keySize: 512 });
    const tls = writePems(newFolder(t), 'weak', weak);
    await assert.rejects(
      StoreRig.load(t, { tls }),
      /^UnusableCertificatesError: tls\.certificate: \S+weak\.pem: expected .+ found .*key too small/,
    );
  });
});

/** The session that a client of TLS 1.2 is given to come back with: with a ticket in it, or undefined. */
async function ticketOf(port: number): Promise<Buffer | undefined> {
  const socket = connect({ host: '127.0.0.1', port, maxVersion: 'TLSv1.2', rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  const ticket = socket.getTLSTicket();
  socket.resume();
  await once(socket, 'close');
  return ticket;
}
