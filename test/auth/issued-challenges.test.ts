import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type IssuedChallenge, IssuedChallenges } from '../../src/auth/issued-challenges.ts';
import {
  CHALLENGE_LIFETIME_MS,
  MAX_FAILED_ANSWERS_PER_ADDRESS,
  MAX_OPEN_CHALLENGES,
  MAX_OPEN_CHALLENGES_PER_ADDRESS,
} from '../../src/auth/limits.ts';

function issued(nonce: string, addressBlock = '192.0.2.7', issuedMs = 0): IssuedChallenge {
  return { nonce, salt: 's', user: 'bob', addressBlock, issuedMs };
}

describe('IssuedChallenges', () => {
  it('gives each away once', () => {
    const challenges = new IssuedChallenges();
    const challenge = issued('a');
    challenges.add(challenge);
    assert.equal(challenges.take('b', 0), null);
    assert.equal(challenges.take('a', 1), challenge);
    assert.equal(challenges.take('a', 2), null);
    assert.equal(challenges.size, 0);
  });

  it('forgets each when its time is over, and not before', () => {
    const challenges = new IssuedChallenges();
    challenges.add(issued('a', '192.0.2.7', 0));
    challenges.add(issued('b', '192.0.2.7', 10));
    assert.deepEqual(
      challenges.openOf('192.0.2.7', CHALLENGE_LIFETIME_MS - 1).map(({ nonce }) => nonce),
      ['a', 'b'],
    );
    assert.equal(challenges.take('a', CHALLENGE_LIFETIME_MS), null);
    assert.equal(challenges.take('b', CHALLENGE_LIFETIME_MS)?.nonce, 'b');
    assert.deepEqual(challenges.openOf('192.0.2.7', CHALLENGE_LIFETIME_MS), []);
  });

  it('keeps as many of one address as the limit says, and drops its own oldest for one over it', () => {
    const challenges = new IssuedChallenges();
    challenges.add(issued('other', '192.0.2.8'));
    for (let n = 0; n < MAX_OPEN_CHALLENGES_PER_ADDRESS; n++) challenges.add(issued(`${n}`));
    assert.equal(challenges.openOf('192.0.2.7', 0)[0]?.nonce, '0');
    challenges.add(issued('over'));
    assert.equal(challenges.openOf('192.0.2.7', 0).length, MAX_OPEN_CHALLENGES_PER_ADDRESS);
    assert.equal(challenges.take('0', 0), null);
    assert.equal(challenges.take('1', 0)?.nonce, '1');
    assert.equal(challenges.take('other', 0)?.nonce, 'other');
  });

  it('keeps as many in all as the limit says, and drops the oldest for one over it', () => {
    const challenges = new IssuedChallenges();
    for (let n = 0; n < MAX_OPEN_CHALLENGES; n++) challenges.add(issued(`${n}`, `address ${n}`));
    assert.equal(challenges.openOf('address 0', 0).length, 1);
    challenges.add(issued('over', 'address over'));
    assert.equal(challenges.size, MAX_OPEN_CHALLENGES);
    assert.equal(challenges.take('0', 0), null);
    assert.equal(challenges.take('1', 0)?.nonce, '1');
    assert.equal(challenges.take('over', 0)?.nonce, 'over');
  });

  it('makes room where it is full from the address that holds the most, not from the oldest', () => {
    const challenges = new IssuedChallenges();
    challenges.add(issued('oldest', 'address of one'));
    challenges.add(issued('first of two', 'address of two'));
    challenges.add(issued('second of two', 'address of two'));
    for (let n = 3; n < MAX_OPEN_CHALLENGES; n++) challenges.add(issued(`${n}`, `address ${n}`));
    challenges.add(issued('over', 'address over'));
    assert.equal(challenges.size, MAX_OPEN_CHALLENGES);
    assert.equal(challenges.take('first of two', 0), null);
    for (const nonce of ['oldest', 'second of two', '3', 'over']) {
      assert.equal(challenges.take(nonce, 0)?.nonce, nonce);
    }
  });

  it('drops all of an address with the last failed answer that is allowed, and nothing of others', () => {
    const challenges = new IssuedChallenges();
    for (const nonce of ['a', 'b']) challenges.add(issued(nonce));
    challenges.add(issued('other', '192.0.2.8'));
    for (let n = 1; n < MAX_FAILED_ANSWERS_PER_ADDRESS; n++) challenges.answerFailed('192.0.2.7');
    assert.equal(challenges.openOf('192.0.2.7', 0).length, 2);
    challenges.answerFailed('192.0.2.7');
    challenges.answerFailed('192.0.2.7');
    assert.equal(challenges.openOf('192.0.2.7', 0).length, 0);
    assert.equal(challenges.take('other', 0)?.nonce, 'other');
    challenges.add(issued('c'));
    challenges.answerFailed('192.0.2.7');
    assert.equal(challenges.take('c', 0)?.nonce, 'c');
  });
});
