import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { estimateLoadMs, minutesText } from '../../bench/support/estimate.ts';

const HELD = ['--seconds', '10', '--settle-ms', '2000'];

describe('estimateLoadMs', () => {
  it('is more than the stretch and the time before it', () => {
    assert.ok(estimateLoadMs(['--rtmp', '1', ...HELD]) > 12_000);
  });

  it('grows with those who join, more so through tunnels and at a slow server', () => {
    const fewMs = estimateLoadMs(['--rtmp', '1', ...HELD]);
    const manyMs = estimateLoadMs(['--rtmp', '1000', ...HELD]);
    assert.ok(manyMs > fewMs);
    assert.ok(estimateLoadMs(['--rtmpt', '1000', ...HELD]) > manyMs);
    assert.ok(estimateLoadMs(['--rtmps', '1000', ...HELD]) > manyMs);
    assert.ok(estimateLoadMs(['--wss', '1000', ...HELD]) > estimateLoadMs(['--ws', '1000', ...HELD]));
    assert.ok(estimateLoadMs(['--rtmp', '1000', ...HELD], false) > manyMs);
  });

  it('has the clients of a floor wait for nothing but their connection', () => {
    const tunnels = ['--rtmpts', '1000', ...HELD];
    assert.ok(estimateLoadMs(['--mode', 'bare-poll', ...tunnels]) < estimateLoadMs(tunnels));
  });

  it('counts joins by their number, and not by a length that they do not have', () => {
    const join = ['--mode', 'join', '--settle-ms', '0'];
    assert.ok(estimateLoadMs([...join, '--rtmp', '500']) > estimateLoadMs([...join, '--rtmp', '5']));
  });
});

describe('minutesText', () => {
  it('has whole minutes, and at least one', () => {
    assert.deepEqual([0, 61_000, 100_000].map(minutesText), ['1 minute', '1 minute', '2 minutes']);
  });
});
