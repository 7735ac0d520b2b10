import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DeadlineWheel, MAX_TURN_MS, SLOT_MS } from '../../src/sessions/deadline-wheel.ts';
import { FakeClock } from './session-rig.ts';

describe('DeadlineWheel', () => {
  it('fires at the deadline or up to a slot later, never before', () => {
    const clock = new FakeClock();
    const wheel = new DeadlineWheel(clock);
    clock.advance(13);
    const startMs = wheel.nowMs();
    const fired = new Map<number, number>();
    for (let afterMs = 0; afterMs < 500; afterMs += 7) {
      wheel.at(startMs + afterMs, () => fired.set(afterMs, wheel.nowMs() - startMs));
    }
    for (let ms = 0; ms < 600; ms++) clock.advance(1);
    assert.equal(fired.size, 72);
    for (const [afterMs, atMs] of fired) {
      assert.ok(atMs >= afterMs && atMs <= Math.max(afterMs, 1) + SLOT_MS, `${afterMs} fired at ${atMs}`);
    }
  });

  it('fires in the order of the slots, once each, even when it turns late', () => {
    const clock = new FakeClock();
    const wheel = new DeadlineWheel(clock);
    const fired: number[] = [];
    for (const afterMs of [900, 100, 5000, 500]) wheel.at(clock.nowMs() + afterMs, () => fired.push(afterMs));
    clock.sleep(3000);
    clock.advance(0);
    assert.deepEqual(fired, [100, 500, 900]);
    clock.advance(10_000);
    assert.deepEqual(fired, [100, 500, 900, 5000]);
  });

  it('counts the deadlines that hang on it', () => {
    const clock = new FakeClock();
    const wheel = new DeadlineWheel(clock);
    const deadlines = [10, 20, 20, 300].map((afterMs) => wheel.at(clock.nowMs() + afterMs, () => undefined));
    assert.equal(wheel.deadlineCount, 4);
    for (let time = 0; time < 2; time++) deadlines[1]?.cancel();
    assert.equal(wheel.deadlineCount, 3);
    clock.advance(150);
    assert.equal(wheel.deadlineCount, 1);
    wheel.stop();
    assert.equal(wheel.deadlineCount, 0);
  });

  it('fires a deadline that has passed with the next slot', () => {
    const clock = new FakeClock();
    const wheel = new DeadlineWheel(clock);
    let fired = 0;
    wheel.at(0, () => fired++);
    assert.equal(fired, 0, 'not in the call itself');
    clock.advance(SLOT_MS);
    assert.equal(fired, 1);
  });

  it('does not fire what was cancelled, and bears a cancel after the firing', () => {
    const clock = new FakeClock();
    const wheel = new DeadlineWheel(clock);
    const fired: string[] = [];
    const dueMs = clock.nowMs() + 100;
    const first = wheel.at(dueMs, () => fired.push('first'));
    wheel.at(dueMs, () => {
      fired.push('second');
      third.cancel();
    });
    const third = wheel.at(dueMs, () => fired.push('third'));
    first.cancel();
    first.cancel();
    clock.advance(1000);
    assert.deepEqual(fired, ['second']);
    third.cancel();
    clock.advance(1000);
    assert.deepEqual(fired, ['second']);
  });

  it('stands still while nothing hangs on it', () => {
    const clock = new FakeClock();
    const wheel = new DeadlineWheel(clock);
    assert.equal(clock.waitingCalls, 0);
    const deadline = wheel.at(clock.nowMs() + 60_000, () => assert.fail('it was cancelled'));
    assert.equal(clock.waitingCalls, 1);
    clock.advance(1000);
    assert.equal(clock.waitingCalls, 1);
    deadline.cancel();
    clock.advance(SLOT_MS);
    assert.equal(clock.waitingCalls, 0);
  });

  it('counts on from now after it stood still', () => {
    const clock = new FakeClock();
    const wheel = new DeadlineWheel(clock);
    clock.sleep(24 * 3600 * 1000);
    let firedMs = 0;
    const dueMs = clock.nowMs() + 200;
    wheel.at(dueMs, () => {
      firedMs = clock.nowMs();
    });
    clock.advance(1000);
    assert.ok(firedMs >= dueMs && firedMs <= dueMs + SLOT_MS);
    assert.equal(clock.waitingCalls, 0);
  });

  it('takes one timer, however many deadlines hang on it', () => {
    const clock = new FakeClock();
    const wheel = new DeadlineWheel(clock);
    let fired = 0;
    const deadlines = Array.from({ length: 10_000 }, (_, n) =>
      wheel.at(clock.nowMs() + (n % 997), () => fired++),
    );
    assert.equal(clock.waitingCalls, 1);
    for (let n = 0; n < 5000; n++) deadlines[n]?.cancel();
    clock.advance(2000);
    assert.equal(fired, 5000);
    assert.equal(clock.waitingCalls, 0);
  });

  it('fires thousands that are due at once in several turns, in order, once each', () => {
    const clock = new FakeClock();
    const wheel = new DeadlineWheel(clock);
    const fired: number[] = [];
    const count = 1000;
    const startMs = clock.nowMs();
    for (let n = 0; n < count; n++) {
      wheel.at(startMs + 100 + (n < count / 2 ? 0 : SLOT_MS), () => {
        fired.push(n);
        clock.sleep(1);
      });
    }
    clock.sleep(200);
    let turns = 0;
    for (let before = -1; fired.length > before; turns++) {
      before = fired.length;
      clock.advance(1);
      assert.ok(fired.length - before <= MAX_TURN_MS, `${fired.length - before} in one turn`);
    }
    assert.deepEqual(fired, [...Array(count).keys()]);
    assert.ok(turns >= count / MAX_TURN_MS);
    assert.equal(clock.waitingCalls, 0);
  });

  it('keeps what a turn left for the next, and cancels it where it is asked to', () => {
    const clock = new FakeClock();
    const wheel = new DeadlineWheel(clock);
    const fired: string[] = [];
    const dueMs = clock.nowMs() + 100;
    wheel.at(dueMs, () => {
      fired.push('long');
      clock.sleep(MAX_TURN_MS);
    });
    const cancelled = wheel.at(dueMs, () => assert.fail('it was cancelled'));
    wheel.at(dueMs, () => fired.push('left'));
    clock.sleep(100);
    clock.advance(0);
    assert.deepEqual(fired, ['long']);
    cancelled.cancel();
    wheel.at(clock.nowMs(), () => fired.push('new'));
    clock.advance(1);
    assert.deepEqual(fired, ['long', 'left'], 'at once, and not with the next slot');
    clock.advance(SLOT_MS);
    assert.deepEqual(fired, ['long', 'left', 'new']);
  });

  it('takes deadlines from its own callbacks', () => {
    const clock = new FakeClock();
    const wheel = new DeadlineWheel(clock);
    const startMs = clock.nowMs();
    const firedMs: number[] = [];
    const again = (): void => {
      firedMs.push(clock.nowMs() - startMs);
      if (firedMs.length < 5) wheel.at(clock.nowMs(), again);
    };
    wheel.at(startMs + 100, again);
    clock.advance(1000);
    assert.deepEqual(firedMs, [100, 150, 200, 250, 300]);
    assert.equal(clock.waitingCalls, 0);
  });

  it('fires nothing once it is stopped, what is hung on it afterwards neither', () => {
    const clock = new FakeClock();
    const wheel = new DeadlineWheel(clock);
    wheel.at(clock.nowMs() + 100, () => assert.fail('the wheel is stopped'));
    wheel.stop();
    assert.equal(clock.waitingCalls, 0);
    wheel.at(clock.nowMs() + 100, () => assert.fail('the wheel is stopped')).cancel();
    wheel.at(clock.nowMs() + 100, () => assert.fail('the wheel is stopped'));
    clock.advance(1000);
    assert.equal(clock.waitingCalls, 0);
  });
});
