import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  adobeResponse,
  decodePercent,
  isSameResponse,
  MAX_AUTH_USER_BYTES,
  MAX_AUTH_VALUE_CHARS,
  MAX_SERVER_VALUE_CHARS,
  parseAdobeAuthQuery,
  parseAuthRejection,
  serializeAuthFailed,
  serializeChallenge,
  serializeNeedAuth,
} from '../../../src/protocol/rtmp/adobe-auth.ts';

const BOB = { user: 'bob', password: 'secret', salt: 'salt1', clientChallenge: '0badf00d' };
const BOBS_RESPONSE = 'R9eA7JgjWr5vF0ZJGc1GJw==';
const VALUES = { user: 'bob', salt: 'salt1', challenge: 'chal1', opaque: 'opq1' };
/** What FFmpeg keeps of a description. */
const FFMPEG_DESCRIPTION_BYTES = 255;

describe('adobeResponse', () => {
  it('is made of the challenge', () => {
    assert.equal(adobeResponse({ ...BOB, serverNonce: 'chal1' }), BOBS_RESPONSE);
  });

  it('is made of the opaque where the server gave one', () => {
    assert.equal(adobeResponse({ ...BOB, serverNonce: 'opq1' }), 'oyRJiPyiVznX5kI7r15Ffw==');
  });
});

describe('isSameResponse', () => {
  it('holds for the response alone', () => {
    assert.equal(isSameResponse(BOBS_RESPONSE, BOBS_RESPONSE), true);
    for (const other of [
      '',
      BOBS_RESPONSE.slice(0, -1),
      `${BOBS_RESPONSE}=`,
      `${BOBS_RESPONSE.slice(0, 23)}A`,
      BOBS_RESPONSE.replace('R', 'S'),
      // The same bytes, were it cut to eight bits a character.
      BOBS_RESPONSE.replace('R', '\u0152'),
    ]) {
      assert.equal(isSameResponse(BOBS_RESPONSE, other), false, other);
    }
  });
});

describe('parseAdobeAuthQuery', () => {
  const response = {
    type: 'response',
    user: 'bob',
    clientChallenge: '0badf00d',
    response: 'a+b/c==',
    opaque: 'opq1',
  };

  for (const [query, expected] of [
    ['', { type: 'none' }],
    ['token=x', { type: 'none' }],
    ['user=bob', { type: 'none' }],
    ['authmod=llnw&user=bob', { type: 'none' }],
    ['authmod=adobe&user=bob', { type: 'user', user: 'bob' }],
    ['authmod=adobe&user=a%40b', { type: 'user', user: 'a%40b' }],
    ['token=x&authmod=adobe&user=bob', { type: 'user', user: 'bob' }],
    ['token=x?authmod=adobe&user=bob', { type: 'user', user: 'bob' }],
    ['authmod=adobe&user=bob&challenge=0badf00d', { type: 'user', user: 'bob' }],
    ['authmod=adobe&user=bob&response=a==', { type: 'user', user: 'bob' }],
    ['authmod=adobe&user=bob&challenge=0badf00d&response=a+b/c==&opaque=opq1', response],
    ['authmod=adobe&user=bob&challenge=0badf00d&response=a%2Bb%2fc%3D%3D&opaque=opq1', response],
    ['authmod=adobe&user=bob&challenge=0badf00d&response=a+b/c==&opaque=', { ...response, opaque: '' }],
    ['authmod=adobe&user=bob&challenge=0badf00d&response=a+b/c==', { ...response, opaque: '' }],
    ['authmod=adobe&user=eve&user=bob&challenge=0badf00d&response=a+b/c==&opaque=opq1', response],
    ['authmod=adobe', { type: 'invalid' }],
    ['authmod=adobe&user=', { type: 'invalid' }],
    ['authmod=adobe&user', { type: 'invalid' }],
  ] as const) {
    it(`reads ${JSON.stringify(query)}`, () => assert.deepEqual(parseAdobeAuthQuery(query), expected));
  }

  it('takes a user and values at their limits, and none over them', () => {
    const queryOf = (user: string, chars: number) =>
      `authmod=adobe&user=${user}&challenge=${'c'.repeat(chars)}&response=${'r'.repeat(chars)}&opaque=${'o'.repeat(chars)}`;
    const longest = 'ü'.repeat(MAX_AUTH_USER_BYTES / 2);
    assert.equal(parseAdobeAuthQuery(queryOf(longest, MAX_AUTH_VALUE_CHARS)).type, 'response');
    assert.equal(parseAdobeAuthQuery(queryOf(`${longest}u`, 8)).type, 'invalid');
    assert.equal(parseAdobeAuthQuery(queryOf('u', MAX_AUTH_VALUE_CHARS + 1)).type, 'invalid');
  });

  it('gives a value of its type for any query, in bounds', () => {
    const piece = fc.oneof(
      fc.constantFrom(
        'authmod=adobe',
        'user=',
        'challenge=',
        'response=',
        'opaque=',
        '&',
        '?',
        '=',
        '%',
        '%4',
      ),
      fc.string({ unit: 'binary', maxLength: 12 }),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 24 }), (pieces) => {
        const parsed = parseAdobeAuthQuery(pieces.join(''));
        if (parsed.type === 'user' || parsed.type === 'response') {
          assert.ok(parsed.user !== '' && Buffer.byteLength(parsed.user) <= MAX_AUTH_USER_BYTES);
          assert.doesNotMatch(parsed.user, /[&?]/);
        }
        if (parsed.type === 'response') {
          const { clientChallenge, response, opaque } = parsed;
          assert.ok(clientChallenge !== '' && response !== '');
          for (const value of [clientChallenge, response, opaque])
            assert.ok(value.length <= MAX_AUTH_VALUE_CHARS);
        }
      }),
    );
  });
});

describe('descriptions of authentication', () => {
  it('are worded as Flash Media Server does, or by its core alone [item 73]', () => {
    assert.deepEqual(
      (['fms', 'short'] as const).flatMap((form) => [
        serializeNeedAuth(form),
        serializeChallenge(form, VALUES),
        serializeAuthFailed(form),
      ]),
      [
        '[ AccessManager.Reject ] : [ code=403 need auth; authmod=adobe ] : ',
        '[ AccessManager.Reject ] : [ authmod=adobe ] : ?reason=needauth&user=bob&salt=salt1&challenge=chal1&opaque=opq1',
        '[ AccessManager.Reject ] : [ authmod=adobe ] : ?reason=authfailed',
        'code=403 need auth; authmod=adobe',
        'authmod=adobe ?reason=needauth&user=bob&salt=salt1&challenge=chal1&opaque=opq1',
        'authmod=adobe ?reason=authfailed',
      ],
    );
  });

  for (const form of ['fms', 'short'] as const) {
    it(`are read back in the ${form} form`, () => {
      assert.deepEqual(parseAuthRejection(serializeNeedAuth(form)), { type: 'need-auth', mode: 'adobe' });
      assert.deepEqual(parseAuthRejection(serializeChallenge(form, VALUES)), {
        type: 'challenge',
        mode: 'adobe',
        salt: 'salt1',
        challenge: 'chal1',
        opaque: 'opq1',
        nonce: '',
      });
      const failed = { type: 'failed', mode: 'adobe', reason: 'authfailed' };
      assert.deepEqual(parseAuthRejection(serializeAuthFailed(form)), failed);
    });
  }

  it('fit into what FFmpeg keeps of them, with the longest user and the values that are issued', () => {
    const user = 'u'.repeat(MAX_AUTH_USER_BYTES);
    const nonce = 'n'.repeat(22);
    const longest = serializeChallenge('fms', { user, salt: 's'.repeat(8), challenge: nonce, opaque: nonce });
    assert.ok(longest.length <= FFMPEG_DESCRIPTION_BYTES, `${longest.length} bytes`);
  });

  for (const [description, expected] of [
    ['', { type: 'none' }],
    ['[ Server.Reject ] : Virtual host is not available.', { type: 'none' }],
    ['authmod=other ?reason=needauth', { type: 'none' }],
    ['code=403 need auth; authmod=llnw', { type: 'need-auth', mode: 'llnw' }],
    ['authmod=adobe', { type: 'failed', mode: 'adobe', reason: '' }],
    ['authmod=adobe ?reason=nosuchuser', { type: 'failed', mode: 'adobe', reason: 'nosuchuser' }],
    [
      'authmod=llnw ?reason=needauth&user=bob&nonce=nonce1 ',
      { type: 'challenge', mode: 'llnw', salt: '', challenge: '', opaque: '', nonce: 'nonce1' },
    ],
    [
      `authmod=adobe ?reason=needauth&salt=${'s'.repeat(MAX_SERVER_VALUE_CHARS)}&challenge=${'c'.repeat(MAX_SERVER_VALUE_CHARS + 1)}`,
      {
        type: 'challenge',
        mode: 'adobe',
        salt: 's'.repeat(MAX_SERVER_VALUE_CHARS),
        challenge: '',
        opaque: '',
        nonce: '',
      },
    ],
  ] as const) {
    it(`are read: ${JSON.stringify(description.slice(0, 60))}`, () => {
      assert.deepEqual(parseAuthRejection(description), expected);
    });
  }

  it('are read without a throw, whatever they say', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        assert.equal(parseAuthRejection(text).type, 'none');
        const { type } = parseAuthRejection(`authmod=adobe ?reason=needauth&${text}`);
        assert.equal(type === 'challenge' || type === 'failed', true);
      }),
    );
  });
});

describe('decodePercent', () => {
  it('leaves a broken encoding as it is', () => {
    for (const text of ['%', '%zz', '%ff', 'a%4', '%e0%a4%a'] as const)
      assert.equal(decodePercent(text), text);
    assert.equal(decodePercent('a%40b+c'), 'a@b+c');
  });
});
