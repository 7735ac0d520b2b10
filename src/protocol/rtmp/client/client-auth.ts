// Authentication as servers of RTMP ask for it, the client's side: Adobe's (authmod=adobe) and Limelight's
// (authmod=llnw). Each step is a connection of its own: the driver hands in why connect was rejected, closes, and opens
// the next connection with the app and tcUrl it gets here. Redirects are none of it.

import { createHash } from 'node:crypto';
import { type AuthMode, type AuthRejection, adobeResponse, parseAuthRejection } from '../adobe-auth.ts';
import type { ConnectRequest } from './client-options.ts';
import type { RtmpStatus } from './client-status.ts';

/** Bytes of our own challenge, which is written in hexadecimal. */
const CHALLENGE_BYTES = 4;

/** What Limelight has a client count its uses of a nonce by: there is one. */
const NONCE_COUNT = '00000001';

/** Where a client connects, as whom. Percent-encoding in the user and the password is not undone. */
export type ClientAuthOptions = {
  /** Application, perhaps with a query: what the first connection asks for. */
  readonly app: string;
  /** 'rtmp://host[:port]/app', with the same query where app has one; without user and password. */
  readonly tcUrl: string;
  /** '' where the client has none. */
  readonly user: string;
  readonly password: string;
  /** Gives exactly `lengthBytes` random bytes; called once, for the response. */
  readonly randomBytes: (lengthBytes: number) => Uint8Array;
};

/**
 * What follows from a rejected connect: to open a new connection and connect with `app` and `tcUrl`; to give up, with a
 * text for people; or nothing, for it was not about authentication.
 */
export type ClientAuthStep =
  | ({ readonly type: 'reconnect' } & Pick<ConnectRequest, 'app' | 'tcUrl'>)
  | { readonly type: 'failed'; readonly message: string }
  | { readonly type: 'unrelated' };

/** What a client has told of itself so far. */
type Stage = 'nothing' | 'user' | 'response';

/** One login, from the first rejection to the last; it takes two reconnects at most. */
export class ClientAuth {
  readonly #options: ClientAuthOptions;
  #stage: Stage = 'nothing';

  constructor(options: ClientAuthOptions) {
    this.#options = options;
  }

  /** Takes the status of 'connect-rejected', and says what is next. */
  next(status: Pick<RtmpStatus, 'description'>): ClientAuthStep {
    const rejection = parseAuthRejection(status.description);
    switch (rejection.type) {
      case 'none':
        return { type: 'unrelated' };
      case 'failed':
        return failed(textOf(rejection.reason));
      default:
        return this.#options.user === ''
          ? failed('The server wants a user and a password, and there are none.')
          : this.#goOn(rejection);
    }
  }

  #goOn(rejection: Extract<AuthRejection, { type: 'need-auth' | 'challenge' }>): ClientAuthStep {
    if (rejection.type === 'need-auth') {
      if (this.#stage !== 'nothing') return failed('The server asked for the login again and again.');
      this.#stage = 'user';
      return this.#reconnect(rejection.mode, '');
    }
    if (this.#stage === 'response') return failed('The server gave a new challenge instead of an answer.');
    this.#stage = 'response';
    const answer = rejection.mode === 'adobe' ? this.#adobeAnswer(rejection) : this.#llnwAnswer(rejection);
    if (answer === null) return failed('The server’s challenge is incomplete.');
    return this.#reconnect(rejection.mode, answer);
  }

  #adobeAnswer({ salt, challenge, opaque }: Extract<AuthRejection, { type: 'challenge' }>): string | null {
    const serverNonce = opaque === '' ? challenge : opaque;
    if (salt === '' || serverNonce === '') return null;
    const { user, password } = this.#options;
    const clientChallenge = this.#ownChallenge();
    const response = adobeResponse({ user, password, salt, serverNonce, clientChallenge });
    const answer = `&challenge=${clientChallenge}&response=${response}`;
    return opaque === '' ? answer : `${answer}&opaque=${opaque}`;
  }

  #llnwAnswer({ nonce }: Extract<AuthRejection, { type: 'challenge' }>): string | null {
    if (nonce === '') return null;
    const { app, user, password } = this.#options;
    const clientNonce = this.#ownChallenge();
    const response = llnwResponse({ app, user, password, nonce, clientNonce });
    return `&nonce=${nonce}&cnonce=${clientNonce}&nc=${NONCE_COUNT}&response=${response}`;
  }

  #ownChallenge(): string {
    return Buffer.from(this.#options.randomBytes(CHALLENGE_BYTES)).toString('hex');
  }

  /** WHY: behind a query that is there already, too, it begins with `?`, as FFmpeg writes it and servers look for it. */
  #reconnect(mode: AuthMode, answer: string): ClientAuthStep {
    const { app, tcUrl, user } = this.#options;
    const query = `?authmod=${mode}&user=${queryValueOf(user)}${answer}`;
    return { type: 'reconnect', app: app + query, tcUrl: tcUrl + query };
  }
}

/** What Limelight's response is made of; `app` may have a query, which does not count. */
export type LlnwResponseParts = {
  readonly app: string;
  readonly user: string;
  readonly password: string;
  readonly nonce: string;
  readonly clientNonce: string;
};

/** Limelight's response, as HTTP digest authentication makes it: 32 hexadecimal digits. [RFC 2617 3.2.2] */
export function llnwResponse({ app, user, password, nonce, clientNonce }: LlnwResponseParts): string {
  const [path = ''] = app.split('?', 1);
  const instance = path.includes('/') ? '' : '/_definst_';
  const secret = md5Hex(`${user}:live:${password}`);
  const action = md5Hex(`publish:/${path}${instance}`);
  return md5Hex(`${secret}:${nonce}:${NONCE_COUNT}:${clientNonce}:auth:${action}`);
}

function md5Hex(text: string): string {
  return createHash('md5').update(text, 'utf8').digest('hex');
}

/** WHY: only what would break the query is encoded, for most servers decode nothing. */
function queryValueOf(text: string): string {
  return text.replaceAll(/[%&?#\s\p{Cc}]/gu, (character) => encodeURIComponent(character));
}

function textOf(reason: string): string {
  switch (reason) {
    case 'authfailed':
    case 'authfail':
      return 'The server refused the user or the password.';
    case 'nosuchuser':
      return 'The server does not know the user.';
    default:
      return 'The server refused the login.';
  }
}

function failed(message: string): ClientAuthStep {
  return { type: 'failed', message };
}
