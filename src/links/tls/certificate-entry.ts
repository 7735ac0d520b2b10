// One certificate in force, and the change from one to the next.

import { createSecureContext, type SecureContext, type SecureContextOptions } from 'node:tls';
import type { Config } from '../../config/schema.ts';
import { CertificateError } from './certificate-error.ts';
import type { CertificatePair } from './certificate-pair.ts';
import type { CertificateSource } from './certificate-source.ts';

type InForce = {
  readonly pair: CertificatePair;
  readonly options: SecureContextOptions;
  readonly context: SecureContext;
};

/** A certificate in force. There is one context for all its connections, made when it was read. */
export class CertificateEntry {
  /** Path of the group of settings that it comes from. */
  readonly label: string;
  readonly source: CertificateSource;
  readonly #tls: Config['tls'];
  #inForce: InForce;
  #problem: string | null = null;

  private constructor(label: string, source: CertificateSource, tls: Config['tls'], inForce: InForce) {
    this.label = label;
    this.source = source;
    this.#tls = tls;
    this.#inForce = inForce;
  }

  /** @throws CertificateError where the source has none that can be used */
  static async load(label: string, source: CertificateSource, tls: Config['tls']): Promise<CertificateEntry> {
    return new CertificateEntry(label, source, tls, inForceOf(label, await source.load(), tls));
  }

  get pair(): CertificatePair {
    return this.#inForce.pair;
  }

  get context(): SecureContext {
    return this.#inForce.context;
  }

  /** What a server that shows it is made with. Holds the key. */
  get options(): SecureContextOptions {
    return this.#inForce.options;
  }

  /** Why what was read last is not in force; null where it is. */
  get problem(): string | null {
    return this.#problem;
  }

  /** Reads the certificate again and puts it in force where it is another one, or gives why it cannot be used. */
  async refresh(): Promise<'changed' | 'same' | CertificateError> {
    try {
      const pair = await this.source.load();
      const isSame = pair.isSameAs(this.pair);
      if (!isSame) this.#inForce = inForceOf(this.label, pair, this.#tls);
      this.#problem = null;
      return isSame ? 'same' : 'changed';
    } catch (error) {
      if (!(error instanceof CertificateError)) throw error;
      this.#problem = error.message;
      return error;
    }
  }
}

/** @throws CertificateError where TLS takes no such certificate or key: too weak, of an unknown kind */
function inForceOf(label: string, pair: CertificatePair, tls: Config['tls']): InForce {
  const options = pair.contextOptions(tls);
  try {
    return { pair, options, context: createSecureContext(options) };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const problem = {
      setting: `${label}.certificate`,
      file: pair.file ?? 'in memory',
      expected: 'a certificate and a key that TLS can be spoken with',
      found: error.message,
      cure: 'have one made with a key of P-256, or of RSA with 2048 bits or more',
    };
    throw new CertificateError(problem, { cause: error });
  }
}
