import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import type { EndReason } from '../src/errors.ts';
import { createGuard, ERRORS, reasonOf } from '../src/errors.ts';
import { RtmpError } from '../src/protocol/rtmp/rtmp-error.ts';

const page = readFileSync(new URL('../docs/errors.md', import.meta.url), 'utf8');
const rows = new Map(
  [...page.matchAll(/^\| `([a-z-]+)` \| ([\w.]*) ?\| (\d*) ?\| (.+) \| (.+) \|$/gm)].map((match) => [
    match[1] ?? '',
    { rtmpStatus: match[2] === '' ? null : match[2], httpStatus: match[3] === '' ? null : Number(match[3]) },
  ]),
);

describe('the error table', () => {
  it('has the codes of docs/errors.md, and no others', () => {
    assert.deepEqual([...rows.keys()].sort(), Object.keys(ERRORS).sort());
  });

  for (const [code, policy] of Object.entries(ERRORS)) {
    it(`says of ${code} what docs/errors.md says`, () => {
      const { rtmpStatus, httpStatus } = policy;
      assert.deepEqual(rows.get(code), { rtmpStatus, httpStatus });
    });
  }

  it('logs at error level what is our own doing, and nothing else', () => {
    const loud = Object.entries(ERRORS).filter(([, policy]) => policy.logLevel === 'error');
    assert.deepEqual(
      loud.map(([code]) => code),
      ['internal-error'],
    );
  });
});

describe('the error boundary', () => {
  const internal: unknown[] = [];
  const guard = createGuard((error) => internal.push(error));

  function endOf(work: () => void): EndReason[] {
    const reasons: EndReason[] = [];
    guard({ fail: (reason) => reasons.push(reason) }, work);
    return reasons;
  }

  it('lets work that does not throw be', () => {
    assert.deepEqual(
      endOf(() => undefined),
      [],
    );
  });

  it('ends what a peer broke with the code and message of the error, and tells nobody else', () => {
    const error = new RtmpError('rtmp-connect-repeated', 'expected one connect, got two');
    const ends = endOf(() => {
      throw error;
    });
    assert.deepEqual(ends, [{ code: 'rtmp-connect-repeated', message: 'expected one connect, got two' }]);
    assert.deepEqual(internal, []);
  });

  it('ends what a bug of ours broke as an internal error, tells it once, and keeps its text from the peer', () => {
    const bug = new TypeError('secret detail');
    const ends = endOf(() => {
      throw bug;
    });
    assert.equal(ends.length, 1);
    assert.equal(ends[0]?.code, 'internal-error');
    assert.doesNotMatch(ends[0]?.message ?? '', /secret/);
    assert.deepEqual(internal.splice(0), [bug]);
  });

  it('takes anything that is thrown, an error or not', () => {
    assert.equal(reasonOf('text').code, 'internal-error');
    assert.equal(reasonOf(null).code, 'internal-error');
  });
});
