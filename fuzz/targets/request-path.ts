// The tunnel's request lines: any method and target gives a request within its bounds, or nothing.

import assert from 'node:assert/strict';
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

/** Method and target, with a blank between. */
export const REQUEST_PATH: FuzzTarget = {
  seeds: () => LINES.map((line) => Buffer.from(line, 'latin1')),
  fuzz: (data) => {
    const [method = '', ...rest] = Buffer.from(data).toString('latin1').split(' ');
    const target = rest.join(' ');
    const request = parseTunnelRequest(method, target);
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
