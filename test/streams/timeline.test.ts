import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Timeline } from '../../src/streams/timeline.ts';

describe('Timeline', () => {
  it('starts near 0 wherever the publisher starts', () => {
    for (const startMs of [0, 40, 999]) assert.equal(new Timeline().frameMs('video', startMs), startMs);
    for (const startMs of [1000, 1001, 3_600_000, 0xffff_ffff]) {
      assert.equal(new Timeline().frameMs('video', startMs), 1000);
    }
  });

  it('keeps the distances of the publisher to the millisecond, across the wrap of its clock', () => {
    const timeline = new Timeline();
    const startMs = 0xffff_ff00;
    const times = [0, 1, 23, 24, 500, 501].map((afterMs) =>
      timeline.frameMs('video', (startMs + afterMs) >>> 0),
    );
    assert.deepEqual(times, [1000, 1001, 1023, 1024, 1500, 1501]);
  });

  it('wraps by itself mod 2^32, and is never mistaken for one before its start', () => {
    const timeline = new Timeline();
    timeline.frameMs('video', 0);
    const stepMs = 0x1000_0000;
    // Past 2^31 ms, 24.8 days, and past 2^32 ms.
    for (let ms = stepMs; ms <= 33 * stepMs; ms += stepMs) {
      assert.equal(timeline.frameMs('video', ms >>> 0), ms >>> 0);
      assert.equal(timeline.frameMs('audio', (ms - 20) >>> 0), (ms - 20) >>> 0);
      assert.equal(timeline.headerMs(ms >>> 0), ms >>> 0);
    }
  });

  it('has room for sound a little before the first picture', () => {
    const timeline = new Timeline();
    assert.equal(timeline.frameMs('video', 700_000), 1000);
    assert.equal(timeline.frameMs('audio', 699_980), 980);
    assert.equal(timeline.frameMs('audio', 699_001), 1);
    assert.equal(timeline.frameMs('audio', 698_500), 0, 'never before the start');
  });

  it('stamps headers no later than the newest frame and not far before it', () => {
    const timeline = new Timeline();
    assert.equal(timeline.headerMs(700_000), 0, 'before any frame');
    timeline.frameMs('video', 700_000);
    assert.equal(timeline.headerMs(700_000), 1000);
    assert.equal(timeline.headerMs(700_040), 1000, 'the frame to come');
    timeline.frameMs('video', 710_000);
    assert.equal(timeline.headerMs(709_000), 10_000);
    assert.equal(timeline.headerMs(0), 11_000, 'an encoder that stamps headers with 0');
    assert.equal(timeline.headerMs(706_999), 11_000);
  });

  it('leaves the time of timed data alone unless it is nowhere near', () => {
    const timeline = new Timeline();
    assert.equal(timeline.dataMs(700_000), 0, 'before any frame');
    timeline.frameMs('video', 700_000);
    assert.equal(timeline.dataMs(700_033), 1033);
    assert.equal(timeline.dataMs(699_900), 900);
    assert.equal(timeline.dataMs(0), 1000);
    assert.equal(timeline.dataMs(800_000), 1000);
  });

  it('goes on rising when the stream is published again', () => {
    const timeline = new Timeline();
    timeline.frameMs('video', 0);
    timeline.frameMs('video', 5000);
    timeline.restart();
    assert.equal(timeline.headerMs(0), 5100);
    assert.equal(timeline.frameMs('video', 80), 5180);
    assert.equal(timeline.frameMs('audio', 0), 5100, 'sound before the first picture keeps its distance');
    timeline.restart();
    assert.equal(timeline.frameMs('video', 9_000_000), 6280);
  });

  it('starts the next publish at the same place where the one before had no frame', () => {
    const timeline = new Timeline();
    timeline.restart();
    timeline.restart();
    assert.equal(timeline.frameMs('audio', 20), 20);
  });

  it('takes a small step back for a late frame', () => {
    const timeline = new Timeline();
    timeline.frameMs('video', 0);
    timeline.frameMs('video', 10_000);
    assert.equal(timeline.frameMs('video', 7000), 7000);
    assert.equal(timeline.frameMs('video', 10_040), 10_040);
  });

  it('goes on rising when the clock of the publisher starts anew', () => {
    const timeline = new Timeline();
    timeline.frameMs('video', 1_000_000);
    timeline.frameMs('video', 1_100_000);
    timeline.frameMs('audio', 1_100_010);
    assert.equal(timeline.frameMs('audio', 0), 101_110, 'the first of the new clock');
    assert.equal(timeline.frameMs('video', 10), 101_120, 'the other track moves with it');
    assert.equal(timeline.frameMs('audio', 23), 101_133);
    assert.equal(timeline.frameMs('video', 43), 101_153);
  });

  it('goes on rising from where one frame with a time far ahead led, as soon as its track comes back', () => {
    const timeline = new Timeline();
    timeline.frameMs('audio', 0);
    timeline.frameMs('video', 10);
    assert.equal(timeline.frameMs('audio', 72_000_000), 72_000_000);
    assert.equal(timeline.frameMs('video', 50), 50, 'the other track has a time of its own until then');
    assert.equal(timeline.frameMs('audio', 40), 72_000_100);
    assert.equal(timeline.frameMs('video', 90), 72_000_150);
    assert.equal(timeline.frameMs('audio', 80), 72_000_140);
    const alone = new Timeline();
    const times = [0, 72_000_000, 80, 120].map((ms) => alone.frameMs('video', ms));
    assert.deepEqual(times, [0, 72_000_000, 72_000_100, 72_000_140]);
  });

  it('compares no track with what it was in the publish before', () => {
    const timeline = new Timeline();
    timeline.frameMs('audio', 5000);
    timeline.restart();
    assert.equal(timeline.frameMs('video', 0), 1100);
    assert.equal(timeline.frameMs('video', 10_000), 11_100);
    assert.equal(timeline.frameMs('audio', 500), 1600, 'sound that lies far behind the pictures');
    assert.equal(timeline.frameMs('video', 10_040), 11_140);
  });

  it('takes tracks that lie far apart for what they are, not for a clock that starts anew', () => {
    const timeline = new Timeline();
    assert.equal(timeline.frameMs('video', 60_000), 1000);
    for (let ms = 0; ms < 1000; ms += 100) {
      assert.equal(timeline.frameMs('audio', 60_000 - 10_000 + ms), 0, 'before the start of the stream');
      assert.equal(timeline.frameMs('video', 60_100 + ms), 1100 + ms);
    }
  });
});
