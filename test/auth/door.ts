// A door with two users and a clock that the test turns, and clients whose answers are made by node:crypto alone.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import type { AdmissionRequest, Verdict } from '../../src/auth/admission.ts';
import { AdobeAdmission } from '../../src/auth/adobe-admission.ts';
import { AdobeAuthenticator, type AuthOutcome } from '../../src/auth/adobe-authenticator.ts';

const md5 = (text: string): string => createHash('md5').update(text).digest('base64');

/** What a server gave a client, read by hand. */
export type Given = {
  readonly user: string;
  readonly salt: string;
  readonly challenge: string;
  readonly opaque: string;
};

/** The query that answers `given` with a password. */
export function answerTo(
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
export class Door {
  nowMs = 1000;
  /** Passwords that were looked up so far. */
  passwordsAsked = 0;
  #randomCalls = 0;
  readonly #passwords = new Map([
    ['bob', 'secret'],
    ['a@b', 'hunter2'],
    ['nobody', ''],
  ]);
  readonly #authenticator = new AdobeAuthenticator({
    passwordOf: (user) => {
      this.passwordsAsked++;
      return this.#passwords.get(user) ?? null;
    },
    nowMs: () => this.nowMs,
    randomBytes: (lengthBytes) => {
      this.#randomCalls++;
      const hash = createHash('sha256').update(`${this.#randomCalls}`).digest();
      return hash.subarray(0, lengthBytes);
    },
  });
  readonly #admission = new AdobeAdmission(this.#authenticator);

  /** The verdict on a connect. */
  ask(query: string, changes: Partial<AdmissionRequest> = {}): Verdict {
    return this.#admission.connect({
      app: 'members',
      instance: '',
      query,
      tcUrl: 'rtmp://host/members',
      flashVersion: 'FMLE/3.0 (compatible; Lavf59.27.100)',
      remoteAddress: '192.0.2.7',
      signal: new AbortController().signal,
      ...changes,
    });
  }

  /** What the authenticator itself makes of a connect. */
  judge(query: string, remoteAddress = '192.0.2.7', tcUrl = 'rtmp://host/members'): AuthOutcome {
    return this.#authenticator.judge({ query, tcUrl, remoteAddress });
  }

  /** A challenge of the authenticator itself, of which `opaque` is the challenge too. */
  issue(user: string, remoteAddress?: string): Given {
    const outcome = this.judge(`authmod=adobe&user=${user}`, remoteAddress);
    assert.ok(outcome.type === 'challenge', outcome.type);
    const { nonce, ...given } = outcome;
    return { ...given, challenge: nonce, opaque: nonce };
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

/** What a refused client is told. */
export function descriptionOf(verdict: Verdict): string {
  assert.ok(verdict.type === 'reject', verdict.type);
  assert.equal(verdict.code, 'NetConnection.Connect.Rejected');
  return verdict.description;
}
