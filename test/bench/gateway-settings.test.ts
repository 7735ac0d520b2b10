import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { gatewaySettings } from '../../bench/support/gateway-settings.ts';
import { defaultConfig } from '../../src/config/load-config.ts';

describe('gatewaySettings', () => {
  it('are the defaults of the gateway where nothing is set', () => {
    const { streams, tunnel } = defaultConfig();
    assert.deepEqual(gatewaySettings({}), { mergeMs: streams.mergeTimeMs, gatherMs: tunnel.gatherTimeMs });
  });

  it('follow the environment, as the gateway under test does', () => {
    assert.equal(gatewaySettings({ CULVERT_STREAMS_MERGE_TIME: '75ms' }).mergeMs, 75);
  });
});
