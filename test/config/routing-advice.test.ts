// What is said of routes, upstreams and relays that are allowed.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { giveAdvice } from '../../src/config/advice.ts';
import { loadConfig, loadConfigFile, parseServeFlags } from '../../src/config/load-config.ts';

const UPSTREAMS = 'upstreams: {main: {url: rtmp://a}, spare: {url: rtmp://b}}\n';

function adviceOn(text: string): readonly string[] {
  return giveAdvice(loadConfigFile('c.yaml', () => text));
}

describe('giveAdvice', () => {
  it('has nothing to say of ordinary routes', () => {
    assert.deepEqual(
      adviceOn(`
upstream: [rtmp://c]
upstreams:
  main: {url: rtmps://a, weight: 2, tls: {ca: a.pem}, check: rtmp, checkInterval: 5s}
  spare: {url: rtmpt://b, tunnelConnections: 1}
splice: {gatherTime: 0ms}
relay: {keepTime: 0ms}
upstreamHealth: {maxFailures: 1}
routes:
  - {app: live/*, action: origin}
  - {app: live, stream: a, transports: [rtmp, ws], action: relay, upstreams: [main]}
  - {app: live, transports: [rtmp], action: origin}
  - {app: live, listeners: [":1935"], action: splice, upstreams: [main, spare], balance: leastLoaded}
`),
      [],
    );
  });

  it('tells of routes that an earlier one leaves nothing to', () => {
    const routes = `routes:
  - {app: live, action: origin}
  - {app: live, stream: a, action: origin}
  - {action: splice, upstreams: [main], transports: [rtmp, rtmps]}
  - {app: x, transports: [rtmps], action: splice, upstreams: [spare]}
  - {action: origin}
upstream: [rtmp://c]
`;
    const vain = (index: number) => `nothing comes to it, for routes[${index}] takes all of it before`;
    assert.deepEqual(adviceOn(UPSTREAMS + routes), [
      `c.yaml:4: routes[1]: ${vain(0)}`,
      `c.yaml:6: routes[3]: ${vain(2)}`,
      `c.yaml:8: upstream: ${vain(4)}`,
    ]);
  });

  it('tells of a route with a stream whose clients a later one splices before they name it', () => {
    const routes = `routes:
  - {app: a, stream: b, action: relay, upstreams: [main]}
  - {app: c, stream: b, action: relay, upstreams: [main]}
  - {app: a, action: splice, upstreams: [spare]}
`;
    assert.deepEqual(adviceOn(UPSTREAMS + routes), [
      'c.yaml:3: routes[0]: nothing comes to it, for routes[2] splices its clients at the connect, before they name a stream',
    ]);
  });

  it('tells of a listener that is not there', () => {
    const file =
      'listen: [":1935", "tls::443"]\nroutes:\n  - {listeners: ["TLS::443", ":80"], action: origin}\n';
    assert.deepEqual(adviceOn(file), [
      'c.yaml:3: routes[0].listeners[1]: nothing comes by :80, for it is not in listen',
    ]);
  });

  it('tells of settings of routes and relays that change nothing', () => {
    const entries = `routes:
  - {app: a, action: origin, upstreams: [main], upstreamApp: x, push: all}
  - {app: b, action: splice, upstreams: [main], balance: leastLoaded}
  - {app: c, action: splice, upstreams: [main, spare], push: all}
relays:
  - {direction: push, app: a, stream: b, upstreams: [main], push: all}
  - {direction: pull, app: a, stream: b, upstreams: [main, spare], push: all}
`;
    const served = 'it changes nothing, for the clients of this route are served here';
    const single = 'it changes nothing, for there is one upstream';
    assert.deepEqual(adviceOn(UPSTREAMS + entries), [
      `c.yaml:3: routes[0].upstreams: ${served}`,
      `c.yaml:3: routes[0].upstreamApp: ${served}`,
      `c.yaml:3: routes[0].push: ${served}`,
      `c.yaml:4: routes[1].balance: ${single}`,
      'c.yaml:5: routes[2].push: it changes nothing, for a client is spliced to one upstream',
      `c.yaml:7: relays[0].push: ${single}`,
      'c.yaml:8: relays[1].push: it changes nothing, for a pull takes its stream from one upstream',
    ]);
  });

  it('tells of settings of upstreams that change nothing', () => {
    const pin = Array.from({ length: 32 }, () => 'AB').join(':');
    const file = `upstreams:
  a: {url: rtmp://a, tls: {ca: a.pem, serverName: x}, weight: 2, tunnelConnections: 1, checkInterval: 5s}
  b: {url: rtmps://b, tls: {ca: a.pem, fingerprint: "${pin}"}, check: tcp, checkTimeout: 1s}
routes: [{action: splice, upstreams: [a, b]}]
`;
    assert.deepEqual(adviceOn(file), [
      'c.yaml:2: upstreams.a.checkInterval: it changes nothing, for check is none',
      'c.yaml:2: upstreams.a.tunnelConnections: it changes nothing, for the URL is none of RTMPT',
      'c.yaml:2: upstreams.a.weight: it changes nothing, for no route with balance leastLoaded goes to it',
      'c.yaml:2: upstreams.a.tls.ca: it changes nothing, for the URL is one without TLS',
      'c.yaml:2: upstreams.a.tls.serverName: it changes nothing, for the URL is one without TLS',
      'c.yaml:3: upstreams.b.tls.ca: it changes nothing beside a fingerprint, which alone decides',
    ]);
  });

  it('tells of an upstream that is not verified, of one that nothing leads to, and of groups without use', () => {
    const file = `upstreams:
  a: {url: rtmps://a, tls: {verify: false, ca: a.pem}}
  b.c: {url: rtmp://b}
splice: {gatherTime: 0ms}
relay: {keepTime: 0ms}
routes: [{action: relay, upstreams: [a]}]
`;
    assert.deepEqual(adviceOn(file), [
      'c.yaml:2: upstreams.a.tls.verify: anybody on the way can pass for this upstream; name its CA in tls.ca, or its tls.fingerprint',
      'c.yaml:2: upstreams.a.tls.ca: it changes nothing, for nothing is verified',
      'c.yaml:4: splice.gatherTime: it changes nothing, for no route splices',
      'c.yaml:3: upstreams."b.c": it is never used, for no route and no relay names it',
    ]);
    const flags = parseServeFlags([]);
    const env = { CULVERT_UPSTREAM_HEALTH_CHECK: 'tcp', CULVERT_RELAY_KEEP_TIME: '1s' };
    assert.deepEqual(giveAdvice(loadConfig({ flags, env, readFile: assert.fail })), [
      'CULVERT_UPSTREAM_HEALTH_CHECK: upstreamHealth.check: it changes nothing, for there are no upstreams',
      'CULVERT_RELAY_KEEP_TIME: relay.keepTime: it changes nothing, for nothing is relayed',
    ]);
  });

  it('tells of user and password that nobody sends, and repeats nothing of them', () => {
    const file = `upstreams:
  a: {url: "rtmp://u:hunter@a/x?k=hunter"}
  b: {url: "rtmps://u:hunter@b"}
  c: {url: "rtmp://u:hunter@c"}
  d: {url: "rtmp://u:hunter@d"}
  e: {url: rtmp://e}
routes:
  - {app: x, action: splice, upstreams: [a, b, e]}
  - {app: y, action: relay, upstreams: [b]}
  - {app: z, action: splice, upstreams: [c]}
relays: [{direction: pull, app: a, stream: b, upstreams: [c, d]}]
upstream: [rtmp://f, "rtmp://u:hunter@g"]
`;
    const text =
      'user and password in it are never used, for it is only spliced to, and spliced clients bring their own';
    assert.deepEqual(adviceOn(file), [
      `c.yaml:2: upstreams.a.url: ${text}`,
      `c.yaml:12: upstream[1]: ${text}`,
    ]);
    const flags = parseServeFlags(['--upstream', 'rtmp://u:hunter@g']);
    assert.deepEqual(giveAdvice(loadConfig({ flags, env: {}, readFile: assert.fail })), [
      `--upstream: upstream[0]: ${text}`,
    ]);
  });

  it('tells of bounds of a queue that those of its live stream come before', () => {
    const file = (apps: string) => `${UPSTREAMS}relay: {maxQueueBytes: 16MiB, maxQueueTime: 10s}
routes: [{action: relay, upstreams: [main, spare]}]
streams: {viewerLag: 9s}
${apps}`;
    const bytes =
      'c.yaml:2: relay.maxQueueBytes: it bounds nothing, for streams.viewerLagBytes is less and comes first';
    const time =
      'c.yaml:2: relay.maxQueueTime: it bounds nothing, for streams.viewerLag is less and comes first';
    assert.deepEqual(adviceOn(file('')), [bytes, time]);
    assert.deepEqual(adviceOn(file('apps: {live: {viewerLag: 10s}}\n')), [bytes]);
    assert.deepEqual(
      adviceOn(`${UPSTREAMS}routes: [{action: relay, upstreams: [main, spare]}]
streams: {viewerLag: 2s}
`),
      [],
    );
  });
});
