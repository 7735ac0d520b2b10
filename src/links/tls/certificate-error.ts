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

/** Files that make no certificate. The message names the setting, the file, what was expected and found, and the cure. */
export class CertificateError extends Error {
  override readonly name = 'CertificateError';
  readonly problem: CertificateProblem;

  constructor(problem: CertificateProblem, options?: ErrorOptions) {
    const { setting, file, expected, found, cure } = problem;
    super(`${setting}: ${file}: expected ${expected}, found ${found} (${cure})`, options);
    this.problem = problem;
  }
}
