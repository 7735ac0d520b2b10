import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { IdlePace } from '../../../src/links/tunnel-client/idle-pace.ts';

const EMPTY_IDLE = { verb: 'idle', lengthBytes: 0, pollingByte: 1, tookMs: 1 } as const;

/** The pause behind the last of `count` idles that came back empty at once. */
function pauseAfter(count: number, pollingByte = 1): number {
  const pace = new IdlePace(false);
  for (let index = 0; index < count; index++) pace.replied({ ...EMPTY_IDLE, pollingByte }, 1000);
  return pace.dueMs - 1000;
}

describe('IdlePace', () => {
  it('lets the first idle leave at once', () => {
    assert.equal(new IdlePace(false).dueMs, 0);
  });

  it('lets an idle leave at once behind a reply that brought bytes, and behind one that was held', () => {
    const pace = new IdlePace(false);
    pace.replied(EMPTY_IDLE, 1000);
    pace.replied({ ...EMPTY_IDLE, lengthBytes: 1 }, 1010);
    assert.equal(pace.dueMs, 1010);
    pace.replied(EMPTY_IDLE, 1020);
    pace.replied({ ...EMPTY_IDLE, tookMs: 500, pollingByte: 0x21 }, 1520);
    assert.equal(pace.dueMs, 1520);
    pace.replied(EMPTY_IDLE, 1530);
    pace.replied({ ...EMPTY_IDLE, verb: 'send', lengthBytes: 9 }, 1531);
    assert.equal(pace.dueMs, 1531);
  });

  it('waits 20 ms behind an idle that came back empty at once, and as the polling byte says where that is more', () => {
    assert.equal(pauseAfter(1), 20);
    assert.equal(pauseAfter(1, 0x03), 48);
    assert.equal(pauseAfter(1, 0x21), 528);
  });

  it('waits no longer than the top of the classic ladder, whatever the polling byte', () => {
    assert.equal(pauseAfter(1, 0x22), 528);
    assert.equal(pauseAfter(1, 0xff), 528);
  });

  it('slows down behind ten empty idles in a row, to four a second, and is quick again behind bytes', () => {
    assert.deepEqual(
      [10, 11, 12, 13, 14, 100].map((count) => pauseAfter(count)),
      [20, 40, 80, 160, 250, 250],
    );
    const pace = new IdlePace(false);
    for (let index = 0; index < 50; index++) pace.replied(EMPTY_IDLE, 1000);
    pace.replied({ ...EMPTY_IDLE, lengthBytes: 1 }, 2000);
    pace.replied(EMPTY_IDLE, 3000);
    assert.equal(pace.dueMs, 3020);
  });

  it('leaves the pause as it is behind a send that brought nothing', () => {
    const pace = new IdlePace(false);
    pace.replied({ ...EMPTY_IDLE, pollingByte: 9 }, 1000);
    pace.replied({ ...EMPTY_IDLE, verb: 'send' }, 1050);
    assert.equal(pace.dueMs, 1144);
  });

  it('takes an idle for held by what it took longer than the quickest reply, on a line of any length', () => {
    const pace = new IdlePace(false);
    pace.replied({ ...EMPTY_IDLE, verb: 'send', lengthBytes: 9, tookMs: 300 }, 1000);
    pace.replied({ ...EMPTY_IDLE, tookMs: 300, pollingByte: 0x21 }, 2000);
    assert.equal(pace.dueMs, 2528);
    pace.replied({ ...EMPTY_IDLE, tookMs: 399 }, 3000);
    assert.equal(pace.dueMs, 3020);
    pace.replied({ ...EMPTY_IDLE, tookMs: 400 }, 4000);
    assert.equal(pace.dueMs, 4000);
  });

  it('puts an idle off behind sends that hear nothing, where those wait for idles, for 4 s at most', () => {
    const pace = new IdlePace(true);
    const send = { ...EMPTY_IDLE, verb: 'send' } as const;
    pace.replied(send, 1000);
    assert.equal(pace.dueMs, 0, 'nothing is known of what an idle brings');
    pace.replied({ ...EMPTY_IDLE, tookMs: 500 }, 2000);
    pace.replied(send, 2030);
    assert.equal(pace.dueMs, 2130);
    for (let nowMs = 2060; nowMs < 7000; nowMs += 30) pace.replied(send, nowMs);
    assert.equal(pace.dueMs, 6000);
    pace.replied({ ...send, lengthBytes: 3 }, 7000);
    pace.replied(send, 7030);
    assert.equal(pace.dueMs, 7000);
  });
});
