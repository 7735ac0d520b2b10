import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { headersAt, StreamRig } from './stream-rig.ts';

/** Frames 40 ms apart, a keyframe each `gopFrames`, from number `from` to before `to`. */
function pictures(rig: StreamRig, from: number, to: number, gopFrames: number, lengthBytes?: number): void {
  for (let n = from; n < to; n++) {
    if (n % gopFrames === 0) rig.key(n * 40, n, lengthBytes);
    else rig.inter(n * 40, n, lengthBytes);
  }
}

describe('Viewer, falling behind [tunnel point 10]', () => {
  it('jumps to the newest keyframe with the headers in front [item 77]', () => {
    const rig = new StreamRig({ lagMs: 2000 });
    rig.begin();
    pictures(rig, 0, 10, 25);
    const viewer = rig.viewer();
    viewer.takeAll();
    pictures(rig, 10, 110, 25);
    assert.deepEqual(viewer.take().slice(0, 5), [...headersAt(4000), 'key 100 @4000', 'inter 101 @4040']);
    assert.equal(viewer.viewer.skips, 1);
  });

  it('counts the bytes that wait for it and those that it jumped over', () => {
    const rig = new StreamRig({ lagMs: 2000 });
    rig.begin();
    pictures(rig, 0, 10, 25);
    const viewer = rig.viewer();
    viewer.takeAll();
    assert.deepEqual([viewer.viewer.waitingBytes, viewer.viewer.skippedBytes], [0, 0]);
    const [log] = viewer.viewer.logs;
    assert.ok(log !== undefined);
    const leftAt = log.endPosition;
    pictures(rig, 10, 100, 25);
    assert.equal(viewer.viewer.waitingBytes, log.endPosition - leftAt);
    const keyframeAt = log.endPosition;
    pictures(rig, 100, 110, 25);
    viewer.takeAll();
    assert.deepEqual([viewer.viewer.waitingBytes, viewer.viewer.skippedBytes], [0, keyframeAt - leftAt]);
  });

  it('loses nothing while it is within the limits', () => {
    const rig = new StreamRig({ lagMs: 2000 });
    rig.begin();
    pictures(rig, 0, 10, 25);
    const viewer = rig.viewer();
    viewer.takeAll();
    pictures(rig, 10, 60, 25);
    const lines = viewer.takeAll(100);
    assert.equal(lines.length, 50);
    assert.deepEqual([lines[0], lines.at(-1)], ['inter 10 @400', 'inter 59 @2360']);
    assert.equal(viewer.viewer.skips, 0);
  });

  it('goes on where it is as long as there is no keyframe ahead and its place is held', () => {
    const rig = new StreamRig({ lagMs: 2000 });
    rig.begin();
    pictures(rig, 0, 10, 1000);
    const viewer = rig.viewer();
    viewer.takeAll();
    pictures(rig, 10, 200, 1000);
    assert.equal(viewer.takeAll()[0], 'inter 10 @400');
    assert.equal(viewer.viewer.skips, 0);
  });

  it('waits for the next keyframe where its place is gone', () => {
    const rig = new StreamRig({ lagBytes: 64 * 1024, gopCacheBytes: 64 * 1024 });
    rig.begin();
    pictures(rig, 0, 10, 1000);
    const viewer = rig.viewer();
    viewer.takeAll();
    pictures(rig, 10, 400, 1000, 2000);
    assert.deepEqual(viewer.takeAll(), []);
    pictures(rig, 400, 500, 1000, 2000);
    assert.deepEqual(viewer.takeAll(), []);
    pictures(rig, 1000, 1002, 1000);
    assert.deepEqual(viewer.takeAll(), [...headersAt(40_000), 'key 1000 @40000', 'inter 1001 @40040']);
    assert.equal(viewer.viewer.skips, 1);
  });

  it('lags by bytes as well', () => {
    const rig = new StreamRig({ lagBytes: 102_000 });
    rig.begin();
    pictures(rig, 0, 1, 10, 2000);
    const viewer = rig.viewer();
    viewer.takeAll();
    pictures(rig, 1, 49, 10, 2000);
    assert.equal(viewer.take(2012)[0], 'inter 1 @40');
    pictures(rig, 49, 60, 10, 2000);
    assert.equal(viewer.take(2012).at(0), headersAt(2000)[0]);
    assert.deepEqual(viewer.take(2012), ['key 50 @2000']);
  });

  it('may jump between the headers of a keyframe and the keyframe, and gets headers again', () => {
    const rig = new StreamRig({ lagMs: 300, lagBytes: 64 * 1024, gopCacheBytes: 256 * 1024 });
    rig.stream.beginPublish();
    rig.videoHeader(0, 0);
    const slow = rig.viewer();
    rig.key(0, 1, 20);
    assert.deepEqual(slow.take(1), ['video-header 0 @0']);
    for (let n = 2; n <= 9; n++) rig.key(n, n, 10_000);
    assert.deepEqual(slow.take(1), ['video-header 0 @9']);
    assert.equal(slow.viewer.skips, 1);
    rig.key(20, 10, 20);
    assert.deepEqual(slow.takeAll(), ['key 9 @9', 'key 10 @20']);
  });

  it('jumps in a stream of sound alone to about a second back', () => {
    const rig = new StreamRig();
    rig.stream.beginPublish();
    rig.audioHeader(0, 1);
    rig.audio(0, 0);
    const viewer = rig.viewer();
    viewer.takeAll();
    for (let n = 1; n <= 500; n++) rig.audio(n * 20, n);
    const lines = viewer.takeAll(100);
    assert.deepEqual(lines.slice(0, 2), ['audio-header 1 @9000', 'audio 450 @9000']);
    assert.deepEqual([lines.length, lines.at(-1)], [52, 'audio 500 @10000']);
    assert.equal(viewer.viewer.skips, 1);
  });

  it('begins within the lag where it was there first, but takes nothing for long', () => {
    const rig = new StreamRig({ lagMs: 2000 });
    const viewer = rig.viewer();
    rig.begin();
    pictures(rig, 0, 110, 25);
    const lines = viewer.takeAll(100);
    assert.deepEqual(lines.slice(0, 5), ['started', ...headersAt(3000), 'key 75 @3000']);
    assert.deepEqual([lines.length, lines.at(-1)], [4 + 35, 'inter 109 @4360']);
  });

  it('begins at a keyframe beyond the lag where there is none within', () => {
    const rig = new StreamRig({ lagMs: 2000 });
    const viewer = rig.viewer();
    rig.begin();
    pictures(rig, 0, 110, 1000);
    assert.deepEqual(viewer.takeAll().slice(0, 5), ['started', ...headersAt(0), 'key 0 @0']);
  });

  it('shares one array in a stream of sound alone, too', () => {
    const rig = new StreamRig();
    rig.stream.beginPublish();
    rig.audio(0, 0);
    const viewers = [rig.viewer().viewer, rig.viewer().viewer];
    for (const viewer of viewers) viewer.take(1000);
    rig.audio(20, 1);
    const [first, second] = viewers.map((viewer) => viewer.take(1000));
    assert.equal(first?.length, 1);
    assert.equal(second, first);
  });

  it('costs no memory, however long it takes nothing [item 77]', () => {
    const rig = new StreamRig({ lagBytes: 256 * 1024, gopCacheBytes: 256 * 1024 });
    rig.begin();
    rig.viewer();
    const slow = rig.viewer();
    slow.viewer.take(1);
    let mostBytes = 0;
    for (let n = 0; n < 5000; n++) {
      pictures(rig, n, n + 1, 50, 4000);
      mostBytes = Math.max(mostBytes, rig.stream.stats.heldBytes);
    }
    assert.ok(mostBytes <= 256 * 1024 + 3 * 64 * 1024, `${mostBytes}`);
  });

  it('costs the others nothing: those in step share one array, and each payload is copied once [item 77]', () => {
    const rig = new StreamRig();
    rig.begin();
    rig.key(0, 0);
    const viewers = Array.from({ length: 50 }, () => rig.viewer().viewer);
    for (const viewer of viewers) viewer.take(100_000);
    const before = rig.stream.stats.copiedBytes;
    for (let n = 1; n <= 20; n++) {
      rig.inter(n * 40, n, 500);
      const [first, ...others] = viewers.map((viewer) => {
        const chunks = viewer.take(100_000);
        assert.deepEqual(viewer.take(100_000), []);
        return chunks;
      });
      assert.ok(first !== undefined && first.length === 1);
      for (const chunks of others) assert.equal(chunks, first);
    }
    assert.equal(rig.stream.stats.copiedBytes - before, 20 * 500);
    assert.equal(rig.stream.stats.viewers, 50);
  });
});
