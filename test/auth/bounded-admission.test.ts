import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Admission, AdmissionRequest, Verdict } from '../../src/auth/admission.ts';
import { BoundedAdmission, boundedAdmissions } from '../../src/auth/bounded-admission.ts';
import { MAX_OPEN_QUESTIONS } from '../../src/auth/limits.ts';

/** An admission whose verdicts the test gives. */
class SlowAdmission implements Admission {
  readonly answers: ((verdict: Verdict) => void)[] = [];

  connect(): Promise<Verdict> {
    const { promise, resolve } = Promise.withResolvers<Verdict>();
    this.answers.push(resolve);
    return promise;
  }
}

function request(signal = new AbortController().signal): AdmissionRequest {
  const client = { app: 'members', instance: '', query: '', tcUrl: '', flashVersion: '' };
  return { ...client, remoteAddress: '192.0.2.7', signal };
}

/** An admission at its bound, and the clients that wait. */
function fullAdmission() {
  const slow = new SlowAdmission();
  const bounded = new BoundedAdmission(slow);
  const controllers = Array.from({ length: MAX_OPEN_QUESTIONS }, () => new AbortController());
  const verdicts = controllers.map(({ signal }) => bounded.connect(request(signal)));
  return { slow, bounded, controllers, verdicts };
}

/** True where a client was refused for the bound, and the admission behind it was not asked. */
function isRefused(bounded: Admission, slow: SlowAdmission): boolean {
  const asked = slow.answers.length;
  const verdict = bounded.connect(request());
  if (!('type' in verdict)) return false;
  assert.ok(verdict.type === 'reject' && verdict.code === 'NetConnection.Connect.Rejected');
  assert.ok(!verdict.isStep && verdict.description.includes('busy'));
  assert.equal(slow.answers.length, asked);
  return true;
}

describe('BoundedAdmission', () => {
  it('asks for as many at a time as the limit says, and refuses one over it', () => {
    const { slow, bounded } = fullAdmission();
    assert.equal(slow.answers.length, MAX_OPEN_QUESTIONS);
    assert.ok(isRefused(bounded, slow));
  });

  it('asks again when a verdict has come', async () => {
    const { slow, bounded, verdicts } = fullAdmission();
    slow.answers[0]?.({ type: 'accept' });
    assert.deepEqual(await verdicts[0], { type: 'accept' });
    assert.ok(!isRefused(bounded, slow));
    assert.ok(isRefused(bounded, slow));
  });

  it('asks again when a client is gone, once for each, whatever its verdict still does', async () => {
    const { slow, bounded, controllers, verdicts } = fullAdmission();
    controllers[0]?.abort();
    slow.answers[0]?.({ type: 'accept' });
    await verdicts[0];
    assert.ok(!isRefused(bounded, slow));
    assert.ok(isRefused(bounded, slow));
  });

  it('does not count verdicts that come at once, nor an admission that throws', () => {
    let asked = 0;
    const bounded = new BoundedAdmission({
      connect: () => {
        asked++;
        if (asked % 2 === 0) throw new Error('the admission is broken');
        return { type: 'accept' };
      },
    });
    for (let n = 0; n < MAX_OPEN_QUESTIONS; n++) {
      assert.deepEqual(bounded.connect(request()), { type: 'accept' });
      assert.throws(() => bounded.connect(request()), /the admission is broken/);
    }
  });

  it('has one bound for an admission that serves several applications', () => {
    const slow = new SlowAdmission();
    const admissions = boundedAdmissions(new Map([['a', slow] as const, ['b', slow] as const]));
    assert.deepEqual([...admissions.keys()], ['a', 'b']);
    assert.equal(admissions.get('a'), admissions.get('b'));
  });
});
