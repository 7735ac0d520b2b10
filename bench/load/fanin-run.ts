// A load run with many publishers, each of a stream of its own, and viewers of some of the streams that check them.
// Publishers form groups that send the same media at the same moments, the groups one after the other: so that this
// program makes each message once, and the server still gets them spread over time.

import { setTimeout as sleep } from 'node:timers/promises';
import { Histogram } from '../support/histogram.ts';
import type { LoadEvent, LoadResult } from '../support/load-events.ts';
import type { ViewersContext } from './clients.ts';
import { createPublisher, createViewer, mediaOf, transportResult, viewersContext } from './clients.ts';
import { FaultKind, FaultList } from './fault-list.ts';
import type { LoadOptions } from './load-options.ts';
import { faultsOf, forEachAtOnce, measuredStretch, NO_VIEWERS } from './load-stretch.ts';
import { MediaPump } from './media-pump.ts';
import type { Publisher } from './publisher.ts';
import { perScheme, schemeOfEach } from './scheme.ts';
import type { Viewer } from './viewer.ts';

const MAX_GROUPS = 10;
const STARTS_AT_ONCE = 10;
/** The groups begin over so long a time, ms: a video frame's and a bit, prime to both frame lengths. */
const SPREAD_MS = 37;
/** Time for the viewers to receive what is left when the publishers have stopped. */
const DRAIN_MS = 1000;
/** LIMIT: bytes of one publisher that may wait in this process at the end; about a second's. */
const MAX_QUEUED_BYTES = 100_000;

/** Publishers that send alike, by their streams. */
type Group = { readonly pump: MediaPump; readonly publishers: Map<string, Publisher> };

/** Runs it all. @throws Error where a publisher fails: there is no run then */
export async function runFanIn(options: LoadOptions, say: (event: LoadEvent) => void): Promise<LoadResult> {
  const faults = new FaultList();
  const failed = Promise.withResolvers<never>();
  const onFailed = (text: string): void => {
    faults.add(FaultKind.Connection, text);
    failed.reject(new Error(text));
  };
  const groups = createGroups(options, onFailed);
  const publishers = groups.flatMap((group) => [...group.publishers.values()]);
  const starting = forEachAtOnce(publishers, STARTS_AT_ONCE, (publisher) => publisher.start());
  await Promise.race([starting, failed.promise]);
  await startSpread(groups.map(({ pump }) => pump));
  const { viewers, contexts } = createSamples(options, groups, faults);
  const joining = forEachAtOnce(viewers, 1, async (viewer) => void (await viewer.join()));
  await Promise.race([joining, failed.promise]);
  await sleep(options.settleMs);
  const figures = await measuredStretch({
    say,
    setSteady: (isSteady) => {
      for (const context of contexts) context.isSteady = isSteady;
    },
    until: () => Promise.race([sleep(options.seconds * 1000), failed.promise]),
  });

  for (const { pump } of groups) pump.stop();
  await sleep(DRAIN_MS);
  const waiting = publishers.filter(({ queuedBytes }) => queuedBytes > MAX_QUEUED_BYTES).length;
  if (waiting > 0) faults.add(FaultKind.Starved, `${waiting} publishers whose bytes were not taken`, waiting);
  for (const viewer of viewers) viewer.check.finish();
  for (const client of viewers) client.stop();
  for (const client of publishers) client.close();

  const lateness = groups.map(({ pump }) => pump.lateness.percentileMs(0.99) ?? 0);
  const sent = groups.map(({ pump, publishers: alike }) => pump.sent.nextSequence * alike.size);
  const [first] = contexts;
  const frames = contexts.reduce((sum, context) => sum + context.frames, 0);
  return {
    ...perScheme(() => NO_VIEWERS),
    rtmp: first === undefined ? NO_VIEWERS : { ...transportResult(viewers.length, first), frames },
    bare: null,
    publishers: publishers.length,
    ...figures,
    sentMessages: sent.reduce((sum, count) => sum + count, 0),
    sendLateP99Ms: Math.max(...lateness),
    basesMs: [],
    ciphers: [],
    ...faultsOf(faults),
  };
}

/** Starts pumps one after the other, so that their messages are spread over time. */
export async function startSpread(pumps: readonly MediaPump[]): Promise<void> {
  for (const pump of pumps) {
    pump.start();
    await sleep(SPREAD_MS);
  }
}

function createGroups(options: LoadOptions, onFailed: (text: string) => void): Group[] {
  const schemes = schemeOfEach(options);
  const groups = Array.from({ length: Math.min(MAX_GROUPS, schemes.length) }, () => createGroup(options));
  schemes.forEach((scheme, index) => {
    const streamName = `${options.streamName}-${index}`;
    const publisher = createPublisher(options, scheme, streamName, onFailed);
    groups[index % groups.length]?.publishers.set(streamName, publisher);
  });
  return groups;
}

function createGroup(options: LoadOptions): Group {
  const publishers = new Map<string, Publisher>();
  const write = (bytes: Buffer): void => {
    for (const publisher of publishers.values()) publisher.send(bytes);
  };
  const pump = new MediaPump({ source: mediaOf(options), isStamped: true, startMs: 0, write });
  return { pump, publishers };
}

/** Viewers of `options.checked` streams, taken from the groups in turn. They share one account of latency. */
function createSamples(
  options: LoadOptions,
  groups: readonly Group[],
  faults: FaultList,
): { readonly viewers: Viewer[]; readonly contexts: ViewersContext[] } {
  const latencies = new Histogram();
  const setups = new Histogram();
  const contexts = groups.map(({ pump }) => {
    return { ...viewersContext(options, pump.sent, faults), latencies, setups };
  });
  const streamCount = schemeOfEach(options).length;
  const viewers = Array.from({ length: Math.min(options.checked, streamCount) }, (_, index) => {
    const group = index % groups.length;
    const streamName = [...(groups[group]?.publishers.keys() ?? [])][Math.floor(index / groups.length)] ?? '';
    const context = contexts[group];
    if (context === undefined) throw new Error('a group without a context');
    return createViewer(options, 'rtmp', context, { name: streamName, streamName });
  });
  return { viewers, contexts };
}
