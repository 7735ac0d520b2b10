// The certificate of those who have none yet: made at the first start for all names of this machine, and kept in a
// folder, so that who has come to trust it need not do so again. Where the folder cannot be written it is kept in memory.

import { mkdir, open, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../../log.ts';
import { CertificateError } from './certificate-error.ts';
import { DAY_MS } from './certificate-expiry.ts';
import { writePairFiles } from './certificate-files.ts';
import { machineNames, makeSelfSigned } from './certificate-maker.ts';
import { CertificatePair } from './certificate-pair.ts';
import { type PairPlace, readCertificatePair } from './certificate-reader.ts';
import type { CertificateSource } from './certificate-source.ts';

const VALID_DAYS = 365;

/** Time before its end from which on another one is made. */
const RENEWAL_MS = DAY_MS;

/** LIMIT: time that another gateway gets to make one in the same folder; it takes a few milliseconds. */
const LOCK_WAIT_MS = 2000;
const LOCK_LOOK_MS = 20;

/** What a development certificate needs of the world. */
export type DevelopmentDeps = {
  readonly log: Logger;
  /** Milliseconds since 1970. */
  readonly epochMs: () => number;
};

/** A certificate that this machine makes for itself: the one in the folder while it is valid, another one then. */
export class DevelopmentCertificate implements CertificateSource {
  readonly message = 'using a development certificate';
  readonly #folder: string;
  readonly #place: PairPlace;
  readonly #deps: DevelopmentDeps;
  #last: CertificatePair | null = null;

  /** `label` is the path of the group of settings that asks for it. */
  constructor(label: string, folder: string, deps: DevelopmentDeps) {
    this.#folder = resolve(folder);
    this.#place = {
      label,
      certificatePath: join(this.#folder, 'development-cert.pem'),
      keyPath: join(this.#folder, 'development-key.pem'),
    };
    this.#deps = deps;
  }

  async isDue(): Promise<boolean> {
    return this.#last !== null && !this.#isValid(this.#last);
  }

  async load(): Promise<CertificatePair> {
    this.#last = (await this.#kept()) ?? (await this.#make());
    return this.#last;
  }

  /** The one in the folder, or in memory; null where there is none that is valid. */
  async #kept(): Promise<CertificatePair | null> {
    if (this.#last?.file === null && this.#isValid(this.#last)) return this.#last;
    try {
      const pair = await readCertificatePair(this.#place);
      return this.#isValid(pair) ? pair : null;
    } catch (error) {
      if (error instanceof CertificateError) return null;
      throw error;
    }
  }

  #isValid({ notBeforeMs, notAfterMs }: CertificatePair): boolean {
    const nowMs = this.#deps.epochMs();
    return notBeforeMs <= nowMs && notAfterMs - nowMs > RENEWAL_MS;
  }

  async #make(): Promise<CertificatePair> {
    try {
      await mkdir(this.#folder, { recursive: true });
      return await withLock(join(this.#folder, 'development.lock'), async () => {
        const kept = await this.#kept();
        if (kept !== null) return kept;
        const { certificate, key } = await this.#generate();
        await writePairFiles(this.#folder, { ...this.#place, certificate, key });
        return readCertificatePair(this.#place);
      });
    } catch (error) {
      if (!(error instanceof Error && 'code' in error)) throw error;
      this.#deps.log.warn(
        { folder: this.#folder, cause: String(error.code) },
        'development certificate is in memory only and will be another one after the next start: set tls.developmentFolder to a folder that can be written, or tls.certificate to your own',
      );
      const { certificate: chain, key, leaf } = await this.#generate();
      return new CertificatePair({ label: this.#place.label, file: null, leaf, chain, key });
    }
  }

  #generate() {
    return makeSelfSigned({ names: machineNames(), nowMs: this.#deps.epochMs(), validDays: VALID_DAYS });
  }
}

/** Does `work` while nobody else does it for the same file; after a time one who does is taken for dead. */
async function withLock<Result>(path: string, work: () => Promise<Result>): Promise<Result> {
  for (let waitedMs = 0; !(await isTaken(path)) && waitedMs < LOCK_WAIT_MS; waitedMs += LOCK_LOOK_MS) {
    await sleep(LOCK_LOOK_MS);
  }
  try {
    return await work();
  } finally {
    await rm(path, { force: true });
  }
}

/** True where the lock is ours now. */
async function isTaken(path: string): Promise<boolean> {
  try {
    const file = await open(path, 'wx');
    await file.close();
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}
