// New files for certificates in force, in each way that files are changed.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import {
  appendFileSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { connect, type TLSSocket } from 'node:tls';
import { makePems, newFolder, type Pems, StoreRig, serve, shownFor, writePems } from './certificate-rig.ts';

const NAME = 'live.example';

function pemsOf(commonName: string): Promise<Pems> {
  return makePems([NAME], { commonName });
}

/** A store whose default certificate is `first`, from two files, and a server on it. */
async function started(t: TestContext, receive?: (socket: TLSSocket) => void) {
  const folder = newFolder(t);
  const tls = writePems(folder, 'server', await pemsOf('first'));
  const rig = await StoreRig.load(t, { tls });
  rig.log.take();
  return { folder, tls, rig, port: await serve(t, rig.store, receive) };
}

describe('a certificate whose files change', () => {
  it('is another one once files moved over the old ones have been still for one more look', async (t) => {
    const { folder, tls, rig, port } = await started(t);
    const { certificate, key } = writePems(folder, 'new', await pemsOf('second'));
    renameSync(key, tls.key);
    renameSync(certificate, tls.certificate);
    await rig.look();
    assert.equal(await shownFor(port), 'first');
    await rig.look();
    assert.equal(await shownFor(port), 'second');
    const [line, ...rest] = rig.log.take();
    assert.equal(rest.length, 0);
    assert.deepEqual([line?.level, line?.message], ['info', 'certificate in force']);
    const { label, names, file } = line?.fields ?? {};
    assert.deepEqual([label, names, file], ['tls', [NAME], tls.certificate]);
  });

  it('is another one once files written in place have been still', async (t) => {
    const { folder, rig, port } = await started(t);
    writePems(folder, 'server', await pemsOf('second'));
    await rig.settle();
    assert.equal(await shownFor(port), 'second');
  });

  it('is another one when a link leads to another folder, as Kubernetes changes secrets', async (t) => {
    const folder = newFolder(t);
    const write = async (version: string): Promise<void> => {
      mkdirSync(join(folder, version));
      writePems(join(folder, version), 'tls', await pemsOf(version));
    };
    await write('first');
    symlinkSync('first', join(folder, '..data'));
    for (const name of ['tls.pem', 'tls.key']) symlinkSync(`..data/${name}`, join(folder, name));
    const tls = { certificate: join(folder, 'tls.pem'), key: join(folder, 'tls.key') };
    const rig = await StoreRig.load(t, { tls });
    const port = await serve(t, rig.store);
    assert.equal(await shownFor(port), 'first');
    await write('second');
    symlinkSync('second', join(folder, '..data_tmp'));
    renameSync(join(folder, '..data_tmp'), join(folder, '..data'));
    rmSync(join(folder, 'first'), { recursive: true });
    await rig.settle();
    assert.equal(await shownFor(port), 'second');
  });

  it('is read only when it has been still, however long it is being written', async (t) => {
    const { tls, rig, port } = await started(t);
    const { cert, key } = await pemsOf('second');
    writeFileSync(tls.key, key);
    writeFileSync(tls.certificate, '');
    for (let index = 0; index < cert.length; index += 100) {
      appendFileSync(tls.certificate, cert.slice(index, index + 100));
      await rig.look();
    }
    assert.deepEqual(rig.log.news(), []);
    await rig.look();
    assert.equal(await shownFor(port), 'second');
    assert.deepEqual(rig.log.news(), ['info certificate in force']);
  });

  it('is found by the names of the new one, and no more by those of the old one', async (t) => {
    const folder = newFolder(t);
    const tls = writePems(folder, 'default', await makePems(['default.example'], { commonName: 'default' }));
    const further = writePems(folder, 'further', await makePems(['old.example'], { commonName: 'further' }));
    const rig = await StoreRig.load(t, { tls, certificates: { further } });
    const port = await serve(t, rig.store);
    writePems(folder, 'further', await makePems(['new.example'], { commonName: 'further' }));
    await rig.settle();
    assert.equal(await shownFor(port, 'new.example'), 'further');
    assert.equal(await shownFor(port, 'old.example'), 'default');
  });

  it('leaves alone who is connected, and takes in who comes back with a session of before', async (t) => {
    const { folder, rig, port } = await started(t, (server) => server.pipe(server));
    const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false, maxVersion: 'TLSv1.2' });
    await once(socket, 'secureConnect');
    const session = socket.getSession();
    assert.ok(session !== undefined);
    writePems(folder, 'server', await pemsOf('second'));
    await rig.settle();
    const back = connect({
      host: '127.0.0.1',
      port,
      rejectUnauthorized: false,
      maxVersion: 'TLSv1.2',
      session,
    });
    await once(back, 'secureConnect');
    assert.deepEqual([back.isSessionReused(), back.getPeerCertificate().subject.CN], [false, 'second']);
    assert.equal(socket.getPeerCertificate().subject.CN, 'first');
    for (const [client, text] of [
      [socket, 'said after the swap'],
      [back, 'said by who came back'],
    ] as const) {
      client.write(text);
      assert.deepEqual((await once(client, 'data')).map(String), [text]);
      client.destroy();
    }
  });

  it('is nothing new where the files were only touched', async (t) => {
    const { tls, rig } = await started(t);
    const context = rig.store.defaultOptions;
    utimesSync(tls.certificate, new Date(), new Date());
    await rig.settle();
    assert.equal(rig.store.defaultOptions, context);
    assert.deepEqual(rig.log.news(), []);
  });
});

describe('a certificate whose new files cannot be used', () => {
  it('stays as it was, says so once, and gives way to a good one later', async (t) => {
    const { tls, rig, port } = await started(t);
    const second = await pemsOf('second');
    writeFileSync(tls.certificate, second.cert);
    await rig.settle();
    const [line, ...rest] = rig.log.take();
    assert.equal(rest.length, 0);
    assert.deepEqual(
      [line?.level, line?.message],
      ['warn', 'certificate refused, the one before it stays in force'],
    );
    const { cure, ...fields } = line?.fields ?? {};
    assert.deepEqual(fields, {
      label: 'tls',
      setting: 'tls.key',
      file: tls.key,
      expected: `the private key of the certificate in ${tls.certificate}`,
      found: 'that of another',
    });
    for (let looks = 0; looks < 5; looks++) await rig.look();
    assert.deepEqual(rig.log.news(), []);
    assert.equal(await shownFor(port), 'first');
    writeFileSync(tls.key, second.key);
    await rig.settle();
    assert.deepEqual(rig.log.news(), ['info certificate in force']);
    assert.equal(await shownFor(port), 'second');
  });

  it('stays as it was where its files are gone, and says so when they are back', async (t) => {
    const { tls, rig, port } = await started(t);
    const away = `${tls.certificate}.away`;
    renameSync(tls.certificate, away);
    await rig.settle();
    await rig.settle();
    const lines = rig.log.take();
    assert.deepEqual(
      lines.map(({ level, fields }) => [level, fields['found']]),
      [['warn', 'no such file']],
    );
    assert.equal(await shownFor(port), 'first');
    renameSync(away, tls.certificate);
    await rig.settle();
    assert.deepEqual(rig.log.news(), ['info certificate in force']);
  });

  it('says nothing new of files that change and are as wrong as before', async (t) => {
    const { tls, rig } = await started(t);
    for (const text of ['wrong', 'just as wrong', 'wrong again']) {
      writeFileSync(tls.certificate, text);
      await rig.settle();
    }
    assert.deepEqual(rig.log.news(), ['warn certificate refused, the one before it stays in force']);
  });

  it('does not keep other certificates from changing', async (t) => {
    const folder = newFolder(t);
    const tls = writePems(folder, 'default', await pemsOf('first'));
    const further = writePems(folder, 'further', await makePems(['a.example'], { commonName: 'first' }));
    const rig = await StoreRig.load(t, { tls, certificates: { further } });
    const port = await serve(t, rig.store);
    unlinkSync(further.key);
    writePems(folder, 'default', await pemsOf('second'));
    await rig.settle();
    assert.equal(await shownFor(port), 'second');
    assert.equal(await shownFor(port, 'a.example'), 'first');
  });
});

describe('CertificateStore.reload', () => {
  it('reads at once what a look would have waited for, and is done when it resolves', async (t) => {
    const { folder, rig, port } = await started(t);
    writePems(folder, 'server', await pemsOf('second'));
    await rig.store.reload();
    assert.equal(await shownFor(port), 'second');
    assert.deepEqual(rig.log.news(), ['info certificate in force', 'info certificates were read again']);
    await rig.settle();
    assert.deepEqual(rig.log.news(), []);
  });

  it('resolves where a certificate cannot be used, and says so each time', async (t) => {
    const { tls, rig, port } = await started(t);
    writeFileSync(tls.key, 'none');
    for (let times = 0; times < 2; times++) {
      await rig.store.reload();
      const [refused, done] = rig.log.take();
      assert.equal(refused?.level, 'warn');
      assert.deepEqual(done?.fields, { read: 1, refused: 1 });
    }
    assert.equal(await shownFor(port), 'first');
  });

  it('says that nothing was wrong where nothing has changed', async (t) => {
    const { rig } = await started(t);
    await Promise.all([rig.store.reload(), rig.store.reload()]);
    const again = 'info certificates were read again';
    assert.deepEqual(rig.log.news(), [again, again]);
  });

  it('changes nothing after a stop', async (t) => {
    const { folder, rig, port } = await started(t);
    writePems(folder, 'server', await pemsOf('second'));
    const reloading = rig.store.reload();
    rig.store.stop();
    await reloading;
    await rig.store.reload();
    assert.equal(rig.pendingCount, 0);
    assert.deepEqual(rig.log.news(), []);
    assert.equal(await shownFor(port), 'first');
  });
});
