// Which route takes a client, and under which names it goes on, by configurations as the file has them.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { loadConfigFile } from '../../src/config/load-config.ts';
import { type Routing, routingOf } from '../../src/config/routing.ts';
import { parseUpstreamUrl } from '../../src/config/upstream-url.ts';
import {
  appAt,
  matchPushes,
  matchRoute,
  namesOfPull,
  type RouteMatch,
  type RouteRequest,
} from '../../src/upstreams/route.ts';
import '../support/property-sizes.ts';

const UPSTREAMS = 'upstreams: {main: {url: "rtmp://10.0.0.5"}, spare: {url: "rtmp://10.0.0.6"}}\n';

function routingIn(routes: string): Routing {
  return routingOf(loadConfigFile('c.yaml', () => `${UPSTREAMS}routes:\n${routes}`).config);
}

const CLIENT: RouteRequest = {
  app: 'live',
  instance: '',
  streamName: null,
  listener: ':1935',
  transport: 'rtmp',
};

function matched(routes: string, request: Partial<RouteRequest>): RouteMatch | null {
  return matchRoute(routingIn(routes).routes, { ...CLIENT, ...request });
}

/** The names that a relay gives, or 'none' where no route takes the client. */
function namesOf(routes: string, request: Partial<RouteRequest>): readonly (string | null)[] | 'none' {
  const match = matched(routes, request);
  if (match === null) return 'none';
  return match.action === 'origin' ? ['origin'] : [match.app, match.streamName];
}

describe('matchRoute', () => {
  it('takes none where there are none', () => {
    assert.equal(matchRoute([], CLIENT), null);
  });

  it('takes the first that fits', () => {
    const routes = `
  - {app: private, action: origin}
  - {app: "l*", action: splice, upstreams: [main, spare], balance: leastLoaded}
  - {action: relay, upstreams: [spare], push: all}
`;
    assert.deepEqual(matched(routes, { app: 'private' }), { action: 'origin', index: 0 });
    assert.deepEqual(matched(routes, { app: 'live' }), {
      action: 'splice',
      index: 1,
      upstreams: ['main', 'spare'],
      balance: 'leastLoaded',
      push: 'one',
      app: null,
      streamName: null,
    });
    assert.equal(matched(routes, { app: 'other' })?.index, 2);
  });

  it('goes by the application with its instance', () => {
    const routes =
      '  - {app: live/eu*, action: origin}\n  - {app: live, action: splice, upstreams: [main]}\n';
    assert.equal(matched(routes, { instance: 'eu-1' })?.index, 0);
    assert.equal(matched(routes, { instance: 'us' })?.index, 1);
    assert.equal(matched(routes, {})?.index, 1);
    assert.equal(matched(routes, { app: 'lives' }), null);
  });

  it('goes by listener and transport', () => {
    const routes = `
  - {listeners: [":1935"], transports: [rtmp], action: origin}
  - {listeners: ["TLS::443", "any:[::1]:80"], action: origin}
  - {transports: [rtmpt, ws], action: origin}
`;
    assert.equal(matched(routes, {})?.index, 0);
    assert.equal(matched(routes, { transport: 'rtmpt' })?.index, 2);
    assert.equal(matched(routes, { listener: 'tls::443', transport: 'rtmps' })?.index, 1);
    assert.equal(matched(routes, { listener: 'any:[::1]:80', transport: 'ws' })?.index, 1);
    assert.equal(matched(routes, { listener: ':80', transport: 'wss' }), null);
  });

  it('passes over routes that name a stream until the client does', () => {
    const routes = `
  - {stream: cam-*, action: relay, upstreams: [main]}
  - {app: live, action: origin}
`;
    assert.equal(matched(routes, {})?.index, 1);
    assert.equal(matched(routes, { streamName: 'cam-1' })?.index, 0);
    assert.equal(matched(routes, { streamName: 'show' })?.index, 1);
    assert.equal(matched(routes, { app: 'other', streamName: 'show' }), null);
  });

  it('takes the same route that splices with a stream as it took without', () => {
    const app = fc.constantFrom('live', 'a-1', 'a-2', 'other');
    const route = fc.record({
      app: fc.constantFrom('*', 'live', 'a-*', 'other'),
      stream: fc.option(fc.constantFrom('cam-*', 'show', '*'), { nil: undefined }),
      action: fc.constantFrom('origin', 'splice', 'relay'),
    });
    fc.assert(
      fc.property(
        fc.array(route, { minLength: 1, maxLength: 5 }),
        app,
        fc.constantFrom('cam-1', 'show'),
        (routes, name, streamName) => {
          const entries = routes.map(({ action, stream, ...rest }) => ({
            ...rest,
            action,
            ...(stream === undefined || action === 'splice' ? {} : { stream }),
            ...(action === 'origin' ? {} : { upstreams: ['main'] }),
          }));
          const text = entries.map((entry) => `  - ${JSON.stringify(entry)}\n`).join('');
          const atConnect = matched(text, { app: name });
          const later = matched(text, { app: name, streamName });
          const isNamed = (index: number | undefined) => 'stream' in (entries[index ?? 0] ?? {});
          if (atConnect !== null) assert.equal(isNamed(atConnect.index), false);
          if (atConnect === null || later === null) return;
          assert.ok(
            later.index === atConnect.index || (later.index < atConnect.index && isNamed(later.index)),
          );
          if (later.action === 'splice') assert.equal(later.index, atConnect.index);
        },
      ),
      { numRuns: 200 },
    );
  });
});

describe('names at the upstream', () => {
  it('are those of the client where no template says otherwise', () => {
    const routes = '  - {action: relay, upstreams: [main]}\n';
    assert.deepEqual(namesOf(routes, { instance: 'eu', streamName: 'show' }), [null, 'show']);
    assert.deepEqual(namesOf(routes, {}), [null, null]);
  });

  it('are made of what the stars stood for, those of the application first', () => {
    const routes = `
  - app: "studio-*/*"
    stream: "*-cam-*"
    action: relay
    upstreams: [main]
    upstreamApp: $2/$1$$
    upstreamStream: $1_$3.$4
`;
    const request = { app: 'studio-7', instance: 'eu', streamName: 'a-cam-9' };
    assert.deepEqual(namesOf(routes, request), ['eu/7$', '7_a.9']);
    assert.equal(namesOf(routes, { ...request, streamName: null }), 'none');
  });

  it('keep the instance that the pattern is not about', () => {
    const routes = '  - {app: live, action: splice, upstreams: [main], upstreamApp: origin}\n';
    assert.deepEqual(namesOf(routes, {}), ['origin', null]);
    assert.deepEqual(namesOf(routes, { instance: 'eu/1' }), ['origin/eu/1', null]);
    const all = '  - {action: splice, upstreams: [main], upstreamApp: "x-$1"}\n';
    assert.deepEqual(namesOf(all, { instance: 'eu' }), ['x-live/eu', null]);
    const dropped = '  - {app: live/*, action: splice, upstreams: [main], upstreamApp: origin}\n';
    assert.deepEqual(namesOf(dropped, { instance: 'eu' }), ['origin', null]);
  });

  it('that would be empty or lead upwards leave the client to the next route', () => {
    const routes = `
  - {app: "a*", stream: "s*", action: relay, upstreams: [main], upstreamApp: "$1", upstreamStream: "x/$2"}
  - {action: origin}
`;
    assert.deepEqual(namesOf(routes, { app: 'ab', streamName: 'st' }), ['b', 'x/t']);
    assert.deepEqual(namesOf(routes, { app: 'a', streamName: 'st' }), ['origin']);
    assert.deepEqual(namesOf(routes, { app: 'ab', streamName: 's' }), ['origin']);
    const dots = '  - {app: "a*", action: splice, upstreams: [main], upstreamApp: ".$1"}\n';
    assert.deepEqual(namesOf(dots, { app: 'ab' }), ['.b', null]);
    assert.equal(namesOf(dots, { app: 'a.' }), 'none');
  });

  it('take no capture for a template: what a client calls itself is text', () => {
    const routes = '  - {app: "*", action: splice, upstreams: [main], upstreamApp: "x$1"}\n';
    assert.deepEqual(namesOf(routes, { app: '$1$2$$' }), ['x$1$2$$', null]);
  });
});

describe('the upstream', () => {
  it('is one of the configuration, whatever a client is called', () => {
    const { routes } = routingIn(
      '  - {app: "*", action: relay, upstreams: [main], upstreamApp: "$1", upstreamStream: "$1"}\n',
    );
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 30 }),
      fc.constantFrom('rtmp://evil.example/live', '//evil', 'spare', '@evil', '$1', '../x', 'a?b#c'),
    );
    fc.assert(
      fc.property(text, text, text, (app, instance, streamName) => {
        const match = matchRoute(routes, { ...CLIENT, app, instance, streamName });
        if (match?.action === 'relay') assert.deepEqual(match.upstreams, ['main']);
      }),
      { numRuns: 500 },
    );
  });
});

describe('appAt', () => {
  const at = (app: string | null, url: string) =>
    appAt({ app }, parseUpstreamUrl(url), { app: 'live', instance: 'eu' });

  it('is that of the route, else that of the URL, else the client’s own', () => {
    assert.equal(at('made', 'rtmp://h/path'), 'made');
    assert.equal(at(null, 'rtmp://h/path/x/'), 'path/x');
    assert.equal(at(null, 'rtmp://h/'), 'live/eu');
    assert.equal(appAt({ app: null }, { app: '' }, { app: 'live', instance: '' }), 'live');
  });
});

describe('relays by configuration', () => {
  const { relays } = routingOf(
    loadConfigFile(
      'c.yaml',
      () => `${UPSTREAMS}relays:
  - {direction: push, app: "live*", stream: cam-*, upstreams: [main], upstreamApp: "x$1", upstreamStream: key-$2}
  - {direction: push, app: live, stream: "*", upstreams: [spare]}
  - {direction: pull, app: live/eu, stream: program, upstreams: [main]}
  - {direction: pull, app: live, stream: show, upstreams: [main], upstreamApp: a/b, upstreamStream: c}
`,
    ).config,
  );
  const pushesOf = (app: string, instance: string, streamName: string) =>
    matchPushes(relays, { app, instance, streamName }).map((match) => [
      relays.indexOf(match.relay),
      match.app,
      match.streamName,
    ]);

  it('push a live stream to all that take it, under the names of each', () => {
    assert.deepEqual(pushesOf('live', '', 'cam-7'), [
      [0, 'x', 'key-7'],
      [1, null, 'cam-7'],
    ]);
    assert.deepEqual(pushesOf('live2', 'eu', 'cam-7'), [[0, 'x2/eu', 'key-7']]);
    assert.deepEqual(pushesOf('live', 'eu', 'show'), [[1, null, 'show']]);
    assert.deepEqual(pushesOf('other', '', 'cam-7'), []);
  });

  it('pull under their own names, or those here', () => {
    const names = relays.flatMap((relay) => {
      if (relay.direction !== 'pull') return [];
      const { app, streamName } = namesOfPull(relay);
      return [[app, streamName]];
    });
    assert.deepEqual(names, [
      [null, 'program'],
      ['a/b', 'c'],
    ]);
  });
});
