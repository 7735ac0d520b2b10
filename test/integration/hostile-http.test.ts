// Bad HTTP requests against a gateway that runs as a process: each is answered with its status and hardly a word, and
// a viewer beside misses nothing.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { Scope } from '../support/programs.ts';
import { HostileRig } from './hostile-rig.ts';

const LIMIT_MS = 5000;

/** Longest body of such an answer, in characters. */
const MAX_WORDS_CHARS = 120;

/** What is sent, and the status that answers it. */
const HTTP_CASES: readonly (readonly [string, string, number])[] = [
  [
    'an unknown session’s send',
    'POST /send/AAAAAAAAAAAAAAAAAAAAAA/1 HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx',
    404,
  ],
  [
    'an unknown session’s idle',
    'POST /idle/AAAAAAAAAAAAAAAAAAAAAA/1 HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx',
    404,
  ],
  [
    'an unknown session’s close',
    'POST /close/AAAAAAAAAAAAAAAAAAAAAA/1 HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n',
    404,
  ],
  ['the wrong method', 'GET /open/1 HTTP/1.1\r\nHost: x\r\n\r\n', 404],
  ['an unknown path', 'POST /elsewhere HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n', 404],
  ['a path that is none', 'POST /idle/%zz/1 HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n', 404],
  [
    'a body over the cap',
    `POST /open/1 HTTP/1.1\r\nHost: x\r\nContent-Length: ${17 * 1024 * 1024}\r\n\r\n`,
    413,
  ],
  [
    'two lengths',
    'POST /open/1 HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx',
    400,
  ],
  ['no HTTP behind a capital letter', 'HELLO\r\n\r\n', 400],
];

/** Sends a request, and gives what came back once the head of the answer is whole. */
async function answerTo(port: number, text: string): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1' });
  let reply = '';
  socket.setEncoding('latin1').on('data', (part: string) => {
    reply += part;
    if (reply.includes('\r\n\r\n')) socket.destroy();
  });
  socket.on('error', () => socket.destroy());
  socket.write(text);
  const limit = setTimeout(() => socket.destroy(), LIMIT_MS);
  await once(socket, 'close');
  clearTimeout(limit);
  return reply;
}

describe('the gateway, asked in bad HTTP', () => {
  const scope = new Scope();
  let rig: HostileRig;

  before(async () => {
    rig = await HostileRig.start(scope);
  });
  after(() => scope.close());

  for (const [what, text, statusCode] of HTTP_CASES) {
    it(`answers ${what} with ${statusCode} and hardly a word`, async () => {
      const reply = await answerTo(rig.port, text);
      assert.match(reply, new RegExp(`^HTTP/1\\.1 ${statusCode} `));
      const body = reply.split('\r\n\r\n')[1] ?? '';
      assert.ok(body.length < MAX_WORDS_CHARS, body);
      assert.doesNotMatch(reply, /\bat .*(\.ts|\.js):|Error:/);
      await rig.assertUntouched();
    });
  }
});
