import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import '../../support/property-sizes.ts';
import { parseTunnelRequest, type TunnelRequest } from '../../../src/protocol/rtmpt/request-path.ts';

const ID = 'AAAAAAAAAAAAAAAAAAAAAA';

const ACCEPTED: readonly (readonly [string, string, TunnelRequest])[] = [
  ['POST', '/fcs/ident2', { type: 'ident' }],
  ['POST', '/fcs/ident', { type: 'ident' }],
  ['GET', '/fcs/ident/', { type: 'ident' }],
  ['GET', '/fcs/ident2?x=1', { type: 'ident' }],
  ['POST', '/open/1', { type: 'open' }],
  ['POST', '/open', { type: 'open' }],
  ['POST', '/open/', { type: 'open' }],
  ['POST', '/open/1/', { type: 'open' }],
  ['POST', '/open/x', { type: 'open' }],
  ['POST', 'http://example.invalid:80/open/1', { type: 'open' }],
  ['POST', 'HTTPS://example.invalid/open/1?x=/y', { type: 'open' }],
  ['POST', `/send/${ID}/0`, { type: 'send', sessionId: ID, sequenceNumber: 0 }],
  ['POST', `/send/${ID}/108186`, { type: 'send', sessionId: ID, sequenceNumber: 108_186 }],
  ['POST', `/send/${ID}/9999999999`, { type: 'send', sessionId: ID, sequenceNumber: 9_999_999_999 }],
  ['POST', `/send/${ID}/10000000000`, { type: 'send', sessionId: ID, sequenceNumber: null }],
  ['POST', `/send/${ID}/-1`, { type: 'send', sessionId: ID, sequenceNumber: null }],
  ['POST', `/send/${ID}`, { type: 'send', sessionId: ID, sequenceNumber: null }],
  ['POST', `/send/${ID}/`, { type: 'send', sessionId: ID, sequenceNumber: null }],
  ['POST', `/idle/${ID}/4?a=b`, { type: 'idle', sessionId: ID, sequenceNumber: 4 }],
  ['POST', `http://h/idle/${ID}/4#f`, { type: 'idle', sessionId: ID, sequenceNumber: 4 }],
  ['POST', '/idle/%3Chtml%3E/0', { type: 'idle', sessionId: '%3Chtml%3E', sequenceNumber: 0 }],
  ['POST', `/close/${ID}/76`, { type: 'close', sessionId: ID, sequenceNumber: 76 }],
  ['POST', `/close/${ID}`, { type: 'close', sessionId: ID, sequenceNumber: null }],
  ['POST', '/close/2', { type: 'close', sessionId: null, sequenceNumber: 2 }],
  ['POST', '/close', { type: 'close', sessionId: null, sequenceNumber: null }],
  ['POST', '/close/12345678901', { type: 'close', sessionId: '12345678901', sequenceNumber: null }],
];

const REFUSED: readonly (readonly [string, string])[] = [
  ['GET', '/open/1'],
  ['GET', `/idle/${ID}/1`],
  ['PUT', `/send/${ID}/1`],
  ['POST', ''],
  ['POST', '/'],
  ['POST', '//'],
  ['POST', '*'],
  ['POST', 'open/1'],
  ['POST', '//open/1'],
  ['POST', '/open//1'],
  ['POST', '/open/1//'],
  ['POST', '/open/1/2'],
  ['POST', '/openly/1'],
  ['POST', '/send'],
  ['POST', '/send/'],
  ['POST', '/idle?x'],
  ['POST', `/send/${ID}/1/2`],
  ['POST', `/send/${'A'.repeat(32)}/1`],
  ['POST', `/close/${'A'.repeat(32)}`],
  ['POST', '/fcs'],
  ['POST', '/fcs/ident3'],
  ['POST', '/fcs/ident/x'],
  ['POST', 'http://host'],
  ['POST', 'http://'],
  ['POST', 'ftp://host/open/1'],
  ['POST', `/open/1?${'x'.repeat(2048)}`],
];

describe('parseTunnelRequest', () => {
  for (const [method, target, expected] of ACCEPTED) {
    it(`reads ${method} ${target}`, () => {
      assert.deepEqual(parseTunnelRequest(method, target), expected);
    });
  }

  for (const [method, target] of REFUSED) {
    it(`finds nothing of the tunnel's in ${method} ${target.slice(0, 50)}`, () => {
      assert.equal(parseTunnelRequest(method, target), null);
    });
  }

  it('takes a session id of 31 characters', () => {
    const sessionId = 'A'.repeat(31);
    assert.deepEqual(parseTunnelRequest('POST', `/send/${sessionId}/1`), {
      type: 'send',
      sessionId,
      sequenceNumber: 1,
    });
  });

  it('gives a bounded value or null for any target', () => {
    const characters = fc.constantFrom(
      '/',
      '?',
      '#',
      ':',
      'open',
      'send',
      'idle',
      'close',
      'fcs',
      'http://',
      '1',
      'é',
    );
    fc.assert(
      fc.property(fc.array(characters, { maxLength: 12 }), (pieces) => {
        const request = parseTunnelRequest('POST', pieces.join(''));
        if (request === null || !('sessionId' in request) || request.sessionId === null) return;
        assert.ok(request.sessionId.length >= 1 && request.sessionId.length <= 31);
        assert.ok(!request.sessionId.includes('/'));
      }),
    );
  });
});
