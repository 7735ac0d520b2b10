// When the log says that a certificate ends.

import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { DAY_MS, makePems, newFolder, StoreRig, writePems } from './certificate-rig.ts';

/** The warnings of the log since the last time of asking. */
function warningsOf({ log }: StoreRig) {
  const warnings = log.take().filter(({ level }) => level === 'warn');
  return warnings.map(({ message, fields }) => ({
    message,
    label: fields['label'],
    daysLeft: fields['daysLeft'],
  }));
}

async function load(t: TestContext, fromDays: number, toDays: number): Promise<StoreRig> {
  const nowMs = Date.now();
  const times = { notBeforeMs: nowMs + fromDays * DAY_MS, notAfterMs: nowMs + toDays * DAY_MS + 60_000 };
  return StoreRig.load(t, { tls: writePems(newFolder(t), 'server', await makePems(['a.example'], times)) });
}

describe('the end of a certificate', () => {
  it('is spoken of at the start where it is 14 days ahead or less', async (t) => {
    assert.deepEqual(warningsOf(await load(t, -1, 14)), []);
    const [warning, ...rest] = warningsOf(await load(t, -1, 13));
    assert.deepEqual(rest, []);
    assert.deepEqual(warning, { message: 'certificate ends soon', label: 'tls', daysLeft: 13 });
  });

  it('is spoken of where it is past', async (t) => {
    const [warning] = warningsOf(await load(t, -10, -2));
    assert.match(warning?.message ?? '', /^certificate has ended/);
    assert.equal(warning?.daysLeft, -2);
  });

  it('is spoken of where a certificate is not valid yet', async (t) => {
    const [warning] = warningsOf(await load(t, 1, 100));
    assert.match(warning?.message ?? '', /^certificate is not valid yet/);
  });

  it('is spoken of once a day while the certificate is in force', async (t) => {
    const rig = await load(t, -1, 15);
    for (let hours = 0; hours < 23; hours++) await rig.look(DAY_MS / 24);
    assert.deepEqual(warningsOf(rig), []);
    const days: unknown[] = [];
    for (let hours = 0; hours < 4 * 24; hours++) {
      await rig.look(DAY_MS / 24);
      days.push(...warningsOf(rig).map(({ daysLeft }) => daysLeft));
    }
    assert.deepEqual(days, [13, 12, 11]);
  });
});
