// What a case of the bench is. A case is one file under cases/ and one line in run.ts.

/** What a case came to. */
export type CaseOutcome = {
  /** Written into the JSON as it is. */
  readonly result: unknown;
  /** The figures for people: lines of text, made for a fixed width. */
  readonly report: string;
  /** False where something was wrong that must not be. */
  readonly isRight: boolean;
  /** True where figures mean nothing, for the load program was at its limit. */
  readonly isVoid: boolean;
};

/** A case. */
export type BenchCase = {
  readonly usage: string;
  /** Runs it, printing for people by `print`. @throws UsageError for a wrong command line */
  run(argv: readonly string[], print: (text: string) => void): Promise<CaseOutcome>;
};

/** The command line is wrong; the message says what was expected. */
export class UsageError extends Error {}

/** Reads a command line by `read`; what that throws is the command line's fault. @throws UsageError */
export function readAsUsage<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}
