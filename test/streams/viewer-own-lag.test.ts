// A viewer that may fall less far behind than the log of its stream allows: a relay to a slow upstream.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { StreamRig } from './stream-rig.ts';

/** A stream of groups of four pictures, 40 ms and `lengthBytes` each, of which nothing is taken but the first. */
function laggingRig(lag: { readonly maxBytes: number; readonly maxMs: number }) {
  const rig = new StreamRig();
  const viewer = rig.viewer({ lag });
  rig.begin();
  rig.key(0, 0, 1000);
  viewer.takeAll();
  for (let number = 1; number < 12; number++) {
    if (number % 4 === 0) rig.key(number * 40, number, 1000);
    else rig.inter(number * 40, number, 1000);
  }
  return viewer;
}

describe('Viewer with a lag of its own', () => {
  it('jumps to the newest keyframe where it is behind by more bytes', () => {
    const viewer = laggingRig({ maxBytes: 6000, maxMs: 60_000 });
    assert.deepEqual(
      viewer.takeAll().filter((line) => /^(key|inter)/.test(line)),
      ['key 8 @320', 'inter 9 @360', 'inter 10 @400', 'inter 11 @440'],
    );
    assert.equal(viewer.viewer.skips, 1);
  });

  it('jumps where it is behind by more time', () => {
    const viewer = laggingRig({ maxBytes: 1_000_000, maxMs: 200 });
    assert.equal(
      viewer.takeAll().find((line) => line.startsWith('key')),
      'key 8 @320',
    );
  });

  it('misses nothing within both', () => {
    const viewer = laggingRig({ maxBytes: 20_000, maxMs: 1000 });
    assert.equal(viewer.takeAll().length, 11);
    assert.equal(viewer.viewer.skips, 0);
  });

  it('stays where there is no keyframe to jump to', () => {
    const rig = new StreamRig();
    const viewer = rig.viewer({ lag: { maxBytes: 1000, maxMs: 100 } });
    rig.begin();
    rig.key(0, 0, 1000);
    viewer.takeAll();
    for (let number = 1; number < 12; number++) rig.inter(number * 40, number, 1000);
    assert.equal(viewer.takeAll().length, 11);
  });
});
