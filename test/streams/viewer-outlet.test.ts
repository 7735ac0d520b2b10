import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { OPTIONS, StreamRig, type TestViewer } from './stream-rig.ts';

/** An outlet that counts, and takes only while it is open. */
class CountingOutlet {
  isOpen = true;
  readonly offers: (readonly Uint8Array[])[] = [];

  offer(chunks: readonly Uint8Array[]): boolean {
    if (this.isOpen) this.offers.push(chunks);
    return this.isOpen;
  }

  /** What was offered, as the viewer's reader reads it behind what it took. */
  linesFor(viewer: TestViewer): string[] {
    return viewer.read(this.offers.splice(0).flat());
  }
}

/** A viewer that has begun and is in step, behind what was published. */
function inStep(rig: StreamRig, outlet: CountingOutlet): TestViewer {
  const viewer = rig.viewer({ outlet });
  rig.key(0, 0);
  rig.scheduler.run();
  assert.deepEqual([viewer.wakes, outlet.offers.length], [1, 0], 'who begins is asked to take');
  viewer.takeAll();
  return viewer;
}

describe('Viewer, in step with an outlet', () => {
  it('offers what comes, the very same views to all, and wakes nobody for it', () => {
    const rig = new StreamRig();
    rig.begin();
    const outlets = [new CountingOutlet(), new CountingOutlet()];
    const [first, second] = outlets;
    const viewers = outlets.map((outlet) => rig.viewer({ outlet }));
    rig.key(0, 0);
    rig.scheduler.run();
    for (const viewer of viewers) viewer.takeAll();
    rig.inter(40, 1);
    rig.audio(50, 2);
    rig.scheduler.run();
    assert.deepEqual(
      viewers.map(({ wakes }) => wakes),
      [1, 1],
    );
    assert.equal(first?.offers[0], second?.offers[0]);
    viewers.forEach((viewer, index) => {
      const offeredBytes = Buffer.concat(outlets[index]?.offers.flat() ?? []).length;
      assert.equal(viewer.viewer.offeredBytes, offeredBytes);
      assert.deepEqual(outlets[index]?.linesFor(viewer), ['inter 1 @40', 'audio 2 @50']);
      assert.deepEqual(viewer.takeAll(), [], 'nothing twice');
    });
  });

  it('is asked to take all that the outlet refused, and offers again behind it', () => {
    const rig = new StreamRig();
    rig.begin();
    const outlet = new CountingOutlet();
    const viewer = inStep(rig, outlet);
    outlet.isOpen = false;
    rig.inter(40, 1);
    rig.scheduler.run();
    outlet.isOpen = true;
    assert.equal(viewer.wakes, 2);
    rig.inter(80, 2);
    assert.deepEqual(viewer.takeAll(), ['inter 1 @40', 'inter 2 @80']);
    rig.inter(120, 3);
    rig.scheduler.run();
    assert.deepEqual(outlet.linesFor(viewer), ['inter 3 @120']);
  });

  it('offers nothing to one that is paused, filtered, or on another message stream id', () => {
    const rig = new StreamRig();
    rig.begin();
    const outlet = new CountingOutlet();
    const viewer = inStep(rig, outlet);
    const other = rig.viewer({ outlet, messageStreamId: 7 });
    other.takeAll();
    for (const filter of [
      { audio: true, video: true, isPaused: true },
      { audio: false, video: true, isPaused: false },
      { audio: true, video: false, isPaused: false },
    ]) {
      viewer.viewer.setFilter(filter);
      rig.inter(40, 1);
      rig.scheduler.run();
      viewer.takeAll();
    }
    assert.equal(outlet.offers.length, 0);
    viewer.viewer.setFilter({ audio: true, video: true, isPaused: false });
    rig.key(200, 2);
    rig.scheduler.run();
    assert.deepEqual(viewer.takeAll().at(-1), 'key 2 @200');
    rig.inter(240, 3);
    rig.scheduler.run();
    assert.deepEqual(outlet.linesFor(viewer), ['inter 3 @240'], 'all of it again from a keyframe on');
  });

  it('is asked at the end of a publish and at the start of the next, and hears of both in their places', () => {
    const rig = new StreamRig();
    rig.begin();
    const outlet = new CountingOutlet();
    const viewer = inStep(rig, outlet);
    rig.inter(40, 1);
    rig.stream.endPublish();
    rig.begin();
    rig.key(0, 2);
    rig.scheduler.run();
    assert.equal(outlet.offers.length, 0);
    const heard = viewer.takeAll();
    assert.deepEqual(heard.slice(0, 3), ['inter 1 @40', 'ended', 'started']);
    assert.match(heard.at(-1) ?? '', /^key 2 /);
  });

  it('does not offer what would be too much at once, or is behind the limits of lag', () => {
    const rig = new StreamRig({ lagMs: 1000 });
    rig.begin();
    const outlet = new CountingOutlet();
    const viewer = inStep(rig, outlet);
    rig.inter(40, 1, OPTIONS.chunkSizeBytes);
    rig.inter(80, 2, OPTIONS.chunkSizeBytes);
    rig.scheduler.run();
    assert.equal(outlet.offers.length, 0);
    assert.deepEqual(viewer.takeAll(), ['inter 1 @40', 'inter 2 @80']);
    rig.inter(120, 3);
    rig.inter(900, 4);
    rig.key(1800, 5);
    rig.scheduler.run();
    assert.equal(outlet.offers.length, 0);
    assert.equal(viewer.takeAll().at(-1), 'key 5 @1800');
    assert.equal(viewer.viewer.skips, 1);
  });
});
