// One load run with one publisher: it starts, the viewers join, a stretch is measured, the publisher stops, and the
// viewers get what is left. Then everything that was sent must have come. Idle viewers have nothing to check.

import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LoadEvent, LoadResult } from '../support/load-events.ts';
import type { ViewersContext, ViewersContexts } from './clients.ts';
import { createViewer, liveResult, setSteady, startLive, viewersContexts } from './clients.ts';
import type { LoadOptions } from './load-options.ts';
import { forEachAtOnce, measuredStretch } from './load-stretch.ts';
import type { MediaPump } from './media-pump.ts';
import type { Scheme } from './scheme.ts';
import { SCHEMES } from './scheme.ts';
import type { Viewer } from './viewer.ts';

/** Up to so many viewers join one after the other, so that their times of setup do not disturb each other. */
const MAX_VIEWERS_ONE_BY_ONE = 50;
/** LIMIT: more viewers join so many at a time. */
const JOINS_AT_ONCE = 10;
/** Time for viewers to receive what is left when the publisher has stopped. */
const DRAIN_LIMIT_MS = 5000;
const DRAIN_STEP_MS = 20;

type Member = { readonly viewer: Viewer; readonly context: ViewersContext };

/** Runs it all, telling `say` of each stage. @throws Error where the publisher fails: there is no run then */
export async function runLoad(options: LoadOptions, say: (event: LoadEvent) => void): Promise<LoadResult> {
  const live = await startLive(options);
  const contexts = viewersContexts(options, live);
  const members = createMembers(options, contexts);
  await Promise.race([joinAll(members, options, live.pump), live.failed]);
  await sleep(options.settleMs);
  const figures = await measuredStretch({
    say,
    setSteady: (isSteady) => setSteady(contexts, isSteady),
    until: () => Promise.race([sleep(options.seconds * 1000), live.failed]),
  });

  live.pump.stop();
  if (!options.isIdle) {
    await drained(members);
    for (const { viewer } of members) viewer.check.finish();
  }
  for (const { viewer } of members) viewer.stop();
  live.publisher.close();

  const bases = new Set(members.map(({ viewer }) => viewer.check.baseMs).filter((baseMs) => baseMs !== null));
  return { ...liveResult(options, live, contexts), ...figures, basesMs: [...bases] };
}

/** Publishes for `options.seconds`, or until the process ends, for players of other programs. */
export async function runPublisher(options: LoadOptions, say: (event: LoadEvent) => void): Promise<void> {
  const { publisher, pump, failed } = await startLive(options);
  say({ type: 'publishing' });
  const end = options.seconds === 0 ? new Promise<void>(() => undefined) : sleep(options.seconds * 1000);
  await Promise.race([end, failed]);
  pump.stop();
  publisher.close();
}

function createMembers(options: LoadOptions, contexts: ViewersContexts): Member[] {
  const { streamName } = options;
  const membersOf = (scheme: Scheme): Member[] =>
    Array.from({ length: options[scheme] }, (_, index) => {
      const context = contexts[scheme];
      const name = `${scheme} viewer ${index}`;
      return { viewer: createViewer(options, scheme, context, { name, streamName }), context };
    });
  return SCHEMES.flatMap(membersOf);
}

/** Where timestamps are to jump, every second viewer joins before and the others after it. */
async function joinAll(members: readonly Member[], options: LoadOptions, pump: MediaPump): Promise<void> {
  if (options.startMs === 0) return joinEach(members, options);
  const early = members.filter((_, index) => index % 2 === 0);
  await joinEach(early, options);
  await pump.jumped();
  const late = members.filter((_, index) => index % 2 === 1);
  return joinEach(late, options);
}

async function joinEach(members: readonly Member[], options: LoadOptions): Promise<void> {
  const usual = members.length > MAX_VIEWERS_ONE_BY_ONE ? JOINS_AT_ONCE : 1;
  await forEachAtOnce(members, options.atOnce === 0 ? usual : options.atOnce, async ({ viewer, context }) => {
    const setupMs = await viewer.join();
    if (setupMs !== null) context.setups.add(setupMs);
  });
}

/** Resolves when all that was sent has come to each viewer, or the time for that is over. */
export async function drained(members: readonly Pick<Member, 'viewer'>[]): Promise<void> {
  const limitMs = performance.now() + DRAIN_LIMIT_MS;
  while (performance.now() < limitMs && members.some(({ viewer }) => !viewer.check.isComplete)) {
    await sleep(DRAIN_STEP_MS);
  }
}
