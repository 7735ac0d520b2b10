// One load run: the publisher starts, the viewers join, a stretch is measured, the publisher stops, and the viewers get
// what is left. Then everything that was sent must have come.

import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { Histogram } from '../support/histogram.ts';
import type { LoadEvent, LoadResult, TransportResult } from '../support/load-events.ts';
import { MAX_LOAD_CPU_SHARE } from '../support/load-events.ts';
import { FaultKind, FaultList } from './fault-list.ts';
import { FlvMedia } from './flv-media.ts';
import type { LoadOptions } from './load-options.ts';
import { SyntheticMedia } from './media-source.ts';
import { Publisher } from './publisher.ts';
import { connectBytes, playBytes, publishBytes } from './rtmp-bytes.ts';
import { RtmpViewer } from './rtmp-viewer.ts';
import type { TunnelContext } from './rtmpt-viewer.ts';
import { RtmptViewer } from './rtmpt-viewer.ts';
import type { Viewer } from './viewer.ts';

/** Up to so many viewers join one after the other, so that their times of setup do not disturb each other. */
const MAX_VIEWERS_ONE_BY_ONE = 50;
/** LIMIT: more viewers join so many at a time. */
const JOINS_AT_ONCE = 10;
/** Time for viewers to receive what is left when the publisher has stopped. */
const DRAIN_LIMIT_MS = 5000;
const DRAIN_STEP_MS = 20;

type Member = { readonly viewer: Viewer; readonly setups: Histogram };

/** Runs it all, telling `say` of each stage. @throws Error where the publisher fails: there is no run then */
export async function runLoad(options: LoadOptions, say: (event: LoadEvent) => void): Promise<LoadResult> {
  const faults = new FaultList();
  const failed = Promise.withResolvers<never>();
  const publisher = createPublisher(options, (text) => {
    faults.add(FaultKind.Connection, text);
    failed.reject(new Error(text));
  });
  await Promise.race([publisher.start(), failed.promise]);
  const context = (): TunnelContext => ({
    sent: publisher.sent,
    faults,
    latencies: new Histogram(),
    frames: 0,
    requests: 0,
    isSteady: false,
    startsAtKeyframe: options.startsAtKeyframe,
    pollMs: options.pollMs,
  });
  const contexts = { rtmp: context(), rtmpt: context() };
  const setups = { rtmp: new Histogram(), rtmpt: new Histogram() };
  const members = createViewers(options, contexts, setups);
  await Promise.race([joinAll(members, options, publisher), failed.promise]);
  await sleep(options.settleMs);

  const setSteady = (isSteady: boolean): void => {
    contexts.rtmp.isSteady = isSteady;
    contexts.rtmpt.isSteady = isSteady;
  };
  say({ type: 'steady' });
  setSteady(true);
  const cpuBefore = process.cpuUsage();
  const startedMs = performance.now();
  await Promise.race([sleep(options.seconds * 1000), failed.promise]);
  const { user, system } = process.cpuUsage(cpuBefore);
  const measuredMs = performance.now() - startedMs;
  setSteady(false);
  say({ type: 'steady-end' });

  publisher.stopSending();
  await drained(members);
  for (const { viewer } of members) viewer.check.finish();
  for (const { viewer } of members) viewer.stop();
  publisher.close();

  const loadCpuShare = (user + system) / 1000 / measuredMs;
  const bases = new Set(members.map(({ viewer }) => viewer.check.baseMs).filter((baseMs) => baseMs !== null));
  return {
    rtmp: transportResult(options.rtmp, contexts.rtmp, setups.rtmp),
    rtmpt: transportResult(options.rtmpt, contexts.rtmpt, setups.rtmpt),
    measuredMs,
    sentMessages: publisher.sent.nextSequence,
    sendLateP99Ms: publisher.lateness.percentileMs(0.99),
    basesMs: [...bases],
    loadCpuShare,
    isVoid: loadCpuShare > MAX_LOAD_CPU_SHARE,
    faults: faults.counts,
    faultTexts: faults.texts,
  };
}

/** Publishes for `options.seconds`, or until the process ends, for players of other programs. */
export async function runPublisher(options: LoadOptions, say: (event: LoadEvent) => void): Promise<void> {
  const failed = Promise.withResolvers<never>();
  const publisher = createPublisher(options, (text) => failed.reject(new Error(text)));
  await Promise.race([publisher.start(), failed.promise]);
  say({ type: 'publishing' });
  const end = options.seconds === 0 ? new Promise<void>(() => undefined) : sleep(options.seconds * 1000);
  await Promise.race([end, failed.promise]);
  publisher.close();
}

function createPublisher(options: LoadOptions, onFailed: (text: string) => void): Publisher {
  const { host, port, app, streamName, kbps, startMs, flvPath } = options;
  const connect = connectBytes(app, `rtmp://${host}:${port}/${app}`);
  const script = { connect, start: publishBytes(streamName) };
  const source = flvPath === null ? new SyntheticMedia(kbps) : new FlvMedia(flvPath);
  return new Publisher({ host, port, script, source, isStamped: flvPath === null, startMs, onFailed });
}

function createViewers(
  options: LoadOptions,
  contexts: { readonly rtmp: TunnelContext; readonly rtmpt: TunnelContext },
  setups: { readonly rtmp: Histogram; readonly rtmpt: Histogram },
): Member[] {
  const { host, port, app, streamName } = options;
  const start = playBytes(streamName);
  const targetOf = (scheme: string) => {
    return {
      host,
      port,
      script: { connect: connectBytes(app, `${scheme}://${host}:${port}/${app}`), start },
    };
  };
  const [plain, tunnelled] = [targetOf('rtmp'), targetOf('rtmpt')];
  const members: Member[] = [];
  for (let index = 0; index < options.rtmp; index++) {
    const viewer = new RtmpViewer(`rtmp viewer ${index}`, plain, contexts.rtmp);
    members.push({ viewer, setups: setups.rtmp });
  }
  for (let index = 0; index < options.rtmpt; index++) {
    const viewer = new RtmptViewer(`rtmpt viewer ${index}`, tunnelled, contexts.rtmpt);
    members.push({ viewer, setups: setups.rtmpt });
  }
  return members;
}

/** Where timestamps are to jump, every second viewer joins before and the others after it. */
async function joinAll(
  members: readonly Member[],
  options: LoadOptions,
  publisher: Publisher,
): Promise<void> {
  if (options.startMs === 0) return joinEach(members);
  await joinEach(members.filter((_, index) => index % 2 === 0));
  await publisher.jumped();
  await joinEach(members.filter((_, index) => index % 2 === 1));
}

async function joinEach(members: readonly Member[]): Promise<void> {
  const waiting = [...members];
  const joinNext = async (): Promise<void> => {
    for (let member = waiting.shift(); member !== undefined; member = waiting.shift()) {
      const setupMs = await member.viewer.join();
      if (setupMs !== null) member.setups.add(setupMs);
    }
  };
  const joiners = members.length > MAX_VIEWERS_ONE_BY_ONE ? JOINS_AT_ONCE : 1;
  await Promise.all(Array.from({ length: joiners }, joinNext));
}

async function drained(members: readonly Member[]): Promise<void> {
  const limitMs = performance.now() + DRAIN_LIMIT_MS;
  while (performance.now() < limitMs && members.some(({ viewer }) => !viewer.check.isComplete)) {
    await sleep(DRAIN_STEP_MS);
  }
}

function transportResult(viewers: number, context: TunnelContext, setups: Histogram): TransportResult {
  const { latencies, frames, requests } = context;
  return {
    viewers,
    frames,
    requests,
    latencyP50Ms: latencies.percentileMs(0.5),
    latencyP99Ms: latencies.percentileMs(0.99),
    latencyMaxMs: Math.round(latencies.maxMs * 10) / 10,
    setupP50Ms: setups.percentileMs(0.5),
    setupP99Ms: setups.percentileMs(0.99),
  };
}
