// The load program: publishers, and viewers that check every message, or the clients of a floor, in a process of its
// own. What it finds goes to standard output, one JSON line an event. Exit code 1 where anything was wrong, 2 for a
// wrong command line.

import { runBare } from './load/bare-run.ts';
import { runFanIn } from './load/fanin-run.ts';
import { runHostile } from './load/hostile-run.ts';
import { runJoins } from './load/join-run.ts';
import type { LoadOptions } from './load/load-options.ts';
import { LOAD_USAGE, LoadMode, parseLoadOptions } from './load/load-options.ts';
import { runLoad, runPublisher } from './load/load-run.ts';
import type { LoadEvent, LoadResult } from './support/load-events.ts';

function say(event: LoadEvent): void {
  process.stdout.write(`${JSON.stringify(event)}\n`);
}

function readOptions(): LoadOptions {
  try {
    return parseLoadOptions(process.argv.slice(2));
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${LOAD_USAGE}`);
    process.exit(2);
  }
}

function run(options: LoadOptions): Promise<LoadResult> {
  switch (options.mode) {
    case LoadMode.Play:
      return runLoad(options, say);
    case LoadMode.Join:
    case LoadMode.Churn:
      return runJoins(options, say);
    case LoadMode.FanIn:
      return runFanIn(options, say);
    case LoadMode.Hostile:
      return runHostile(options, say);
    default:
      return runBare(options, say);
  }
}

const options = readOptions();
if (options.mode === LoadMode.Publish) {
  await runPublisher(options, say);
} else {
  const result = await run(options);
  say({ type: 'result', result });
  if (Object.keys(result.faults).length > 0) process.exitCode = 1;
}
