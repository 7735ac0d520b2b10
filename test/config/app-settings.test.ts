import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { perApp } from '../../src/config/app-settings.ts';
import { configWith, defaultConfig } from '../../src/config/load-config.ts';

const config = configWith({
  streams: { viewerLagMs: 7_000, mergeTimeMs: 40 },
  apps: { live: { mergeTimeMs: 350 }, auction: { mergeTimeMs: 0, gopCache: false }, idle: {} },
});
const streamsOf = perApp(config, (streams) => streams);

describe('perApp', () => {
  it('gives an application what it has of its own, and of all streams the rest', () => {
    assert.deepEqual(streamsOf('live'), { ...config.streams, mergeTimeMs: 350 });
    assert.deepEqual(streamsOf('auction'), { ...config.streams, mergeTimeMs: 0, gopCache: false });
    for (const app of ['idle', 'other', '']) assert.deepEqual(streamsOf(app), config.streams, app);
  });

  it('gives each instance what its application has', () => {
    assert.equal(streamsOf('live/eu'), streamsOf('live'));
    assert.equal(streamsOf('live/eu/west').mergeTimeMs, 350);
    assert.equal(streamsOf('other/live').mergeTimeMs, 40);
  });

  it('compares names letter for letter, and finds none that objects inherit', () => {
    for (const app of ['Live', 'liv', 'live2', '__proto__', 'constructor', 'toString/x']) {
      assert.equal(streamsOf(app), streamsOf('other'), app);
    }
  });

  it('makes what is asked for once for each application with settings and once for all others', () => {
    let made = 0;
    const numberOf = perApp(config, () => ++made);
    assert.equal(made, 4);
    for (const app of ['live', 'live/eu', 'a', 'b', 'a/c']) numberOf(app);
    assert.equal(made, 4);
    assert.equal(perApp(defaultConfig(), ({ gopCache }) => !gopCache)('live'), false);
  });
});
