import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { GatherClock, type Gatherer } from '../../src/upstreams/gather-clock.ts';
import { FakeClock } from '../sessions/session-rig.ts';

function namedGatherer(log: string[], name: string, onReleased: () => void = () => undefined): Gatherer {
  return {
    released: () => {
      log.push(name);
      onReleased();
    },
  };
}

describe('GatherClock', () => {
  it('tells all that came something for at one moment, once, by one timer', () => {
    const clock = new FakeClock();
    const gather = new GatherClock(clock, 30);
    const log: string[] = [];
    const first = namedGatherer(log, 'first');
    gather.add(first);
    clock.advance(10);
    gather.add(namedGatherer(log, 'second'));
    gather.add(first);
    assert.equal(clock.waitingCalls, 1);
    clock.advance(19);
    assert.deepEqual(log, []);
    clock.advance(1);
    assert.deepEqual(log, ['first', 'second']);
    clock.advance(1000);
    assert.deepEqual(log, ['first', 'second']);
    assert.equal(clock.waitingCalls, 0);
  });

  it('tells nothing to who is gone', () => {
    const clock = new FakeClock();
    const gather = new GatherClock(clock, 30);
    const log: string[] = [];
    const gone = namedGatherer(log, 'gone');
    gather.add(gone);
    gather.remove(gone);
    clock.advance(30);
    assert.deepEqual(log, []);
  });

  it('tells nothing to who goes while the others are told', () => {
    const clock = new FakeClock();
    const gather = new GatherClock(clock, 30);
    const log: string[] = [];
    const second = namedGatherer(log, 'second');
    gather.add(namedGatherer(log, 'first', () => gather.remove(second)));
    gather.add(second);
    clock.advance(30);
    assert.deepEqual(log, ['first']);
  });

  it('waits anew for who gets something while it tells', () => {
    const clock = new FakeClock();
    const gather = new GatherClock(clock, 30);
    const log: string[] = [];
    let times = 0;
    const again: Gatherer = namedGatherer(log, 'again', () => {
      if (times++ === 0) gather.add(again);
    });
    gather.add(again);
    clock.advance(30);
    assert.deepEqual(log, ['again']);
    clock.advance(30);
    assert.deepEqual(log, ['again', 'again']);
  });
});
