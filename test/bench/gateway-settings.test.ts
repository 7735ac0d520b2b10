import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { gatewaySettings } from '../../bench/support/gateway-settings.ts';
import { defaultConfig } from '../../src/config/load-config.ts';

describe('gatewaySettings', () => {
  it('are the defaults of the gateway where nothing is set', () => {
    const { streams, tunnel } = defaultConfig();
    assert.deepEqual(gatewaySettings({}), { mergeMs: streams.mergeTimeMs, gatherMs: tunnel.gatherTimeMs });
  });

  it('are those of the application that is measured', (test) => {
    const folder = mkdtempSync(join(tmpdir(), 'culvert-bench-settings-'));
    test.after(() => rmSync(folder, { recursive: true, force: true }));
    const path = join(folder, 'culvert.yaml');
    writeFileSync(path, 'streams:\n  mergeTime: 60ms\napps:\n  live:\n    mergeTime: 90ms\n');
    assert.equal(gatewaySettings({ CULVERT_CONFIG: path }).mergeMs, 90);
  });

  it('follow the environment, as the gateway under test does', () => {
    assert.equal(gatewaySettings({ CULVERT_STREAMS_MERGE_TIME: '75ms' }).mergeMs, 75);
  });
});
