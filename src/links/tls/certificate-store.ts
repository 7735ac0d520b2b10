// The certificates of the TLS listeners: reads them all at the start, finds the one for the name that a client asks
// for, and puts new ones in force when their files change. A new one that cannot be used is refused and the old one
// stays. Connections are not touched: who was let in stays in.

import type { SecureContext, SecureContextOptions } from 'node:tls';
import type { Config } from '../../config/schema.ts';
import type { Logger } from '../../log.ts';
import type { Deadline, Wheel } from '../link.ts';
import { CertificateEntry } from './certificate-entry.ts';
import { CertificateError, UnusableCertificatesError } from './certificate-error.ts';
import { DAY_MS, warnOfExpiry } from './certificate-expiry.ts';
import { NameIndex } from './certificate-names.ts';
import { CertificateFiles, type CertificateSource } from './certificate-source.ts';
import { DevelopmentCertificate } from './development-certificate.ts';

/** From the end of one look at the files to the next. */
const LOOK_MS = 1000;

/** The settings that name certificates, and say how they are used. */
export type CertificateSettings = Pick<Config, 'tls' | 'certificates'>;

/** What the store needs of the world. */
export type CertificateStoreDeps = {
  readonly wheel: Wheel;
  readonly log: Logger;
  /** Milliseconds since 1970. */
  readonly epochMs: () => number;
};

/** All certificates in force. */
export class CertificateStore {
  readonly #deps: CertificateStoreDeps;
  readonly #default: CertificateEntry;
  /** The further ones in the order of the configuration, and the default one behind them. */
  readonly #entries: readonly CertificateEntry[];
  readonly #defaultListeners = new Set<(options: SecureContextOptions) => void>();
  #index: NameIndex<CertificateEntry>;
  /** What is being done; one thing after the other. */
  #work: Promise<void> = Promise.resolve();
  /** What the last look failed on; null where it did not. */
  #lookProblem: string | null = null;
  #nextLook: Deadline | null = null;
  #nextExpiryCheckMs: number;
  #isStopped = false;

  private constructor(
    further: readonly CertificateEntry[],
    ofAll: CertificateEntry,
    deps: CertificateStoreDeps,
  ) {
    this.#deps = deps;
    this.#default = ofAll;
    this.#entries = [...further, ofAll];
    this.#index = indexOf(this.#entries);
    this.#nextExpiryCheckMs = deps.wheel.nowMs() + DAY_MS;
    for (const entry of this.#entries) this.#announce(entry);
    this.#lookLater();
  }

  /**
   * Reads all certificates, makes the development certificate where the settings ask for it, and looks after the files
   * from then on.
   * @throws UnusableCertificatesError with a line for each certificate that cannot be used
   */
  static async load(settings: CertificateSettings, deps: CertificateStoreDeps): Promise<CertificateStore> {
    const problems: string[] = [];
    const load = async (label: string, source: CertificateSource) => {
      try {
        return await CertificateEntry.load(label, source, settings.tls);
      } catch (error) {
        if (!(error instanceof CertificateError)) throw error;
        problems.push(error.message);
        return null;
      }
    };
    const further: CertificateEntry[] = [];
    for (const [name, { certificate = '', key }] of Object.entries(settings.certificates)) {
      const label = `certificates.${name}`;
      const entry = await load(label, filesOf(label, certificate, key));
      if (entry !== null) further.push(entry);
    }
    const { certificate, key, developmentFolder } = settings.tls;
    const isDevelopment = certificate === 'development';
    const ofAll = await load(
      'tls',
      isDevelopment
        ? new DevelopmentCertificate('tls', developmentFolder, deps)
        : filesOf('tls', certificate, key),
    );
    if (ofAll === null || problems.length > 0) throw new UnusableCertificatesError(problems.join('\n'));
    return new CertificateStore(further, ofAll, deps);
  }

  /** What a TLS server is made with: the default certificate, versions, tickets. Holds the private key. */
  get defaultOptions(): SecureContextOptions {
    return this.#default.options;
  }

  /** Calls back whenever `defaultOptions` are others than before, with the new ones. */
  onDefaultChanged(callback: (options: SecureContextOptions) => void): void {
    this.#defaultListeners.add(callback);
  }

  /**
   * The context for a client that asks for `serverName`; null where it gets the default certificate. A certificate that
   * has the name in full goes before one that has it by a wildcard, and the further ones go before the default one.
   */
  contextFor(serverName: string): SecureContext | null {
    const entry = this.#index.find(serverName);
    return entry === undefined || entry === this.#default ? null : entry.context;
  }

  /** Reads all files again, changed or not. What cannot be used is refused with a line in the log, and no error. */
  reload(): Promise<void> {
    return this.#enqueue(async () => {
      for (const entry of this.#entries) await this.#refresh(entry, true);
      const refused = this.#entries.filter(({ problem }) => problem !== null).length;
      this.#deps.log.info({ read: this.#entries.length, refused }, 'certificates were read again');
    });
  }

  /** Looks at no file any more. */
  stop(): void {
    this.#isStopped = true;
    this.#nextLook?.cancel();
  }

  #lookLater(): void {
    if (this.#isStopped) return;
    const { wheel } = this.#deps;
    this.#nextLook = wheel.at(wheel.nowMs() + LOOK_MS, () => {
      void this.#enqueue(() => this.#look()).then(() => this.#lookLater());
    });
  }

  /** Does one thing after the other, none of them after `stop`. Never rejects. */
  #enqueue(work: () => Promise<void>): Promise<void> {
    this.#work = this.#work.then(async () => {
      if (this.#isStopped) return;
      try {
        await work();
        this.#lookProblem = null;
      } catch (error) {
        if (String(error) !== this.#lookProblem) this.#deps.log.error({ err: error }, 'internal error');
        this.#lookProblem = String(error);
      }
    });
    return this.#work;
  }

  async #look(): Promise<void> {
    const due = await Promise.all(this.#entries.map(({ source }) => source.isDue()));
    for (const [index, entry] of this.#entries.entries()) if (due[index]) await this.#refresh(entry, false);
    const { wheel, epochMs, log } = this.#deps;
    if (wheel.nowMs() < this.#nextExpiryCheckMs) return;
    this.#nextExpiryCheckMs = wheel.nowMs() + DAY_MS;
    for (const { pair } of this.#entries) warnOfExpiry(pair, epochMs(), log);
  }

  /** Reads one certificate again. `isAsked`: somebody waits for an answer, so that it is given once more. */
  async #refresh(entry: CertificateEntry, isAsked: boolean): Promise<void> {
    const before = entry.problem;
    const outcome = await entry.refresh();
    if (this.#isStopped) return;
    if (outcome instanceof CertificateError) {
      if (outcome.message === before && !isAsked) return;
      const { label } = entry;
      this.#deps.log.warn(
        { label, ...outcome.problem },
        'certificate refused, the one before it stays in force',
      );
      return;
    }
    if (outcome === 'changed') {
      this.#index = indexOf(this.#entries);
      if (entry === this.#default) for (const tell of this.#defaultListeners) tell(entry.options);
    }
    if (outcome === 'changed' || before !== null) this.#announce(entry);
  }

  #announce({ pair, source }: CertificateEntry): void {
    const { log, epochMs } = this.#deps;
    log.info(pair.logFields(), source.message);
    warnOfExpiry(pair, epochMs(), log);
  }
}

function filesOf(label: string, certificatePath: string, key: string | undefined): CertificateFiles {
  const keyPath = key === undefined || key === 'in-certificate' ? certificatePath : key;
  return new CertificateFiles({ label, certificatePath, keyPath });
}

function indexOf(entries: readonly CertificateEntry[]): NameIndex<CertificateEntry> {
  const index = new NameIndex<CertificateEntry>();
  for (const entry of entries) index.add(entry.pair.names, entry);
  return index;
}
