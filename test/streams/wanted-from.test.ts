// What a log keeps for those who read it: from the position on that the slowest of them may still want, but no longer
// than the limits of lag.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { LiveStreamOptions } from '../../src/streams/live-stream.ts';
import type { StreamLog } from '../../src/streams/stream-log.ts';
import { SLAB_BYTES } from './log-rig.ts';
import { StreamRig, type TestViewer } from './stream-rig.ts';

const EVERYTHING = { audio: true, video: true, isPaused: false };
const PAUSED = { ...EVERYTHING, isPaused: true };

const FRAME_BYTES = 10_000;
const STEP_MS = 40;
/** A second of frames, which is kept for those who come, and the slabs at both of its ends with what is used again. */
const IN_STEP_BYTES = (1000 / STEP_MS) * FRAME_BYTES + 4 * SLAB_BYTES;
const LAG_BYTES = 2 * 1024 * 1024;
/** As many slabs of six frames as reach so far, and those at both ends with what is used again. */
const LAGGING_BYTES = (LAG_BYTES / (6 * FRAME_BYTES) + 4) * SLAB_BYTES;

const KEEPS_NO_PICTURES: Partial<LiveStreamOptions> = {
  gopCacheBytes: 0,
  gopCacheMs: 0,
  lagBytes: LAG_BYTES,
  lagMs: 60_000,
};

/** The log that a viewer reads, or will read next. */
function logOf({ viewer }: TestViewer, index = 0): StreamLog {
  const log = viewer.logs[index];
  assert.ok(log !== undefined);
  return log;
}

describe('Viewer, from where on it wants a log', () => {
  it('wants all of a publish that it was there for, and nothing of another stream', () => {
    const rig = new StreamRig();
    const viewer = rig.viewer();
    rig.begin();
    rig.key(0, 1);
    const log = logOf(viewer);
    assert.ok(log.endPosition > 0);
    assert.equal(viewer.viewer.wantedFrom(log), 0);
    const other = new StreamRig();
    const stranger = other.viewer();
    other.begin();
    assert.equal(viewer.viewer.wantedFrom(logOf(stranger)), Number.POSITIVE_INFINITY);
  });

  it('wants what comes from its own coming on, until it has begun', () => {
    const rig = new StreamRig();
    rig.begin();
    const viewer = rig.viewer();
    const log = logOf(viewer);
    const joinedAt = log.endPosition;
    rig.inter(40, 1);
    assert.equal(viewer.viewer.wantedFrom(log), joinedAt, 'not asked yet');
    assert.deepEqual(viewer.takeAll(), []);
    assert.equal(viewer.viewer.wantedFrom(log), joinedAt, 'asked, and without a place to begin');
  });

  it('wants what it has not taken, once it has begun', () => {
    const rig = new StreamRig();
    rig.begin();
    rig.key(0, 1);
    const viewer = rig.viewer();
    const log = logOf(viewer);
    viewer.takeAll();
    const first = log.endPosition;
    assert.equal(viewer.viewer.wantedFrom(log), first);
    rig.inter(40, 2);
    const second = log.endPosition;
    rig.inter(80, 3);
    assert.equal(viewer.viewer.wantedFrom(log), first);
    assert.deepEqual(viewer.take(1), ['inter 2 @40']);
    assert.equal(viewer.viewer.wantedFrom(log), second);
  });

  it('wants nothing while it is paused, and then what comes behind the place where it paused', () => {
    const rig = new StreamRig();
    rig.begin();
    rig.key(0, 1);
    const viewer = rig.viewer();
    const log = logOf(viewer);
    viewer.takeAll();
    const pausedAt = log.endPosition;
    viewer.viewer.setFilter(PAUSED);
    rig.inter(40, 2);
    assert.equal(viewer.viewer.wantedFrom(log), Number.POSITIVE_INFINITY);
    viewer.viewer.setFilter(EVERYTHING);
    assert.deepEqual(viewer.takeAll(), []);
    assert.equal(viewer.viewer.wantedFrom(log), pausedAt);
    rig.key(80, 3);
    assert.equal(viewer.takeAll().at(-1), 'key 3 @80');
    assert.equal(viewer.viewer.wantedFrom(log), log.endPosition);
  });

  it('wants what comes behind the place that it jumped from, while it waits for room', () => {
    const rig = new StreamRig({ lagMs: 1000 });
    rig.begin();
    rig.key(0, 1);
    const viewer = rig.viewer();
    const log = logOf(viewer);
    viewer.takeAll();
    const position = log.endPosition;
    for (const [n, timestampMs] of [600, 1200, 1800].entries()) rig.inter(timestampMs, 2 + n);
    rig.key(2400, 5);
    assert.deepEqual(viewer.take(1, false), [], 'no room for the headers');
    assert.equal(viewer.viewer.skips, 1);
    assert.equal(viewer.viewer.wantedFrom(log), position);
    assert.equal(viewer.takeAll().at(-1), 'key 5 @2400');
    assert.equal(viewer.viewer.wantedFrom(log), log.endPosition);
  });

  it('wants what comes from now on when it begins anew', () => {
    const rig = new StreamRig();
    rig.begin();
    rig.key(0, 1);
    const viewer = rig.viewer();
    viewer.takeAll();
    rig.inter(40, 2);
    const log = logOf(viewer);
    viewer.viewer.restart();
    assert.equal(viewer.viewer.wantedFrom(log), log.endPosition);
  });

  it('wants all of the next publish while it reads the one before, and nothing of that behind its end', () => {
    const rig = new StreamRig();
    rig.begin();
    rig.key(0, 1);
    const viewer = rig.viewer();
    viewer.takeAll();
    rig.inter(40, 2);
    const log = logOf(viewer);
    const position = viewer.viewer.wantedFrom(log);
    rig.stream.endPublish();
    rig.begin();
    rig.key(0, 3);
    const next = logOf(viewer, 1);
    assert.deepEqual([viewer.viewer.wantedFrom(log), viewer.viewer.wantedFrom(next)], [position, 0]);
    viewer.takeAll();
    assert.equal(viewer.viewer.wantedFrom(log), Number.POSITIVE_INFINITY);
    assert.equal(viewer.viewer.wantedFrom(next), next.endPosition);
  });
});

describe('LiveStream, what it holds for its viewers', () => {
  /** Publishes a keyframe and so many frames behind it; `afterEach` is called behind each. */
  function publish(rig: StreamRig, count: number, afterEach: (number: number) => void): void {
    rig.begin();
    rig.key(0, 0, FRAME_BYTES);
    for (let n = 1; n <= count; n++) {
      afterEach(n);
      rig.inter(n * STEP_MS, n, FRAME_BYTES);
    }
  }

  it('holds much less than lag where all are in step, paused, or not there', () => {
    const rig = new StreamRig(KEEPS_NO_PICTURES);
    const viewers = [rig.viewer(), rig.viewer({ gatherMs: 100 })];
    const paused = rig.viewer();
    publish(rig, 400, (number) => {
      for (const viewer of viewers) viewer.take();
      if (number < 10) paused.take();
      if (number === 10) paused.viewer.setFilter(PAUSED);
    });
    const { heldBytes } = rig.stream.stats;
    assert.ok(heldBytes <= IN_STEP_BYTES, `${heldBytes}`);
    assert.ok(IN_STEP_BYTES < LAG_BYTES / 2);
    for (const viewer of viewers) {
      viewer.take();
      assert.equal(viewer.heard.at(-1), 'inter 400 @16000');
      assert.equal(viewer.viewer.skips, 0);
    }
    const empty = new StreamRig(KEEPS_NO_PICTURES);
    publish(empty, 400, () => undefined);
    assert.ok(empty.stream.stats.heldBytes <= IN_STEP_BYTES, `${empty.stream.stats.heldBytes}`);
  });

  it('holds for one with a lag of its own no more than that and a group of pictures, though it asks for nothing', () => {
    const lag = { maxBytes: 20 * FRAME_BYTES, maxMs: 60_000 };
    const heldFor = (ownLag: object): { heldBytes: number; slow: TestViewer } => {
      const rig = new StreamRig(KEEPS_NO_PICTURES);
      const slow = rig.viewer(ownLag);
      rig.begin();
      for (let n = 0; n <= 200; n++) {
        if (n % 50 === 0) rig.key(n * STEP_MS, n, FRAME_BYTES);
        else rig.inter(n * STEP_MS, n, FRAME_BYTES);
        if (n === 10) slow.takeAll();
      }
      return { heldBytes: rig.stream.stats.heldBytes, slow };
    };
    const { heldBytes, slow } = heldFor({ lag });
    assert.ok(heldBytes <= (20 + 50) * FRAME_BYTES + 4 * SLAB_BYTES, `${heldBytes}`);
    assert.ok(heldFor({}).heldBytes > 150 * FRAME_BYTES);
    assert.equal(
      slow.takeAll().find((line) => line.startsWith('key')),
      'key 200 @8000',
    );
    assert.equal(slow.viewer.skips, 1);
  });

  it('holds for the slowest what it has not taken, and no longer than lag', () => {
    const rig = new StreamRig(KEEPS_NO_PICTURES);
    const [quick, slow] = [rig.viewer(), rig.viewer()];
    publish(rig, 120, (number) => {
      quick.take();
      if (number === 20) slow.takeAll();
    });
    const { heldBytes } = rig.stream.stats;
    assert.ok(heldBytes > 100 * FRAME_BYTES && heldBytes > IN_STEP_BYTES, `${heldBytes}`);
    const expected = Array.from(
      { length: 101 },
      (_, index) => `inter ${20 + index} @${(20 + index) * STEP_MS}`,
    );
    assert.deepEqual(slow.takeAll(), expected);
    assert.equal(slow.viewer.skips, 0);
    for (let n = 121; n <= 600; n++) rig.inter(n * STEP_MS, n, FRAME_BYTES);
    assert.ok(rig.stream.stats.heldBytes <= LAGGING_BYTES, `${rig.stream.stats.heldBytes}`);
  });
});
