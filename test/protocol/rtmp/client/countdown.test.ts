// Timeouts without a clock.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Countdown, earlierMs } from '../../../../src/protocol/rtmp/client/countdown.ts';

describe('Countdown', () => {
  it('waits for nothing until it is started', () => {
    const countdown = new Countdown();
    assert.equal(countdown.nextDeadlineMs, null);
    assert.equal(countdown.tick(1_000_000), false);
  });

  it('asks for a tick at once when started, and runs from that tick', () => {
    const countdown = new Countdown();
    countdown.start(100);
    assert.equal(countdown.nextDeadlineMs, 0);
    assert.equal(countdown.tick(5000), false);
    assert.equal(countdown.nextDeadlineMs, 5100);
  });

  it('is over at its deadline, once', () => {
    const countdown = new Countdown();
    countdown.start(100);
    countdown.tick(5000);
    assert.equal(countdown.tick(5099), false);
    assert.equal(countdown.tick(5100), true);
    assert.equal(countdown.tick(6000), false);
    assert.equal(countdown.nextDeadlineMs, null);
  });

  it('starts anew where it runs', () => {
    const countdown = new Countdown();
    countdown.start(100);
    countdown.tick(0);
    countdown.start(100);
    assert.equal(countdown.tick(1000), false);
    assert.equal(countdown.nextDeadlineMs, 1100);
  });

  it('is never over once stopped', () => {
    const countdown = new Countdown();
    countdown.start(100);
    countdown.tick(0);
    countdown.stop();
    assert.equal(countdown.tick(1000), false);
    assert.equal(countdown.nextDeadlineMs, null);
  });
});

describe('earlierMs', () => {
  it('takes the earlier of two, and what there is of one', () => {
    assert.equal(earlierMs(1, 2), 1);
    assert.equal(earlierMs(2, 1), 1);
    assert.equal(earlierMs(null, 2), 2);
    assert.equal(earlierMs(0, null), 0);
    assert.equal(earlierMs(null, null), null);
  });
});
