// Admission by Adobe authentication: what the client is told and the log says. What deserves it is in
// adobe-authenticator.test.ts.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Verdict } from '../../src/auth/admission.ts';
import { CHALLENGE_LIFETIME_MS } from '../../src/auth/limits.ts';
import { answerTo, Door, descriptionOf } from './door.ts';

const GORTMPLIB = 'LNX 9,0,124,2';
const FAILED = '[ AccessManager.Reject ] : [ authmod=adobe ] : ?reason=authfailed';

function assertRefused(verdict: Verdict, reason: RegExp): void {
  assert.equal(descriptionOf(verdict), FAILED);
  assert.ok(verdict.type === 'reject' && !verdict.isStep);
  assert.match(verdict.reason, reason);
}

describe('AdobeAdmission', () => {
  it('asks for a login, gives a challenge, and lets the right answer in', () => {
    const door = new Door();
    const first = door.ask('');
    assert.equal(descriptionOf(first), '[ AccessManager.Reject ] : [ code=403 need auth; authmod=adobe ] : ');
    assert.ok(first.type === 'reject' && first.isStep);
    const given = door.challenge('bob');
    assert.equal(given.user, 'bob');
    assert.deepEqual(door.ask(answerTo(given, 'secret')), { type: 'accept' });
  });

  it('tells the log why a login failed, and the client that it did', () => {
    const door = new Door();
    const [early, late] = [door.challenge('bob'), door.challenge('bob')];
    assertRefused(door.ask(answerTo(early, 'wrong')), /password/);
    assertRefused(door.ask(answerTo(early, 'secret')), /answered already/);
    assertRefused(door.ask(answerTo({ ...late, opaque: 'o'.repeat(129) }, 'secret')), /too long/);
    door.nowMs += CHALLENGE_LIFETIME_MS;
    assertRefused(door.ask(answerTo(late, 'secret')), /too old/);
  });

  it('words its answers for gortmplib as that compares them, and for all others as Flash Media Server does [item 73]', () => {
    const door = new Door();
    const changes = { flashVersion: GORTMPLIB };
    assert.equal(descriptionOf(door.ask('', changes)), 'code=403 need auth; authmod=adobe');
    const challenge = descriptionOf(door.ask('authmod=adobe&user=bob', changes));
    assert.ok(challenge.startsWith('authmod=adobe ?reason=needauth&'), challenge);
    assert.equal(descriptionOf(door.ask('authmod=adobe', changes)), 'authmod=adobe ?reason=authfailed');
    const forGstreamer = descriptionOf(
      door.ask('authmod=adobe&user=bob', { flashVersion: 'LNX 10,0,32,18' }),
    );
    assert.match(forGstreamer, /^\[ AccessManager\.Reject \] : \[ authmod=adobe \] : \?reason=needauth&/);
  });

  it('asks anew who comes with another way of authentication', () => {
    assert.match(descriptionOf(new Door().ask('authmod=llnw&user=bob')), /need auth/);
  });

  it('never says a secret to the log', () => {
    const door = new Door();
    const given = door.challenge('bob');
    const answer = answerTo(given, 'wrongest');
    const verdicts = ['', 'authmod=adobe&user=bob', answer, answer, 'authmod=adobe'].map((query) =>
      door.ask(query),
    );
    const secrets = [given.salt, given.challenge, 'bob', 'wrongest', '0badf00d', 'response='];
    for (const verdict of verdicts) {
      assert.ok(verdict.type === 'reject');
      for (const secret of secrets) assert.ok(!verdict.reason.includes(secret), verdict.reason);
    }
  });
});
