// Writes a certificate and its key as files: each is there as a whole or not at all, and at no time can anybody but
// its owner read the key.

import { randomBytes } from 'node:crypto';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What to write where. */
export type PairFiles = {
  readonly certificatePath: string;
  readonly keyPath: string;
  /** PEM. */
  readonly certificate: string;
  readonly key: string;
};

const CERTIFICATE_MODE = 0o644;
const KEY_MODE = 0o600;

/** Makes the folder where it is missing and writes both files into it, over others of these names. */
export async function writePairFiles(folder: string, files: PairFiles): Promise<void> {
  await mkdir(folder, { recursive: true });
  // WHY: named so that what a crash leaves behind is not committed either.
  const temporary = join(folder, `.${randomBytes(8).toString('hex')}`);
  const parts = [
    { path: files.keyPath, temporaryPath: `${temporary}.key`, pem: files.key, mode: KEY_MODE },
    {
      path: files.certificatePath,
      temporaryPath: `${temporary}.pem`,
      pem: files.certificate,
      mode: CERTIFICATE_MODE,
    },
  ];
  try {
    for (const { temporaryPath, pem, mode } of parts) {
      await writeFile(temporaryPath, pem, { mode, flag: 'wx', flush: true });
    }
    for (const { temporaryPath, path } of parts) await rename(temporaryPath, path);
  } finally {
    for (const { temporaryPath } of parts) await rm(temporaryPath, { force: true });
  }
}
