// The part of the schema that says where clients go: served here, or passed on to an upstream, by what they ask for and
// how they come.

import { groupList } from './group-list.ts';
import { LISTENER_FORMS } from './listener.ts';
import { MAX_PATTERN_CHARS, MAX_STARS, NAME_PATTERN_FORMS } from './name-pattern.ts';
import { MAX_TEMPLATE_CHARS, NAME_TEMPLATE_FORMS } from './name-template.ts';
import { choice, text, textList } from './setting.ts';
import { MAX_POOL_UPSTREAMS } from './upstream-schema.ts';
import { CLIENT_TRANSPORTS, UPSTREAM_LABEL_FORMS } from './words.ts';

/** LIMIT: routes; each connect is compared with them from the first to the one that takes it. */
const MAX_ROUTES = 256;

const EXAMPLE = `routes:
  - app: private
    action: origin
  - app: studio-*
    stream: cam-*
    action: relay
    upstreams: [main]
    upstreamApp: studio
    upstreamStream: $1-$2
  - action: splice
    upstreams: [main, spare]
    balance: leastLoaded
`;

const NOTE = `The first route that takes a client counts; one that none takes is served here, or passed on to \`upstream\` where that is set. What a route does not name may be anything.

In a pattern \`*\` stands for any characters up to the next slash, none too, and \`?\` for one. A pattern of an application is compared with the beginning of the path that the client connects to, part by part: \`live\` takes \`live\` and all its instances such as \`live/eu\`, \`live/*\` only those with an instance. What stands behind is kept: with \`upstreamApp: origin\` a client of \`live/eu\` comes to \`origin/eu\`. A pattern of a stream is compared with its whole name, without the query. Upper and lower case differ.

\`$1\` to \`$${MAX_STARS}\` are what the stars stood for, those of the application first, then those of the stream; where \`app\` is not set, \`$1\` is the application. A client for which a name would come out empty, or with \`..\` in it, is not taken. They go into names alone: no client says which host it is passed on to.

A route with \`stream\` is chosen when the client publishes or plays. A route that splices is chosen earlier, at the connect, and takes no \`stream\`; the other routes with one are passed over then.

There are at most ${MAX_ROUTES} routes.`;

/** A template of a name; secret where it may be the key of a service. */
export function templateText(description: string, secret: { readonly secret?: true } = {}) {
  return text(
    { default: '', minLength: 1, maxLength: MAX_TEMPLATE_CHARS, syntax: 'nameTemplate' },
    { ...secret, expects: NAME_TEMPLATE_FORMS, description },
  );
}

/** A pattern of a name. */
export function patternText(pattern: string, description: string) {
  return text(
    { default: pattern, minLength: 1, maxLength: MAX_PATTERN_CHARS, syntax: 'namePattern' },
    { expects: NAME_PATTERN_FORMS, description },
  );
}

/** Labels of upstreams, and what is done with several. */
export const poolSettings = {
  upstreams: textList(
    {
      default: [],
      minItems: 1,
      maxItems: MAX_POOL_UPSTREAMS,
      syntax: 'upstreamLabel',
      expects: UPSTREAM_LABEL_FORMS,
    },
    'Labels of the upstreams to go to; name several for the case that one is down.',
  ),
  balance: choice(['inOrder', 'leastLoaded'], 'inOrder', {
    description:
      'Which of several upstreams is taken: the first that is up, which suits a main server and a spare one, or the one with the fewest connections for its weight; set leastLoaded to spread clients.',
  }),
  push: choice(['one', 'all'], 'one', {
    description:
      'Whether a published stream goes to one of the upstreams or to all of them; set all to send it to several places at once.',
  }),
};

/** Where clients go. */
export const routeList = groupList(
  { maxEntries: MAX_ROUTES, plural: 'routes', requires: ['action'], example: EXAMPLE, note: NOTE },
  {
    app: patternText('*', 'Pattern of the applications that it takes.'),
    stream: patternText('', 'Pattern of the live streams that it takes; not for routes that splice.'),
    listeners: textList(
      { default: [], minItems: 1, maxItems: 64, syntax: 'listener', expects: LISTENER_FORMS },
      {
        description: 'The listeners whose clients it takes, as `listen` has them.',
      },
    ),
    transports: textList(
      {
        default: [],
        minItems: 1,
        maxItems: CLIENT_TRANSPORTS.length,
        syntax: 'clientTransport',
        expects: `one of ${CLIENT_TRANSPORTS.join(', ')}`,
      },
      {
        description: 'How the clients come that it takes.',
        note: `Each entry is one of ${CLIENT_TRANSPORTS.join(', ')}.`,
      },
    ),
    action: choice(['origin', 'splice', 'relay'], 'origin', {
      description:
        'What becomes of the clients: served here, passed on to an upstream byte by byte, or served here with the streams taken from and sent to an upstream.',
      note: '`splice` passes everything on, remote procedure calls, shared objects and what Culvert does not know, and makes a connection to the upstream for each client. `relay` makes one for each live stream, however many watch it.',
    }),
    ...poolSettings,
    upstreamApp: templateText('Application to ask the upstream for in the place of the client’s.'),
    upstreamStream: templateText(
      'Name of the live stream at the upstream in the place of the client’s; only for relays.',
    ),
  },
  'Where clients go, by what they ask for and how they come.',
);
