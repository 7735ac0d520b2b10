// The load program: one publisher and many viewers that check every byte, in a process of its own. What it finds goes
// to standard output, one JSON line an event. Exit code 1 where anything was wrong, 2 for a wrong command line.

import { LOAD_USAGE, parseLoadOptions } from './load/load-options.ts';
import { runLoad, runPublisher } from './load/load-run.ts';
import type { LoadEvent } from './support/load-events.ts';

function say(event: LoadEvent): void {
  process.stdout.write(`${JSON.stringify(event)}\n`);
}

function readOptions(): ReturnType<typeof parseLoadOptions> {
  try {
    return parseLoadOptions(process.argv.slice(2));
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${LOAD_USAGE}`);
    process.exit(2);
  }
}

const options = readOptions();
if (options.publishOnly) {
  await runPublisher(options, say);
} else {
  const result = await runLoad(options, say);
  say({ type: 'result', result });
  if (Object.keys(result.faults).length > 0) process.exitCode = 1;
}
