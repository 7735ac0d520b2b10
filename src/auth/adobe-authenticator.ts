// Adobe authentication, the server's side: what a connect deserves by its query, from the first step to the last. Each
// challenge is random, answered once and within a limited time, so that a response that was overheard opens nothing.
// What a client is told of it is in adobe-admission.ts.

import type { AdobeAuthQuery } from '../protocol/rtmp/adobe-auth.ts';
import {
  adobeResponse,
  decodePercent,
  isSameResponse,
  parseAdobeAuthQuery,
} from '../protocol/rtmp/adobe-auth.ts';
import { addressBlockOf } from './address-block.ts';
import type { AdmissionRequest } from './admission.ts';
import type { IssuedChallenge } from './issued-challenges.ts';
import { IssuedChallenges } from './issued-challenges.ts';

const SALT_BYTES = 6;
/** 128 bits: nobody meets one by guessing. */
const NONCE_BYTES = 16;

/** What an authenticator needs. */
export type AuthenticatorDeps = {
  /** The password of a user, by the name without percent-encoding; null or '' lets nobody in by that name. */
  readonly passwordOf: (user: string) => string | null;
  /** Monotonic milliseconds. */
  readonly nowMs: () => number;
  /** Gives exactly `lengthBytes` random bytes that nobody can foretell. */
  readonly randomBytes: (lengthBytes: number) => Uint8Array;
};

/**
 * What a connect deserves. A challenge's `nonce` is its challenge and its opaque. WHY: 'failed' does not tell an unknown
 * user from a wrong password, for a stranger would find out names by it; every name is given a challenge.
 */
export type AuthOutcome =
  | { readonly type: 'need-auth' }
  | { readonly type: 'challenge'; readonly user: string; readonly salt: string; readonly nonce: string }
  | { readonly type: 'accepted'; readonly user: string }
  | { readonly type: 'failed'; readonly cause: 'malformed' | 'challenge-not-open' | 'wrong-credentials' };

type ResponseQuery = Extract<AdobeAuthQuery, { type: 'response' }>;

/** Decides by Adobe authentication. One may serve several applications that have the same users. */
export class AdobeAuthenticator {
  readonly #deps: AuthenticatorDeps;
  readonly #issued = new IssuedChallenges();
  /** Stands in for the password of a user that there is none of; nobody knows it. */
  readonly #noPassword: string;

  constructor(deps: AuthenticatorDeps) {
    this.#deps = deps;
    this.#noPassword = textOf(deps.randomBytes(NONCE_BYTES));
  }

  /** Judges one connect. The query of tcUrl counts where the one of app holds no authentication. */
  judge(request: Pick<AdmissionRequest, 'query' | 'tcUrl' | 'remoteAddress'>): AuthOutcome {
    const query = queryOf(request);
    switch (query.type) {
      case 'none':
        return { type: 'need-auth' };
      case 'invalid':
        return { type: 'failed', cause: 'malformed' };
      case 'user':
        return this.#challenge(query.user, request.remoteAddress);
      case 'response':
        return this.#judgeResponse(query, request.remoteAddress);
    }
  }

  #challenge(user: string, remoteAddress: string): AuthOutcome {
    const { nowMs, randomBytes } = this.#deps;
    const salt = textOf(randomBytes(SALT_BYTES));
    const nonce = textOf(randomBytes(NONCE_BYTES));
    const addressBlock = addressBlockOf(remoteAddress);
    this.#issued.add({ nonce, salt, user, addressBlock, issuedMs: nowMs() });
    return { type: 'challenge', user, salt, nonce };
  }

  #judgeResponse(query: ResponseQuery, remoteAddress: string): AuthOutcome {
    const nowMs = this.#deps.nowMs();
    if (query.opaque === '') return this.#judgeByAddress(query, remoteAddress, nowMs);
    const issued = this.#issued.take(query.opaque, nowMs);
    if (issued === null) return { type: 'failed', cause: 'challenge-not-open' };
    return isAnswer(issued, this.#passwordOf(issued.user), query)
      ? acceptedBy(issued)
      : { type: 'failed', cause: 'wrong-credentials' };
  }

  /**
   * DEVIATION: gortmplib sends no opaque, and always the user 'myuser', so that which challenge it answers, and for
   * whom, is found by its address. A response that answers none uses none up: it cannot be replayed either.
   */
  #judgeByAddress(query: ResponseQuery, remoteAddress: string, nowMs: number): AuthOutcome {
    const addressBlock = addressBlockOf(remoteAddress);
    const open = this.#issued.openOf(addressBlock, nowMs);
    if (open.length === 0) return { type: 'failed', cause: 'challenge-not-open' };
    const users = new Set(open.map(({ user }) => user));
    const passwords = new Map([...users].map((user) => [user, this.#passwordOf(user)]));
    const issued = open.find((candidate) => {
      return isAnswer(candidate, passwords.get(candidate.user) ?? this.#noPassword, query);
    });
    if (issued === undefined) {
      this.#issued.answerFailed(addressBlock);
      return { type: 'failed', cause: 'wrong-credentials' };
    }
    this.#issued.take(issued.nonce, nowMs);
    return acceptedBy(issued);
  }

  /** The password of a user, by the name as it stood in the query; where there is none, one that nobody knows. */
  #passwordOf(user: string): string {
    const password = this.#deps.passwordOf(decodePercent(user)) ?? '';
    return password === '' ? this.#noPassword : password;
  }
}

/** WHY: FFmpeg and librtmp hash the name that the challenge repeats, others the one they were given, undecoded or not. */
function isAnswer(issued: IssuedChallenge, password: string, query: ResponseQuery): boolean {
  const { user, salt, nonce: serverNonce } = issued;
  const { clientChallenge, response } = query;
  return [...new Set([user, decodePercent(user)])].some((name) => {
    const expected = adobeResponse({ user: name, password, salt, serverNonce, clientChallenge });
    return isSameResponse(expected, response);
  });
}

function acceptedBy({ user }: IssuedChallenge): AuthOutcome {
  return { type: 'accepted', user: decodePercent(user) };
}

function queryOf({ query, tcUrl }: { readonly query: string; readonly tcUrl: string }): AdobeAuthQuery {
  const own = parseAdobeAuthQuery(query);
  const mark = tcUrl.indexOf('?');
  return own.type !== 'none' || mark < 0 ? own : parseAdobeAuthQuery(tcUrl.slice(mark + 1));
}

/** WHY: base64url, for what is in `+`, `/` and `=` some clients decode and some do not. */
function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64url');
}
