// Input that brings up more events than one turn is to handle: the rest follows in turns of its own, in order.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MAX_WAITING_EVENTS } from '../../src/protocol/rtmp/limits.ts';
import { PAYLOAD } from '../streams/stream-rig.ts';
import { SessionRig, sendKey, type TestPeer } from './session-rig.ts';

const COUNT = 20 * MAX_WAITING_EVENTS;

/** That many frames of a publisher in one piece, as a tunnel's body brings them. */
function flood({ say }: TestPeer, count: number): Uint8Array {
  return Buffer.concat(Array.from({ length: count }, (_, n) => say.video(1, n, PAYLOAD.inter(n, 30))));
}

function framesHeard(player: TestPeer): number[] {
  return player.heard().flatMap((line) => (line.startsWith('inter ') ? [Number(line.split(' ')[1])] : []));
}

describe('RtmpConnection, handling much input', () => {
  it('handles so many events in a turn, and the rest in turns of their own, in order', () => {
    const rig = new SessionRig();
    const publisher = rig.publisher('s');
    sendKey(publisher, 0, 1);
    const player = rig.player('s');
    rig.scheduler.run();
    player.heard();
    publisher.send(flood(publisher, COUNT));
    const numbers: number[] = [];
    let turns = 0;
    for (; numbers.length < COUNT && turns < 100; turns++) {
      numbers.push(...framesHeard(player));
      rig.scheduler.run();
    }
    assert.deepEqual(
      numbers,
      Array.from({ length: COUNT }, (_, n) => n),
    );
    assert.ok(turns > 2, `${turns} turns`);
    publisher.send(publisher.say.video(1, COUNT, PAYLOAD.inter(COUNT, 30)));
    rig.scheduler.run();
    assert.deepEqual(framesHeard(player), [COUNT]);
  });

  it('has the peer wait until the rest is handled, so that no end overtakes it', () => {
    const rig = new SessionRig();
    const publisher = rig.publisher('s');
    assert.equal(publisher.link.isPaused, false);
    publisher.send(flood(publisher, COUNT));
    assert.equal(publisher.link.isPaused, true);
    for (let turns = 0; publisher.link.isPaused && turns < 100; turns++) rig.scheduler.run();
    assert.equal(publisher.link.isPaused, false);
    assert.equal(rig.lines('session ended').length, 0);
    publisher.send(flood(publisher, 1));
    assert.equal(publisher.link.isPaused, false);
  });

  it('handles nothing of what is left once the connection is over', () => {
    const rig = new SessionRig();
    const publisher = rig.publisher('s');
    publisher.send(flood(publisher, COUNT));
    publisher.link.drop();
    rig.scheduler.run();
    assert.deepEqual(publisher.link.internalErrors, []);
    assert.equal(rig.registry.size, 0);
  });
});
