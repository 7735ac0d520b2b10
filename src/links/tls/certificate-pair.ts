// A certificate with the chain behind it and its private key, read and checked. The key is out of reach of whoever
// only writes about the certificate, so that it cannot get into a log.

import { constants, type X509Certificate } from 'node:crypto';
import type { SecureContextOptions } from 'node:tls';
import type { Config } from '../../config/schema.ts';
import { namesOf } from './certificate-names.ts';

/** What a pair is made of. */
export type PairParts = {
  /** Path of the group of settings that it comes from: `tls`, `certificates.live.example.com`. */
  readonly label: string;
  /** Where the certificate was read from; null where it is in memory only. */
  readonly file: string | null;
  /** The certificate of the server itself. */
  readonly leaf: X509Certificate;
  /** PEM: that one first, then those that vouch for it. */
  readonly chain: string;
  /** PEM, not encrypted. */
  readonly key: string;
};

/** A certificate and its key that belong together. */
export class CertificatePair {
  readonly label: string;
  readonly file: string | null;
  /** Host names in lower case, wildcards among them, and addresses. */
  readonly names: readonly string[];
  /** From when to when it is valid, ms since 1970. */
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  /** SHA-256 of the certificate, in hexadecimal with colons. */
  readonly fingerprint256: string;
  readonly #chain: string;
  readonly #key: string;

  constructor({ label, file, leaf, chain, key }: PairParts) {
    this.label = label;
    this.file = file;
    this.names = namesOf(leaf);
    this.notBeforeMs = leaf.validFromDate.getTime();
    this.notAfterMs = leaf.validToDate.getTime();
    this.fingerprint256 = leaf.fingerprint256;
    this.#chain = chain;
    this.#key = key;
  }

  /** True where certificate, chain and key are the same, wherever they come from. */
  isSameAs(other: CertificatePair): boolean {
    return this.#chain === other.#chain && this.#key === other.#key;
  }

  /** What a context, or a server, that shows this certificate is made with. Holds the key. */
  contextOptions({ minVersion, maxVersion, sessionTickets }: Config['tls']): SecureContextOptions {
    return {
      cert: this.#chain,
      key: this.#key,
      minVersion,
      maxVersion,
      honorCipherOrder: true,
      ...(sessionTickets ? {} : { secureOptions: constants.SSL_OP_NO_TICKET }),
    };
  }

  /** What the log says of it. */
  logFields(): object {
    return {
      label: this.label,
      file: this.file,
      names: this.names,
      notAfter: new Date(this.notAfterMs).toISOString(),
      fingerprint256: this.fingerprint256,
    };
  }
}
