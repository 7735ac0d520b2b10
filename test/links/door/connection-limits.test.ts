import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ConnectionLimits } from '../../../src/links/door/connection-limits.ts';

describe('ConnectionLimits', () => {
  it('lets in as many as there may be, and another one when one has left', () => {
    const limits = new ConnectionLimits(2, 10);
    assert.deepEqual([limits.enter(), limits.enter(), limits.enter()], [true, true, false]);
    limits.leave();
    assert.deepEqual([limits.enter(), limits.enter()], [true, false]);
  });

  it('counts by address, and forgets a source that has left', () => {
    const limits = new ConnectionLimits(10, 2);
    const enter = (address: string): boolean => limits.enterSource(address) !== null;
    assert.deepEqual(['192.0.2.1', '192.0.2.1', '192.0.2.1', '192.0.2.2'].map(enter), [
      true,
      true,
      false,
      true,
    ]);
    limits.leaveSource('192.0.2.1');
    assert.deepEqual(['192.0.2.1', '192.0.2.1'].map(enter), [true, false]);
  });

  it('takes an IPv6 /64 for one source, and an IPv4 address however it is written', () => {
    const limits = new ConnectionLimits(10, 1);
    assert.equal(limits.enterSource('2001:db8:0:1::1'), '2001:db8:0:1::/64');
    assert.equal(limits.enterSource('2001:db8:0:1:ffff::2'), null);
    assert.notEqual(limits.enterSource('2001:db8:0:2::1'), null);
    assert.equal(limits.enterSource('::ffff:192.0.2.1'), '192.0.2.1');
    assert.equal(limits.enterSource('192.0.2.1'), null);
  });
});
