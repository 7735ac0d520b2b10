// A load run whose viewers come, see their first frame, and leave: a given number of them, or for as long as the run
// lasts. The stretch that is measured is the coming and going.

import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LoadEvent, LoadResult } from '../support/load-events.ts';
import type { LiveRun, ViewersContexts } from './clients.ts';
import { createViewer, liveResult, setSteady, startLive, viewersContexts } from './clients.ts';
import type { LoadOptions } from './load-options.ts';
import { LoadMode } from './load-options.ts';
import { forEachAtOnce, measuredStretch } from './load-stretch.ts';
import type { Scheme } from './scheme.ts';
import { SCHEMES, schemeOfEach } from './scheme.ts';

/** A viewer who comes and goes stays so long, ms. */
const STAY_MS = 200;

/** Runs it all, telling `say` of each stage. @throws Error where the publisher fails: there is no run then */
export async function runJoins(options: LoadOptions, say: (event: LoadEvent) => void): Promise<LoadResult> {
  const live = await startLive(options);
  const contexts = viewersContexts(options, live);
  await sleep(options.settleMs);
  const work = options.mode === LoadMode.Join ? joinMany : comeAndGo;
  const figures = await measuredStretch({
    say,
    setSteady: (isSteady) => setSteady(contexts, isSteady),
    until: () => Promise.race([work(options, contexts), live.failed]),
  });
  endLive(live);
  return { ...liveResult(options, live, contexts), ...figures, basesMs: [] };
}

function endLive({ pump, publisher }: LiveRun): void {
  pump.stop();
  publisher.close();
}

/** So many joins as there are to be viewers. */
async function joinMany(options: LoadOptions, contexts: ViewersContexts): Promise<void> {
  await forEachAtOnce(schemeOfEach(options), Math.max(1, options.atOnce), (scheme) =>
    joinOnce(options, contexts, scheme, 0),
  );
}

/** Joins for so long as the run lasts, over each transport in turn that has viewers. */
async function comeAndGo(options: LoadOptions, contexts: ViewersContexts): Promise<void> {
  const schemes = SCHEMES.filter((scheme) => options[scheme] > 0);
  const untilMs = performance.now() + options.seconds * 1000;
  const places = Array.from({ length: Math.max(1, options.atOnce) }, (_, index) => index);
  await forEachAtOnce(places, places.length, async (place) => {
    const scheme = schemes[place % schemes.length] ?? 'rtmp';
    while (performance.now() < untilMs) await joinOnce(options, contexts, scheme, STAY_MS);
  });
}

async function joinOnce(
  options: LoadOptions,
  contexts: ViewersContexts,
  scheme: Scheme,
  stayMs: number,
): Promise<void> {
  const context = contexts[scheme];
  const { streamName } = options;
  const name = `${scheme} viewer`;
  const viewer = createViewer(options, scheme, context, { name, streamName });
  const setupMs = await viewer.join();
  if (setupMs !== null) context.setups.add(setupMs);
  if (stayMs > 0) await sleep(stayMs);
  viewer.stop();
}
