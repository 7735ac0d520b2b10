// When the files of a certificate are to be read again after they could not be.

import assert from 'node:assert/strict';
import { symlinkSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { CertificateError } from '../../../src/links/tls/certificate-error.ts';
import { CertificateFiles } from '../../../src/links/tls/certificate-source.ts';
import { makePems, newFolder, writePems } from './certificate-rig.ts';
import { moduleAt, runShortOfFiles } from './file-shortage.ts';

const RIG = moduleAt('test/links/tls/certificate-rig.ts');

/** Has a store over the files of `folder` in a process that can open no file for a while. */
function atTheLimit(folder: string, script: string): unknown {
  return runShortOfFiles(`
    const { makePems, StoreRig, writePems } = await import(${RIG});
    const [first, second] = [await makePems(['a.example']), await makePems(['a.example'])];
    const folder = ${JSON.stringify(folder)};
    const rig = await StoreRig.load({ after() {} }, { tls: writePems(folder, 'server', first) });
    rig.log.take();
    ${script}`);
}

describe('a certificate that cannot be read as no more files can be opened', () => {
  it('is told of once with the cure, and in force as soon as they can', (t) => {
    const told = atTheLimit(
      newFolder(t),
      `
      writePems(folder, 'server', second);
      await rig.look();
      spend();
      for (let looks = 0; looks < 5; looks++) await rig.look();
      const atLimit = rig.log.take().map(({ message, fields }) => [message, fields.found, fields.cure]);
      giveBack();
      await rig.look();
      const after = rig.log.news();
      for (let looks = 0; looks < 5; looks++) await rig.look();
      tell({ atLimit, after, later: rig.log.news(), isSecond: rig.store.defaultOptions.cert === second.cert.trim() + '\\n' });`,
    );
    assert.deepEqual(told, {
      atLimit: [
        [
          'certificate refused, the one before it stays in force',
          'that it cannot be read, EMFILE',
          'allow more open files: LimitNOFILE under systemd, ulimit -n elsewhere',
        ],
      ],
      after: ['info certificate in force'],
      later: [],
      isSecond: true,
    });
  });

  it('is read again after a reload that could not, changed or not', (t) => {
    const told = atTheLimit(
      newFolder(t),
      `
      spend();
      await rig.store.reload();
      const atLimit = rig.log.news();
      giveBack();
      await rig.settle();
      tell([atLimit, rig.log.news()]);`,
    );
    assert.deepEqual(told, [
      ['warn certificate refused, the one before it stays in force', 'info certificates were read again'],
      ['info certificate in force'],
    ]);
  });
});

describe('CertificateFiles', () => {
  it('is due until it was read where the system failed, and not where the file is missing', async (t) => {
    const folder = newFolder(t);
    const { certificate, key } = writePems(folder, 'server', await makePems(['a.example']));
    const files = new CertificateFiles({ label: 'tls', certificatePath: certificate, keyPath: key });
    const isDueAfterLoading = async (): Promise<boolean> => {
      await assert.rejects(files.load(), CertificateError);
      await files.isDue();
      return files.isDue();
    };
    unlinkSync(key);
    assert.equal(await isDueAfterLoading(), false);
    symlinkSync(join(folder, 'server.key'), key);
    assert.equal(await isDueAfterLoading(), true);
  });
});
