// Files of certificates while they are written.

import assert from 'node:assert/strict';
import { closeSync, fstatSync, openSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { writePairFiles } from '../../../src/links/tls/certificate-files.ts';
import { newFolder } from './certificate-rig.ts';

/** A file and its mode, of one and the same moment; null where it has got its other name since the folder was read. */
function lookAt(path: string): { text: string; mode: number } | null {
  try {
    const file = openSync(path, 'r');
    try {
      return { text: readFileSync(file, 'utf8'), mode: fstatSync(file).mode };
    } finally {
      closeSync(file);
    }
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}

describe('writePairFiles', () => {
  it('at no time has a file in which others can read the key, or which is half written', async (t) => {
    const folder = newFolder(t);
    const [certificatePath, keyPath] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
    const [certificate, key] = ['c'.repeat(100_000), 'k'.repeat(100_000)];
    writeFileSync(keyPath, 'another one', { mode: 0o644 });
    const umask = process.umask(0);
    t.after(() => process.umask(umask));
    let isWriting = true;
    const writing = writePairFiles(folder, { certificatePath, keyPath, certificate, key }).finally(() => {
      isWriting = false;
    });
    let looks = 0;
    for (; isWriting; looks++) {
      for (const name of readdirSync(folder)) {
        const seen = lookAt(join(folder, name));
        if (seen === null) continue;
        const { text, mode } = seen;
        if (text.startsWith('k')) assert.equal(mode & 0o077, 0, name);
        if (!name.startsWith('.')) assert.ok([certificate, key, 'another one'].includes(text), name);
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
    await writing;
    assert.ok(looks > 1);
    assert.deepEqual(readdirSync(folder).sort(), ['cert.pem', 'key.pem']);
    assert.deepEqual(
      [readFileSync(certificatePath, 'utf8'), readFileSync(keyPath, 'utf8')],
      [certificate, key],
    );
    assert.equal(statSync(keyPath).mode & 0o777, 0o600);
  });

  it('leaves nothing behind where it fails', async (t) => {
    const folder = newFolder(t);
    const keyPath = join(folder, 'none', 'key.pem');
    const files = { certificatePath: join(folder, 'cert.pem'), keyPath, certificate: 'c', key: 'k' };
    await assert.rejects(writePairFiles(folder, files), { code: 'ENOENT' });
    assert.deepEqual(readdirSync(folder), []);
  });
});
