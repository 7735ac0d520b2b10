// Routes, upstreams and relays of configurations, read and completed, and what does not fit together in them.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ConfigError } from '../../src/config/config-error.ts';
import { configYaml } from '../../src/config/config-yaml.ts';
import { listKeysInForce } from '../../src/config/groups-by-name.ts';
import { defaultConfig, loadConfig, loadConfigFile, parseServeFlags } from '../../src/config/load-config.ts';
import { routingOf } from '../../src/config/routing.ts';
import { configSchema } from '../../src/config/schema.ts';

function loadFile(text: string) {
  return loadConfigFile('c.yaml', () => text);
}

function problemsOf(text: string): string[] {
  try {
    loadFile(text);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.message.split('\n');
    throw error;
  }
}

/** What holds of an upstream where only its URL is set. */
const DEFAULTS = {
  maxConnections: 1_000_000,
  weight: 1,
  drain: false,
  proxyProtocol: 'none',
  addressProperty: '',
  addressParameter: '',
  tunnelConnections: 2,
  httpProxy: null,
  tls: { verify: true, ca: '', fingerprint: '', serverName: '' },
  connectTimeoutMs: 5_000,
  maxFailures: 3,
  downTimeMs: 1_000,
  maxDownTimeMs: 10_000,
  slowStartTimeMs: 10_000,
  check: 'none',
  checkIntervalMs: 10_000,
  checkTimeoutMs: 5_000,
};

describe('routingOf', () => {
  it('gives nothing where nothing is set: all is served here', () => {
    assert.deepEqual(routingOf(defaultConfig()), { upstreams: [], routes: [], relays: [] });
  });

  it('splices every client to the URLs of --upstream, in order', () => {
    const flags = parseServeFlags(['--upstream', 'rtmp://u:p@one/live', '--upstream', 'rtmps://two']);
    const { config } = loadConfig({ flags, env: { CULVERT_UPSTREAM: 'rtmp://x' }, readFile: assert.fail });
    const { upstreams, routes, relays } = routingOf(config);
    const names = ['rtmp://one:1935/live', 'rtmps://two:443'];
    assert.deepEqual(
      upstreams.map(({ name }) => name),
      names,
    );
    assert.deepEqual(upstreams[0]?.url.credentials, { user: 'u', password: 'p' });
    const { url, name: _, ...settings } = upstreams[1] ?? assert.fail('no second one');
    assert.equal(url.host, 'two');
    assert.deepEqual(settings, DEFAULTS);
    assert.deepEqual(routes, [
      {
        app: { segments: [['*']], starCount: 1 },
        stream: null,
        listeners: [],
        transports: [],
        action: 'splice',
        target: { upstreams: names, balance: 'inOrder', push: 'one', app: null, stream: null },
      },
    ]);
    assert.deepEqual(relays, []);
  });

  it('takes the URLs from the environment too, and puts their route behind those of the file', () => {
    const flags = parseServeFlags(['--config', 'c.yaml']);
    const env = { CULVERT_UPSTREAM: 'rtmp://one, rtmp://one?k=1' };
    const readFile = () => 'routes: [{app: private, action: origin}]';
    const { upstreams, routes } = routingOf(loadConfig({ flags, env, readFile }).config);
    assert.deepEqual(
      upstreams.map(({ name }) => name),
      ['rtmp://one:1935', 'rtmp://one:1935#2'],
    );
    assert.deepEqual(
      routes.map(({ action }) => action),
      ['origin', 'splice'],
    );
  });

  it('completes an upstream by what holds for all, and by the defaults', () => {
    const { upstreams } = routingOf(
      loadFile(`
upstreamHealth: {check: rtmp, maxFailures: 5}
upstreams:
  main:
    url: rtmpts://origin.example/live
    maxFailures: 1
    tls: {ca: ca.pem}
    httpProxy: http://u:p@proxy:3128
    addressParameter: ip
`).config,
    );
    const { url, name, ...settings } = upstreams[0] ?? assert.fail();
    assert.equal(name, 'main');
    assert.equal(url.description, 'rtmpts://origin.example:443/live');
    assert.deepEqual(settings, {
      ...DEFAULTS,
      check: 'rtmp',
      maxFailures: 1,
      addressParameter: 'ip',
      tls: { ...DEFAULTS.tls, ca: 'ca.pem' },
      httpProxy: { host: 'proxy', portNumber: 3128, credentials: { user: 'u', password: 'p' } },
    });
  });

  it('reads routes and relays', () => {
    const { routes, relays } = routingOf(
      loadFile(`
upstreams: {a: {url: rtmp://a}, b: {url: rtmp://b}}
routes:
  - {app: x, stream: "s*", listeners: ["TLS::443"], transports: [rtmps], action: relay, upstreams: [a, b], push: all, upstreamStream: $1}
relays:
  - {direction: push, app: live, stream: show, upstreams: [a], upstreamStream: key}
  - {direction: pull, app: live/eu, stream: program, upstreams: [b], balance: leastLoaded, upstreamApp: prog}
`).config,
    );
    assert.deepEqual(routes, [
      {
        app: { segments: [['x']], starCount: 0 },
        stream: { segments: [['s', '*']], starCount: 1 },
        listeners: ['tls::443'],
        transports: ['rtmps'],
        action: 'relay',
        target: {
          upstreams: ['a', 'b'],
          balance: 'inOrder',
          push: 'all',
          app: null,
          stream: [{ type: 'capture', starNumber: 1 }],
        },
      },
    ]);
    const key = [{ type: 'text', text: 'key' }];
    const target = { upstreams: ['a'], balance: 'inOrder', push: 'one', app: null, stream: key };
    assert.deepEqual(relays[0]?.target, target);
    assert.deepEqual(relays[1], {
      direction: 'pull',
      app: 'live/eu',
      stream: 'program',
      target: {
        upstreams: ['b'],
        balance: 'leastLoaded',
        push: 'one',
        app: [{ type: 'text', text: 'prog' }],
        stream: null,
      },
    });
  });
});

describe('a configuration with upstreams', () => {
  it('is printed without credentials, queries and the keys of services', () => {
    const { config, sources } = loadFile(`
upstream: [rtmp://u:hunter@h/live?k=hunter]
upstreams: {main: {url: "rtmp://u:hunter@h/live?k=hunter", httpProxy: "http://u:hunter@p:1"}}
relays: [{direction: push, app: live, stream: show, upstreams: [main], upstreamStream: hunter}]
`);
    const printed = configYaml(listKeysInForce(configSchema, config), config, sources);
    assert.doesNotMatch(printed, /hunter/);
    assert.match(printed, /^upstream: \["rtmp:\/\/\*\*\*@h\/live\?\*\*\*"\] # c\.yaml:2$/m);
    assert.match(printed, /^ {4}url: rtmp:\/\/\*\*\*@h\/live\?\*\*\* # c\.yaml:3$/m);
    assert.match(printed, /^ {4}upstreamStream: "\*\*\*" # c\.yaml:4$/m);
  });

  it('tells wrong URLs without their credentials and queries', () => {
    const lines = problemsOf(`upstream: ["rtmp://u:hunter@h:0/live?k=hunter"]
upstreams:
  a: {url: "rtmp://u:hunter@h:x/live?k=hunter"}
  b: {url: "http://hunter@h"}
  c: {url: "rtmp://h", httpProxy: "http://u:hunter@p"}
relays: [{direction: push, app: a, stream: b, upstreams: [c], upstreamStream: "hunter$"}]
`);
    assert.equal(lines.length, 5);
    for (const line of lines) assert.doesNotMatch(line, /hunter/);
    assert.match(
      lines[0] ?? '',
      /^c\.yaml:1: upstream\[0\]: .*found "rtmp:\/\/\*\*\*@h:0\/live\?\*\*\*" \(the port/,
    );
    assert.match(lines[4] ?? '', /^c\.yaml:6: relays\[0\]\.upstreamStream: .*found \*\*\* \(behind a \$/);
    assert.throws(
      () =>
        loadConfig({
          flags: parseServeFlags(['--upstream=rtmp://u:hunter@']),
          env: {},
          readFile: assert.fail,
        }),
      /^ConfigError: --upstream: upstream\[0\]: expected .*, found "rtmp:\/\/\*\*\*@" \(there is no host\)$/,
    );
  });
});

describe('what does not fit together', () => {
  const UPSTREAMS = 'upstreams: {main: {url: rtmp://a}, spare: {url: rtmp://b}}\n';

  it('is told with its line: upstreams that there are not, or twice, or not at all', () => {
    const routes = `routes:
  - action: splice
    upstreams: [mian, other, main, main]
  - app: x
    action: relay
`;
    assert.deepEqual(problemsOf(UPSTREAMS + routes), [
      'c.yaml:4: routes[0].upstreams[0]: expected the label of one of upstreams, found "mian" (did you mean main?)',
      'c.yaml:4: routes[0].upstreams[1]: expected the label of one of upstreams, found "other"',
      'c.yaml:4: routes[0].upstreams[3]: expected each upstream once, found "main"',
      'c.yaml:6: routes[1].upstreams: expected labels of upstreams to relay to, found nothing',
    ]);
  });

  it('is told with its line: more captures than stars', () => {
    const entries = `routes:
  - {app: "a*", stream: "*b*", action: relay, upstreams: [main], upstreamApp: $3, upstreamStream: $1$4}
  - {app: a, action: splice, upstreams: [main], upstreamApp: $1}
  - {action: splice, upstreams: [main], upstreamApp: $1$2}
relays:
  - {direction: push, app: a, stream: "*", upstreams: [main], upstreamStream: $2}
`;
    assert.deepEqual(problemsOf(UPSTREAMS + entries), [
      'c.yaml:3: routes[0].upstreamStream: expected no more than $3, for app and stream have 3 stars, found $4',
      'c.yaml:4: routes[1].upstreamApp: expected no $1 to $9, for app and stream have no star, found $1',
      'c.yaml:5: routes[2].upstreamApp: expected no more than $1, for app and stream have 1 star, found $2',
      'c.yaml:7: relays[0].upstreamStream: expected no more than $1, for app and stream have 1 star, found $2',
    ]);
  });

  it('is told with its line: a PROXY header for an upstream that is reached by HTTP requests', () => {
    const proxied = `upstreams:
  a: {url: rtmp://a, proxyProtocol: v1, httpProxy: http://p:3128}
  b.c: {url: "rtmpt://u:hunter@b", proxyProtocol: v2}
  d:
    url: RTMPTS://d
    httpProxy: http://p:3128
    proxyProtocol: v1
  e: {url: rtmpt://e, proxyProtocol: none}
`;
    const expected = (scheme: string) =>
      `expected none for an upstream by ${scheme}://, which is reached by HTTP requests`;
    const cure = '(set addressProperty or addressParameter instead)';
    assert.deepEqual(problemsOf(proxied), [
      `c.yaml:3: upstreams."b.c".proxyProtocol: ${expected('rtmpt')}, found v2 ${cure}`,
      `c.yaml:7: upstreams.d.proxyProtocol: ${expected('rtmpts')}, found v1 ${cure}`,
    ]);
  });

  it('is told with its line: a stream in a route that splices', () => {
    const routes =
      'routes:\n  - action: splice\n    upstreams: [main]\n    stream: a\n    upstreamStream: b\n';
    const reason = 'expected none in a route that splices, for it is chosen before the client names a stream';
    assert.deepEqual(problemsOf(UPSTREAMS + routes), [
      `c.yaml:5: routes[0].stream: ${reason}, found "a"`,
      `c.yaml:6: routes[0].upstreamStream: ${reason}, found "b"`,
    ]);
  });

  it('is told with its line: a pull of more than one stream, or into one that another pull fills', () => {
    const relays = `relays:
  - {direction: pull, app: "a?", stream: "*", upstreams: [main]}
  - {direction: pull, app: a, stream: b, upstreams: [main]}
  - {direction: push, app: a, stream: b, upstreams: [spare]}
  - {direction: pull, app: a, stream: b, upstreams: [spare]}
`;
    const one = 'expected one name without * and ?, for a pull takes one stream';
    assert.deepEqual(problemsOf(UPSTREAMS + relays), [
      `c.yaml:3: relays[0].app: ${one}, found "a?"`,
      `c.yaml:3: relays[0].stream: ${one}, found "*"`,
      'c.yaml:6: relays[3].stream: expected a stream that no other pull publishes here, found "a/b"',
    ]);
  });

  it('is told of what each entry has to set', () => {
    assert.deepEqual(problemsOf('routes:\n  - app: a\n'), [
      'c.yaml:2: routes[0].action: expected one of origin, splice, relay, found nothing',
    ]);
    const lines = problemsOf('relays:\n  - {direction: pull}\n');
    assert.deepEqual(
      lines.map((line) => line.split(': ')[1]),
      ['relays[0].app', 'relays[0].stream', 'relays[0].upstreams'],
    );
  });
});
