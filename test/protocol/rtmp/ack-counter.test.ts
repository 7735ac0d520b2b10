import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { AckCounter } from '../../../src/protocol/rtmp/ack-counter.ts';

describe('AckCounter', () => {
  it('is due at half of the window and not one byte before it', () => {
    const counter = new AckCounter(20_000);
    counter.received(9999);
    assert.equal(counter.due(), null);
    counter.received(1);
    assert.equal(counter.due(), 10_000);
    assert.equal(counter.due(), null);
    counter.received(10_000);
    assert.equal(counter.due(), 20_000);
  });

  it('wraps at 2^32 and goes on [item 38]', () => {
    const counter = new AckCounter(2_500_000);
    counter.received(0xffffffff);
    assert.equal(counter.due(), 0xffffffff);
    counter.received(1);
    assert.equal(counter.due(), null);
    counter.received(1_249_999);
    assert.equal(counter.due(), 1_249_999);
    for (let round = 0; round < 5000; round++) {
      counter.received(1_250_000);
      const expected = (1_249_999 + (round + 1) * 1_250_000) % 2 ** 32;
      assert.equal(counter.due(), expected);
    }
  });

  it('takes windows between its floor and its own, and ignores 0 [item 37]', () => {
    const counter = new AckCounter(100_000);
    for (const [windowBytes, effectiveBytes] of [
      [0, 100_000],
      [1, 8192],
      [0, 8192],
      [8192, 8192],
      [8193, 8193],
      [50_000, 50_000],
      [100_000, 100_000],
      [0xffffffff, 100_000],
    ] as const) {
      counter.setWindow(windowBytes);
      counter.received(Math.ceil(effectiveBytes / 2) - 1);
      assert.equal(counter.due(), null, String(windowBytes));
      counter.received(1);
      assert.notEqual(counter.due(), null, String(windowBytes));
    }
  });

  it('keeps a floor under its own window', () => {
    const counter = new AckCounter(10);
    counter.received(4095);
    assert.equal(counter.due(), null);
    counter.received(1);
    assert.equal(counter.due(), 4096);
  });
});
