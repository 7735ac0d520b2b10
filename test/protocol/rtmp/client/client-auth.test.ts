import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  ClientAuth,
  type ClientAuthOptions,
  llnwResponse,
} from '../../../../src/protocol/rtmp/client/client-auth.ts';

const FMS_NEED_AUTH = '[ AccessManager.Reject ] : [ code=403 need auth; authmod=adobe ] : ';
const CHALLENGE = 'authmod=adobe ?reason=needauth&user=bob&salt=salt1&challenge=chal1';
const RESPONSE = 'R9eA7JgjWr5vF0ZJGc1GJw==';

function authOf(options: Partial<ClientAuthOptions> = {}): ClientAuth {
  return new ClientAuth({
    app: 'live',
    tcUrl: 'rtmp://example.org/live',
    user: 'bob',
    password: 'secret',
    randomBytes: (lengthBytes) => Uint8Array.of(0x0b, 0xad, 0xf0, 0x0d).subarray(0, lengthBytes),
    ...options,
  });
}

function next(auth: ClientAuth, description: string) {
  return auth.next({ description });
}

describe('ClientAuth', () => {
  it('names its user, and then answers the challenge', () => {
    const auth = authOf();
    const user = '?authmod=adobe&user=bob';
    assert.deepEqual(next(auth, FMS_NEED_AUTH), {
      type: 'reconnect',
      app: `live${user}`,
      tcUrl: `rtmp://example.org/live${user}`,
    });
    const answer = `${user}&challenge=0badf00d&response=${RESPONSE}`;
    assert.deepEqual(next(auth, CHALLENGE), {
      type: 'reconnect',
      app: `live${answer}`,
      tcUrl: `rtmp://example.org/live${answer}`,
    });
  });

  it('answers with the opaque where there is one, and sends it back', () => {
    const auth = authOf();
    next(auth, FMS_NEED_AUTH);
    const step = next(
      auth,
      `[ AccessManager.Reject ] : [ authmod=adobe ] : ${CHALLENGE.slice(14)}&opaque=opq1`,
    );
    assert.ok(step.type === 'reconnect');
    assert.equal(
      step.app,
      'live?authmod=adobe&user=bob&challenge=0badf00d&response=oyRJiPyiVznX5kI7r15Ffw==&opaque=opq1',
    );
  });

  it('appends to a query that is there, and encodes of the user what would break it', () => {
    const step = next(authOf({ app: 'live?token=x', user: 'a&b?c d%@é' }), FMS_NEED_AUTH);
    assert.ok(step.type === 'reconnect');
    assert.equal(step.app, 'live?token=x?authmod=adobe&user=a%26b%3Fc%20d%25@é');
  });

  it("makes Limelight's response", () => {
    const parts = { user: 'bob', password: 'secret', nonce: 'nonce1', clientNonce: '0badf00d' };
    const response = '838d563d30b805d8c68a7e84855dcdc7';
    assert.equal(llnwResponse({ ...parts, app: 'live' }), response);
    assert.equal(llnwResponse({ ...parts, app: 'live/_definst_' }), response);
    const auth = authOf({ app: 'live?token=x' });
    next(auth, 'code=403 need auth; authmod=llnw');
    const step = next(auth, 'authmod=llnw ?reason=needauth&user=bob&nonce=nonce1');
    assert.ok(step.type === 'reconnect');
    assert.equal(
      step.app,
      `live?token=x?authmod=llnw&user=bob&nonce=nonce1&cnonce=0badf00d&nc=00000001&response=${response}`,
    );
  });

  for (const [name, descriptions, message] of [
    ['the credentials are wrong', ['authmod=adobe ?reason=authfailed'], /user or the password/],
    ['Limelight says so', ['authmod=llnw ?reason=authfail'], /user or the password/],
    ['there is no such user', ['authmod=adobe ?reason=nosuchuser'], /does not know the user/],
    [
      'the server says something else',
      ['authmod=adobe ?reason=\u001b[31m'],
      /^The server refused the login\.$/,
    ],
    ['it is asked for its user twice', [FMS_NEED_AUTH, FMS_NEED_AUTH], /again/],
    ['it is challenged twice', [FMS_NEED_AUTH, CHALLENGE, CHALLENGE], /new challenge/],
    ['the challenge has no salt', ['authmod=adobe ?reason=needauth&challenge=c'], /incomplete/],
    ['the challenge is none', ['authmod=adobe ?reason=needauth&salt=s'], /incomplete/],
    ["Limelight's nonce is missing", ['authmod=llnw ?reason=needauth'], /incomplete/],
  ] as const) {
    it(`gives up where ${name}`, () => {
      const auth = authOf();
      const step = descriptions.map((description) => next(auth, description)).at(-1);
      assert.ok(step?.type === 'failed', step?.type);
      assert.match(step.message, message);
    });
  }

  it('gives up at once without a user', () => {
    const step = next(authOf({ user: '', password: '' }), FMS_NEED_AUTH);
    assert.ok(step.type === 'failed');
    assert.match(step.message, /there are none/);
  });

  it('leaves rejections alone that are for other reasons', () => {
    for (const description of ['', 'No such application.', 'authmod=kerberos']) {
      assert.deepEqual(next(authOf(), description), { type: 'unrelated' });
    }
  });
});
