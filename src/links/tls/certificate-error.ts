// What is wrong with the files of a certificate: for the operator, who has to mend them.

/** What an operator is told about a file. None of it quotes the file. */
export type CertificateProblem = {
  /** The setting that names the file: `tls.certificate`. */
  readonly setting: string;
  readonly file: string;
  readonly expected: string;
  readonly found: string;
  /** What to do, in words. */
  readonly cure: string;
};

/** System errors that mean that there is no such file. */
const MISSING: readonly string[] = ['ENOENT', 'ENOTDIR'];

/** Files that make no certificate. The message names the setting, the file, what was expected and found, and the cure. */
export class CertificateError extends Error {
  override readonly name = 'CertificateError';
  readonly problem: CertificateProblem;
  /** The system error that a file could not be read for: `EACCES`. Null where it was read, and is wrong. */
  readonly systemCode: string | null;

  constructor(problem: CertificateProblem, options?: ErrorOptions) {
    const { setting, file, expected, found, cure } = problem;
    super(`${setting}: ${file}: expected ${expected}, found ${found} (${cure})`, options);
    this.problem = problem;
    this.systemCode = systemCodeOf(options?.cause);
  }

  /** True where a file is there, as far as is known, and the system did not let it be read. */
  get isUnreadable(): boolean {
    return this.systemCode !== null && !MISSING.includes(this.systemCode);
  }

  /** True where the same file may well be read the next time: no more files could be opened, the disk failed. */
  get isPassing(): boolean {
    return this.isUnreadable && this.systemCode !== 'EACCES';
  }
}

/** Certificates that a start cannot do without, a line each: a wrong setting, or a wrong file behind a right one. */
export class UnusableCertificatesError extends Error {
  override readonly name = 'UnusableCertificatesError';
}

function systemCodeOf(cause: unknown): string | null {
  const isSystemError = cause instanceof Error && 'syscall' in cause && 'code' in cause;
  return isSystemError ? String(cause.code) : null;
}
