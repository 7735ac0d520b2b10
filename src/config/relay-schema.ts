// The part of the schema that is about what runs between the gateway and upstreams: clients that are passed on, live
// streams that are relayed, and relays that run without a client asking.

import { groupList } from './group-list.ts';
import { patternText, poolSettings, templateText } from './route-schema.ts';
import { choice, duration, group, size } from './setting.ts';

/** LIMIT: relays by configuration; each is written by hand, and each pull holds a connection for good. */
const MAX_RELAYS = 256;

/** What bounds a queue besides. */
const QUEUE_NOTE =
  'Nothing is copied for an upstream: what waits is its place in the live stream, which is kept for its viewers too. So `streams.viewerLag` and `streams.viewerLagBytes` bound it as well, whichever is less, and they alone where no newer keyframe has come.';

/** Clients that are passed on. */
export const spliceGroup = group(
  {
    gatherTime: duration(
      { default: '30ms', from: '0ms', to: '1s' },
      'How long what an upstream sends gathers before a tunnel’s poll is answered with it, as in tunnel.gatherTime; set 0ms for the least delay, raise it for fewer requests.',
    ),
    mergeTime: duration(
      { default: '0ms', from: '0ms', to: '1s' },
      'How long what an upstream sends to a client that comes by no tunnel gathers before it is read; raise it to 50ms or more for half the cost where many watch, up to twice as late as this where the server leaves Nagle’s algorithm on, as nginx does.',
    ),
    maxWaitingBytes: size(
      { default: '1MiB', from: '64KiB', to: '64MiB' },
      'Bytes that wait for the slower side before no more is read from the faster one, in each direction; raise it for streams of very many megabits, each client can take twice this much memory.',
    ),
    writeTimeout: duration(
      { default: '30s', from: '100ms', to: '10m' },
      'Time after which a client is closed whose upstream takes none of the bytes waiting for it; raise it for upstreams that pause for longer.',
    ),
    idleTimeout: duration(
      { default: '5m', from: '1s', to: '24h' },
      'Time after which both sides are closed where neither sent anything, longer than servers take to ask for a sign of life; lower it to notice dead ones sooner.',
    ),
  },
  'Clients that a route passes on byte by byte (`splice`).',
);

/** Live streams that are relayed. */
export const relayGroup = group(
  {
    maxQueueBytes: size(
      { default: '8MiB', from: '64KiB', to: '256MiB' },
      {
        description:
          'Bytes that may wait for a slow upstream before it jumps to the newest keyframe; lower it to save memory, raise it with streams.viewerLagBytes for streams of more than 12 Mbit/s.',
        note: QUEUE_NOTE,
      },
    ),
    maxQueueTime: duration(
      { default: '5s', from: '1s', to: '60s' },
      {
        description:
          'How far behind live a slow upstream may fall before it jumps to the newest keyframe; lower it to stay nearer to live, raise it with streams.viewerLag for fewer jumps.',
        note: QUEUE_NOTE,
      },
    ),
    writeTimeout: duration(
      { default: '30s', from: '100ms', to: '10m' },
      'Time after which the connection to an upstream is given up that takes none of the bytes waiting for it, and another is tried; lower it where there is a second upstream.',
    ),
    retryTime: duration(
      { default: '1s', from: '100ms', to: '1m' },
      'Time after which a relay that broke is tried again at first, twice as long each time that it fails; raise it for services that punish quick tries.',
    ),
    maxRetryTime: duration(
      { default: '30s', from: '100ms', to: '10m' },
      'Longest time between two tries of a relay that broke; lower it to be back sooner after a long outage.',
    ),
    keepTime: duration(
      { default: '10s', from: '0ms', to: '10m' },
      'How long a live stream that was fetched for viewers is kept after the last of them, for one that comes back or changes quality; set 0ms to save the traffic.',
    ),
    startTimeout: duration(
      { default: '10s', from: '100ms', to: '1m' },
      'Time for an upstream to send a live stream that a viewer asks for, before the viewer is told that there is none; raise it for upstreams that fetch it themselves.',
    ),
  },
  'Live streams that are sent to upstreams and taken from them (`relay`).',
);

const EXAMPLE = `upstreams:
  service:
    url: rtmps://ingest.example.com/live2
  studio:
    url: rtmp://10.0.0.7/program
relays:
  - direction: push
    app: live
    stream: show
    upstreams: [service]
    upstreamStream: abcd-1234
  - direction: pull
    app: live
    stream: program
    upstreams: [studio]
`;

const NOTE = `A push sends each live stream of the gateway that its patterns take to the upstreams, for as long as it is published. A pull takes the one stream that it names from an upstream from the start on, and publishes it here; its \`app\` and \`stream\` are no patterns. Both try again for as long as it takes: \`relay.retryTime\`.

Patterns and \`$1\` to \`$9\` are those of the [routes](#routes). The application at the upstream is \`upstreamApp\`, or the path of the upstream’s URL, or that of here.

There are at most ${MAX_RELAYS} of these.`;

/** Relays that run without a client asking. */
export const relayList = groupList(
  {
    maxEntries: MAX_RELAYS,
    plural: 'relays',
    requires: ['direction', 'app', 'stream', 'upstreams'],
    example: EXAMPLE,
    note: NOTE,
  },
  {
    direction: choice(['push', 'pull'], 'push', {
      description: 'Whether live streams are sent to the upstream or one is taken from it.',
    }),
    app: patternText('', 'Application here, a pattern for a push.'),
    stream: patternText('', 'Live stream here, a pattern for a push.'),
    ...poolSettings,
    upstreamApp: templateText('Application at the upstream, where it is not that of here.'),
    upstreamStream: templateText('Name of the live stream at the upstream, or the key of a service.', {
      secret: true,
    }),
  },
  'Live streams that are sent to upstreams, or taken from them, without a client asking.',
);
