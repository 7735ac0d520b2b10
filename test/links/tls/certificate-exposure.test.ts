// A key on this machine that others than its user have, or may have.

import assert from 'node:assert/strict';
import { chmodSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { exposureOf } from '../../../src/links/tls/certificate-exposure.ts';
import { makePems, newFolder, writePems } from './certificate-rig.ts';

const pems = await makePems(['localhost']);

describe('exposureOf', () => {
  it('finds each bit of the mode that lets others at the key', async (t) => {
    const { certificate, key } = writePems(newFolder(t), 'server', pems);
    const { uid } = statSync(key);
    const place = { label: 'tls', certificatePath: certificate, keyPath: key };
    for (const mode of [0o600, 0o400, 0o700]) {
      chmodSync(key, mode);
      assert.equal(await exposureOf(place, uid), null);
    }
    for (let bit = 0o001; bit <= 0o040; bit *= 2) {
      chmodSync(key, 0o600 | bit);
      const found = `mode ${(0o600 | bit).toString(8)}`;
      assert.deepEqual(await exposureOf(place, uid), { file: key, found });
      assert.deepEqual(await exposureOf(place, null), { file: key, found });
    }
  });

  it('finds files of another user, and knows of none where the own user has no number', async (t) => {
    const { certificate, key } = writePems(newFolder(t), 'server', pems);
    chmodSync(key, 0o600);
    const { uid } = statSync(key);
    const place = { label: 'tls', certificatePath: certificate, keyPath: key };
    const found = `that it belongs to the user ${uid}`;
    assert.deepEqual(await exposureOf(place, uid + 1), { file: key, found });
    const own = { ...place, keyPath: join(newFolder(t), 'none.key') };
    assert.deepEqual(await exposureOf(own, uid + 1), { file: certificate, found });
    assert.equal(await exposureOf(place, null), null);
  });

  it('finds nothing where the files are gone', async (t) => {
    const path = join(newFolder(t), 'none');
    assert.equal(await exposureOf({ label: 'tls', certificatePath: path, keyPath: path }, 0), null);
  });
});
