// Everything wrong with a configuration, in one error: each problem with where it stands, its key, what was
// expected and what was found. The process edge prints the message and exits with code 2.

/** One thing that is wrong. `at` is file:line, the name of an environment variable, or a flag. */
export type ConfigProblem =
  | {
      readonly type: 'unknown';
      readonly at: string;
      /** What the unknown name would have been. */
      readonly kind: 'key' | 'environment variable' | 'flag' | 'argument';
      /** Path of the key; null where `at` is the unknown name itself. */
      readonly key: string | null;
      readonly nearest: string | null;
    }
  | {
      readonly type: 'value';
      readonly at: string;
      /** Path of the key, with the index of an entry of a list: `listen[1]`. Null for flags that are no setting. */
      readonly key: string | null;
      readonly expected: string;
      /** As it was written; masked where the key is secret. */
      readonly found: string;
      /** Why, where that says more than `expected`; null elsewhere. */
      readonly reason: string | null;
    }
  | { readonly type: 'unreadable'; readonly at: string; readonly reason: string };

/** One line for people: `culvert.yaml:4: tunnel.idelHold: unknown key (did you mean tunnel.idleHold?)`. */
export function formatProblem(problem: ConfigProblem): string {
  if (problem.type === 'unreadable') return `${problem.at}: ${problem.reason}`;
  const where = problem.key === null ? problem.at : `${problem.at}: ${problem.key}`;
  if (problem.type === 'unknown') {
    const hint = problem.nearest === null ? '' : ` (did you mean ${problem.nearest}?)`;
    return `${where}: unknown ${problem.kind}${hint}`;
  }
  const reason = problem.reason === null ? '' : ` (${problem.reason})`;
  return `${where}: expected ${problem.expected}, found ${problem.found}${reason}`;
}

/** A wrong setting. `message` has one line a problem; `problems` has the same for programs. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[], options?: ErrorOptions) {
    super(problems.map(formatProblem).join('\n'), options);
    this.problems = problems;
  }
}
