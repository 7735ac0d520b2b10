// What the process's exit code says; service managers and pipelines read it.

/** Exit codes of every command. */
export const ExitCode = { Done: 0, Failed: 1, WrongSetting: 2 } as const;
