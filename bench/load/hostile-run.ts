// A load run in which honest and hostile clients have the same gateway: one publisher, a viewer over RTMP and one through
// the tunnel, who check every byte; and beside them a flood of hostile requests. The viewers' address is one of the
// flood's. At the moments at which whoever started it may weigh the gateway it says so.

import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LoadEvent, LoadResult } from '../support/load-events.ts';
import { createViewer, liveResult, setSteady, startLive, viewersContexts } from './clients.ts';
import type { CrowdRefusals } from './hostile-flood.ts';
import { flood } from './hostile-flood.ts';
import { HostileTally } from './hostile-tally.ts';
import type { LoadOptions } from './load-options.ts';
import { drained } from './load-run.ts';
import { measuredStretch } from './load-stretch.ts';
import { PauseMeter } from './pause-meter.ts';

/** How often the gateway may be weighed while the flood lasts. */
export const WEIGHINGS_ON_THE_WAY = 5;
/** Time for weighing it in the quiet before and behind the flood, ms. */
const WEIGHING_MS = 1500;
const NS_PER_MS = 1e6;
const VIEWERS = ['rtmp', 'rtmpt'] as const;

/** Runs it all, telling `say` of each stage. @throws Error where the publisher fails: there is no run then */
export async function runHostile(given: LoadOptions, say: (event: LoadEvent) => void): Promise<LoadResult> {
  const options = { ...given, rtmp: 1, rtmpt: 1 };
  const live = await startLive(options);
  const contexts = viewersContexts(options, live);
  const members = VIEWERS.map((scheme) => {
    const pauses = new PauseMeter();
    const onBytes = (nowMs: number): void => pauses.read(nowMs);
    const viewer = { name: `${scheme} viewer`, streamName: options.streamName, onBytes };
    return { viewer: createViewer(options, scheme, contexts[scheme], viewer), pauses };
  });
  for (const { viewer } of members) await Promise.race([viewer.join(), live.failed]);
  await sleep(options.settleMs);
  await weighed(say);

  const tally = new HostileTally(live.faults, options.requests, WEIGHINGS_ON_THE_WAY, () =>
    say({ type: 'weigh' }),
  );
  const delays = monitorEventLoopDelay({ resolution: 1 });
  let refusals: CrowdRefusals = { ofOneAddress: null, withoutHandshake: null };
  const { host, port, seed, requests } = options;
  const figures = await measuredStretch({
    say,
    setSteady: (isSteady) => {
      setSteady(contexts, isSteady);
      for (const { pauses } of members) pauses[isSteady ? 'start' : 'stop'](performance.now());
      if (isSteady) delays.enable();
      else delays.disable();
    },
    until: async () => {
      refusals = await Promise.race([flood({ host, port, seed, requests, tally }), live.failed]);
    },
  });
  await Promise.race([sleep(options.calmMs), live.failed]);
  await weighed(say);

  live.pump.stop();
  await drained(members);
  for (const { viewer } of members) viewer.check.finish();
  for (const { viewer } of members) viewer.stop();
  live.publisher.close();
  const [rtmpPauseMs = 0, rtmptPauseMs = 0] = members.map(({ pauses }) => pauses.longestMs);
  return {
    ...liveResult(options, live, contexts),
    ...figures,
    // WHY: a flood may fill both cores. What is asked is what becomes of the gateway and of its viewers.
    isVoid: false,
    basesMs: [],
    hostile: {
      requests: tally.requests,
      answers: tally.answers,
      refusals,
      rtmpPauseMs,
      rtmptPauseMs,
      ownDelayMs: delays.max / NS_PER_MS,
    },
  };
}

async function weighed(say: (event: LoadEvent) => void): Promise<void> {
  say({ type: 'weigh' });
  await sleep(WEIGHING_MS);
}
