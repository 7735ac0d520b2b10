// Where a certificate comes from, and when it is to be read again. Files are told from their state by stat: it follows
// links, so that files written in place, files moved over others, and links that lead elsewhere (Kubernetes) look alike.

import { stat } from 'node:fs/promises';
import { CertificateError } from './certificate-error.ts';
import type { CertificatePair } from './certificate-pair.ts';
import { type PairPlace, readCertificatePair } from './certificate-reader.ts';

/** What gives one certificate, again and again. */
export interface CertificateSource {
  /** What the log says when a certificate from here is put in force. */
  readonly message: string;
  /** True where `load` may give another one than the last time; to be asked at regular intervals. */
  isDue(): Promise<boolean>;
  /** @throws CertificateError where there is none that can be used */
  load(): Promise<CertificatePair>;
}

/** A certificate in files. It is due once they have changed and then been still from one time of asking to the next. */
export class CertificateFiles implements CertificateSource {
  readonly message = 'certificate in force';
  readonly #place: PairPlace;
  readonly #paths: readonly string[];
  /** What the files were like when they were read, whether or not they could be used. Null: they are to be read. */
  #readState: string | null = null;
  #lastState: string | null = null;

  constructor(place: PairPlace) {
    this.#place = place;
    this.#paths = [...new Set([place.certificatePath, place.keyPath])];
  }

  async isDue(): Promise<boolean> {
    const state = await this.#state();
    const isStill = state === this.#lastState;
    this.#lastState = state;
    return isStill && state !== this.#readState;
  }

  async load(): Promise<CertificatePair> {
    // WHY: before they are read, so that what changes meanwhile is seen to differ.
    this.#readState = await this.#state();
    try {
      return await readCertificatePair(this.#place);
    } catch (error) {
      // WHY: what passes changes nothing about the files, and they would not be looked at again.
      if (error instanceof CertificateError && error.isPassing) this.#readState = null;
      throw error;
    }
  }

  async #state(): Promise<string> {
    return (await Promise.all(this.#paths.map(stateOf))).join(' ');
  }
}

/** What changes with the file at `path`, its permissions and its absence included. */
async function stateOf(path: string): Promise<string> {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
    return [dev, ino, size, mtimeNs, ctimeNs].join(':');
  } catch (error) {
    if (error instanceof Error && 'code' in error) return String(error.code);
    throw error;
  }
}
