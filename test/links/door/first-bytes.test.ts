import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { tellSpoken } from '../../../src/links/door/first-bytes.ts';

/** The signature of PROXY protocol 2, as HAProxy's document has it. */
const SIGNATURE = Uint8Array.of(0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a);

/** LIMIT: no more bytes than these are ever wanted. */
const MOST_BYTES = 12;

function tell(text: string): string {
  return tellSpoken(Buffer.from(text, 'latin1'));
}

describe('tellSpoken', () => {
  for (const [first, expected] of [
    [0, 'rtmp'],
    [3, 'rtmp'],
    [6, 'rtmp'],
    [8, 'rtmp'],
    [9, 'rtmp'],
    [0x15, 'rtmp'],
    [0x16, 'tls'],
    [0x17, 'rtmp'],
    [31, 'rtmp'],
    [0x20, 'unknown'],
    [0x40, 'unknown'],
    [0x41, 'http'],
    [0x47, 'http'],
    [0x5a, 'http'],
    [0x5b, 'unknown'],
    [0x67, 'unknown'],
    [0xff, 'unknown'],
  ] as const) {
    it(`takes a first byte of ${first} for ${expected}`, () => {
      assert.equal(tellSpoken(Uint8Array.of(first)), expected);
    });
  }

  it('tells POST from PROXY by the first letter that differs', () => {
    for (const text of ['PO', 'PU', 'PA', 'PRI', 'PROP', 'PROXI', 'PROXY/']) {
      assert.equal(tell(text), 'http', text);
    }
    for (const text of ['', 'P', 'PR', 'PRO', 'PROX', 'PROXY']) assert.equal(tell(text), 'undecided', text);
    assert.equal(tell('PROXY '), 'proxy');
    assert.equal(tell('PROXY TCP4 192.0.2.1'), 'proxy');
  });

  it('takes the whole signature for PROXY protocol 2, and anything else that begins like it for RTMP', () => {
    for (let lengthBytes = 1; lengthBytes < SIGNATURE.length; lengthBytes++) {
      assert.equal(tellSpoken(SIGNATURE.subarray(0, lengthBytes)), 'undecided');
      const broken = SIGNATURE.slice(0, lengthBytes + 1);
      broken[lengthBytes] = 0x7f;
      assert.equal(tellSpoken(broken), 'rtmp');
    }
    assert.equal(tellSpoken(SIGNATURE), 'proxy');
  });

  it('decides within twelve bytes, and then stays with it', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: MOST_BYTES, maxLength: 40 }), (bytes) => {
        const whole = tellSpoken(bytes);
        assert.notEqual(whole, 'undecided');
        let isDecided = false;
        for (let lengthBytes = 1; lengthBytes <= bytes.length; lengthBytes++) {
          const told = tellSpoken(bytes.subarray(0, lengthBytes));
          if (told === 'undecided') assert.ok(!isDecided && lengthBytes < MOST_BYTES);
          else assert.equal(told, whole);
          isDecided = told !== 'undecided';
        }
      }),
    );
  });
});
