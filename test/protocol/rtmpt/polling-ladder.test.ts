import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Bench, shaken } from './session-bench.ts';

const CLASSIC = { idleHoldMs: 0, setupHoldMs: 0, pollingByte: 'ladder' } as const;

/** The polling bytes that so many idles get, hexadecimal. */
function bytesOf(bench: Bench, count: number, type: 'idle' | 'send' = 'idle'): string[] {
  const had = bench.answers.length;
  for (let number = 0; number < count; number++) bench.ask(type, 'a');
  return bench.answers.slice(had).map((answer) => Number(answer.split(' ')[2]).toString(16));
}

function tenOf(...bytes: string[]): string[] {
  return bytes.flatMap((byte) => Array<string>(10).fill(byte));
}

describe('the polling byte, where idles are not held [RTMPT-NOTE 7] [tunnel point 7]', () => {
  it('climbs with each ten idles in a row that bring nothing, to 21', () => {
    assert.deepEqual(bytesOf(shaken(CLASSIC), 70), tenOf('1', '3', '5', '9', '11', '21', '21'));
  });

  it('is 01 with the first bytes, and climbs anew behind them', () => {
    const bench = shaken(CLASSIC);
    bytesOf(bench, 25);
    bench.endpoint.queue('news');
    assert.deepEqual(bytesOf(bench, 1), ['1']);
    assert.deepEqual(bytesOf(bench, 11), [...tenOf('1'), '3']);
  });

  it('tells sends the step that idles have come to, and is not moved by them', () => {
    const bench = shaken(CLASSIC);
    bytesOf(bench, 15);
    assert.deepEqual(bytesOf(bench, 20, 'send'), Array<string>(20).fill('3'));
    assert.deepEqual(bytesOf(bench, 6), ['3', '3', '3', '3', '3', '5']);
  });

  it('stays 01 where that was not chosen, and where idles are held', () => {
    for (const settings of [{ ...CLASSIC, pollingByte: 'fixed' } as const, { ...CLASSIC, idleHoldMs: 500 }]) {
      assert.deepEqual(bytesOf(shaken(settings), 30), tenOf('1', '1', '1'));
    }
  });
});
