// Adobe authentication from the server's side, with answers made here by node:crypto alone.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { AdmissionRequest, Verdict } from '../../src/auth/admission.ts';
import { AdobeAdmission } from '../../src/auth/adobe-admission.ts';
import { AdobeAuthenticator } from '../../src/auth/adobe-authenticator.ts';
import { CHALLENGE_LIFETIME_MS, MAX_OPEN_CHALLENGES_PER_ADDRESS } from '../../src/auth/limits.ts';

const FMLE = 'FMLE/3.0 (compatible; Lavf59.27.100)';
const GORTMPLIB = 'LNX 9,0,124,2';
const FAILED = '[ AccessManager.Reject ] : [ authmod=adobe ] : ?reason=authfailed';

const md5 = (text: string): string => createHash('md5').update(text).digest('base64');

/** What a server gave a client, read by hand. */
type Given = {
  readonly user: string;
  readonly salt: string;
  readonly challenge: string;
  readonly opaque: string;
};

/** The query that answers `given` with a password. */
function answerTo(
  given: Given,
  password: string,
  changes: { user?: string; hasOpaque?: boolean } = {},
): string {
  const user = changes.user ?? given.user;
  const response = md5(`${md5(user + given.salt + password)}${given.opaque}0badf00d`);
  const query = `authmod=adobe&user=${given.user}&challenge=0badf00d&response=${response}`;
  return changes.hasOpaque === false ? query : `${query}&opaque=${given.opaque}`;
}

/** An admission with two users and a clock that the test turns. */
class Door {
  nowMs = 1000;
  #randomCalls = 0;
  readonly #passwords = new Map([
    ['bob', 'secret'],
    ['a@b', 'hunter2'],
    ['nobody', ''],
  ]);
  readonly authenticator = new AdobeAuthenticator({
    passwordOf: (user) => this.#passwords.get(user) ?? null,
    nowMs: () => this.nowMs,
    randomBytes: (lengthBytes) => {
      this.#randomCalls++;
      const hash = createHash('sha256').update(`${this.#randomCalls}`).digest();
      return hash.subarray(0, lengthBytes);
    },
  });
  readonly #admission = new AdobeAdmission(this.authenticator);

  ask(query: string, changes: Partial<AdmissionRequest> = {}): Verdict {
    return this.#admission.connect({
      app: 'members',
      instance: '',
      query,
      tcUrl: 'rtmp://host/members',
      flashVersion: FMLE,
      remoteAddress: '192.0.2.7',
      ...changes,
    });
  }

  /** Goes to the second step, and gives what the server gave. */
  challenge(user: string, changes: Partial<AdmissionRequest> = {}): Given {
    const description = descriptionOf(this.ask(`authmod=adobe&user=${user}`, changes));
    const found =
      /authmod=adobe(?: \] :)? \?reason=needauth&user=(.*)&salt=(.*)&challenge=(.*)&opaque=(.*)$/.exec(
        description,
      );
    const [, echoed = '', salt = '', challenge = '', opaque = ''] = found ?? [];
    assert.ok(salt !== '' && challenge !== '' && opaque !== '', description);
    return { user: echoed, salt, challenge, opaque };
  }
}

function descriptionOf(verdict: Verdict): string {
  assert.ok(verdict.type === 'reject', verdict.type);
  assert.equal(verdict.code, 'NetConnection.Connect.Rejected');
  return verdict.description;
}

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
    assert.equal(door.authenticator.openChallenges, 0);
  });

  it('gives every client another salt and another challenge, of characters that no client decodes', () => {
    const door = new Door();
    const given = Array.from({ length: 50 }, () => door.challenge('bob'));
    assert.equal(new Set(given.map(({ salt }) => salt)).size, 50);
    assert.equal(new Set(given.map(({ challenge }) => challenge)).size, 50);
    for (const { salt, challenge, opaque } of given) {
      assert.match(`${salt} ${challenge}`, /^[A-Za-z0-9_-]{8} [A-Za-z0-9_-]{22}$/);
      assert.equal(opaque, challenge);
    }
  });

  it('refuses an answer that is sent again [item 73]', () => {
    const door = new Door();
    const answer = answerTo(door.challenge('bob'), 'secret');
    assert.equal(door.ask(answer).type, 'accept');
    assertRefused(door.ask(answer), /answered already/);
  });

  it('refuses a second try at a challenge, though it is right [item 73]', () => {
    const door = new Door();
    const given = door.challenge('bob');
    assertRefused(door.ask(answerTo(given, 'wrong')), /password/);
    assertRefused(door.ask(answerTo(given, 'secret')), /answered already/);
  });

  it('refuses an answer that comes too late, and takes one in time [item 73]', () => {
    const door = new Door();
    const [early, late] = [door.challenge('bob'), door.challenge('bob')];
    door.nowMs += CHALLENGE_LIFETIME_MS - 1;
    assert.equal(door.ask(answerTo(early, 'secret')).type, 'accept');
    door.nowMs += 1;
    assertRefused(door.ask(answerTo(late, 'secret')), /too old/);
  });

  it('refuses an answer to a challenge that it never gave', () => {
    const door = new Door();
    const given = { user: 'bob', salt: 'salt1', challenge: 'chal1', opaque: 'opq1' };
    assertRefused(door.ask(answerTo(given, 'secret')), /never given/);
    const overlong = { ...given, opaque: 'o'.repeat(129) };
    assertRefused(door.ask(answerTo(overlong, 'secret')), /too long/);
  });

  it('treats a user that it does not know as one with a wrong password, down to the challenge', () => {
    const door = new Door();
    for (const user of ['eve', 'nobody', 'bob']) {
      for (const password of ['wrong', '', 'null', 'undefined']) {
        assertRefused(door.ask(answerTo(door.challenge(user), password)), /^The user or the password/);
      }
    }
  });

  it('takes a name with percent-encoding, whichever form of it the client hashed', () => {
    const door = new Door();
    const given = door.challenge('a%40b');
    assert.equal(given.user, 'a%40b');
    assert.equal(door.ask(answerTo(given, 'hunter2')).type, 'accept');
    assert.equal(door.ask(answerTo(door.challenge('a%40b'), 'hunter2', { user: 'a@b' })).type, 'accept');
    assert.equal(door.ask(answerTo(door.challenge('a@b'), 'hunter2')).type, 'accept');
  });

  it('reads the query of tcUrl where app has none of authentication', () => {
    const door = new Door();
    const given = door.challenge('bob');
    const tcUrl = `rtmp://host/members?token=x?${answerTo(given, 'secret')}`;
    assert.equal(door.ask('token=x', { tcUrl }).type, 'accept');
  });

  it('words its answers for gortmplib as that compares them, and for all others as Flash Media Server does', () => {
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
        assert.equal(door.ask(pieces.join('')).type, 'reject');
        assert.ok(door.authenticator.openChallenges <= MAX_OPEN_CHALLENGES_PER_ADDRESS);
      }),
    );
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

describe('AdobeAdmission, clients that send no opaque', () => {
  const other = { remoteAddress: '192.0.2.8' };

  it('finds what they answer among the challenges of their address, each once [item 73]', () => {
    const door = new Door();
    const given = [door.challenge('bob'), door.challenge('a@b'), door.challenge('bob')];
    const answers = [
      answerTo(given[0] ?? door.challenge('bob'), 'secret', { hasOpaque: false }),
      answerTo(given[1] ?? door.challenge('a@b'), 'hunter2', { hasOpaque: false }),
    ];
    for (const answer of answers.toReversed()) assert.equal(door.ask(answer).type, 'accept');
    for (const answer of answers) assertRefused(door.ask(answer), /password/);
    assert.equal(door.authenticator.openChallenges, 1);
  });

  it('takes the user of the challenge, for gortmplib always sends the same name', () => {
    const door = new Door();
    const answer = answerTo(door.challenge('bob'), 'secret', { hasOpaque: false });
    assert.equal(door.ask(answer.replace('user=bob', 'user=myuser')).type, 'accept');
  });

  it('refuses an answer from another address, or too late, or with a wrong password', () => {
    const door = new Door();
    const given = door.challenge('bob');
    const answer = answerTo(given, 'secret', { hasOpaque: false });
    assertRefused(door.ask(answer, other), /never given/);
    assertRefused(door.ask(answerTo(given, 'wrong', { hasOpaque: false })), /password/);
    door.nowMs += CHALLENGE_LIFETIME_MS;
    assertRefused(door.ask(answer), /too old/);
  });
});
