import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { runInNewContext } from 'node:vm';
import type { Verdict } from '../../src/auth/admission.ts';
import { collectGarbage } from '../support/kept-bytes.ts';
import { ACCEPTED, GuardedRig } from './guarded-rig.ts';

describe('askAdmission', () => {
  it('waits for a promise that is none of its own realm: whatever has a then', async () => {
    const rig = new GuardedRig(() =>
      runInNewContext('Promise.resolve(verdict)', { verdict: { type: 'accept' } }),
    );
    const peer = rig.connecting();
    assert.deepEqual(peer.heard(), []);
    await new Promise((done) => setImmediate(done));
    assert.deepEqual(peer.heard().slice(0, 3), ACCEPTED);
  });

  for (const [name, verdict] of [
    ['of a type that there is none of', { type: 'maybe' }],
    ['without a type', {}],
    ['of nothing', null],
    ['that is a text', 'accept'],
  ] as const) {
    for (const isLate of [false, true]) {
      it(`takes a verdict ${name} for an error of its own, ${isLate ? 'later' : 'at once'}`, async () => {
        // What plain JavaScript may answer, past the types.
        const wrong: Verdict = JSON.parse(JSON.stringify(verdict));
        const rig = new GuardedRig(() => (isLate ? Promise.resolve(wrong) : wrong));
        const peer = rig.connecting();
        await new Promise((done) => setImmediate(done));
        assert.match(String(peer.link.internalErrors), /expected a verdict of type 'accept' or 'reject'/);
        assert.deepEqual(peer.link.ends.at(-1), 'closed internal-error');
        assert.deepEqual(peer.heard(), []);
      });
    }
  }

  it('keeps nothing of clients that are gone, though their verdicts never come', async () => {
    const pending: Promise<Verdict>[] = [];
    const decide = (): Promise<Verdict> => {
      const { promise } = Promise.withResolvers<Verdict>();
      pending.push(promise);
      return promise;
    };
    const rig = new GuardedRig(decide, { guard: (guarded, work) => work(guarded), onEnd: () => undefined });
    const gone = Array.from({ length: 20 }, () => {
      const peer = rig.connecting();
      peer.link.drop();
      return new WeakRef(peer.connection);
    });
    rig.asked.length = 0;
    rig.clock.advance(120_000);
    await new Promise((done) => setImmediate(done));
    collectGarbage();
    const kept = gone.filter((connection) => connection.deref() !== undefined).length;
    // WHY: the last one may still stand in a register or on the stack.
    assert.ok(kept <= 1, `${kept} of ${gone.length} connections are kept`);
    assert.equal(pending.length, gone.length);
  });
});
