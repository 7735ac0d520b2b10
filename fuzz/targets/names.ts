// What clients and servers write in words: stream names, the URL of a connect, Adobe's authentication in a query and in
// the description of a refusal. Any text gives a result within its bounds, and what we write we read.

import assert from 'node:assert/strict';
import { AmfObject } from '../../src/protocol/amf/amf-value.ts';
import {
  MAX_AUTH_USER_BYTES,
  MAX_AUTH_VALUE_CHARS,
  MAX_SERVER_VALUE_CHARS,
  parseAdobeAuthQuery,
  parseAuthRejection,
  serializeAuthFailed,
  serializeChallenge,
  serializeNeedAuth,
} from '../../src/protocol/rtmp/adobe-auth.ts';
import { readConnect } from '../../src/protocol/rtmp/server/connect-command.ts';
import { isUsableName, parseStreamName } from '../../src/protocol/rtmp/server/stream-name.ts';
import { choice, type FuzzTarget, outcomeOf } from '../support/fuzz-target.ts';

/** Longest tcUrl, and query, that is kept of a connect. */
const MAX_URL_CHARS = 4096;
const MAX_NAME_CHARS = 128;

/** Control characters, which no name may hold. */
const isControl = (char: string): boolean => /\p{Cc}/u.test(char);

function fuzzStreamName(text: string): string {
  const { streamName, query } = parseStreamName(text);
  assert.ok(streamName.length + query.length <= text.length, 'nothing is added to a name');
  assert.ok(text.endsWith(query), 'the query is the end of the text');
  assert.ok(!/^\/|\/\/|\/$/.test(streamName), 'a name has no empty part');
  if (!streamName.startsWith('flv:') && !streamName.includes('?')) {
    assert.deepEqual(parseStreamName(streamName), { streamName, query: '' }, 'a name is read as itself');
  }
  const isUsable = isUsableName(streamName, MAX_NAME_CHARS);
  if (isUsable) {
    assert.ok(streamName.length > 0 && streamName.length <= MAX_NAME_CHARS);
    assert.ok(![...streamName].some(isControl), 'no control character is usable');
    assert.ok(!streamName.split(/[/\\:]/).includes('..'), 'no name leads out');
  }
  return `${isUsable} ${query !== ''} ${streamName.includes('/')}`;
}

/** App, tcUrl and flashVer, with line ends between. */
function fuzzConnect(text: string): string {
  const [app = '', tcUrl = '', flashVer = ''] = text.split('\n');
  const properties = AmfObject.of({ app, tcUrl, flashVer });
  const commandObject = choice(Buffer.from(text), 0, 8) === 7 ? null : properties;
  const event = outcomeOf(() => readConnect({ name: 'connect', transactionId: 1, commandObject, args: [] }));
  if ('code' in event) return event.code;
  const { app: name, instance, query, tcUrl: url } = event.value;
  assert.ok(!name.includes('/') && !name.includes('?'), 'an app is one part of a path');
  assert.ok(!/^\/|\/\/|\/$/.test(instance), 'an instance has no empty part');
  assert.ok(url.length <= MAX_URL_CHARS && query.length <= MAX_URL_CHARS);
  assert.ok(!url.includes('"'), 'quotes are taken off');
  assert.ok(
    name === '' || app.includes(name) || tcUrl.replaceAll('"', '').includes(name),
    'an app was named',
  );
  return `${name === ''} ${instance === ''} ${query === ''} ${app === ''}`;
}

function fuzzAuthQuery(text: string): string {
  const query = parseAdobeAuthQuery(text);
  if (query.type === 'none' || query.type === 'invalid') return query.type;
  const { user } = query;
  assert.ok(user !== '' && Buffer.byteLength(user) <= MAX_AUTH_USER_BYTES);
  assert.ok(!/[&?]/.test(user), 'a user is one value');
  if (query.type === 'user') return query.type;
  const { clientChallenge, response, opaque } = query;
  assert.ok(clientChallenge !== '' && response !== '');
  for (const value of [clientChallenge, response, opaque]) assert.ok(value.length <= MAX_AUTH_VALUE_CHARS);
  const parts = [clientChallenge, response, opaque].map(encodeURIComponentOrNull);
  if (parts.includes(null)) return 'response, not to be written';
  const written = `authmod=adobe&user=${user}&challenge=${parts[0]}&response=${parts[1]}&opaque=${parts[2]}`;
  assert.deepEqual(parseAdobeAuthQuery(written), query, 'a query is read as it was meant');
  return `response ${opaque === ''}`;
}

function fuzzRejection(text: string): string {
  const rejection = parseAuthRejection(text);
  if (rejection.type === 'challenge') {
    const { salt, challenge, opaque, nonce } = rejection;
    for (const value of [salt, challenge, opaque, nonce]) {
      assert.ok(value.length <= MAX_SERVER_VALUE_CHARS && !/[&?]/.test(value) && value === value.trim());
    }
    for (const form of ['fms', 'short'] as const) {
      const again = parseAuthRejection(serializeChallenge(form, { user: 'u', salt, challenge, opaque }));
      assert.deepEqual(again, { type: 'challenge', mode: 'adobe', salt, challenge, opaque, nonce: '' });
    }
  }
  if (rejection.type === 'failed') assert.ok(rejection.reason.length <= MAX_SERVER_VALUE_CHARS);
  return `${rejection.type} ${'mode' in rejection ? rejection.mode : ''}`;
}

/** Null for what has a lone surrogate, which no URL can carry. */
function encodeURIComponentOrNull(text: string): string | null {
  return text.isWellFormed() ? encodeURIComponent(text) : null;
}

const READERS = [fuzzStreamName, fuzzConnect, fuzzAuthQuery, fuzzRejection];

/** The first byte chooses what the text is. */
export const NAMES: FuzzTarget = {
  seeds: () => {
    const texts = [
      ['key', '/key/?token=a=b', 'flv:key', '?key', '?key=1', 'a//b/../c', 'mp4:x/y.mp4', 'é\u{1f600}/ü?ö'],
      [
        'live\nrtmp://host/live\nFMLE',
        '\n"rtmp://[::1]:1935/a/_definst_/b?c=d"',
        'a/b/c?d\nhttp://x',
        '/\n://',
      ],
      [
        'authmod=adobe&user=u&challenge=c&response=r&opaque=o',
        'x=y?authmod=adobe&user=%41&challenge=%2B+&response=%zz==',
        'authmod=adobe&user=u',
        'authmod=llnw&user=u',
      ],
      [
        serializeNeedAuth('fms'),
        serializeNeedAuth('short'),
        serializeChallenge('fms', { user: 'u', salt: 's', challenge: 'c', opaque: 'o' }),
        serializeAuthFailed('short'),
        'authmod=llnw ?reason=needauth&user=u&nonce=n',
      ],
    ];
    return texts.flatMap((group, index) =>
      group.map((text) => Buffer.concat([Buffer.of(index), Buffer.from(text)])),
    );
  },
  fuzz: (data) => {
    const which = choice(data, 0, READERS.length);
    const reader = READERS[which] ?? fuzzStreamName;
    return `${which} ${reader(Buffer.from(data.subarray(1)).toString())}`;
  },
};
