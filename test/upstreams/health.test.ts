// Checks without a client: when they are made, and what is told of them. Time is turned by hand, answers are given by
// hand.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type CheckedUpstream, HealthChecks } from '../../src/upstreams/health.ts';

type Waiting = { readonly deadlineMs: number; readonly callback: () => void; isCancelled: boolean };
type Asked = {
  readonly name: string;
  readonly atMs: number;
  readonly signal: AbortSignal;
  readonly answer: (error?: unknown) => void;
};

/** Checks over a clock and a check that the test has in its hands. */
class HealthRig {
  readonly told: string[] = [];
  readonly asked: Asked[] = [];
  readonly checks: HealthChecks;
  #nowMs = 0;
  readonly #waiting = new Set<Waiting>();

  constructor(upstreams: readonly Partial<CheckedUpstream>[], check = this.#ask.bind(this)) {
    const settings = { name: 'a', check: 'tcp', checkIntervalMs: 10_000, checkTimeoutMs: 4_000 } as const;
    this.checks = new HealthChecks(
      upstreams.map((upstream) => ({ ...settings, ...upstream })),
      {
        wheel: { nowMs: () => this.#nowMs, at: (deadlineMs, callback) => this.#at(deadlineMs, callback) },
        pool: {
          checkPassed: (name) => this.told.push(`${this.#nowMs} ${name} passed`),
          checkFailed: (name, reason) => this.told.push(`${this.#nowMs} ${name} failed: ${reason}`),
        },
        check,
        runLater: (work) => work(),
      },
    );
  }

  get waitingCount(): number {
    return this.#waiting.size;
  }

  /** Turns the clock, whatever is due fired at its time. */
  turnTo(nowMs: number): void {
    for (;;) {
      const due = [...this.#waiting].filter(({ deadlineMs }) => deadlineMs <= nowMs);
      const next = due.toSorted((one, other) => one.deadlineMs - other.deadlineMs)[0];
      if (next === undefined) break;
      this.#waiting.delete(next);
      this.#nowMs = Math.max(this.#nowMs, next.deadlineMs);
      next.callback();
    }
    this.#nowMs = nowMs;
  }

  /** Answers the last check that was asked for, and lets that be heard of. */
  async answer(error?: unknown): Promise<void> {
    this.asked.at(-1)?.answer(error);
    await nextTurn();
  }

  #at(deadlineMs: number, callback: () => void) {
    const waiting: Waiting = { deadlineMs, callback, isCancelled: false };
    this.#waiting.add(waiting);
    return { cancel: () => void this.#waiting.delete(waiting) };
  }

  #ask(name: string, signal: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const answer = (error?: unknown) => (error === undefined ? resolve() : reject(error));
    this.asked.push({ name, atMs: this.#nowMs, signal, answer });
    return promise;
  }
}

describe('HealthChecks', () => {
  it('make a check, tell of it, and make the next an interval after its end', async () => {
    const rig = new HealthRig([{}]);
    rig.checks.start();
    rig.turnTo(0);
    rig.turnTo(1_500);
    await rig.answer();
    assert.equal(rig.waitingCount, 1, 'no timeout is left behind');
    rig.turnTo(11_499);
    assert.equal(rig.asked.length, 1);
    rig.turnTo(11_500);
    await rig.answer(new Error('connect ECONNREFUSED'));
    rig.turnTo(30_000);
    assert.deepEqual(rig.told.slice(0, 2), ['1500 a passed', '11500 a failed: connect ECONNREFUSED']);
    assert.deepEqual(
      rig.asked.map(({ atMs }) => atMs),
      [0, 11_500, 21_500],
    );
  });

  it('give up a check that takes too long, and do not hear it any more', async () => {
    const rig = new HealthRig([{}]);
    rig.checks.start();
    rig.turnTo(3_999);
    assert.equal(rig.asked[0]?.signal.aborted, false);
    rig.turnTo(4_000);
    assert.equal(rig.asked[0]?.signal.aborted, true);
    await rig.answer();
    assert.deepEqual(rig.told, ['4000 a failed: the check took more than 4000 ms']);
    rig.turnTo(14_000);
    assert.equal(rig.asked.length, 2);
  });

  it('take a check for failed that throws before it waits for anything', async () => {
    const rig = new HealthRig([{}], () => {
      throw new Error('no such host');
    });
    rig.checks.start();
    rig.turnTo(0);
    await nextTurn();
    assert.deepEqual(rig.told, ['0 a failed: no such host']);
  });

  it('spread the first checks over the interval, and leave out upstreams that are not to be checked', () => {
    const rig = new HealthRig([{ name: 'a' }, { name: 'b', check: 'none' }, { name: 'c', check: 'rtmp' }]);
    rig.checks.start();
    rig.turnTo(9_999);
    assert.deepEqual(
      rig.asked.map(({ name, atMs }) => [name, atMs]),
      [
        ['a', 0],
        ['c', 5_000],
      ],
    );
  });

  it('stop for good, what waits and what is under way', async () => {
    const rig = new HealthRig([{}, { name: 'b' }]);
    rig.checks.start();
    rig.turnTo(0);
    rig.checks.stop();
    assert.equal(rig.asked[0]?.signal.aborted, true);
    await rig.answer();
    rig.turnTo(100_000);
    assert.deepEqual(rig.told, []);
    assert.equal(rig.asked.length, 1);
    assert.equal(rig.waitingCount, 0);
  });
});
