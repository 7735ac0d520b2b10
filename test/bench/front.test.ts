import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect, createServer } from 'node:net';
import { describe, it } from 'node:test';
import { FRONT_CASE, frontAims } from '../../bench/cases/front.ts';
import { parseLoadOptions } from '../../bench/load/load-options.ts';
import { verdictOf } from '../../bench/support/aim.ts';
import { barePipeTo } from '../../bench/support/floor-server.ts';
import { frontTable } from '../../bench/support/front-figures.ts';
import type { Measurement } from '../../bench/support/measure.ts';
import { besideBehind } from '../../bench/support/measure.ts';
import { printFaults } from '../../bench/support/measurement-table.ts';
import { summarise } from '../../bench/support/summary.ts';
import type { Figures } from './measurements.ts';
import { loadResult, measurementOf } from './measurements.ts';

const SPLICED = '300 rtmp';
const MERGED = '300 rtmp, merged 20 ms';
const TUNNELS = '500 rtmpt';
const RELAYED = '1000 rtmp, relayed';

/** A measurement in a group of the case; the server behind costs `behind`, CPU-ms a viewer and second. */
function front(group: string, server: string, figures: Figures = {}, behind = 0.25): Measurement {
  const scheme = group === TUNNELS && server !== 'nginx' ? 'rtmpt' : 'rtmp';
  const measurement = measurementOf(server, { scheme, ...figures });
  // WHY: what reads from a pipe here is viewers, as with every other server of this case.
  const viewers = measurementOf('culvert', { scheme, ...figures });
  return {
    ...measurement,
    load: viewers.load,
    group,
    behind: { cpuMsPerClientSecond: behind, cpuShare: 0.1 },
  };
}

/** The aims of these measurements, each with what came of it. */
function verdicts(...measurements: readonly Measurement[]) {
  return frontAims(summarise(measurements)).map((aim) => ({
    text: aim.text,
    value: aim.value,
    verdict: verdictOf(aim),
    caveats: aim.caveats,
  }));
}

/** The cells of the table of processes, by the name of its row. */
function cells(...measurements: readonly Measurement[]): Record<string, string[]> {
  const [, ...lines] = frontTable(summarise(measurements)).split('\n');
  return Object.fromEntries(
    lines.map((line) => {
      const [name = '', ...rest] = line.trim().split(/ {2,}/);
      return [name, rest];
    }),
  );
}

describe('the aims of the case front', () => {
  const pipe = front(SPLICED, 'bare pipe', { cost: 1 });
  const nginx = front(SPLICED, 'nginx', { p50Ms: 3 });

  it('are the cost beside the pipe, the latency that is added, and half of that cost with merging', () => {
    const own = front(SPLICED, 'culvert', { cost: 1.25, p50Ms: 4.5 });
    const merged = front(MERGED, 'culvert', { cost: 0.6, p50Ms: 25 });
    assert.deepEqual(verdicts(own, pipe, nginx, merged), [
      { text: "300 rtmp: cost in bare pipe's", value: 1.25, verdict: 'met', caveats: [] },
      { text: '300 rtmp: added p50 ms', value: 1.5, verdict: 'met', caveats: [] },
      { text: "300 rtmp, merged 20 ms: cost in bare pipe's", value: 0.6, verdict: 'met', caveats: [] },
    ]);
  });

  it('are missed one over, two milliseconds of latency among it', () => {
    const own = front(SPLICED, 'culvert', { cost: 1.31, p50Ms: 5 });
    const merged = front(MERGED, 'culvert', { cost: 0.66 });
    const missed = verdicts(own, pipe, nginx, merged).map(({ verdict }) => verdict);
    assert.deepEqual(missed, ['MISSED', 'MISSED', 'MISSED']);
  });

  it('are not there where the pipe and nginx were not measured, nor with another number of viewers', () => {
    assert.deepEqual(verdicts(front(SPLICED, 'culvert'), front(MERGED, 'culvert')), []);
    assert.deepEqual(verdicts(front('4 rtmp', 'culvert'), front('4 rtmp', 'bare pipe')), []);
  });

  it('are not measured by void runs, nor met by a gateway at its limit', () => {
    const full = front(SPLICED, 'culvert', { cost: 1, p50Ms: 3, coreShare: 0.99 });
    const [cost] = verdicts(full, pipe, nginx);
    assert.deepEqual(cost?.caveats, ['FULL: culvert was at the limit of its core']);
    assert.equal(cost?.verdict, 'not measured');
    const lost = front(SPLICED, 'nginx', { isVoid: true });
    const [, added] = verdicts(front(SPLICED, 'culvert'), pipe, lost);
    assert.deepEqual([added?.value, added?.verdict], [null, 'not measured']);
  });
});

describe('the table of the case front', () => {
  it('tells what each process costs, and what is added to the latency of nginx', () => {
    const rows = cells(
      front(SPLICED, 'culvert', { cost: 1.5, p50Ms: 4.5 }, 0.25),
      front(SPLICED, 'bare pipe', { cost: 1, p50Ms: 3.5 }, 0.5),
      front(SPLICED, 'nginx', { cost: 0.75, p50Ms: 3 }, 0.75),
    );
    assert.deepEqual(rows['300 rtmp: culvert']?.slice(0, 4), ['1.500', '0.250', '1.750', '1.5']);
    assert.deepEqual(rows['300 rtmp: bare pipe']?.slice(0, 4), ['1.000', '0.500', '1.500', '0.5']);
    assert.deepEqual(rows['300 rtmp: nginx'], ['0.750', '0.750']);
  });

  it('holds latency against nginx with as many viewers, and against the first one where there is none', () => {
    const rows = cells(
      front(SPLICED, 'nginx', { p50Ms: 2 }),
      front(TUNNELS, 'culvert', { p50Ms: 40, replies: 20 }),
      front(TUNNELS, 'nginx', { p50Ms: 10 }),
      front(RELAYED, 'culvert', { p50Ms: 50 }),
    );
    assert.equal(rows['500 rtmpt: culvert']?.[3], '30.0');
    assert.equal(rows['1000 rtmp, relayed: culvert']?.[3], '48.0');
  });
});

describe('a load program beside a server on its core', () => {
  const behind = { cpuMsPerClientSecond: 1, cpuShare: 0.4 };

  it('makes a run void where both together fill the core', () => {
    assert.equal(besideBehind(loadResult({ loadCpuShare: 0.49 }), behind).isVoid, false);
    assert.equal(besideBehind(loadResult({ loadCpuShare: 0.51 }), behind).isVoid, true);
    assert.equal(besideBehind(loadResult({ loadCpuShare: 0.51 }), null).isVoid, false);
    assert.equal(besideBehind(loadResult({ loadCpuShare: 0.1, isVoid: true }), behind).isVoid, true);
  });

  it('says how much of it each of them used', () => {
    const lines: string[] = [];
    const load = loadResult({ loadCpuShare: 0.51, isVoid: true });
    printFaults({ ...measurementOf('culvert'), behind, load }, (line) => lines.push(line));
    const told =
      '  VOID: the load program used 51 % of its core, and the server behind 40 %; its figures measure itself.';
    assert.deepEqual(lines, [told]);
  });
});

describe('the command line of the case front', () => {
  it('leaves out what has no viewers', () => {
    const all = FRONT_CASE.estimateMs([]);
    const some = FRONT_CASE.estimateMs(['--rtmpt', '0', '--relayed', '0']);
    assert.ok(some < all && some > 0, `${some} of ${all}`);
    assert.equal(FRONT_CASE.estimateMs(['--rtmp', '0', '--rtmpt', '0', '--relayed', '0']), 0);
  });

  it('has the load program publish at another port than its viewers play at', () => {
    const url = ['--url', 'rtmp://127.0.0.1:1935/live/show'];
    assert.equal(parseLoadOptions(url).publishPort, 1935);
    const { port, publishPort } = parseLoadOptions([...url, '--publish-port', '1936']);
    assert.deepEqual([port, publishPort], [1935, 1936]);
  });
});

describe('the bare pipe to a port', () => {
  it('passes bytes on both ways, and ends with either end', async (test) => {
    const echo = createServer((socket) => socket.pipe(socket)).listen(0, '127.0.0.1');
    test.after(() => echo.close());
    await once(echo, 'listening');
    const pipe = await barePipeTo((echo.address() as AddressInfo).port).start();
    test.after(() => pipe.stop());
    const client = connect({ host: '127.0.0.1', port: pipe.port });
    client.write('there and back');
    const [bytes] = await once(client, 'data');
    assert.equal(String(bytes), 'there and back');
    client.end();
    await once(client, 'close');
  });
});
