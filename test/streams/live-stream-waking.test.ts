import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { StreamRig, type TestViewer } from './stream-rig.ts';

/** A stream that many watch, right behind the wake for its first keyframe, at 0. */
function wokenCrowd(mergeMs: number): { readonly rig: StreamRig; readonly viewers: TestViewer[] } {
  const rig = new StreamRig({ mergeMs });
  rig.begin();
  const viewers = Array.from({ length: 200 }, () => rig.viewer());
  rig.key(0, 0);
  rig.scheduler.run();
  return { rig, viewers };
}

describe('LiveStream, waking', () => {
  it('wakes few viewers at once, and once for all that came meanwhile', () => {
    const rig = new StreamRig();
    rig.begin();
    const viewers = Array.from({ length: 20 }, () => rig.viewer());
    for (let n = 0; n < 5; n++) rig.key(n * 40, n);
    assert.deepEqual(rig.scheduler.delaysMs, [0]);
    assert.ok(
      viewers.every(({ wakes }) => wakes === 0),
      'not in the middle of what is being read',
    );
    rig.scheduler.run();
    assert.ok(viewers.every(({ wakes }) => wakes === 1));
    rig.inter(200, 5);
    rig.scheduler.run();
    assert.ok(viewers.every(({ wakes }) => wakes === 2));
  });

  it('gathers writes longer the more viewers there are, up to the cap', () => {
    const delayOf = (viewers: number, mergeMs: number): number | undefined => {
      const rig = new StreamRig({ mergeMs });
      rig.begin();
      for (let n = 0; n < viewers; n++) rig.viewer();
      rig.key(0, 0);
      rig.scheduler.run();
      rig.inter(40, 1);
      return rig.scheduler.delaysMs[1];
    };
    assert.deepEqual(
      [1, 20, 21, 110, 200, 1000].map((viewers) => delayOf(viewers, 32)),
      [0, 0, 0, 20, 40, 40],
      'a quarter more, where no further message comes',
    );
    assert.equal(delayOf(1000, 0), 0);
  });

  it('counts that time from the wake before, so that what follows a pause waits for nothing', () => {
    const { rig, viewers } = wokenCrowd(40);
    rig.scheduler.clockMs = 12;
    rig.inter(40, 1);
    rig.inter(80, 2);
    rig.scheduler.run();
    assert.equal(rig.scheduler.clockMs, 50);
    rig.scheduler.clockMs = 120;
    rig.inter(120, 3);
    assert.deepEqual(rig.scheduler.delaysMs, [0, 38, 0]);
    rig.scheduler.run();
    assert.ok(viewers.every(({ wakes }) => wakes === 3));
  });

  it('wakes with the first message behind that time, and no more for what went with it', () => {
    const rig = new StreamRig({ mergeMs: 40 });
    rig.begin();
    const viewers = Array.from({ length: 200 }, () => rig.viewer());
    const wakesAt = (nowMs: number): number | undefined => {
      rig.scheduler.runUntil(nowMs);
      return viewers[0]?.wakes;
    };
    rig.key(0, 0);
    assert.equal(wakesAt(0), 1);
    rig.scheduler.clockMs = 30;
    rig.inter(40, 1);
    rig.scheduler.clockMs = 43;
    rig.inter(80, 2);
    assert.equal(wakesAt(43), 2);
    assert.equal(wakesAt(55), 2, 'the time at which the first would have had to go is over');
    rig.scheduler.clockMs = 60;
    rig.inter(120, 3);
    assert.equal(wakesAt(92), 2);
    assert.equal(wakesAt(93), 3, 'a quarter more than 40 ms behind the wake before');
  });

  it('wakes those who gather together, at their own time, and the others at theirs', () => {
    const rig = new StreamRig();
    rig.begin();
    const prompt = rig.viewer();
    const gathering = [rig.viewer({ gatherMs: 40 }), rig.viewer({ gatherMs: 40 })];
    const wakesAt = (nowMs: number): number[] => {
      rig.scheduler.runUntil(nowMs);
      return [prompt, ...gathering].map(({ wakes }) => wakes);
    };
    rig.key(0, 0);
    assert.deepEqual(rig.scheduler.delaysMs, [0, 0], 'one call each');
    assert.deepEqual(wakesAt(0), [1, 1, 1]);
    for (const viewer of gathering) viewer.takeAllDue();
    rig.scheduler.clockMs = 10;
    rig.inter(40, 1);
    assert.deepEqual(rig.scheduler.delaysMs.slice(2), [0, 40]);
    assert.deepEqual(wakesAt(10), [2, 1, 1]);
    assert.deepEqual(wakesAt(50), [2, 2, 2]);
  });

  it('gives one that gathers what was there at a wake that it missed, and all that came since with it', () => {
    const rig = new StreamRig();
    rig.begin();
    const viewer = rig.viewer({ gatherMs: 50 });
    rig.key(0, 0);
    rig.scheduler.run();
    assert.equal(viewer.takeAllDue().at(-1), 'key 0 @0', 'it has not begun');
    rig.inter(40, 1);
    assert.deepEqual(viewer.takeAllDue(), [], 'not before the wake');
    rig.scheduler.run();
    rig.inter(80, 2);
    assert.deepEqual(viewer.takeAllDue(), ['inter 1 @40', 'inter 2 @80']);
    assert.deepEqual(viewer.takeAllDue(), []);
    rig.inter(120, 3);
    rig.stream.endPublish();
    assert.deepEqual(viewer.takeAllDue(), ['inter 3 @120', 'ended'], 'the end is told at once');
  });

  it('gives one that gathers at once what was there before it came', () => {
    const rig = new StreamRig();
    rig.begin();
    rig.key(0, 0, 1000);
    rig.inter(40, 1, 1000);
    const viewer = rig.viewer({ gatherMs: 50 });
    assert.equal(viewer.takeDue(1200).at(-1), 'key 0 @0');
    assert.deepEqual(viewer.takeDue(1200), ['inter 1 @40']);
  });

  it('tells one that gathers of a wake only where it was asked since the last one, and had nothing', () => {
    const rig = new StreamRig();
    rig.begin();
    const viewer = rig.viewer({ gatherMs: 50 });
    const publish = (number: number): number => {
      rig.inter(number * 40, number);
      rig.scheduler.run();
      return viewer.wakes;
    };
    rig.key(0, 0);
    rig.scheduler.run();
    assert.equal(viewer.wakes, 1, 'the first is told');
    assert.equal(publish(1), 1);
    viewer.takeAllDue();
    assert.equal(publish(2), 2, 'it has taken all, and asked once more');
    assert.equal(publish(3), 2);
    assert.equal(viewer.takeDue(1_000_000).length, 2);
    assert.equal(publish(4), 2, 'it got something when it asked last');
    viewer.takeAllDue();
    assert.equal(publish(5), 3);
  });

  it('goes on telling one that gathers and got nothing by the wake', () => {
    const rig = new StreamRig();
    rig.begin();
    const viewer = rig.viewer({ gatherMs: 40 });
    rig.key(0, 0);
    rig.scheduler.run();
    viewer.takeAllDue();
    const { wakes } = viewer;
    // A poll takes a backlog, and with it a message whose wake is still to come: that brings nothing to the next poll.
    rig.scheduler.runUntil(rig.scheduler.clockMs + 100);
    rig.inter(40, 1);
    rig.scheduler.runUntil(rig.scheduler.clockMs);
    assert.equal(viewer.wakes, wakes + 1);
    rig.inter(80, 2);
    assert.equal(viewer.takeDue(1_000_000).length, 2);
    assert.deepEqual(viewer.takeDue(1_000_000), []);
    rig.scheduler.run();
    assert.equal(viewer.wakes, wakes + 2);
    assert.deepEqual(viewer.take(), []);
    rig.inter(120, 3);
    rig.scheduler.run();
    assert.equal(viewer.wakes, wakes + 3);
  });

  it('goes on telling one that gathers, while it waits for a keyframe', () => {
    const rig = new StreamRig();
    rig.begin();
    rig.key(0, 0);
    const viewer = rig.viewer({ gatherMs: 40, startsInPast: false });
    assert.deepEqual(viewer.takeAllDue(), []);
    for (let number = 1; number <= 3; number++) {
      rig.inter(number * 40, number);
      rig.scheduler.run();
      assert.equal(viewer.wakes, number);
      assert.deepEqual(viewer.take(), [], 'what a wake brings to a poll that is held');
    }
    rig.key(160, 4);
    rig.scheduler.run();
    assert.equal(viewer.wakes, 4);
    assert.equal(viewer.take().at(-1), 'key 4 @160');
  });

  it('goes on telling one that gathers and wants sound alone', () => {
    const rig = new StreamRig();
    rig.begin();
    const viewer = rig.viewer({ gatherMs: 40 });
    rig.key(0, 0);
    rig.scheduler.run();
    viewer.takeAllDue();
    viewer.viewer.setFilter({ audio: true, video: false, isPaused: false });
    const { wakes } = viewer;
    rig.inter(40, 1);
    rig.scheduler.run();
    assert.deepEqual(viewer.take(), []);
    rig.audio(80, 2);
    rig.scheduler.run();
    assert.equal(viewer.wakes, wakes + 2);
  });

  it('bears a timer that is early', () => {
    const { rig, viewers } = wokenCrowd(40);
    rig.scheduler.clockMs = 10;
    rig.inter(40, 1);
    rig.scheduler.runEarly(45);
    assert.deepEqual(rig.scheduler.delaysMs, [0, 40, 5]);
    rig.scheduler.run();
    assert.ok(viewers.every(({ wakes }) => wakes === 2));
  });

  it('waits no longer than those who are left would, when the others have gone', () => {
    const { rig, viewers } = wokenCrowd(1000);
    rig.scheduler.clockMs = 10;
    rig.inter(40, 1);
    for (const viewer of viewers.splice(38)) rig.stream.removeViewer(viewer.viewer);
    rig.stream.endPublish();
    assert.deepEqual(rig.scheduler.delaysMs, [0, 1240, 115], '100 ms, and a quarter, from the wake on');
    rig.scheduler.runUntil(125);
    assert.ok(viewers.every(({ wakes }) => wakes === 2));
    rig.scheduler.runUntil(2000);
    assert.ok(viewers.every(({ wakes }) => wakes === 2));
  });

  it('ends nobody but the viewer that cannot be woken', () => {
    const rig = new StreamRig();
    rig.begin();
    const viewers = [rig.viewer(), rig.viewer()];
    const [first, second] = viewers;
    assert.ok(first !== undefined && second !== undefined);
    const errors: unknown[] = [];
    const broken = new Error('broken');
    first.wake = () => {
      throw broken;
    };
    first.failed = (error) => errors.push(error);
    rig.key(0, 0);
    rig.scheduler.run();
    assert.deepEqual(errors, [broken]);
    assert.equal(second.wakes, 1);
  });

  it('asks for nothing where nobody watches', () => {
    const rig = new StreamRig();
    rig.begin();
    rig.key(0, 0);
    rig.stream.endPublish();
    assert.deepEqual(rig.scheduler.delaysMs, []);
  });

  it('wakes viewers for the start and the end of a publish', () => {
    const rig = new StreamRig();
    const viewer = rig.viewer();
    rig.stream.beginPublish();
    rig.scheduler.run();
    rig.stream.endPublish();
    rig.scheduler.run();
    assert.equal(viewer.wakes, 2);
  });

  it('bears a viewer that leaves while others are woken', () => {
    const rig = new StreamRig();
    const viewers = [rig.viewer(), rig.viewer(), rig.viewer()];
    const [first, second, third] = viewers;
    assert.ok(first !== undefined && second !== undefined && third !== undefined);
    first.wake = () => {
      rig.stream.removeViewer(first.viewer);
      rig.stream.removeViewer(second.viewer);
    };
    rig.stream.beginPublish();
    rig.scheduler.run();
    assert.deepEqual([second.wakes, third.wakes], [0, 1]);
  });
});
