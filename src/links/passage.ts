// What a connection knows of servers behind the gateway: whether a client is to be passed on to one by its connect, and
// how. Who chooses and dials them is upstreams/, which the composition root hands in.

import type { EndReason } from '../errors.ts';
import type { RtmpeCipher } from '../protocol/rtmp/handshake/rtmpe.ts';
import type { ConnectEvent } from '../protocol/rtmp/server/server-events.ts';
import type { StatusCode } from '../protocol/rtmp/server/status.ts';
import type { IncomingConnect } from '../protocol/rtmp/splice/connect-reader.ts';
import type { Link, LinkEndpoint, LinkFacts } from './link.ts';

/** LIMIT: gateways that a connection may have come through before this one: chains of real ones have two or three. */
export const MAX_HOPS = 8;

/** Why a client that has come through so many gateways goes on to none; null where it may. For the log. */
export function refusalOfHops(hopCount: number): string | null {
  if (hopCount < MAX_HOPS) return null;
  return `expected a client through fewer than ${MAX_HOPS} gateways, found one through ${hopCount}: do upstreams lead in a circle?`;
}

/** Says what becomes of clients that connect. */
export interface Front {
  /** `here` where the gateway serves the client itself. `hopCount`: gateways that it has come through. */
  routeOf(connect: ConnectEvent, facts: LinkFacts, hopCount: number): Passage | 'here';
}

/** The way of one client to a server behind the gateway. */
export interface Passage {
  /**
   * Finds a server, says the connect to it, and waits for its first answer, within a bounded time. Where `signal` is
   * aborted, what it gives is not looked at.
   */
  open(
    incoming: IncomingConnect,
    facts: LinkFacts,
    signal: AbortSignal,
  ): Promise<OpenPassage | ClosedPassage>;
}

/** No server takes the client. */
export type ClosedPassage = {
  readonly type: 'closed';
  /** What the client hears. */
  readonly rtmpStatus: StatusCode;
  /** For the log. */
  readonly message: string;
};

/** A server that has begun to answer. Either method is called, once. */
export interface OpenPassage {
  readonly type: 'open';
  /** Its name, for the log. */
  readonly upstream: string;
  /** Takes the client over: gives the endpoint that its Link is handed over to. */
  begin(client: PassedClient): PassedEndpoint;
  /** The client is gone. */
  close(): void;
}

/** A client that is passed on. */
export type PassedClient = {
  readonly link: Link;
  readonly cipher: RtmpeCipher | null;
  /** What it is to hear first, as it is: its Link may not have taken it yet. */
  readonly unsaid: readonly Uint8Array[];
  /** What came behind its connect so far, decrypted. */
  readonly rest: Uint8Array;
  /** Called once, when its Link is over. */
  readonly onEnd: (reason: EndReason, bytes: { readonly inBytes: number; readonly outBytes: number }) => void;
};

/** A client that is passed on, as its Link and the gateway see it. */
export interface PassedEndpoint extends LinkEndpoint {
  /** Ends it, as the gateway's stop does: what was on its way goes out, and a status where one may still be said. */
  end(reason: EndReason): void;
}
