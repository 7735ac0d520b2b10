import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ReplyCap } from '../../../src/protocol/rtmpt/reply-cap.ts';

const KIB = 1024;

describe('ReplyCap [tunnel point 9]', () => {
  it('starts at 64 KiB and doubles to its ceiling while replies are more than half full', () => {
    const cap = new ReplyCap(200 * KIB);
    const seen = [cap.capBytes];
    for (let round = 0; round < 3; round++) {
      cap.replied(cap.capBytes / 2 + 1);
      seen.push(cap.capBytes);
    }
    assert.deepEqual(seen, [64 * KIB, 128 * KIB, 200 * KIB, 200 * KIB]);
  });

  it('stays where a reply is half full', () => {
    const cap = new ReplyCap(1024 * KIB);
    cap.replied(32 * KIB);
    assert.equal(cap.capBytes, 64 * KIB);
  });

  it('falls back to 64 KiB, and no lower, while replies are small', () => {
    const cap = new ReplyCap(1024 * KIB);
    for (let round = 0; round < 4; round++) cap.replied(cap.capBytes);
    assert.equal(cap.capBytes, 1024 * KIB);
    for (let round = 0; round < 9; round++) cap.replied(10);
    assert.equal(cap.capBytes, 64 * KIB);
  });

  it('never passes a ceiling under 64 KiB', () => {
    const cap = new ReplyCap(1000);
    cap.replied(5000);
    assert.equal(cap.capBytes, 1000);
  });
});
