// The tunnel's request lines: any method and target gives a request within its bounds, or nothing; and its content type
// is put right where it is a tunnel's, and nowhere else.

import assert from 'node:assert/strict';
import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { normalizeTunnelRequest } from '../../src/links/rtmpt/request-normalizer.ts';
import { MAX_SESSION_ID_CHARS } from '../../src/protocol/rtmpt/limits.ts';
import { parseTunnelRequest } from '../../src/protocol/rtmpt/request-path.ts';
import type { FuzzTarget } from '../support/fuzz-target.ts';

const LINES = [
  'POST /fcs/ident2',
  'POST /open/1',
  'POST /send/AAAAAAAAAAAAAAAAAAAAAA/12',
  'POST /idle/AAAAAAAAAAAAAAAAAAAAAA/9999999999',
  'POST /close/AAAAAAAAAAAAAAAAAAAAAA/3',
  'POST /close/7',
  'GET http://example.org:80/open/1?x=y',
  'POST //send//1/',
  'POST /idle/%41/1#x',
];

const GIVEN_TYPE = 'application/x-fcs; =';
const BYTES_TYPE = 'application/octet-stream';

/** What becomes of the content type of a request; it is carried by no connection. */
function contentTypeOf(method: string, target: string, given: string | undefined): string | undefined {
  const request = new IncomingMessage(new Socket());
  request.method = method;
  request.url = target;
  request.headers = given === undefined ? {} : { 'content-type': given };
  normalizeTunnelRequest(request);
  return request.headers['content-type'];
}

/** Method and target, with a blank between. */
export const REQUEST_PATH: FuzzTarget = {
  seeds: () => LINES.map((line) => Buffer.from(line, 'latin1')),
  fuzz: (data) => {
    const [method = '', ...rest] = Buffer.from(data).toString('latin1').split(' ');
    const target = rest.join(' ');
    const request = parseTunnelRequest(method, target);
    assert.equal(contentTypeOf(method, target, undefined), undefined, 'no content type is made up');
    assert.equal(contentTypeOf(method, target, GIVEN_TYPE), request === null ? GIVEN_TYPE : BYTES_TYPE);
    if (request === null) return 'nothing';
    if (request.type === 'ident' || request.type === 'open') return request.type;
    const { type, sessionId, sequenceNumber } = request;
    assert.ok(sessionId === null || (sessionId.length > 0 && sessionId.length <= MAX_SESSION_ID_CHARS));
    assert.ok(sequenceNumber === null || (Number.isSafeInteger(sequenceNumber) && sequenceNumber >= 0));
    if (sessionId !== null && sequenceNumber !== null) {
      assert.deepEqual(parseTunnelRequest('POST', `/${type}/${sessionId}/${sequenceNumber}`), request);
    }
    return `${type} ${sessionId === null} ${sequenceNumber === null}`;
  },
};
