// The development certificate that clients trust: it is not given up for trouble that passes, and its key is to be
// nobody else's.

import assert from 'node:assert/strict';
import { chmodSync, readdirSync, readFileSync, renameSync, symlinkSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { newFolder, StoreRig, serve, visit } from './certificate-rig.ts';

const KEY = 'development-key.pem';
const USING = 'using a development certificate';

function load(t: TestContext, developmentFolder: string): Promise<StoreRig> {
  return StoreRig.load(t, { tls: { certificate: 'development', developmentFolder } });
}

/** A folder with a certificate that was made by a gateway of before, and its fingerprint. */
async function keptFolder(t: TestContext): Promise<{ folder: string; fingerprint: unknown }> {
  const folder = newFolder(t);
  const rig = await load(t, folder);
  rig.store.stop();
  return { folder, fingerprint: rig.log.take()[0]?.fields['fingerprint256'] };
}

/** Has every attempt to read the key fail, with ELOOP; gives what puts it back. */
function makeUnreadable(folder: string): () => void {
  const [path, away] = [join(folder, KEY), join(folder, 'away')];
  renameSync(path, away);
  symlinkSync(KEY, path);
  return () => {
    unlinkSync(path);
    renameSync(away, path);
  };
}

describe('a development certificate that cannot be read', () => {
  it('is left alone, and another one used from memory until it can be read again', async (t) => {
    const { folder, fingerprint } = await keptFolder(t);
    const certificate = readFileSync(join(folder, 'development-cert.pem'), 'utf8');
    const mend = makeUnreadable(folder);
    const rig = await load(t, folder);
    const { store, log } = rig;
    const port = await serve(t, store);
    const shown = async () => (await visit(port, {})).certificate.fingerprint256;
    const [warning, line, ...rest] = log.take();
    assert.deepEqual([warning?.level, line?.message, line?.fields['file'], rest], ['warn', USING, null, []]);
    assert.match(warning?.message ?? '', /cannot be read: another one is used, from memory, until it can/);
    const { file, found } = warning?.fields ?? {};
    assert.deepEqual([file, found], [join(folder, KEY), 'that it cannot be read, ELOOP']);
    const inMemory = await shown();
    assert.notEqual(inMemory, fingerprint);
    for (let looks = 0; looks < 3; looks++) await rig.look();
    assert.deepEqual([log.news(), await shown()], [[], inMemory]);
    assert.equal(readFileSync(join(folder, 'development-cert.pem'), 'utf8'), certificate);
    mend();
    await rig.look();
    assert.deepEqual([log.news(), await shown()], [[`info ${USING}`], fingerprint]);
    assert.deepEqual(readdirSync(folder).sort(), ['development-cert.pem', KEY]);
  });

  it('stays in force in a gateway that has read it, which says so once', async (t) => {
    const { folder, fingerprint } = await keptFolder(t);
    const rig = await load(t, folder);
    const { store, log } = rig;
    const port = await serve(t, store);
    log.take();
    const mend = makeUnreadable(folder);
    await store.reload();
    for (let looks = 0; looks < 3; looks++) await rig.look();
    assert.deepEqual(log.news(), [
      'warn certificate refused, the one before it stays in force',
      'info certificates were read again',
    ]);
    assert.equal((await visit(port, {})).certificate.fingerprint256, fingerprint);
    mend();
    await rig.look();
    await rig.look();
    assert.deepEqual(log.news(), [`info ${USING}`]);
    assert.equal((await visit(port, {})).certificate.fingerprint256, fingerprint);
  });

  it('is made anew where its key is missing', async (t) => {
    const { folder, fingerprint } = await keptFolder(t);
    unlinkSync(join(folder, KEY));
    const { log } = await load(t, folder);
    const [line, ...rest] = log.take();
    assert.deepEqual([line?.message, rest], [USING, []]);
    assert.notEqual(line?.fields['fingerprint256'], fingerprint);
    assert.equal(line?.fields['file'], join(folder, 'development-cert.pem'));
  });
});

describe('a development certificate whose key others may have', () => {
  it('is used with a warning that says what to do, once', async (t) => {
    const { folder, fingerprint } = await keptFolder(t);
    chmodSync(join(folder, KEY), 0o640);
    const { store, log } = await load(t, folder);
    const [warning, line, ...rest] = log.take();
    assert.equal(warning?.level, 'warn');
    assert.match(warning.message, /delete its two files and start again/);
    assert.deepEqual(warning.fields, { label: 'tls', file: join(folder, KEY), found: 'mode 640' });
    assert.deepEqual([line?.message, line?.fields['fingerprint256'], rest], [USING, fingerprint, []]);
    await store.reload();
    assert.deepEqual(log.news(), ['info certificates were read again']);
  });
});
