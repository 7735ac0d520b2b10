// Adobe authentication from the server's side, with answers made by node:crypto alone.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  CHALLENGE_LIFETIME_MS,
  MAX_FAILED_ANSWERS_PER_ADDRESS,
  MAX_OPEN_CHALLENGES,
  MAX_OPEN_CHALLENGES_PER_ADDRESS,
} from '../../src/auth/limits.ts';
import { answerTo, Door } from './door.ts';

const ACCEPTED = { type: 'accepted', user: 'bob' };
const NOT_OPEN = { type: 'failed', cause: 'challenge-not-open' };
const WRONG = { type: 'failed', cause: 'wrong-credentials' };
const MALFORMED = { type: 'failed', cause: 'malformed' };

describe('AdobeAuthenticator', () => {
  it('gives every client another salt and another challenge, of characters that no client decodes', () => {
    const door = new Door();
    const given = Array.from({ length: 50 }, () => door.issue('bob'));
    assert.equal(new Set(given.map(({ salt }) => salt)).size, 50);
    assert.equal(new Set(given.map(({ challenge }) => challenge)).size, 50);
    for (const { salt, challenge } of given) {
      assert.match(`${salt} ${challenge}`, /^[A-Za-z0-9_-]{8} [A-Za-z0-9_-]{22}$/);
    }
  });

  it('refuses an answer that is sent again [item 73]', () => {
    const door = new Door();
    const answer = answerTo(door.issue('bob'), 'secret');
    assert.deepEqual([door.judge(answer), door.judge(answer)], [ACCEPTED, NOT_OPEN]);
  });

  it('refuses a second try at a challenge, though it is right [item 73]', () => {
    const door = new Door();
    const given = door.issue('bob');
    assert.deepEqual(door.judge(answerTo(given, 'wrong')), WRONG);
    assert.deepEqual(door.judge(answerTo(given, 'secret')), NOT_OPEN);
  });

  it('refuses an answer that comes too late, and takes one in time [item 73]', () => {
    const door = new Door();
    const [early, late] = [door.issue('bob'), door.issue('bob')];
    door.nowMs += CHALLENGE_LIFETIME_MS - 1;
    assert.deepEqual(door.judge(answerTo(early, 'secret')), ACCEPTED);
    door.nowMs += 1;
    assert.deepEqual(door.judge(answerTo(late, 'secret')), NOT_OPEN);
  });

  it('refuses an answer to a challenge that it never gave, and one out of bounds', () => {
    const door = new Door();
    const given = { user: 'bob', salt: 'salt1', challenge: 'chal1', opaque: 'opq1' };
    assert.deepEqual(door.judge(answerTo(given, 'secret')), NOT_OPEN);
    assert.deepEqual(door.judge(answerTo({ ...given, opaque: 'o'.repeat(129) }, 'secret')), MALFORMED);
    assert.deepEqual(door.judge('authmod=adobe'), MALFORMED);
  });

  it('treats a user that it does not know as one with a wrong password, down to the challenge', () => {
    const door = new Door();
    for (const user of ['eve', 'nobody', 'bob']) {
      for (const password of ['wrong', '', 'null', 'undefined']) {
        assert.deepEqual(door.judge(answerTo(door.issue(user), password)), WRONG);
      }
    }
  });

  it('takes a name with percent-encoding, whichever form of it the client hashed', () => {
    const door = new Door();
    const given = door.issue('a%40b');
    assert.equal(given.user, 'a%40b');
    const accepted = { type: 'accepted', user: 'a@b' };
    assert.deepEqual(door.judge(answerTo(given, 'hunter2')), accepted);
    assert.deepEqual(door.judge(answerTo(door.issue('a%40b'), 'hunter2', { user: 'a@b' })), accepted);
    assert.deepEqual(door.judge(answerTo(door.issue('a@b'), 'hunter2')), accepted);
  });

  it('reads the query of tcUrl where app has none of authentication', () => {
    const door = new Door();
    const tcUrl = `rtmp://host/members?token=x?${answerTo(door.issue('bob'), 'secret')}`;
    assert.deepEqual(door.judge('token=x', '192.0.2.7', tcUrl), ACCEPTED);
  });

  it('keeps the challenge of a client while a whole /64 of another floods it', () => {
    const door = new Door();
    const given = door.issue('bob', '2001:db8:1::1');
    for (let n = 0; n < MAX_OPEN_CHALLENGES; n++) door.issue('x', `2001:db8:bad::${n.toString(16)}`);
    assert.deepEqual(door.judge(answerTo(given, 'secret'), '2001:db8:1::1'), ACCEPTED);
  });

  it('lets nothing but the right answer in, and never throws, whatever the query', () => {
    const door = new Door();
    const piece = fc.oneof(
      fc.constantFrom(
        'authmod=adobe',
        '&',
        '?',
        'user=bob',
        '&challenge=',
        '&response=',
        '&opaque=',
        '%',
        '==',
      ),
      fc.string({ unit: 'binary', maxLength: 12 }),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 16 }), (pieces) => {
        assert.notEqual(door.judge(pieces.join('')).type, 'accepted');
      }),
    );
  });
});

describe('AdobeAuthenticator, clients that send no opaque', () => {
  const noOpaque = { hasOpaque: false };

  it('finds what they answer among the challenges of their address, each once [item 73]', () => {
    const door = new Door();
    const [first, second] = [door.issue('bob'), door.issue('a@b')];
    door.issue('bob');
    const answers = [answerTo(second, 'hunter2', noOpaque), answerTo(first, 'secret', noOpaque)];
    assert.deepEqual(door.judge(answers[0] ?? ''), { type: 'accepted', user: 'a@b' });
    assert.deepEqual(door.judge(answers[1] ?? ''), ACCEPTED);
    for (const answer of answers) assert.deepEqual(door.judge(answer), WRONG);
  });

  it('takes the user of the challenge, for gortmplib always sends the same name', () => {
    const door = new Door();
    const answer = answerTo(door.issue('bob'), 'secret', noOpaque);
    assert.deepEqual(door.judge(answer.replace('user=bob', 'user=myuser')), ACCEPTED);
  });

  it('refuses an answer from another address, or too late, or with a wrong password', () => {
    const door = new Door();
    const given = door.issue('bob');
    const answer = answerTo(given, 'secret', noOpaque);
    assert.deepEqual(door.judge(answer, '192.0.2.8'), NOT_OPEN);
    assert.deepEqual(door.judge(answerTo(given, 'wrong', noOpaque)), WRONG);
    door.nowMs += CHALLENGE_LIFETIME_MS;
    assert.deepEqual(door.judge(answer), NOT_OPEN);
  });

  it('takes the right answer behind one wrong one less than are allowed', () => {
    const door = new Door();
    const given = door.issue('bob');
    for (let n = 1; n < MAX_FAILED_ANSWERS_PER_ADDRESS; n++) {
      assert.deepEqual(door.judge(answerTo(given, `guess ${n}`, noOpaque)), WRONG);
    }
    assert.deepEqual(door.judge(answerTo(given, 'secret', noOpaque)), ACCEPTED);
  });

  it('takes no answer any more behind as many wrong ones, whichever address of a /64 they come from', () => {
    const door = new Door();
    const given = door.issue('bob', '2001:db8::1');
    for (let n = 1; n <= MAX_FAILED_ANSWERS_PER_ADDRESS; n++) {
      const guess = answerTo(given, `guess ${n}`, noOpaque);
      assert.deepEqual(door.judge(guess, `2001:db8::${n + 1}`), WRONG);
    }
    assert.deepEqual(door.judge(answerTo(given, 'secret', noOpaque), '2001:db8::1'), NOT_OPEN);
    assert.deepEqual(door.judge(answerTo(given, 'secret'), '2001:db8::1'), NOT_OPEN);
  });

  it('looks each password up once for an answer, however many challenges are open', () => {
    const door = new Door();
    for (let n = 0; n < MAX_OPEN_CHALLENGES_PER_ADDRESS; n++) door.issue(n % 2 === 0 ? 'bob' : 'a@b');
    door.passwordsAsked = 0;
    const given = { user: 'bob', salt: 'salt1', challenge: 'chal1', opaque: 'opq1' };
    assert.deepEqual(door.judge(answerTo(given, 'secret', noOpaque)), WRONG);
    assert.equal(door.passwordsAsked, 2);
  });
});
