import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { CpuProfile } from '../../bench/support/profile.ts';
import { profileFigures, profileText } from '../../bench/support/profile.ts';

const START_US = 5_000_000;

/** A node of a profile by its id, its function and the line as an editor counts it. */
function node(id: number, functionName: string, url = '', line = 0): CpuProfile['nodes'][number] {
  return { id, callFrame: { functionName, url, lineNumber: line - 1 } };
}

/** Ten samples, a millisecond each: 3 of `write`, 2 of `read`, 1 of V8's collector, 1 of native code, 3 idle. */
const PROFILE: CpuProfile = {
  nodes: [
    node(1, '(root)'),
    node(2, '(idle)'),
    node(3, '(garbage collector)'),
    node(4, '(program)'),
    node(5, 'write', 'file:///culvert/src/links/link.ts', 12),
    node(6, 'read', 'node:net', 40),
    // The same function called from elsewhere is another node.
    node(7, 'write', 'file:///culvert/src/links/link.ts', 12),
    node(8, '', 'file:///culvert/src/gateway.ts', 7),
  ],
  startTime: START_US,
  endTime: START_US + 10_000,
  samples: [5, 5, 7, 6, 6, 3, 4, 2, 2, 2],
  timeDeltas: [0, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000],
};

describe('profileFigures', () => {
  it('adds up the time of a function by itself, whoever called it, longest first', () => {
    const { functions } = profileFigures(PROFILE, null);
    assert.deepEqual(
      functions.map(({ name, selfMs }) => [name, selfMs]),
      [
        ['write link.ts:12', 3],
        ['read node:net:40', 2],
      ],
    );
  });

  it('leaves idle out of all shares, and tells V8 apart from functions', () => {
    const { busyMs, own, functions } = profileFigures(PROFILE, null);
    assert.equal(busyMs, 7);
    assert.deepEqual(
      own.map(({ name, share }) => [name, share]),
      [
        ['(garbage collector)', 1 / 7],
        ['(program)', 1 / 7],
      ],
    );
    assert.equal(functions[0]?.share, 3 / 7);
  });

  it('counts what lies in a window of the clock, parts of samples too', () => {
    const { busyMs, functions } = profileFigures(PROFILE, { fromMs: 5002.5, toMs: 5004.25 });
    assert.equal(busyMs, 1.75);
    assert.deepEqual(
      functions.map(({ name, selfMs }) => [name, selfMs]),
      [
        ['read node:net:40', 1.25],
        ['write link.ts:12', 0.5],
      ],
    );
  });

  it('lets the last sample last until the end of the profile', () => {
    const late = { ...PROFILE, samples: [8], timeDeltas: [4000] };
    assert.deepEqual(
      profileFigures(late, null).functions.map(({ name, selfMs }) => [name, selfMs]),
      [['(anonymous) gateway.ts:7', 6]],
    );
  });
});

describe('profileText', () => {
  it('has a row for V8 and for each of the first fifteen functions', () => {
    const nodes = Array.from({ length: 20 }, (_, index) => node(index + 1, `function${index}`, 'a.ts', 1));
    const samples = nodes.map(({ id }) => id);
    const many = { ...PROFILE, nodes: [...nodes, node(21, '(program)')], samples: [...samples, 21] };
    const text = profileText(profileFigures({ ...many, timeDeltas: many.samples.map(() => 100) }, null));
    assert.equal(text.split('\n').length, 1 + 1 + 15);
  });
});
