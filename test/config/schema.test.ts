// Culvert's own schema: the Config it makes, and what must hold for every key of it.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ConfigError } from '../../src/config/config-error.ts';
import { configYaml } from '../../src/config/config-yaml.ts';
import { NO_FLAGS } from '../../src/config/flags.ts';
import { type Key, listKeys } from '../../src/config/key.ts';
import {
  configWith,
  defaultConfig,
  type LoadedConfig,
  loadConfig,
  parseServeFlags,
} from '../../src/config/load-config.ts';
import { configSchema } from '../../src/config/schema.ts';
import { valueInUnits } from '../../src/config/setting.ts';

const keys = listKeys(configSchema);

function loadFile(text: string): LoadedConfig {
  const flags = parseServeFlags(['--config', 'culvert.yaml']);
  return loadConfig({ flags, env: {}, readFile: () => text });
}

function loadEnv(env: Record<string, string>): LoadedConfig {
  return loadConfig({ flags: NO_FLAGS, env, readFile: assert.fail });
}

/** The key's default as one text, as an environment variable would have it. */
function defaultText(key: Key): string {
  const value = valueInUnits(key.setting, key.setting.default);
  return Array.isArray(value) ? value.join(',') : String(value);
}

describe('defaultConfig', () => {
  it('gives every property with its default', () => {
    assert.deepEqual(defaultConfig(), {
      listen: [':1935', ':80', 'tls::443'],
      upstream: [],
      logLevel: 'info',
      listeners: {
        firstByteTimeoutMs: 10_000,
        maxConnections: 16_000,
        maxConnectionsPerSource: 12_000,
      },
      tls: {
        certificate: 'development',
        key: 'in-certificate',
        developmentFolder: 'certs',
        minVersion: 'TLSv1.2',
        maxVersion: 'TLSv1.3',
        sessionTickets: true,
        handshakeTimeoutMs: 10_000,
      },
      certificates: { __proto__: null },
      trustedProxies: { proxyProtocol: [], httpProxies: [], httpHeader: 'x-forwarded-for' },
      rtmp: {
        chunkSizeBytes: 60_000,
        ackWindowBytes: 2_500_000,
        maxMessageBytes: 8_388_608,
        rtmpe: true,
        handshakeTimeoutMs: 10_000,
        connectTimeoutMs: 60_000,
        pingIntervalMs: 60_000,
        pingTimeoutMs: 60_000,
        writeTimeoutMs: 30_000,
        messageTimeoutMs: 60_000,
      },
      tunnel: {
        idleHoldMs: 500,
        setupHoldMs: 100,
        gatherTimeMs: 30,
        pollingByte: 'fixed',
        silenceTimeoutMs: 60_000,
        detachedTimeoutMs: 10_000,
        handshakeTimeoutMs: 10_000,
        maxSessions: 10_000,
        maxSessionsPerSource: 8_000,
        maxHalfOpenSessions: 2_000,
        maxRequestsPerSecond: 500,
        maxBodyBytes: 16_777_216,
        maxReplyBytes: 393_216,
        contentType: 'application/x-fcs',
        ident: 'not-found',
      },
      websocket: { pingIntervalMs: 30_000, pingTimeoutMs: 30_000, maxMessageBytes: 16_777_216 },
      http: {
        keepAliveTimeoutMs: 75_000,
        headersTimeoutMs: 20_000,
        requestTimeoutMs: 60_000,
        maxHeaderSizeBytes: 65_536,
      },
      streams: {
        gopCache: true,
        gopCacheBytes: 16_777_216,
        gopCacheTimeMs: 30_000,
        viewerLagMs: 5_000,
        viewerLagBytes: 8_388_608,
        mergeTimeMs: 40,
        maxNameLengthChars: 256,
      },
      apps: { __proto__: null },
      routes: [],
      upstreams: { __proto__: null },
      upstreamHealth: {
        connectTimeoutMs: 5_000,
        maxFailures: 3,
        downTimeMs: 1_000,
        maxDownTimeMs: 10_000,
        slowStartTimeMs: 10_000,
        check: 'none',
        checkIntervalMs: 10_000,
        checkTimeoutMs: 5_000,
        failoverTimeoutMs: 15_000,
      },
      splice: {
        gatherTimeMs: 30,
        maxWaitingBytes: 1_048_576,
        writeTimeoutMs: 30_000,
        idleTimeoutMs: 300_000,
        mergeTimeMs: 0,
      },
      relay: {
        maxQueueBytes: 8_388_608,
        maxQueueTimeMs: 5_000,
        writeTimeoutMs: 30_000,
        retryTimeMs: 1_000,
        maxRetryTimeMs: 30_000,
        keepTimeMs: 10_000,
        startTimeoutMs: 10_000,
      },
      relays: [],
      shutdown: { drainTimeoutMs: 5_000, reconnectUrl: 'none' },
    });
  });

  it('is deep frozen', () => {
    const config = defaultConfig();
    assert.ok(Object.isFrozen(config) && Object.isFrozen(config.tunnel) && Object.isFrozen(config.listen));
  });
});

describe('configWith', () => {
  it('replaces what it is given and keeps the rest, frozen, without checking ranges', () => {
    const config = configWith({ listen: [':0'], tunnel: { idleHoldMs: 9_000 } });
    assert.deepEqual(config.listen, [':0']);
    assert.equal(config.tunnel.idleHoldMs, 9_000);
    assert.equal(config.tunnel.setupHoldMs, 100);
    assert.deepEqual(config.rtmp, defaultConfig().rtmp);
    assert.ok(Object.isFrozen(config) && Object.isFrozen(config.tunnel) && Object.isFrozen(config.listen));
  });

  it('takes settings of applications, which no name that objects inherit is among', () => {
    const { apps } = configWith({ apps: { auction: { mergeTimeMs: 0 } } });
    assert.deepEqual({ ...apps }, { auction: { mergeTimeMs: 0 } });
    assert.equal(apps['constructor'], undefined);
    assert.ok(Object.isFrozen(apps['auction']));
  });
});

describe('every key of the schema', () => {
  it('has an environment name of its own, under which its default is taken', () => {
    assert.equal(new Set(keys.map((key) => key.environmentName)).size, keys.length);
    const env = Object.fromEntries(keys.map((key) => [key.environmentName, defaultText(key)]));
    const { config, sources } = loadEnv(env);
    assert.deepEqual(config, defaultConfig());
    for (const key of keys) {
      // A variable that is set to nothing counts as not set, so that none sets an empty list.
      const type = defaultText(key) === '' ? 'default' : 'environment';
      assert.equal(Reflect.get(sources, key.path).type, type, key.path);
    }
  });

  it('takes its default from a file, and its line is known', () => {
    const yaml = configYaml(keys, defaultConfig(), null);
    const { config, sources } = loadFile(yaml);
    assert.deepEqual(config, defaultConfig());
    for (const source of Object.values(sources)) assert.equal(source.type, 'file');
    const lineNumber = yaml.split('\n').findIndex((line) => line.includes('drainTimeout')) + 1;
    assert.deepEqual(sources['shutdown.drainTimeout'], { type: 'file', path: 'culvert.yaml', lineNumber });
  });

  it('takes both ends of its range and neither neighbour', () => {
    for (const key of keys) {
      const { minimum, maximum, unit } = key.setting;
      if (minimum === undefined || maximum === undefined) continue;
      const suffix = unit === 'ms' ? 'ms' : '';
      // Both of the keys that bound each other at once, so that neither exceeds the other.
      const bounded = keys.filter((other) => other === key || other.path === key.setting.atMost);
      const envOf = (value: number) =>
        Object.fromEntries(bounded.map((other) => [other.environmentName, `${value}${suffix}`]));
      if (key.path !== 'http.requestTimeout') assert.ok(loadEnv(envOf(minimum)), key.path);
      assert.ok(loadEnv(envOf(maximum)), key.path);
      for (const value of [minimum - 1, maximum + 1]) {
        assert.throws(() => loadEnv({ [key.environmentName]: `${value}${suffix}` }), ConfigError, key.path);
      }
    }
  });

  it('is described in one sentence', () => {
    for (const { path, setting } of keys) {
      assert.match(setting.description, /^[A-Z][^\n]{20,250}\.$/, path);
      assert.doesNotMatch(setting.description, /\. /, path);
    }
  });

  it('has a suffix in the Config where it is a number, or a name that says what is counted', () => {
    for (const { path, propertyPath, setting } of keys) {
      if (setting.type !== 'integer') continue;
      const isCount = setting.unit === 'count';
      assert.match(propertyPath.at(-1) ?? '', isCount ? /^max[A-Z]\w*$/ : /(?:Ms|Bytes|Chars)$/, path);
    }
  });

  it('that names another bound names a key of the same unit, or of the same words', () => {
    for (const { path, setting } of keys) {
      if (setting.atMost === undefined) continue;
      const upper = keys.find((key) => key.path === setting.atMost);
      assert.equal(upper?.setting.unit, setting.unit, path);
      assert.deepEqual(upper?.setting.enum, setting.enum, path);
      assert.ok(setting.unit !== undefined || setting.enum !== undefined, path);
    }
  });
});

describe('loadConfig', () => {
  it('takes the environment name that the contract gives', () => {
    const { config, sources } = loadEnv({ CULVERT_TUNNEL_IDLE_HOLD: '250ms' });
    assert.equal(config.tunnel.idleHoldMs, 250);
    assert.deepEqual(sources['tunnel.idleHold'], { type: 'environment', name: 'CULVERT_TUNNEL_IDLE_HOLD' });
  });

  it('replaces the default listeners by those of --listen', () => {
    const flags = parseServeFlags(['--listen', ':0', '--listen', '127.0.0.1:0']);
    const { config, sources } = loadConfig({ flags, env: { CULVERT_LISTEN: ':9' }, readFile: assert.fail });
    assert.deepEqual(config.listen, [':0', '127.0.0.1:0']);
    assert.deepEqual(sources.listen, { type: 'flag', name: '--listen' });
  });

  it('lets the last of a repeated flag win', () => {
    const flags = parseServeFlags(['--log-level', 'warn', '--log-level', 'debug']);
    assert.equal(loadConfig({ flags, env: {}, readFile: assert.fail }).config.logLevel, 'debug');
  });

  it('takes a media type as content type and nothing that would end the header', () => {
    assert.equal(
      loadEnv({ CULVERT_TUNNEL_CONTENT_TYPE: 'text/plain' }).config.tunnel.contentType,
      'text/plain',
    );
    for (const value of ['plain', 'a/b\r\nX: y', 'a/b;c', 'a / b', `a/${'b'.repeat(126)}`]) {
      assert.throws(
        () => loadEnv({ CULVERT_TUNNEL_CONTENT_TYPE: value }),
        /tunnel\.contentType: expected a media type/,
      );
    }
  });

  it('takes none, same or an RTMP URL to connect again at, and nothing else', () => {
    const load = (value: string) => loadEnv({ CULVERT_SHUTDOWN_RECONNECT_URL: value }).config.shutdown;
    for (const value of ['none', 'same', 'rtmp://other.example/live', 'rtmps://[2001:db8::1]:443/a/b?c=d']) {
      assert.equal(load(value).reconnectUrl, value);
    }
    for (const value of [
      'Same',
      'other.example',
      'http://other.example/',
      'rtmp://',
      'rtmp://a b',
      'rtmpxxx://a',
    ]) {
      assert.throws(() => load(value), /shutdown\.reconnectUrl: expected none, same, or a URL/);
    }
  });

  it('refuses a headers timeout longer than the request timeout, which Node would refuse at the start', () => {
    assert.throws(
      () => loadFile('http:\n  requestTimeout: 10s\n'),
      /culvert\.yaml:2: http\.requestTimeout: expected at least the 20s of http\.headersTimeout, found 10s/,
    );
    assert.equal(loadFile('http: {requestTimeout: 20s}').config.http.requestTimeoutMs, 20_000);
  });
});
