// The certificate of those who have none yet: made at the first start for all names of this machine, and kept in a
// folder, so that who has come to trust it need not do so again. Where the folder cannot be written it is kept in
// memory, and so is one that stands in for files that cannot be read.

import { mkdir, open, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../../log.ts';
import { CertificateError } from './certificate-error.ts';
import { DAY_MS } from './certificate-expiry.ts';
import { exposureOf, ownUserId } from './certificate-exposure.ts';
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
  /** True where the folder has one, as far as is known, that could not be read the last time. */
  #isUnread = false;
  #isExposureTold = false;

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
    return this.#last !== null && (this.#isUnread || !this.#isValid(this.#last));
  }

  /** @throws CertificateError where the files cannot be read and what was loaded before, from them, can go on */
  async load(): Promise<CertificatePair> {
    try {
      this.#last = (await this.#kept()) ?? (await this.#make());
      this.#isUnread = false;
    } catch (error) {
      if (!(error instanceof CertificateError)) throw error;
      this.#isUnread = true;
      this.#last = await this.#standIn(error);
    }
    return this.#last;
  }

  /**
   * The one in the folder, or in memory; null where there is none that is valid.
   * @throws CertificateError where the one in the folder cannot be read
   */
  async #kept(): Promise<CertificatePair | null> {
    if (!this.#isUnread && this.#memorized !== null) return this.#memorized;
    try {
      const pair = await readCertificatePair(this.#place);
      if (!this.#isValid(pair)) return null;
      await this.#warnOfExposure();
      return pair;
    } catch (error) {
      if (error instanceof CertificateError && !error.isUnreadable) return null;
      throw error;
    }
  }

  /** The one in memory only, where there is one that is valid. */
  get #memorized(): CertificatePair | null {
    return this.#last?.file === null && this.#isValid(this.#last) ? this.#last : null;
  }

  /** What is used while the files cannot be read. WHY: they stay as they are, for clients may trust what is in them. */
  async #standIn(unread: CertificateError): Promise<CertificatePair> {
    if (this.#memorized !== null) return this.#memorized;
    if (this.#last !== null && this.#isValid(this.#last)) throw unread;
    this.#deps.log.warn(
      { label: this.#place.label, ...unread.problem },
      'development certificate cannot be read: another one is used, from memory, until it can',
    );
    return this.#makeInMemory();
  }

  #isValid({ notBeforeMs, notAfterMs }: CertificatePair): boolean {
    const nowMs = this.#deps.epochMs();
    return notBeforeMs <= nowMs && notAfterMs - nowMs > RENEWAL_MS;
  }

  async #warnOfExposure(): Promise<void> {
    if (this.#isExposureTold) return;
    const exposure = await exposureOf(this.#place, ownUserId());
    if (exposure === null) return;
    this.#isExposureTold = true;
    this.#deps.log.warn(
      { label: this.#place.label, ...exposure },
      'others may have the key of the development certificate and pass for this server: delete its two files and start again, or set tls.developmentFolder to a folder of the user that Culvert runs as',
    );
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
      return this.#memorized ?? this.#makeInMemory();
    }
  }

  async #makeInMemory(): Promise<CertificatePair> {
    const { certificate: chain, key, leaf } = await this.#generate();
    return new CertificatePair({ label: this.#place.label, file: null, leaf, chain, key });
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
