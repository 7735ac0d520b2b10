// Real nginx, HAProxy and squid that close connections after a number of requests, a time, or each request. For a minute
// what is published through them is played through them, without a gap. All of them have their minute at the same time.
// FFmpeg ends with its connection, so that what is limited for it is the proxy's own side; towards clients the limits are
// met by an emulated HaishinKit, which connects again.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { freePort } from '../../bench/support/ports.ts';
import { type GatewayProcess, startGateway } from '../support/gateway-process.ts';
import { startHaproxy } from '../support/haproxy.ts';
import { mediaFile } from '../support/media.ts';
import { startHttpNginx } from '../support/nginx.ts';
import { Scope } from '../support/programs.ts';
import { startSquid } from '../support/squid.ts';
import {
  assertEmulatedMinute,
  assertProgramMinute,
  type CountedProxy,
  MINUTE_LIFE_MS,
  runEmulated,
  runPrograms,
  SOURCE_S,
  type StartProxy,
  startCounted,
} from './minute-scene.ts';

/** Requests that a limited connection carries. */
const MAX_REQUESTS = 50;
/** The same where chance ends it: an HaishinKit makes 40 in a second at the most, and is mostly between two of them. */
const MANY_REQUESTS = 400;
/** One who publishes and one who plays, both by FFmpeg or by HaishinKit, make more requests in a minute. */
const MIN_REQUESTS = 600;
/** Two clients. */
const CLIENTS = 2;

/** nginx whose server has `server`, and whose upstream has `upstream`. */
function nginxWith(server: string, upstream: string): StartProxy {
  return async (cleaner, gatewayPort) => {
    const port = await freePort();
    const http = `access_log off;
upstream culvert {
  server 127.0.0.1:${gatewayPort};
  ${upstream}
}
server {
  listen 127.0.0.1:${port};
  client_max_body_size 16m;
  ${server}
  location / {
    proxy_pass http://culvert;
    proxy_buffering off;
  }
}`;
    await startHttpNginx(cleaner, port, http, MINUTE_LIFE_MS);
    return { port };
  };
}

const UNLIMITED = 'keepalive_timeout 75s; keepalive_requests 1000000;';
const HTTP_1_1 = 'proxy_http_version 1.1; proxy_set_header Connection "";';

/** HAProxy in HTTP mode with these lines in its section. */
function haproxyWith(lines: readonly string[]): StartProxy {
  return async (cleaner, gatewayPort) => {
    const port = await freePort();
    const config = `global
  log stderr format raw local0
listen culvert
  mode http
  bind 127.0.0.1:${port}
  timeout connect 5s
  timeout client 3m
  timeout server 3m
  ${lines.join('\n  ')}
  server culvert1 127.0.0.1:${gatewayPort}
`;
    await startHaproxy(cleaner, port, config, MINUTE_LIFE_MS);
    return { port };
  };
}

/** squid that companies have, with these lines. */
function forwardSquidWith(lines: readonly string[]): StartProxy {
  return async (cleaner) => {
    const port = await freePort();
    await startSquid(cleaner, port, [`http_port 127.0.0.1:${port}`, ...lines, ''].join('\n'), MINUTE_LIFE_MS);
    return { port, isForward: true };
  };
}

/** squid in front of one server, for clients that know of no proxy. */
function reverseSquidWith(lines: readonly string[]): StartProxy {
  return async (cleaner, gatewayPort) => {
    const port = await freePort();
    const config = [
      `http_port 127.0.0.1:${port} accel defaultsite=127.0.0.1`,
      `cache_peer 127.0.0.1 parent ${gatewayPort} 0 no-query no-digest originserver`,
      ...lines,
      '',
    ];
    await startSquid(cleaner, port, config.join('\n'), MINUTE_LIFE_MS);
    return { port };
  };
}

/** A proxy's limit. */
type Row = {
  readonly name: string;
  readonly start: StartProxy;
  /** Requests that its limited connections carry at most, in the mean. */
  readonly requestsEach: number;
};

const TOWARDS_THE_GATEWAY: readonly Row[] = [
  {
    name: 'nginx closes its own after 50 requests and 2 s',
    start: nginxWith(`${UNLIMITED} ${HTTP_1_1}`, `keepalive 4; keepalive_requests 50; keepalive_timeout 2s;`),
    requestsEach: MAX_REQUESTS,
  },
  {
    name: 'nginx asks by HTTP/1.0, as it does where nothing is said',
    start: nginxWith(UNLIMITED, ''),
    requestsEach: 1,
  },
  {
    name: 'HAProxy closes its own after each request, and those of clients after 1 s',
    start: haproxyWith(['option http-server-close', 'timeout http-keep-alive 1s']),
    requestsEach: 1,
  },
  {
    name: 'squid closes its own after each request',
    start: forwardSquidWith([
      'client_persistent_connections on',
      'server_persistent_connections off',
      'client_lifetime 10 seconds',
    ]),
    requestsEach: 1,
  },
];

const TOWARDS_CLIENTS: readonly Row[] = [
  {
    name: 'nginx closes after 50 requests and 2 s',
    start: nginxWith(
      `keepalive_timeout 2s; keepalive_requests ${MAX_REQUESTS}; ${HTTP_1_1}`,
      'keepalive 4; keepalive_requests 1000000;',
    ),
    requestsEach: MAX_REQUESTS,
  },
  {
    name: 'HAProxy closes after each request',
    start: haproxyWith(['option httpclose']),
    requestsEach: 1,
  },
  {
    name: 'squid closes after 2 s, wherever a second ends between two requests',
    start: reverseSquidWith(['pconn_lifetime 2 seconds', 'server_pconn_for_nonretriable allow all']),
    requestsEach: MANY_REQUESTS,
  },
  {
    name: 'squid closes after each request',
    start: reverseSquidWith(['client_persistent_connections off', 'server_pconn_for_nonretriable allow all']),
    requestsEach: 1,
  },
];

/** What a row's minute was, or why it broke off. */
type Minute = { readonly proxy: CountedProxy; readonly check: () => Promise<void> };

describe('For a minute without a gap, the tunnel [tunnel point 4] [tunnel point 13]', {
  concurrency: false,
}, () => {
  const scope = new Scope();
  const minutes = new Map<Row, PromiseSettledResult<Minute>>();
  let gateway: GatewayProcess | undefined;

  before(async () => {
    const started = await startGateway(scope);
    gateway = started;
    const sourcePath = await mediaFile(scope, 'h264-aac', SOURCE_S);
    const withPrograms = async (row: Row, index: number): Promise<Minute> => {
      const proxy = await startCounted(scope, started, row.start);
      const streamName = `programs-${index}`;
      const minute = await runPrograms(scope, proxy, sourcePath, streamName);
      return { proxy, check: () => assertProgramMinute(started, minute, sourcePath, streamName) };
    };
    const withEmulated = async (row: Row, index: number): Promise<Minute> => {
      const proxy = await startCounted(scope, started, row.start);
      const minute = await runEmulated(scope, proxy, `emulated-${index}`);
      return { proxy, check: async () => assertEmulatedMinute(minute) };
    };
    const rows = [...TOWARDS_THE_GATEWAY, ...TOWARDS_CLIENTS];
    // WHY: settled, so that the failure of one proxy fails its own test only.
    const settled = await Promise.allSettled([
      ...TOWARDS_THE_GATEWAY.map(withPrograms),
      ...TOWARDS_CLIENTS.map(withEmulated),
    ]);
    for (const [index, row] of rows.entries()) {
      const result = settled[index];
      if (result !== undefined) minutes.set(row, result);
    }
  });
  after(() => scope.close());

  const minuteOf = (row: Row): Minute => {
    const result = minutes.get(row);
    assert.ok(result !== undefined, 'it was not run');
    if (result.status === 'rejected') throw result.reason;
    return result.value;
  };

  for (const row of TOWARDS_THE_GATEWAY) {
    it(`outlives the connections to the gateway: ${row.name}`, async () => {
      const { proxy, check } = minuteOf(row);
      await check();
      assertLimited(proxy.back, proxy.back.posts(), row.requestsEach);
      assert.equal(proxy.front.connections(), CLIENTS, 'each ffmpeg kept its connection');
    });
  }

  for (const row of TOWARDS_CLIENTS) {
    it(`outlives the clients' connections: ${row.name}`, async () => {
      const { proxy, check } = minuteOf(row);
      await check();
      assertLimited(proxy.front, proxy.back.posts(), row.requestsEach);
    });
  }

  it('leaves nothing above info in the log', () => {
    assert.deepEqual(gateway?.alarms(), []);
  });
});

/** So many requests came over so many connections that the limit was met, for as long as it took. */
function assertLimited(side: CountedProxy['front'], requests: number, requestsEach: number): void {
  assert.ok(requests >= MIN_REQUESTS, `only ${requests} requests were made`);
  const found = `${requests} requests came over ${side.connections()} connections`;
  assert.ok(side.connections() >= requests / requestsEach, found);
}
