// The times of what is pulled from one upstream after the other.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Timeline } from '../../src/streams/timeline.ts';
import { RelayClock } from '../../src/upstreams/relay-clock.ts';
import { PAYLOAD } from '../streams/stream-rig.ts';

const KEY = PAYLOAD.key(1);
const INTER = PAYLOAD.inter(1);
const SOUND = PAYLOAD.audio(1);

describe('RelayClock', () => {
  it('takes the times of the first connection as they are', () => {
    const clock = new RelayClock();
    assert.equal(clock.otherMs(0), 0);
    assert.equal(clock.audioMs(70_000, SOUND, 0), 70_000);
    assert.equal(clock.videoMs(70_010, INTER, 10), 70_010);
    assert.equal(clock.videoMs(0, PAYLOAD.videoHeader(1), 10), 0);
  });

  it('leaves out what comes by another connection until its first keyframe, but for headers', () => {
    const clock = new RelayClock();
    clock.videoMs(1000, KEY, 0);
    clock.resume();
    assert.equal(clock.videoMs(5, PAYLOAD.videoHeader(2), 100), 1000, 'a header goes with the newest frame');
    assert.equal(clock.otherMs(5), 1000);
    assert.equal(clock.audioMs(6, SOUND, 100), null);
    assert.equal(clock.videoMs(7, INTER, 100), null);
    assert.notEqual(clock.videoMs(8, KEY, 100), null);
    assert.notEqual(clock.videoMs(48, INTER, 140), null);
  });

  it('goes on behind the last frame by the time that went by, whatever the new clock says', () => {
    for (const firstMs of [0, 900, 7_000_000, 0xfffffff0]) {
      const clock = new RelayClock();
      clock.videoMs(1000, KEY, 50);
      clock.resume();
      assert.equal(clock.videoMs(firstMs, KEY, 1550), 2500, `from ${firstMs}`);
      assert.equal(clock.videoMs((firstMs + 40) >>> 0, INTER, 1590), 2540);
      assert.equal(clock.audioMs((firstMs + 20) >>> 0, SOUND, 1600), 2520);
    }
  });

  it('goes on by a frame at least, and rises past the end of 32 bits', () => {
    const clock = new RelayClock();
    clock.videoMs(0xfffffff0, KEY, 50);
    clock.resume();
    assert.equal(clock.videoMs(3, KEY, 50), (0xfffffff0 + 40) >>> 0);
    clock.resume();
    assert.equal(clock.videoMs(3, KEY, 51), 64);
  });

  it('leaves out sound of a new connection that would lie before what the last one sent', () => {
    const clock = new RelayClock();
    clock.audioMs(990, SOUND, 0);
    clock.videoMs(1000, KEY, 0);
    clock.resume();
    assert.equal(clock.videoMs(500, KEY, 10), 1040);
    assert.equal(clock.audioMs(459, SOUND, 10), null);
    assert.equal(clock.audioMs(461, SOUND, 10), 1001);
  });

  it('goes on with sound at once where there were no pictures, and after 5 s where none come any more', () => {
    const heard = new RelayClock();
    heard.audioMs(100, SOUND, 0);
    heard.resume();
    assert.equal(heard.audioMs(7, SOUND, 200), 300);

    const seen = new RelayClock();
    seen.videoMs(100, KEY, 0);
    seen.resume();
    assert.equal(seen.audioMs(0, SOUND, 1000), null);
    assert.equal(seen.audioMs(4999, SOUND, 5999), null);
    assert.equal(seen.audioMs(5000, SOUND, 6000), 6100);
    assert.equal(seen.videoMs(5040, INTER, 6040), null, 'pictures need their keyframe still');
    assert.equal(seen.videoMs(10_000, KEY, 11_000), 11_100);
    assert.equal(seen.videoMs(10_040, INTER, 11_040), 11_140);
    assert.equal(seen.audioMs(10_045, SOUND, 11_040), 11_145, 'all by the one offset');
  });

  it('leaves out nothing more once it goes on, for as long as a publish lasts', () => {
    const clock = new RelayClock();
    clock.videoMs(1000, KEY, 0);
    clock.resume();
    const hourMs = 3_600_000;
    for (let hour = 0; hour < 60 * 24; hour++) {
      const timestampMs = (hour * hourMs) >>> 0;
      const givenMs = clock.videoMs(timestampMs, KEY, 40 + hour * hourMs);
      assert.equal(givenMs, (timestampMs + 1040) >>> 0, `in hour ${hour}`);
    }
  });

  it('passes on a clock that begins anew behind a change, near it or long after, and viewers see time rise', () => {
    for (const playedMs of [0, 1000, 2_000_000]) {
      const clock = new RelayClock();
      const timeline = new Timeline();
      const shown: number[] = [];
      const show = (timestampMs: number, nowMs: number): void => {
        const givenMs = clock.videoMs(timestampMs, KEY, nowMs);
        if (givenMs !== null) shown.push(timeline.frameMs('video', givenMs));
      };
      show(1000, 0);
      clock.resume();
      show(7_200_000, 500);
      show(7_200_000 + playedMs, 500 + playedMs);
      for (let at = 0; at < 5; at++) show(at * 40, 600 + playedMs + at * 40);
      clock.resume();
      show(50, 1800 + playedMs);
      assert.equal(shown.length, 9, 'nothing is left out');
      const steps = shown.slice(1).map((timeMs, index) => timeMs - (shown[index] ?? 0));
      const [changeMs, playingMs, anewMs, ...others] = steps;
      assert.deepEqual([changeMs, playingMs, anewMs], [500, playedMs, 100]);
      assert.deepEqual(others, [40, 40, 40, 40, 1040], `${playedMs} ms behind the change`);
    }
  });

  it('has nothing to go on from where the first connection sent no frame', () => {
    const clock = new RelayClock();
    clock.videoMs(0, PAYLOAD.videoHeader(1), 0);
    clock.resume();
    assert.equal(clock.videoMs(77, INTER, 10), 77);
  });

  it('begins anew with another publish', () => {
    const clock = new RelayClock();
    clock.videoMs(1000, KEY, 0);
    clock.resume();
    clock.restart();
    assert.equal(clock.videoMs(5, INTER, 10), 5);
  });
});
