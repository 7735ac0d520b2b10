// Adobe's authentication of clients (authmod=adobe): the response, what a client puts into the query of app and tcUrl,
// and what a server puts into the description of its `_error`, both ways. Each step is a connection of its own, so that
// whoever uses this remembers between them; who is let in is decided elsewhere. There is no published specification:
// forms are those of Flash Media Server, and what FFmpeg, librtmp, GStreamer and gortmplib look for in them.

import { createHash, timingSafeEqual } from 'node:crypto';

/**
 * Bytes of a user's name as it stands in a query, 96.
 * LIMIT: FFmpeg keeps 255 bytes of a description, and the name stands in the longest one, which must fit.
 */
export const MAX_AUTH_USER_BYTES = 96;

/** Longest other value of a query, in UTF-16 code units. LIMIT: challenges have 8 to 32 of them, responses 24. */
export const MAX_AUTH_VALUE_CHARS = 128;

/** Longest value that is taken from a server's description. LIMIT: servers send 8 to 24; it comes back in our query. */
export const MAX_SERVER_VALUE_CHARS = 256;

/** What the response is made of. `serverNonce` is the server's opaque where it gave one, otherwise its challenge. */
export type AdobeResponseParts = {
  readonly user: string;
  readonly password: string;
  readonly salt: string;
  readonly serverNonce: string;
  readonly clientChallenge: string;
};

/** base64(md5(base64(md5(user salt password)) serverNonce clientChallenge)), 24 characters; text is hashed as UTF-8. */
export function adobeResponse(parts: AdobeResponseParts): string {
  const inner = md5Base64(parts.user + parts.salt + parts.password);
  return md5Base64(inner + parts.serverNonce + parts.clientChallenge);
}

/** True where `given` is `expected`, a response; the time it takes says nothing of where they differ. */
export function isSameResponse(expected: string, given: string): boolean {
  if (!RESPONSE_FORM.test(given)) return false;
  return timingSafeEqual(Buffer.from(expected, 'latin1'), Buffer.from(given, 'latin1'));
}

/**
 * What a client's query asks: 'none' is not for Adobe authentication, 'invalid' lacks a user or is out of bounds. `user`
 * is as it stands in the query. `opaque` is '' where the client sent none.
 */
export type AdobeAuthQuery =
  | { readonly type: 'none' }
  | { readonly type: 'invalid' }
  | { readonly type: 'user'; readonly user: string }
  | {
      readonly type: 'response';
      readonly user: string;
      readonly clientChallenge: string;
      readonly response: string;
      readonly opaque: string;
    };

/**
 * Reads a query of app or tcUrl, without its first `?`. Pairs may be parted by `?` too: clients append theirs to a query
 * that is there already. Of a key given twice the last value holds. `+` is itself, for responses are bare base64.
 */
export function parseAdobeAuthQuery(query: string): AdobeAuthQuery {
  const values = pairsOf(query);
  if (values.get('authmod') !== 'adobe') return { type: 'none' };
  const user = values.get('user') ?? '';
  const clientChallenge = decodePercent(values.get('challenge') ?? '');
  const response = decodePercent(values.get('response') ?? '');
  const opaque = decodePercent(values.get('opaque') ?? '');
  if (user === '' || Buffer.byteLength(user) > MAX_AUTH_USER_BYTES) return { type: 'invalid' };
  if ([clientChallenge, response, opaque].some(({ length }) => length > MAX_AUTH_VALUE_CHARS)) {
    return { type: 'invalid' };
  }
  if (clientChallenge === '' || response === '') return { type: 'user', user };
  return { type: 'response', user, clientChallenge, response, opaque };
}

/**
 * How descriptions are worded. 'fms' is Flash Media Server's own wording, which GStreamer insists on; 'short' is its
 * core alone, which gortmplib (MediaMTX) insists on. FFmpeg, librtmp and OBS take either.
 */
export type DescriptionForm = 'fms' | 'short';

/** Says that the client must authenticate: the first step. */
export function serializeNeedAuth(form: DescriptionForm): string {
  return form === 'fms'
    ? '[ AccessManager.Reject ] : [ code=403 need auth; authmod=adobe ] : '
    : 'code=403 need auth; authmod=adobe';
}

/** Gives the client what its response is to be made of: the second step. No value may hold `&`. */
export function serializeChallenge(
  form: DescriptionForm,
  values: {
    readonly user: string;
    readonly salt: string;
    readonly challenge: string;
    readonly opaque: string;
  },
): string {
  const { user, salt, challenge, opaque } = values;
  const query = `?reason=needauth&user=${user}&salt=${salt}&challenge=${challenge}&opaque=${opaque}`;
  return withHead(form, query);
}

/** Says that the user or the response is wrong. */
export function serializeAuthFailed(form: DescriptionForm): string {
  return withHead(form, '?reason=authfailed');
}

/** Ways of authentication that clients know: Adobe's and Limelight's. */
export type AuthMode = 'adobe' | 'llnw';

/**
 * What the description of a refused connect says of authentication; 'none' where nothing. Values that the server did not
 * give are ''. `reason` is the server's word ('authfailed', 'nosuchuser'), '' where it has none or too long a one.
 */
export type AuthRejection =
  | { readonly type: 'none' }
  | { readonly type: 'need-auth'; readonly mode: AuthMode }
  | {
      readonly type: 'challenge';
      readonly mode: AuthMode;
      readonly salt: string;
      readonly challenge: string;
      readonly opaque: string;
      readonly nonce: string;
    }
  | { readonly type: 'failed'; readonly mode: AuthMode; readonly reason: string };

/** Reads the description of a refused connect, in any wording. */
export function parseAuthRejection(description: string): AuthRejection {
  const mode = modeOf(description);
  if (mode === null) return { type: 'none' };
  const start = description.indexOf('?reason=');
  if (start < 0) {
    const isFirst = description.includes('code=403 need auth');
    return isFirst ? { type: 'need-auth', mode } : { type: 'failed', mode, reason: '' };
  }
  const values = pairsOf(description.slice(start + 1));
  const valueAt = (key: string): string => {
    const value = values.get(key)?.trim() ?? '';
    return value.length > MAX_SERVER_VALUE_CHARS ? '' : value;
  };
  const reason = valueAt('reason');
  if (reason !== 'needauth') return { type: 'failed', mode, reason };
  const [salt, challenge, opaque] = [valueAt('salt'), valueAt('challenge'), valueAt('opaque')];
  return { type: 'challenge', mode, salt, challenge, opaque, nonce: valueAt('nonce') };
}

/** The text that percent-encoding stands for; one that is broken stands for itself. */
export function decodePercent(text: string): string {
  if (!text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch (error) {
    if (error instanceof URIError) return text;
    throw error;
  }
}

const RESPONSE_FORM = /^[A-Za-z0-9+/]{22}==$/;

function md5Base64(text: string): string {
  return createHash('md5').update(text, 'utf8').digest('base64');
}

function withHead(form: DescriptionForm, query: string): string {
  return form === 'fms'
    ? `[ AccessManager.Reject ] : [ authmod=adobe ] : ${query}`
    : `authmod=adobe ${query}`;
}

function modeOf(description: string): AuthMode | null {
  if (description.includes('authmod=adobe')) return 'adobe';
  return description.includes('authmod=llnw') ? 'llnw' : null;
}

function pairsOf(query: string): Map<string, string> {
  const values = new Map<string, string>();
  for (const pair of query.split(/[&?]/)) {
    const mark = pair.indexOf('=');
    if (mark > 0) values.set(pair.slice(0, mark), pair.slice(mark + 1));
  }
  return values;
}
