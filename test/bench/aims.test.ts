import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { bareWriteAs } from '../../bench/cases/play.ts';
import { heldRoute } from '../../bench/cases/tunnel.ts';
import { ArrivalCounter } from '../../bench/load/arrival-counter.ts';
import { NO_VIEWERS } from '../../bench/load/load-stretch.ts';
import { verdictOf } from '../../bench/support/aim.ts';
import type { Measurement } from '../../bench/support/measure.ts';
import type { MemoryMeasurement } from '../../bench/support/measure-memory.ts';
import { flatAim, memoryAims, perViewerKb, quietAims } from '../../bench/support/memory-figures.ts';
import { summarise } from '../../bench/support/summary.ts';
import { costAims, latencyAims, ownCostAims } from '../../bench/support/summary-aims.ts';
import { groupOver, loadResult, measurementOf as run } from './measurements.ts';

const GROUP = groupOver('rtmp');

const WANTED = { bound: 'most', limit: 1.3 } as const;

/** The aim about the cost beside the bare write, and what came of it. */
function writeAim(...measurements: readonly Measurement[]) {
  const which = { group: GROUP, server: 'bare write', rate: 'arrivals' } as const;
  const [aim] = costAims(summarise(measurements), which, WANTED);
  return aim === undefined ? null : { value: aim.value, caveats: aim.caveats, verdict: verdictOf(aim) };
}

describe('an aim about cost', () => {
  it('is met or missed by the medians of both servers', () => {
    const met = writeAim(run('culvert', { cost: 1.2 }), run('bare write'));
    assert.deepEqual(met, { value: 1.2, caveats: [], verdict: 'met' });
    assert.equal(writeAim(run('culvert', { cost: 1.4 }), run('bare write'))?.verdict, 'MISSED');
  });

  it('is not there where either server was not measured', () => {
    assert.equal(writeAim(run('culvert')), null);
    assert.equal(writeAim(run('bare write')), null);
  });

  it('does not count void runs, and is not measured where none is left', () => {
    const isVoid = true;
    const some = writeAim(run('culvert'), run('culvert', { cost: 9, isVoid }), run('bare write'));
    assert.equal(some?.value, 1);
    assert.equal(writeAim(run('culvert', { isVoid }), run('bare write'))?.verdict, 'not measured');
    assert.equal(writeAim(run('culvert'), run('bare write', { isVoid }))?.verdict, 'not measured');
  });

  it('is never met by a gateway at its limit, which may be missed all the same', () => {
    const caveats = ['FULL: culvert was at the limit of its core'];
    const low = writeAim(run('culvert', { coreShare: 0.99 }), run('bare write'));
    assert.deepEqual(low, { value: 1, caveats, verdict: 'not measured' });
    const high = writeAim(run('culvert', { cost: 2, coreShare: 0.99 }), run('bare write'));
    assert.deepEqual(high, { value: 2, caveats, verdict: 'MISSED' });
  });

  it('may be met beside another server at its limit, which would cost more if it could', () => {
    const aim = writeAim(run('culvert'), run('bare write', { coreShare: 0.99 }));
    const caveats = ['FULL: bare write was at the limit of its core'];
    assert.deepEqual(aim, { value: 1, caveats, verdict: 'met' });
  });

  it('says where one wrote more than 15 % more often than the other', () => {
    const near = writeAim(run('culvert', { arrivals: 22 }), run('bare write', { arrivals: 20 }));
    assert.deepEqual(near?.caveats, []);
    const apart = writeAim(run('culvert', { arrivals: 21.5 }), run('bare write', { arrivals: 25.5 }));
    assert.deepEqual(apart?.caveats, ['rates apart: 21.5 arrivals a second beside 25.5']);
  });

  it('says the same of replies, whose cost it compares', () => {
    const summaries = summarise([run('culvert', { replies: 20 }), run('bare Fastify', { replies: 25 })]);
    const which = { group: GROUP, server: 'bare Fastify', per: 'reply', rate: 'replies' } as const;
    const [aim] = costAims(summaries, which, WANTED);
    assert.equal(aim?.value, 1.25);
    assert.deepEqual(aim?.caveats, ['rates apart: 20.0 replies a second beside 25.0']);
  });
});

describe('an aim about the gateway by itself', () => {
  it('takes its median, of runs that count', () => {
    const summaries = summarise([run('culvert', { p50Ms: 4 }), run('culvert', { p50Ms: 90, isVoid: true })]);
    assert.deepEqual(
      [...latencyAims(summaries, GROUP, WANTED), ...ownCostAims(summaries, GROUP, WANTED)].map(
        ({ text, value }) => [text, value],
      ),
      [
        [`${GROUP}: p50 ms`, 4],
        [`${GROUP}: CPU-ms/viewer-s`, 1],
      ],
    );
    assert.deepEqual(latencyAims(summaries, 'another', WANTED), []);
  });

  it('is not met at the limit of its core', () => {
    const summaries = summarise([run('culvert', { p50Ms: 1, coreShare: 1 })]);
    assert.deepEqual(latencyAims(summaries, GROUP, WANTED).map(verdictOf), ['not measured']);
  });
});

describe('a floor at equal rates', () => {
  const isVoid = true;

  it('writes as often as the gateway did in runs that count, and at its setting before', () => {
    const versionOf = (...earlier: Measurement[]) =>
      bareWriteAs(GROUP, earlier, { tickMs: 40, kbps: 1130 }).version();
    assert.equal(versionOf(), '5650 bytes every 40 ms');
    assert.equal(versionOf(run('culvert', { arrivals: 21.55 })), '6498 bytes every 46 ms');
    assert.equal(
      versionOf(run('culvert', { arrivals: 25 }), run('culvert', { arrivals: 5, isVoid })),
      versionOf(),
    );
    assert.equal(versionOf(run('nginx', { arrivals: 5 })), versionOf());
  });

  it('replies as often as the gateway did in runs that count', () => {
    const options = { tickMs: null, gatherMs: 50, kbps: 1130 };
    const versionOf = (...earlier: Measurement[]) => heldRoute(GROUP, earlier, options).version();
    assert.match(versionOf(run('culvert', { replies: 12.5 })), / at a tick of 80 ms$/);
    assert.match(versionOf(run('culvert', { replies: 5, isVoid })), / at a tick of 50 ms$/);
  });
});

describe('ArrivalCounter', () => {
  it('takes reads close to each other as one', () => {
    const counter = new ArrivalCounter();
    const reads = [100, 103, 109, 146, 192, 192.5].map((nowMs) => counter.read(nowMs));
    assert.deepEqual(reads, [true, false, false, true, true, false]);
  });
});

describe('figures of memory', () => {
  const weight = (resident: number) => ({ resident, residentWithGarbage: resident, live: resident });
  const weighed = (kbAViewer: number, isVoid = false): MemoryMeasurement => ({
    group: 'rtmp playing',
    clientCount: 1000,
    before: weight(0),
    samples: [weight(kbAViewer * 1000 * 1000)],
    load: loadResult({ isVoid }),
  });
  const churned = (samples: number[], isVoid = false): MemoryMeasurement => ({
    group: 'joins and leaves',
    clientCount: 0,
    before: weight(1),
    samples: samples.map(weight),
    load: loadResult({ isVoid }),
  });
  const verdictsOf = (...alike: MemoryMeasurement[]) => memoryAims('rtmp playing', alike).map(verdictOf);
  const flatVerdicts = (...alike: MemoryMeasurement[]) => flatAim(alike, 60).map(verdictOf);

  it('are medians of the runs that count', () => {
    assert.equal(perViewerKb([weighed(20), weighed(22), weighed(90, true)], 'resident'), 21);
    assert.deepEqual(verdictsOf(weighed(20), weighed(90, true)), ['met']);
    assert.deepEqual(verdictsOf(weighed(26), weighed(1, true)), ['MISSED']);
  });

  it('are not there where all runs were void, and that is said', () => {
    assert.equal(perViewerKb([weighed(20, true)], 'live'), null);
    const [aim] = memoryAims('rtmp playing', [weighed(20, true)]);
    assert.deepEqual([aim?.value, aim?.caveats], [null, ['VOID: 1 of 1 runs do not count']]);
    assert.deepEqual(verdictsOf(weighed(20, true)), ['not measured']);
  });

  it('have no aim for few viewers, or for what nothing is aimed at', () => {
    assert.deepEqual(verdictsOf({ ...weighed(20), clientCount: 10 }), []);
    assert.deepEqual(memoryAims('rtmp idle', [weighed(20)]), []);
  });

  it('of a tunnel whose poll is held stand beside those of a socket, with how often it asks', () => {
    const quiet = (scheme: 'rtmp' | 'rtmpt', kbAViewer: number, requests = 0, isVoid = false) => ({
      ...weighed(kbAViewer),
      group: `${scheme} quiet`,
      load: loadResult({ isVoid, rtmpt: { ...NO_VIEWERS, requests } }),
    });
    const verdicts = (...alike: MemoryMeasurement[]) => quietAims(alike).map(verdictOf);
    assert.deepEqual(verdicts(quiet('rtmp', 20), quiet('rtmpt', 50, 25_000)), ['met', 'met']);
    assert.deepEqual(verdicts(quiet('rtmp', 20), quiet('rtmpt', 51, 26_000)), ['MISSED', 'MISSED']);
    const voidRun = quiet('rtmpt', 1, 1, true);
    assert.deepEqual(verdicts(quiet('rtmp', 20), voidRun), ['not measured', 'not measured']);
    assert.deepEqual(verdicts(quiet('rtmp', 20), { ...voidRun, clientCount: 10 }), []);
  });

  it('are flat where the last third weighs what the third before it weighed', () => {
    assert.deepEqual(flatVerdicts(churned([50, 80, 90, 100, 100, 100, 104, 105, 106])), ['met']);
    assert.deepEqual(flatVerdicts(churned([50, 80, 90, 100, 100, 100, 106, 107, 108])), ['MISSED']);
    assert.deepEqual(flatVerdicts(churned([100, 200])), ['not measured']);
    assert.deepEqual(flatVerdicts(churned([1, 1, 1, 1, 1, 1, 1, 1, 1], true)), ['not measured']);
    assert.deepEqual(flatAim([churned([1, 1, 1])], 30), []);
  });
});
