// Words that the entries of a list can be: how clients come, and labels of upstreams.

import { EntryError } from './entry-error.ts';

/** How clients come, as logs and rules name it. */
export const CLIENT_TRANSPORTS = ['rtmp', 'rtmps', 'rtmpt', 'rtmpts', 'ws', 'wss'] as const;

/** How a client comes. */
export type ClientTransport = (typeof CLIENT_TRANSPORTS)[number];

/** Regular expression of them. */
export const CLIENT_TRANSPORT_PATTERN = `^(?:${CLIENT_TRANSPORTS.join('|')})$`;

/** Regular expression of a label. */
export const UPSTREAM_LABEL_PATTERN = '^[A-Za-z0-9._-]{1,64}$';

/** What a label of an upstream is, for error messages. */
export const UPSTREAM_LABEL_FORMS = 'a label of 1 to 64 letters, digits, dots, hyphens and underscores';

/**
 * Reads the word.
 * @throws EntryError where it is none of them
 */
export function parseClientTransport(text: string): ClientTransport {
  const transport = CLIENT_TRANSPORTS.find((word) => word === text);
  if (transport === undefined) throw new EntryError('it is none of these words');
  return transport;
}

/**
 * Reads a label; whether there is such an upstream is not asked.
 * @throws EntryError where it is none
 */
export function parseUpstreamLabel(text: string): string {
  if (!new RegExp(UPSTREAM_LABEL_PATTERN).test(text))
    throw new EntryError('it has other characters, or too many');
  return text;
}
