// The names that a machine knows of itself.

import assert from 'node:assert/strict';
import { syncBuiltinESMExports } from 'node:module';
import os from 'node:os';
import { describe, it, type TestContext } from 'node:test';
import { machineNames, makeSelfSigned } from '../../../src/links/tls/certificate-maker.ts';
import { moduleAt, runShortOfFiles } from './file-shortage.ts';

const OWN = ['localhost', os.hostname().toLowerCase(), '127.0.0.1', '::1'];

/** Gives the machine one interface with these addresses. */
function setAddresses(t: TestContext, addresses: readonly string[]): void {
  const list = addresses.map((address) => ({ address }) as os.NetworkInterfaceInfo);
  t.mock.method(os, 'networkInterfaces', () => ({ eth0: list }));
  syncBuiltinESMExports();
  t.after(() => {
    t.mock.restoreAll();
    syncBuiltinESMExports();
  });
}

describe('makeSelfSigned', () => {
  it('ends each text with a line, so that one file of both is read by everybody', async () => {
    const { certificate, key } = await makeSelfSigned({
      names: ['a.example'],
      nowMs: Date.now(),
      validDays: 1,
    });
    for (const pem of [certificate, key]) assert.match(pem, /-----END [A-Z ]+-----\n$/);
  });
});

describe('machineNames', () => {
  it('has the addresses of the machine, but for those that count on one link only', (t) => {
    const kept = [
      '169.253.255.255',
      '169.255.0.0',
      '10.0.0.7',
      'fe7f::1',
      'fec0::1',
      'fd00::7',
      '2001:db8::7',
    ];
    const left = ['169.254.0.0', '169.254.255.255', 'fe80::1', 'febf:ffff::1'];
    setAddresses(t, [...left, ...kept]);
    assert.deepEqual(machineNames(), [...new Set([...OWN, ...kept])]);
  });

  it('goes without the addresses where the system does not tell them', () => {
    const told = runShortOfFiles(`
      const { networkInterfaces } = await import('node:os');
      const { machineNames } = await import(${moduleAt('src/links/tls/certificate-maker.ts')});
      spend();
      let code = null;
      try {
        networkInterfaces();
      } catch (error) {
        code = error.code;
      }
      tell([code, machineNames()]);`);
    assert.deepEqual(told, ['ERR_SYSTEM_ERROR', [...new Set(OWN)]]);
  });
});
