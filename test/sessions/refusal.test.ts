import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { EndReason } from '../../src/errors.ts';
import { DeadlineWheel } from '../../src/sessions/deadline-wheel.ts';
import { Refusal } from '../../src/sessions/refusal.ts';
import { FakeClock } from './session-rig.ts';

const REFUSED: EndReason = { code: 'rtmp-stream-refused', message: 's is published by somebody else.' };
const LEFT: EndReason = { code: 'peer-closed', message: 'The peer closed the connection.' };

function refusalOf(): { clock: FakeClock; refusal: Refusal; closed: EndReason[] } {
  const clock = new FakeClock();
  const closed: EndReason[] = [];
  const refusal = new Refusal(new DeadlineWheel(clock), (reason) => closed.push(reason));
  return { clock, refusal, closed };
}

describe('Refusal', () => {
  it('closes a second after the first refusal, once', () => {
    const { clock, refusal, closed } = refusalOf();
    for (let n = 0; n < 3; n++) refusal.refused(REFUSED);
    clock.advance(950);
    assert.deepEqual(closed, []);
    clock.advance(5000);
    assert.deepEqual(closed, [REFUSED]);
  });

  it('closes nobody, leaves no deadline and blames nothing once it is lifted', () => {
    const { clock, refusal, closed } = refusalOf();
    refusal.refused(REFUSED);
    refusal.lift();
    clock.advance(50);
    assert.equal(clock.waitingCalls, 0);
    assert.equal(refusal.causeOf(LEFT), LEFT);
    assert.deepEqual(closed, []);
  });

  it('leaves no deadline behind the end of a connection, and still says why it came to nothing', () => {
    const { clock, refusal, closed } = refusalOf();
    refusal.refused(REFUSED);
    refusal.stop();
    clock.advance(50);
    assert.equal(clock.waitingCalls, 0);
    assert.equal(refusal.causeOf(LEFT), REFUSED);
    assert.deepEqual(closed, []);
  });

  it('blames itself for ends that the peer chose alone', () => {
    const { refusal } = refusalOf();
    refusal.refused(REFUSED);
    const drain: EndReason = { code: 'drain', message: 'The server is shutting down.' };
    assert.equal(refusal.causeOf(drain), drain);
  });
});
