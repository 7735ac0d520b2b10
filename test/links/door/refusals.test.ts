import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Refusals } from '../../../src/links/door/refusals.ts';
import { FakeWheel } from '../rtmpt/tunnel-harness.ts';

const PEER = { remoteAddress: '192.0.2.1', proxyAddress: null, localPort: 443 };

function rigOf() {
  const lines: string[] = [];
  const counted: string[] = [];
  const wheel = new FakeWheel();
  const write = (level: string) => (fields: object, message: string) => {
    const { reason, count } = { count: 1, ...fields } as { reason: string; count: number };
    lines.push(`${level} ${message}: ${count} ${reason}`);
  };
  const log = { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
  const refusals = new Refusals({ log, wheel, count: (code) => counted.push(code) });
  return { refusals, lines, counted, wheel };
}

describe('Refusals', () => {
  it('counts each, tells the first at once, and the others of ten seconds as one number', () => {
    const { refusals, lines, counted, wheel } = rigOf();
    for (let n = 0; n < 1000; n++) refusals.refused('connection-silent', PEER, 'expected words');
    assert.equal(counted.length, 1000);
    const told = (): string[] => lines.filter((line) => line.startsWith('info'));
    assert.deepEqual(told(), ['info connection refused: 1 connection-silent']);
    assert.equal(lines.filter((line) => line.startsWith('debug')).length, 999);
    wheel.advance(10_000);
    assert.deepEqual(told(), [
      'info connection refused: 1 connection-silent',
      'info connections refused: 999 connection-silent',
    ]);
    assert.equal(wheel.pendingCount, 0);
  });

  it('keeps codes apart, and says nothing of a sum where there was but one', () => {
    const { refusals, lines, wheel } = rigOf();
    refusals.refused('connection-silent', PEER, 'expected words');
    refusals.refused('http-malformed', PEER, 'expected HTTP');
    wheel.advance(10_000);
    refusals.refused('connection-silent', PEER, 'expected words');
    assert.deepEqual(lines, [
      'info connection refused: 1 connection-silent',
      'info connection refused: 1 http-malformed',
      'info connection refused: 1 connection-silent',
    ]);
  });
});
