// The part of the schema that is about upstreams, the servers behind the gateway: where they are, how they are spoken to,
// and when one counts as down.

import type { ConfigOf } from './config-type.ts';
import { groupsByName } from './groups-by-name.ts';
import { HTTP_PROXY_FORMS } from './http-proxy.ts';
import { choice, count, duration, group, text, textList, toggle } from './setting.ts';
import { MAX_URL_CHARS, UPSTREAM_URL_FORMS } from './upstream-url.ts';
import { UPSTREAM_LABEL_FORMS, UPSTREAM_LABEL_PATTERN } from './words.ts';

/** LIMIT: upstreams; each is written by hand, and checked by a timer of its own where it is checked. */
const MAX_UPSTREAMS = 256;

/** LIMIT: upstreams of one route; a client that connects may wait for each of them in turn. */
export const MAX_POOL_UPSTREAMS = 16;

/** LIMIT: characters of a path; Linux takes no longer one. */
const MAX_PATH_CHARS = 4096;

/** LIMIT: characters of the name of an added property or parameter. */
const MAX_ADDED_NAME_CHARS = 64;

/** A SHA-256 as OpenSSL prints it. */
const FINGERPRINT = '^(?:[0-9A-Fa-f]{2}:){31}[0-9A-Fa-f]{2}$';
const FINGERPRINT_CHARS = 95;

const ADDED_NAME = '^[A-Za-z_][A-Za-z0-9_.-]*$';

const URL_NOTE =
  'Without a port it is 1935 for rtmp, 80 for rtmpt, 443 for rtmps and rtmpts. The path is an application, with its instance where there is one, and stands in for the one that the client asks for; without a path the client’s own is asked for. User, password and query are sent to the upstream alone, user and password by relays only, for a spliced client brings its own; a percent sign in user or password is written `%25`, an @ `%40`.';

/** What holds for all upstreams, and can be otherwise for one of them. */
const healthSettings = {
  connectTimeout: duration(
    { default: '5s', from: '100ms', to: '1m' },
    'Time for one upstream to take a connection and finish TLS and the RTMP handshake; lower it to come to the next one sooner, raise it for upstreams far away.',
  ),
  maxFailures: count(
    { default: 3, minimum: 1, maximum: 100 },
    {
      description:
        'Failures in a row after which an upstream counts as down; lower it to 1 where clients should never wait for a dead one twice.',
      note: 'A failure is a connection that does not come about, or breaks before the RTMP handshake is finished, or a check that fails. Three, for one alone is often a restart or a lost packet. Connections that break later, or as soon as a PROXY header has named the client, count too, but never take the last step: the client could have caused it.',
    },
  ),
  downTime: duration(
    { default: '1s', from: '100ms', to: '10m' },
    {
      description:
        'How long an upstream that counts as down is left alone at first; raise it where an upstream takes long to start.',
      note: 'It doubles each time that the upstream fails again, up to maxDownTime. After it one client at a time tries the upstream, or, where it is checked, the next good check brings it back.',
    },
  ),
  maxDownTime: duration(
    { default: '10s', from: '100ms', to: '1h' },
    'How long an upstream is left alone at the most, short so that the only one is found again soon; raise it where there are others and a try is dear.',
  ),
  slowStartTime: duration(
    { default: '10s', from: '0ms', to: '10m' },
    'How long an upstream that came back gets a growing share of the clients instead of all at once; set 0ms for upstreams that bear it.',
  ),
  check: choice(['none', 'tcp', 'rtmp'], 'none', {
    description:
      'How upstreams are looked at without a client: not at all, by opening a connection, or by an RTMP handshake as well; set it to notice a dead one before a client does.',
    note: 'None, for each check is a connection that the upstream logs. An upstream that speaks TLS or RTMPT does its handshake of those too.',
  }),
  checkInterval: duration(
    { default: '10s', from: '1s', to: '1h' },
    'Time from the end of a check to the next; lower it to notice a dead upstream sooner.',
  ),
  checkTimeout: duration(
    { default: '5s', from: '100ms', to: '1m' },
    'Time after which a check has failed; raise it for upstreams far away.',
  ),
};

/** How upstreams are watched, and how long clients wait for one. */
export const upstreamHealthGroup = group(
  {
    ...healthSettings,
    failoverTimeout: duration(
      { default: '15s', from: '100ms', to: '5m' },
      'Time for a client’s connect to find an upstream, all that are tried together; keep it below the time after which clients give up.',
    ),
  },
  'When an upstream counts as down. Single upstreams can have their own values: [upstreams](#upstreams).',
);

/** The URLs that all clients are spliced to, without a label and without settings of their own. */
export const upstreamList = textList(
  {
    default: [],
    minItems: 0,
    maxItems: MAX_POOL_UPSTREAMS,
    syntax: 'upstreamUrl',
    expects: UPSTREAM_URL_FORMS,
  },
  {
    flag: { name: '--upstream', value: 'URL' },
    secret: 'inUrl',
    description:
      'URLs of the server that every client is passed on to which no route takes; set it to put Culvert in front of a server that you run.',
    note: `Each entry is ${UPSTREAM_URL_FORMS}. ${URL_NOTE} Of several the first that is up is taken. What the client sends and gets is passed on untouched (\`splice\`), but for its connect. For anything beyond this use \`upstreams\` and \`routes\`.`,
  },
);

const tls = group(
  {
    verify: toggle(
      true,
      'Whether the certificate of the upstream must be valid for its name; set false only for a test, for anybody on the way can pass for the upstream then.',
    ),
    ca: text(
      { default: '', minLength: 1, maxLength: MAX_PATH_CHARS },
      {
        expects: 'the path of a PEM file',
        description:
          'Path of a PEM file with the certificates of those who may have signed that of the upstream; set it for an upstream with a CA of your own, in the place of the public ones.',
      },
    ),
    fingerprint: text(
      { default: '', minLength: FINGERPRINT_CHARS, maxLength: FINGERPRINT_CHARS, pattern: FINGERPRINT },
      {
        expects: 'a SHA-256 fingerprint: 32 bytes in hex with colons between them',
        description:
          'SHA-256 fingerprint of the one certificate that the upstream may have, whoever signed it and whatever name it is for; set it for a certificate that nobody signed.',
      },
    ),
    serverName: text(
      { default: '', minLength: 1, maxLength: 253 },
      {
        expects: 'a host name',
        description:
          'Name that the upstream is asked for and that its certificate must be for; set it where that is not the host of the URL.',
      },
    ),
  },
  'TLS to the upstream.',
);

/** What one upstream can have set. */
const upstreamSettings = {
  url: text(
    { default: '', minLength: 1, maxLength: MAX_URL_CHARS, syntax: 'upstreamUrl' },
    {
      secret: 'inUrl',
      expects: UPSTREAM_URL_FORMS,
      description: 'Where the upstream is.',
      note: URL_NOTE,
    },
  ),
  maxConnections: count(
    { default: 1_000_000, minimum: 1, maximum: 1_000_000 },
    'Most connections to it at a time, after which clients go to the next; set it to what the upstream bears, for by itself none is ever refused.',
  ),
  weight: count(
    { default: 1, minimum: 1, maximum: 100 },
    'Its share of the clients against that of the others, where a route balances by leastLoaded; raise it for a stronger machine.',
  ),
  drain: toggle(false, {
    description:
      'Whether it gets no new connections, while those that it has stay; set true before it is to be stopped.',
    note: 'It is heeded while Culvert runs: SIGHUP has the file read again, and the log then tells how many connections each drained upstream still has. A check goes on. Of what else is changed in the file nothing is heeded before a restart.',
  }),
  proxyProtocol: choice(['none', 'v1', 'v2'], 'none', {
    description:
      'Version of the PROXY header that tells it the client’s address at the start of each connection; set it only for an upstream that expects one, for others fail on it.',
    note: 'Of one that is reached through an HTTP proxy, it is the upstream that gets it. By `rtmpt://` and `rtmpts://` there is none: take addressProperty or addressParameter.',
  }),
  addressProperty: text(
    { default: '', minLength: 1, maxLength: MAX_ADDED_NAME_CHARS, pattern: ADDED_NAME },
    {
      expects: 'the name of a property: letters, digits, dots, hyphens and underscores',
      description:
        'Name of a property that is added to the client’s connect with its address; set it for an upstream whose code reads one.',
      note: 'What a client sends under that name itself is replaced.',
    },
  ),
  addressParameter: text(
    { default: '', minLength: 1, maxLength: MAX_ADDED_NAME_CHARS, pattern: ADDED_NAME },
    {
      expects: 'the name of a parameter: letters, digits, dots, hyphens and underscores',
      description:
        'Name of a parameter that is added to the query of the connect’s tcUrl with the client’s address; set it for an upstream that logs it or passes it to its webhooks.',
      note: 'What a client sends under that name itself is replaced.',
    },
  ),
  tunnelConnections: count(
    { default: 2, minimum: 1, maximum: 2 },
    'Connections that an RTMPT upstream is reached by: 2 let it send while it is sent to, set 1 for one that fails on requests over several.',
  ),
  httpProxy: text(
    { default: '', minLength: 1, maxLength: MAX_URL_CHARS, syntax: 'httpProxy' },
    {
      secret: 'inUrl',
      expects: HTTP_PROXY_FORMS,
      description:
        'The HTTP proxy that it is reached through, with CONNECT but for plain RTMPT; set it where no other way leads out.',
    },
  ),
  tls,
  ...healthSettings,
};

/** Upstreams, by a label. */
export const upstreamsByLabel = groupsByName(
  {
    pattern: UPSTREAM_LABEL_PATTERN,
    maxNames: MAX_UPSTREAMS,
    expects: UPSTREAM_LABEL_FORMS,
    plural: 'upstreams',
    requires: ['url'],
    lengthKey: null,
    inherits: 'upstreamHealth',
    example: `upstreams:
  main:
    url: rtmp://10.0.0.5
    proxyProtocol: v2
  spare:
    url: rtmps://spare.example.com/live
    maxConnections: 500
routes:
  - action: splice
    upstreams: [main, spare]
`,
    note: `The names of these groups are labels, which routes and relays, logs and metrics call them by; there are at most ${MAX_UPSTREAMS}. Connections, failures and the state of an upstream are counted once, however many routes lead to it. Where an upstream is, is said here and nowhere else: nothing that a client sends leads to another host or port.`,
  },
  upstreamSettings,
  'Servers behind the gateway, for `routes` and `relays`.',
);

/** What is in force for one upstream, by the names of the Config. */
export type UpstreamSettings = ConfigOf<typeof UPSTREAM_GROUP>;

/** The keys of one upstream. */
export const UPSTREAM_GROUP = group(upstreamSettings, '');
