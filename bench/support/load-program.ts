// The load program as whoever measures runs it: a process of its own against a server, whose events are heard.

import { createInterface } from 'node:readline';
import type { BenchServer, ServerKind } from './bench-server.ts';
import type { LoadEvent, LoadResult } from './load-events.ts';
import { LOAD_CORE, startPinned } from './pinned-process.ts';

/**
 * Runs it to its end. `onEvent` hears of the measured stretch's beginning and end.
 * @throws Error where it comes to no result, or the server ends before
 */
export async function runLoadProgram(
  server: BenchServer,
  kind: ServerKind,
  loadArgs: readonly string[],
  onEvent: (type: LoadEvent['type']) => void,
): Promise<LoadResult> {
  const url = `rtmp://127.0.0.1:${server.port}/live/bench`;
  const startArgs = kind.startsAtKeyframe ? [] : ['--start-anywhere'];
  if (server.securePort !== null) startArgs.push('--secure-port', String(server.securePort));
  if (server.behind !== undefined) startArgs.push('--publish-port', String(server.behind.port));
  const program = startPinned(LOAD_CORE, process.execPath, [
    'bench/load.ts',
    '--url',
    url,
    ...startArgs,
    ...loadArgs,
  ]);
  let load: LoadResult | null = null;
  const take = (event: LoadEvent): void => {
    onEvent(event.type);
    if (event.type === 'result') load = event.result;
  };
  if (program.child.stdout !== null) {
    createInterface({ input: program.child.stdout }).on('line', (line) => take(parseEvent(line)));
  }
  try {
    await Promise.race([
      program.ended,
      server.process.ended.then(() => {
        throw new Error(`${kind.name} ended: ${server.process.errorOutput()}`);
      }),
    ]);
  } finally {
    await program.stop();
  }
  if (load === null) throw new Error(`the load program came to no result: ${program.errorOutput()}`);
  return load;
}

function parseEvent(line: string): LoadEvent {
  return JSON.parse(line) as LoadEvent;
}
