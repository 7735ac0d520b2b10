import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { allParts, chosenParts } from '../../bench/cases/parts.ts';
import type { Aim } from '../../bench/support/aim.ts';
import { aimLines, verdictOf } from '../../bench/support/aim.ts';
import { resultsPage } from '../../bench/support/results-page.ts';
import type { PartRecord } from '../../bench/support/results-store.ts';
import { ResultsStore } from '../../bench/support/results-store.ts';

const PARTS = allParts({ runs: 3, seconds: 10, settleMs: 2000 });

function aim(value: number | null, bound: Aim['bound'], limit: number, caveats: string[] = []): Aim {
  return { text: 'p50 ms', value, bound, limit, caveats };
}

function record(name: string, changes: Partial<PartRecord> = {}): PartRecord {
  const machine = {
    node: 'v24.0.0',
    cpu: 'a processor',
    cores: 2,
    memoryGib: 8,
    kernel: '6.1',
    isPinned: true,
    loadAverage: 0.04,
    commit: 'abc123',
    command: '',
    settings: {},
    startedAt: '2026-01-02T03:04:05.678Z',
  };
  return {
    name,
    command: `npm run bench -- ${name}`,
    machine,
    tookMs: 240_000,
    versions: ['culvert 0.1.0'],
    isRight: true,
    isVoid: false,
    faults: [],
    aims: [],
    figures: [],
    report: ['medians', '1.0'],
    ...changes,
  };
}

describe('an aim', () => {
  it('is met by its limit, where it is not to stay under it', () => {
    assert.equal(verdictOf(aim(2, 'most', 2)), 'met');
    assert.equal(verdictOf(aim(2.01, 'most', 2)), 'MISSED');
    assert.equal(verdictOf(aim(2, 'under', 2)), 'MISSED');
    assert.equal(verdictOf(aim(1.99, 'under', 2)), 'met');
    assert.equal(verdictOf(aim(2, 'least', 2)), 'met');
    assert.equal(verdictOf(aim(1.99, 'least', 2)), 'MISSED');
  });

  it('is told as not measured where all runs were void', () => {
    assert.deepEqual(aimLines([aim(null, 'most', 2)]), ['p50 ms: -, at most 2 is aimed at: not measured']);
  });

  it('is told with what makes its figure doubtful', () => {
    const [line] = aimLines([aim(3, 'under', 2, ['FULL: nginx was at the limit of its core'])]);
    assert.equal(line, 'p50 ms: 3.00, under 2 is aimed at: MISSED; FULL: nginx was at the limit of its core');
  });
});

describe('the parts of all', () => {
  it('are chosen by their own name and by that of their case', () => {
    const names = (only: string[]): string[] => chosenParts(PARTS, only).map(({ name }) => name);
    assert.deepEqual(names(['churn']), ['churn']);
    assert.deepEqual(names(['memory', 'play-1000']), ['play-1000', 'memory', 'churn']);
    assert.throws(() => names(['play-3']), /expected --only .*play-few.*, got play-3/);
  });
});

describe('the page of results', () => {
  const folder = mkdtempSync(join(tmpdir(), 'culvert-bench-page-'));
  after(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'RESULTS.md');
  const store = new ResultsStore(path);
  const page = (): string => resultsPage(store.records(['one', 'two']), (name) => store.note(name));

  it('says nothing of parts where there are none', () => {
    assert.doesNotMatch(page(), /^##/m);
  });

  it('has parts in their order, each with its date, commit and command', () => {
    store.keep(record('two'));
    store.keep(record('another'));
    store.keep(record('one', { machine: { ...record('one').machine, commit: 'def456' } }));
    const headings = [...page().matchAll(/^## (.*)$/gm)].map(([, name]) => name);
    assert.deepEqual(headings, ['one', 'two', 'another']);
    assert.match(page(), /Measured 2026-01-02 03:04 UTC in 4 minutes, commit def456/);
    assert.match(page(), /^ {4}npm run bench -- two$/m);
  });

  it('replaces a part that is measured again, and keeps the others', () => {
    store.keep(record('one', { report: ['other figures'] }));
    assert.match(page(), /other figures/);
    assert.doesNotMatch(page(), /def456/);
    assert.match(page(), /^## two$/m);
  });

  it('counts the aims, and has a row for each', () => {
    store.keep(record('two', { aims: [aim(1, 'most', 2), aim(3, 'most', 2), aim(null, 'most', 2)] }));
    assert.match(page(), /Of 3 aims 1 are met and 1 MISSED, 1 not measured\./);
    assert.match(page(), /^\| p50 ms \| 3\.00 \| at most 2 \| MISSED \| two \|$/m);
  });

  it('puts in what was written by hand, and leaves that file alone', () => {
    mkdirSync(join(folder, 'notes'));
    writeFileSync(join(folder, 'notes', 'two.md'), 'Why it was missed.\n');
    assert.match(page(), /^Why it was missed\.$/m);
    store.writePage(page());
    assert.equal(readFileSync(join(folder, 'notes', 'two.md'), 'utf8'), 'Why it was missed.\n');
  });

  it('says where a note is about other figures, or does not say about which', () => {
    const noteIs = (text: string) => writeFileSync(join(folder, 'notes', 'two.md'), `${text}\n`);
    noteIs('About the figures of 2026-01-02 03:04 UTC. Why it was missed.');
    assert.doesNotMatch(page(), /This note/);
    noteIs('About the figures of 2025-12-31 03:04 UTC. Why it was missed.');
    assert.match(page(), /This note is about other figures; those above were measured 2026-01-02 03:04 UTC/);
    noteIs('Why it was missed.');
    assert.match(page(), /This note does not say which figures it is about/);
  });

  it('names faults, void runs and changed settings', () => {
    const { machine } = record('one');
    const settings = { CULVERT_STREAMS_MERGE_TIME: '0ms' };
    const faults = ['culvert, 1 rtmp: a message is missing'];
    store.keep(record('one', { isRight: false, isVoid: true, faults, machine: { ...machine, settings } }));
    assert.match(page(), /FAULT culvert, 1 rtmp: a message is missing/);
    assert.match(page(), /VOID/);
    assert.match(page(), /Settings changed: CULVERT_STREAMS_MERGE_TIME=0ms/);
  });

  it('says which file cannot be read', () => {
    writeFileSync(join(folder, 'results', 'two.json'), '{');
    assert.throws(() => page(), /two\.json cannot be read; measure that part again/);
  });
});
