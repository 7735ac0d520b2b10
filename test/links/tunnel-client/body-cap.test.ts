import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { BodyCap } from '../../../src/links/tunnel-client/body-cap.ts';

const START_BYTES = 64 * 1024;

describe('BodyCap', () => {
  it('doubles behind full bodies that were taken quickly, up to its ceiling', () => {
    const cap = new BodyCap(200_000);
    const caps: number[] = [];
    for (let index = 0; index < 4; index++) {
      caps.push(cap.capBytes);
      cap.answered(cap.capBytes, 10);
    }
    assert.deepEqual(caps, [START_BYTES, 2 * START_BYTES, 200_000, 200_000]);
  });

  it('stays behind small bodies, and behind full ones that took a while', () => {
    const cap = new BodyCap(1024 * 1024);
    cap.answered(START_BYTES / 2, 10);
    cap.answered(START_BYTES, 600);
    assert.equal(cap.capBytes, START_BYTES);
  });

  it('halves behind a body that took more than a second, down to where it began', () => {
    const cap = new BodyCap(1024 * 1024);
    cap.answered(START_BYTES, 10);
    cap.answered(2 * START_BYTES, 10);
    cap.answered(4 * START_BYTES, 1001);
    assert.equal(cap.capBytes, 2 * START_BYTES);
    cap.answered(1, 5000);
    cap.answered(1, 5000);
    assert.equal(cap.capBytes, START_BYTES);
  });

  it('never passes a ceiling below its start', () => {
    const cap = new BodyCap(1000);
    assert.equal(cap.capBytes, 1000);
    cap.answered(1000, 2000);
    assert.equal(cap.capBytes, 1000);
  });
});
