// The configuration: every key with its type, default, range and meaning, once. The Config's type, the checks of
// all sources, `culvert config` and docs/configuration.md are made from it. Nothing here is read from outside.

import { Type } from 'typebox';
import { UNMERGED_VIEWERS } from '../streams/limits.ts';
import { settingsByApp } from './app-schema.ts';
import type { ConfigOf } from './config-type.ts';
import { LISTENER_FORMS } from './listener.ts';
import { trustedProxiesGroup } from './proxy-schema.ts';
import { relayGroup, relayList, spliceGroup } from './relay-schema.ts';
import { routeList } from './route-schema.ts';
import { choice, count, duration, group, size, text, textList, toggle } from './setting.ts';
import { streamSettings, streamsGroup } from './stream-schema.ts';
import { furtherCertificates, tlsGroup } from './tls-schema.ts';
import { upstreamHealthGroup, upstreamList, upstreamsByLabel } from './upstream-schema.ts';

/** Where clients are asked to connect again: nowhere, at the same address, or at another one. */
const RECONNECT_URL = '^(?:none|same|[rR][tT][mM][pP][a-zA-Z]{0,2}://[^\\s\\u0000-\\u001f]+)$';

/** A media type as in an HTTP header, without parameters. */
const MEDIA_TYPE = "^[A-Za-z0-9!#$%&'*+.^_`|~-]+/[A-Za-z0-9!#$%&'*+.^_`|~-]+$";

const rtmp = group(
  {
    chunkSize: size(
      { default: '60000', from: '128', to: '16777215' },
      'Size of the chunks that are sent, announced to each client after its connect; lower it only for a client that takes no large chunks.',
    ),
    ackWindow: size(
      { default: '2500000', from: '64KiB', to: '1GiB' },
      'Bytes after which each side acknowledges what it received; change it only for a client that expects another window.',
    ),
    maxMessage: size(
      { default: '8MiB', from: '64KiB', to: '16777215' },
      'Largest message taken from a client, which is closed when it begins a larger one; raise it where keyframes are larger than this.',
    ),
    rtmpe: toggle(
      true,
      'Whether clients that ask for RTMPE get it, which hides RTMP from a passing look and is no security, for its keys are public; set false to answer them in plain RTMP.',
    ),
    handshakeTimeout: duration(
      { default: '10s', from: '100ms', to: '5m' },
      'Time for a client to finish the RTMP handshake over a plain socket; raise it for clients on very slow lines.',
    ),
    connectTimeout: duration(
      { default: '60s', from: '100ms', to: '1h' },
      'Time from the first byte to an accepted connect; raise it for clients on very slow lines.',
    ),
    pingInterval: duration(
      { default: '60s', from: '100ms', to: '1h' },
      'How often a client that sends nothing is asked for a sign of life; lower it where a router on the way forgets idle connections sooner.',
    ),
    pingTimeout: duration(
      { default: '60s', from: '100ms', to: '1h' },
      'Time for a client that was asked for a sign of life to send anything at all before it is closed; lower it to notice dead connections sooner.',
    ),
    writeTimeout: duration(
      { default: '30s', from: '100ms', to: '10m' },
      'Time after which a client is closed that takes none of the bytes waiting for it; raise it for viewers whose network pauses for longer.',
    ),
    messageTimeout: duration(
      { default: '60s', from: '100ms', to: '10m' },
      'Time after which a client is closed that began a message and sends no more of it; raise it for publishers whose network pauses for longer.',
    ),
  },
  'RTMP, whatever carries it.',
);

const tunnel = group(
  {
    idleHold: duration(
      { default: '500ms', from: '0ms', to: '4s' },
      'How long a poll is held open while nothing waits to be sent; raise it for fewer requests, set 0ms to answer at once for clients or proxies that do not bear waiting.',
    ),
    setupHold: duration(
      { default: '100ms', from: '0ms', to: '1s' },
      'How long a poll is held open before publish or play is answered, while the client still has to send more; lower it where players start slowly, otherwise it needs no change.',
    ),
    gatherTime: duration(
      { default: '30ms', from: '0ms', to: '1s' },
      {
        description:
          'How long media gathers before a poll that is held open is answered with it; raise it for fewer requests of each viewer, set 0ms to answer with each message at once while few watch.',
        note: `Where more than ${UNMERGED_VIEWERS} watch a stream, its viewers wait for \`streams.mergeTime\` or \`apps.NAME.mergeTime\` as well: the longer of the two holds, not the sum.`,
      },
    ),
    pollingByte: choice(['fixed', 'ladder'], 'fixed', {
      description:
        'Whether the polling byte of replies stays 01, or climbs by 03, 05, 09, 11 and 21 with each ten polls in a row that bring nothing, where tunnel.idleHold is 0ms; set ladder to have clients that heed it poll less often while nothing comes.',
    }),
    silenceTimeout: duration(
      { default: '60s', from: '100ms', to: '1h' },
      'Time after which a tunnel is closed that no request came for; raise it for clients that poll seldom.',
    ),
    detachedTimeout: duration(
      { default: '10s', from: '100ms', to: '10m' },
      'Time after which a tunnel is closed whose last connection was closed and that no new one took up; raise it for clients that change networks.',
    ),
    handshakeTimeout: duration(
      { default: '10s', from: '100ms', to: '5m' },
      'Time for a client to finish the RTMP handshake through a tunnel; raise it for clients behind very slow proxies.',
    ),
    maxSessions: count(
      { default: 10_000, minimum: 1, maximum: 1_000_000 },
      'Most tunnel sessions at a time, answered with 503 beyond it; lower it to what the machine’s memory is meant for.',
    ),
    maxSessionsPerSource: count(
      { default: 8_000, minimum: 1, maximum: 1_000_000 },
      'Most tunnel sessions at a time from one address, of IPv6 from one /64, answered with 429 beyond it; lower it where clients do not come through a common proxy or NAT.',
    ),
    maxHalfOpenSessions: count(
      { default: 2_000, minimum: 1, maximum: 1_000_000 },
      'Most tunnel sessions at a time that have not shaken hands yet, answered with 503 beyond it; lower it to notice earlier who opens sessions and sends nothing.',
    ),
    maxRequestsPerSecond: count(
      { default: 500, minimum: 20, maximum: 1_000_000 },
      'Requests of one tunnel session a second; what comes faster waits, so that a client is slowed down and nothing is lost; raise it for a publisher that sends each of very many messages in a request of its own.',
    ),
    maxBody: size(
      { default: '16MiB', from: '64KiB', to: '64MiB' },
      'Largest body of one request, answered with 413 beyond it; raise it for a client that sends more at a time.',
    ),
    maxReply: size(
      { default: '384KiB', from: '4KiB', to: '16MiB' },
      'Bytes that one reply carries before the rest waits for the next; lower it where a proxy holds replies back until they are whole, raise it for streams of very many megabits over long ways.',
    ),
    contentType: text(
      { default: 'application/x-fcs', minLength: 3, maxLength: 127, pattern: MEDIA_TYPE },
      {
        expects: 'a media type, such as application/x-fcs',
        description:
          'Content-Type of the replies; change it only where a proxy on the way lets another one through.',
      },
    ),
    ident: text(
      { default: 'not-found', minLength: 1, maxLength: 1024 },
      'Answer to /fcs/ident2, the question some players ask first: not-found answers 404, any other text is sent with 200; set an address where clients should be sent to it.',
    ),
  },
  'RTMPT: RTMP in HTTP requests.',
);

const http = group(
  {
    keepAliveTimeout: duration(
      { default: '75s', from: '1s', to: '1h' },
      'How long a connection stays open between two requests; keep it longer than the same setting of a proxy in front.',
    ),
    headersTimeout: duration(
      { default: '20s', from: '1s', to: '10m' },
      {
        atMost: 'http.requestTimeout',
        description:
          'Time for a client to send the head of a request; raise it for clients on very slow lines.',
      },
    ),
    requestTimeout: duration(
      { default: '60s', from: '1s', to: '1h' },
      'Time for a client to send a whole request with its body; raise it for publishers that send large bodies over slow lines.',
    ),
    maxHeaderSize: size(
      { default: '64KiB', from: '8KiB', to: '1MiB' },
      'Largest head of a request; raise it where clients or proxies send very large cookies or tokens.',
    ),
  },
  'HTTP, the tunnel included.',
);

const websocket = group(
  {
    pingInterval: duration(
      { default: '30s', from: '1s', to: '1h' },
      'How often a peer is pinged by WebSocket, which keeps proxies on the way from closing a quiet connection; lower it where one closes sooner.',
    ),
    pingTimeout: duration(
      { default: '30s', from: '1s', to: '1h' },
      'Time for a peer that was pinged to send anything at all before it is closed; lower it to notice dead connections sooner.',
    ),
    maxMessage: size(
      { default: '16MiB', from: '64KiB', to: '64MiB' },
      'Largest WebSocket message taken from a client, which is closed when it sends a larger one; raise it for a client that sends more at a time.',
    ),
  },
  'RTMP over WebSocket.',
);

/** The schema of all keys, as the file has them; numbers in the unit that the Config carries. */
export const configSchema = Type.Object({
  listen: textList(
    {
      default: [':1935', ':80', 'tls::443'],
      minItems: 1,
      maxItems: 64,
      syntax: 'listener',
      expects: LISTENER_FORMS,
    },
    {
      flag: { name: '--listen', value: '[tls:|any:]HOST:PORT' },
      description:
        'Addresses to listen on, as HOST:PORT without TLS, tls:HOST:PORT with TLS, or any:HOST:PORT for both; set it to use other ports or to bind one address only.',
      note: `Each entry is ${LISTENER_FORMS}; without a host it listens on all addresses, and port 0 takes a free port. Without a prefix RTMP, RTMPT, HTTP and WebSocket are spoken, behind \`tls:\` the same inside of TLS, and behind \`any:\` all of them. Where port 80 or 443 is not permitted or taken, and only the default asked for it, port 8080 or 8443 is used instead.`,
    },
  ),
  upstream: upstreamList,
  logLevel: choice(['trace', 'debug', 'info', 'warn', 'error'], 'info', {
    flag: { name: '--log-level', value: 'LEVEL' },
    description:
      'Least level of the log lines that are written; set debug to see what single clients do wrong.',
  }),
  listeners: group(
    {
      firstByteTimeout: duration(
        { default: '10s', from: '100ms', to: '5m' },
        'Time after which a new connection is closed that has said too little to tell what it speaks; raise it for clients on very slow lines.',
      ),
      maxConnections: count(
        { default: 16_000, minimum: 1, maximum: 1_000_000 },
        {
          description:
            'Most connections at a time; lower it to what the machine’s memory and its limit of open files are meant for.',
          note: 'A connection that comes beyond them is closed at once. One by RTMP takes about 25 KB of memory, one by RTMPS 90 KB, a silent one 3 KB, or 50 KB in TLS. Where the system’s limit of open files is lower, that one holds, and the log says so at the start.',
        },
      ),
      maxConnectionsPerSource: count(
        { default: 12_000, minimum: 1, maximum: 1_000_000 },
        {
          description:
            'Most connections at a time from one address, of IPv6 from one /64; lower it where clients do not come through a common proxy or NAT.',
          note: 'Connections of trusted proxies do not count as theirs: behind the PROXY protocol they count for the address that it tells, behind an HTTP proxy for none.',
        },
      ),
    },
    'New connections, before it is known what they speak.',
  ),
  tls: tlsGroup,
  certificates: furtherCertificates,
  trustedProxies: trustedProxiesGroup,
  rtmp,
  tunnel,
  websocket,
  http,
  streams: streamsGroup,
  apps: settingsByApp(streamSettings),
  routes: routeList,
  upstreams: upstreamsByLabel,
  upstreamHealth: upstreamHealthGroup,
  splice: spliceGroup,
  relay: relayGroup,
  relays: relayList,
  shutdown: group(
    {
      drainTimeout: duration(
        { default: '5s', from: '0ms', to: '10m' },
        'How long clients may finish after a signal to stop before they are closed; keep it below the time after which the service manager kills.',
      ),
      reconnectUrl: text(
        { default: 'none', minLength: 4, maxLength: 1024, pattern: RECONNECT_URL },
        {
          expects: 'none, same, or a URL such as rtmp://other.example/live',
          description:
            'Where clients that can connect again by themselves are asked to before they are closed; set same behind a balancer that has other servers, or the URL of another server and application.',
          note: 'With none they are told and closed at once, as all others are. Asked are clients that say capsEx bit 0 (Enhanced RTMP); they are served for drainTimeout meanwhile.',
        },
      ),
    },
    'From the signal to stop until the process ends.',
  ),
});

/** What is in force: the schema's keys with their units in the names, deep frozen. */
export type Config = ConfigOf<typeof configSchema>;

/** A log level that the configuration can name. */
export type LogLevel = Config['logLevel'];
