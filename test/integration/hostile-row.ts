// One row of the table of hostile input: what a client sends, from where in its way, and what becomes of it. A row is
// plain bytes that are known beforehand, so that it can be sent in one go, over any transport and ten thousand times.

import type { ErrorCode } from '../../src/errors.ts';
import type { SessionCounters } from '../../src/protocol/rtmp/server/session-counters.ts';
import { ClientMessages, clientHandshake } from '../support/client-messages.ts';
import { type HostileClient, LAST_CALL } from './hostile-client.ts';

/** A row of the table. */
export type HostileRow = {
  /** What is sent, as the end of a sentence that begins with "a client that sends". */
  readonly sends: string;
  /** How far the client gets in good order before that. */
  readonly from: 'nothing' | 'handshake' | 'connect' | 'publish';
  /** What it sends then. */
  readonly attack: () => Uint8Array;
  /** Less of the same, where a row is too much to be sent hundreds of times. */
  readonly lessOfIt?: () => Uint8Array;
  /** Code that the session ends with; null where it lives on, which a call behind the attack shows. */
  readonly ends: ErrorCode | null;
  /** What the log says that was dropped. */
  readonly counted?: Partial<SessionCounters>;
  /** Looks at what was answered. */
  readonly check?: (client: HostileClient) => void;
  /** True where even less of it would be too much to be sent hundreds of times. */
  readonly isHeavy?: boolean;
  /** True where only time ends it. */
  readonly isSlow?: boolean;
  /** True where it is sent through the tunnel too. */
  readonly isTunnelled?: boolean;
};

const HANDSHAKE = clientHandshake();
const CONNECT = new ClientMessages().connect('live');

/** All bytes of a row in the order they are sent; `name` is what it publishes, where it does. */
export function bytesOf(row: HostileRow, name: string, attack: Uint8Array = row.attack()): Uint8Array {
  const client = new ClientMessages();
  const publish = [client.call('createStream', 2), client.onStream(1, 'publish', name, 'live')];
  const way = {
    nothing: [],
    handshake: [HANDSHAKE],
    connect: [HANDSHAKE, CONNECT],
    publish: [HANDSHAKE, CONNECT, ...publish],
  }[row.from];
  return Buffer.concat([...way, attack, row.ends === null ? LAST_CALL : new Uint8Array(0)]);
}
