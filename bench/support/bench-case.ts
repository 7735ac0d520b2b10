// What a case of the bench is. A case is one file under cases/ and one line in run.ts.

import type { Aim } from './aim.ts';

/** What a case came to. */
export type CaseOutcome = {
  /** Servers that were measured, with their versions, each once. */
  readonly versions: readonly string[];
  /** Each measurement as it was taken, for the JSON. */
  readonly measurements: readonly unknown[];
  /** Medians of all runs, for the JSON. */
  readonly figures: readonly unknown[];
  readonly aims: readonly Aim[];
  /** What was wrong, in words. */
  readonly faults: readonly string[];
  /** The figures for people: lines of text, made for a fixed width. */
  readonly report: string;
  /** False where something was wrong that must not be. */
  readonly isRight: boolean;
  /** True where some figures mean nothing, for the load program was at its limit. */
  readonly isVoid: boolean;
};

/** A case. */
export type BenchCase = {
  readonly usage: string;
  /** About how long it will take, ms. @throws UsageError for a wrong command line */
  estimateMs(argv: readonly string[]): number;
  /** Runs it, printing for people by `print`. @throws UsageError for a wrong command line */
  run(argv: readonly string[], print: (text: string) => void): Promise<CaseOutcome>;
};

/** The command line is wrong; the message says what was expected, and what was found. */
export class UsageError extends Error {}

/** Reads a command line by `read`; what that throws is the command line's fault. @throws UsageError */
export function readAsUsage<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new UsageError(error instanceof Error ? expectedAndFound(error) : String(error));
  }
}

/** The message of an error; those of parseArgs made to say what was expected and what was found. */
function expectedAndFound(error: Error): string {
  const [, quoted = ''] = /'([^']*)'/.exec(error.message) ?? [];
  switch ('code' in error ? error.code : null) {
    case 'ERR_PARSE_ARGS_UNKNOWN_OPTION':
      return `expected an option that --help names, got ${quoted}`;
    case 'ERR_PARSE_ARGS_UNEXPECTED_POSITIONAL':
      return `expected options alone behind the case, got ${quoted}`;
    case 'ERR_PARSE_ARGS_INVALID_OPTION_VALUE':
      return error.message.includes('does not take')
        ? `expected ${quoted} without a value, got one`
        : `expected ${quoted.replace(' <value>', '')} with a value, got none`;
    default:
      return error.message;
  }
}
