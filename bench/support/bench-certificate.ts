// The certificate that every server of a run shows which speaks TLS, the gateway, peers and floors alike: made once in
// each process of the bench, as the gateway makes one for itself, and gone with that process.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeSelfSigned } from '../../src/links/tls/certificate-maker.ts';

/** Paths of PEM files. */
export type CertificateFiles = { readonly certificatePath: string; readonly keyPath: string };

const NAMES = ['localhost', '127.0.0.1'];
const VALID_DAYS = 2;
const KEY_MODE = 0o600;

let made: Promise<CertificateFiles> | null = null;

/** The files, which are made where nobody asked before. */
export function benchCertificate(): Promise<CertificateFiles> {
  made ??= make();
  return made;
}

async function make(): Promise<CertificateFiles> {
  const { certificate, key } = await makeSelfSigned({
    names: NAMES,
    nowMs: Date.now(),
    validDays: VALID_DAYS,
  });
  const folder = mkdtempSync(join(tmpdir(), 'culvert-bench-certificate-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const files = { certificatePath: join(folder, 'bench.pem'), keyPath: join(folder, 'bench.key') };
  writeFileSync(files.certificatePath, certificate);
  writeFileSync(files.keyPath, key, { mode: KEY_MODE });
  return files;
}
