import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ENTRY_BYTES, STICKY_BYTES, STICKY_REFERENCE_BYTES } from '../../src/streams/limits.ts';
import { headersAt, StreamRig } from './stream-rig.ts';

/** One publish: headers, a keyframe of that number, one more frame. */
function publish(rig: StreamRig, number: number): void {
  rig.begin();
  rig.key(0, number);
  rig.inter(40, number);
}

describe('Viewer, from publish to publish', () => {
  it('hears of the end after the last byte and of the start before the first, each once', () => {
    const rig = new StreamRig();
    publish(rig, 1);
    const viewer = rig.viewer();
    viewer.takeAll();
    rig.inter(80, 2);
    rig.stream.endPublish();
    publish(rig, 3);
    assert.deepEqual(viewer.takeAll(), [
      'inter 2 @80',
      'ended',
      'started',
      ...headersAt(180),
      'key 3 @180',
      'inter 3 @220',
    ]);
    rig.stream.endPublish();
    assert.deepEqual(viewer.takeAll(), ['ended']);
    assert.deepEqual(viewer.takeAll(), []);
  });

  it('gives nothing in the call in which it tells something', () => {
    const rig = new StreamRig();
    const viewer = rig.viewer();
    publish(rig, 1);
    assert.deepEqual([viewer.take(), viewer.heard], [[], ['started']]);
    assert.equal(viewer.take().length, 5);
    rig.stream.endPublish();
    publish(rig, 2);
    const from = viewer.heard.length;
    assert.deepEqual([viewer.take(), viewer.heard.slice(from)], [[], ['ended']]);
    assert.deepEqual([viewer.take(), viewer.heard.slice(from)], [[], ['ended', 'started']]);
    assert.equal(viewer.take().length, 5);
  });

  it('is not told of the start of a publish that was there when it came', () => {
    const rig = new StreamRig();
    publish(rig, 1);
    const viewer = rig.viewer();
    assert.equal(viewer.takeAll().includes('started'), false);
  });

  it('goes on rising in time over a republish, whatever the clock of the publisher', () => {
    const rig = new StreamRig();
    const viewer = rig.viewer();
    const times: number[] = [];
    for (const startMs of [0, 500, 3_600_000, 0xffff_ffff, 20]) {
      rig.stream.beginPublish();
      for (let n = 0; n < 10; n++) rig.key((startMs + n * 40) >>> 0, n);
      rig.stream.endPublish();
      for (const line of viewer.takeAll()) {
        const time = /@(\d+)$/.exec(line)?.[1];
        if (time !== undefined) times.push(Number(time));
      }
    }
    assert.equal(times.length, 50);
    assert.deepEqual(
      times,
      times.toSorted((a, b) => a - b),
    );
    assert.equal(new Set(times).size, 50);
  });

  it('begins the next publish like any other after a jump in the one before', () => {
    const rig = new StreamRig();
    publish(rig, 1);
    for (let n = 0; n < 50; n++) rig.inter(80, n, 1000);
    const viewer = rig.viewer();
    viewer.takeAll();
    for (const isPaused of [true, false]) viewer.viewer.setFilter({ audio: true, video: true, isPaused });
    rig.stream.endPublish();
    publish(rig, 2);
    assert.deepEqual(viewer.takeAll(), ['ended', 'started', ...headersAt(180), 'key 2 @180', 'inter 2 @220']);
  });

  it('begins at once in a publish of sound alone behind one of pictures', () => {
    const rig = new StreamRig();
    publish(rig, 1);
    rig.stream.endPublish();
    rig.stream.beginPublish();
    rig.audio(0, 1);
    assert.deepEqual(rig.viewer().takeAll(), ['audio 1 @140']);
  });

  it('gets what was left of a publish that ended while it did not take', () => {
    const rig = new StreamRig();
    const viewer = rig.viewer();
    publish(rig, 1);
    rig.stream.endPublish();
    assert.deepEqual(viewer.takeAll(100), ['started', ...headersAt(0), 'key 1 @0', 'inter 1 @40', 'ended']);
  });

  it('hears of a publish that had nothing for it', () => {
    const rig = new StreamRig();
    const viewer = rig.viewer();
    rig.stream.beginPublish();
    rig.inter(0, 1);
    rig.stream.endPublish();
    publish(rig, 2);
    assert.deepEqual(viewer.takeAll(), [
      'started',
      'ended',
      'started',
      ...headersAt(100),
      'key 2 @100',
      'inter 2 @140',
    ]);
  });

  it('holds one publish behind the current one, so that a viewer who sleeps costs no memory', () => {
    const rig = new StreamRig();
    publish(rig, 1);
    const viewer = rig.viewer();
    viewer.takeAll();
    for (let number = 2; number <= 500; number++) {
      rig.stream.endPublish();
      publish(rig, number);
    }
    assert.equal(viewer.viewer.logs.length, 2, 'this one, and the one before');
    const lines = viewer.takeAll();
    assert.deepEqual(
      lines.filter((line) => /^(ended|started|key) ?\d*/.test(line)).map((line) => line.split(' @')[0]),
      ['ended', 'started', 'key 499', 'ended', 'started', 'key 500'],
    );
    assert.equal(viewer.viewer.logs.length, 1);
  });

  it('goes over to the next publish at once where it is behind the lag in one that ended', () => {
    const rig = new StreamRig({ lagBytes: 100_000, gopCacheBytes: 100_000 });
    publish(rig, 1);
    const slow = rig.viewer();
    const inTime = rig.viewer();
    for (const viewer of [slow, inTime]) viewer.take(1);
    inTime.takeAll();
    for (let n = 0; n < 20; n++) {
      rig.inter(80, n, 10_000);
      if (n < 15) inTime.take();
    }
    rig.stream.endPublish();
    assert.deepEqual(
      [slow, inTime].map(({ viewer }) => viewer.logs.length),
      [1, 1],
    );
    const endedBytes = rig.stream.stats.heldBytes;
    assert.ok(endedBytes > 100_000, 'what they hold counts');
    publish(rig, 2);
    assert.deepEqual(
      [slow, inTime].map(({ viewer }) => viewer.logs.length),
      [1, 2],
    );
    const payloadBytes =
      '02000a6f6e4d65746144617461080000000100057469746c650200036f6e65000009'.length / 2 + 16 + 8;
    const stickyBytes = 3 * (STICKY_REFERENCE_BYTES + STICKY_BYTES) + payloadBytes;
    const nextBytes = 4096 + 5 * ENTRY_BYTES + stickyBytes;
    assert.equal(rig.stream.stats.heldBytes, endedBytes + nextBytes);
    const heardOf2 = ['ended', 'started', ...headersAt(180), 'key 2 @180', 'inter 2 @220'];
    assert.deepEqual([slow.take(), slow.take()], [[], []]);
    slow.takeAll();
    assert.deepEqual(slow.heard.slice(headersAt(0).length), heardOf2);
    assert.equal(slow.viewer.skips, 1);
    const left = inTime.takeAll();
    assert.deepEqual(left.slice(-heardOf2.length), heardOf2);
    assert.ok(left.length > heardOf2.length, 'who is in time gets what is left');
    assert.equal(inTime.viewer.skips, 0);
    assert.equal(rig.stream.stats.heldBytes, nextBytes);
    rig.stream.endPublish();
    assert.equal(rig.stream.stats.heldBytes, nextBytes);
    for (const viewer of [slow, inTime]) assert.deepEqual(viewer.takeAll(), ['ended']);
    assert.equal(rig.stream.stats.heldBytes, 0);
  });

  it('counts no skip where it was paused in what it gives up', () => {
    const rig = new StreamRig();
    publish(rig, 1);
    const viewer = rig.viewer();
    viewer.takeAll();
    viewer.viewer.setFilter({ audio: true, video: true, isPaused: true });
    for (const number of [2, 3]) {
      rig.stream.endPublish();
      publish(rig, number);
    }
    assert.deepEqual(viewer.takeAll(), ['ended', 'started']);
    viewer.viewer.setFilter({ audio: true, video: true, isPaused: false });
    assert.deepEqual(viewer.takeAll(), [...headersAt(280), 'key 3 @280', 'inter 3 @320']);
    assert.equal(viewer.viewer.skips, 0);
  });

  it('is not told of a publish that it never began, where it came and went while the viewer slept', () => {
    const rig = new StreamRig();
    const viewer = rig.viewer();
    for (const number of [1, 2, 3]) {
      publish(rig, number);
      if (number < 3) rig.stream.endPublish();
    }
    assert.deepEqual(viewer.takeAll(), ['started', ...headersAt(280), 'key 3 @280', 'inter 3 @320']);
    assert.equal(viewer.viewer.skips, 0);
  });

  it('takes no further publish once it is removed', () => {
    const rig = new StreamRig();
    publish(rig, 1);
    const viewer = rig.viewer();
    viewer.takeAll();
    rig.stream.removeViewer(viewer.viewer);
    rig.stream.endPublish();
    publish(rig, 2);
    rig.scheduler.run();
    assert.deepEqual(viewer.takeAll(), ['ended']);
    assert.equal(viewer.wakes, 0);
  });
});
