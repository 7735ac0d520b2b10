// What happens to each request on its way through the fault-making proxy. It follows from the seed, the session and the
// request's place in it, and not from the moment it comes: a seed makes the same faults again.

import { SeededRandom } from '../../../fuzz/support/seeded-random.ts';

/** The kinds of faults. */
export const FaultKind = {
  /** The gateway gets a POST twice, on one connection or on two; the client gets one of the replies. */
  Duplicate: 'duplicate',
  /** The gateway's reply is thrown away, the POST asked again, and the client gets the second reply. */
  DropReply: 'dropReply',
  /** Of two requests that a client has under way on two connections, the second is at the gateway first. */
  Reorder: 'reorder',
  /** A request or a reply is late. */
  Delay: 'delay',
  /** A request or a reply travels in segments of one byte, as far as MAX_SPLIT_BYTES. */
  Split: 'split',
  /** A client's connection is closed between two of its requests, unannounced. Not for clients that connect only once. */
  CloseClient: 'closeClient',
  /** The same on the gateway's side. */
  CloseGateway: 'closeGateway',
} as const;
export type FaultKind = (typeof FaultKind)[keyof typeof FaultKind];

/** How often each fault is tried, 0..1 of the requests (or replies) it can meet; 0 where it is not named. */
export type FaultRates = { readonly [Kind in FaultKind]?: number };

/** Longest delay in ms; LIMIT: with every other fault on top of it far under the 3 s that a gateway waits for a number. */
const MAX_DELAY_MS = 250;

/** Longest delay of the second of two equal POSTs, ms. */
const MAX_DUPLICATE_DELAY_MS = 60;

/** Times in ms after a reply at which a client's connection is closed, where it has no request under way then. */
const CLOSE_AFTER_MS = [0, 8, 25] as const;

const SCALE = 2 ** 32;

/** How a POST is doubled: at once on two connections, the second behind the reply to the first, or long behind it. */
export type Doubling = {
  readonly manner: 'beside' | 'behind' | 'astray';
  readonly delayMs: number;
  /** Which reply the client gets; of a POST that went astray always the first. */
  readonly isSecondGiven: boolean;
};

/** One request's fate. */
export type Fate = {
  readonly requestDelayMs: number;
  readonly isRequestSplit: boolean;
  readonly isHeldBack: boolean;
  readonly doubling: Doubling | null;
  readonly isReplyDropped: boolean;
  readonly replyDelayMs: number;
  readonly isReplySplit: boolean;
  /** The connection that brought the reply is closed behind it. */
  readonly isGatewayClosed: boolean;
  /** The client's connection is closed so long after the reply; null where it is not. */
  readonly clientClosedAfterMs: number | null;
};

/** A request to which nothing happens. */
export const SPARED: Fate = {
  requestDelayMs: 0,
  isRequestSplit: false,
  isHeldBack: false,
  doubling: null,
  isReplyDropped: false,
  replyDelayMs: 0,
  isReplySplit: false,
  isGatewayClosed: false,
  clientClosedAfterMs: null,
};

/** The fate of a session's request; `place` counts its requests. */
export function fateOf(rates: FaultRates, seed: number, session: number, place: number): Fate {
  const random = new SeededRandom(seed ^ Math.imul(session, 0x9e3779b1) ^ Math.imul(place, 0x85ebca77));
  const isMet = (kind: FaultKind): boolean => random.next() / SCALE < (rates[kind] ?? 0);
  const delayMs = (maxMs: number): number => 1 + random.below(maxMs);
  return {
    requestDelayMs: isMet('delay') ? delayMs(MAX_DELAY_MS) : 0,
    isRequestSplit: isMet('split'),
    isHeldBack: isMet('reorder'),
    doubling: isMet('duplicate')
      ? {
          manner: random.pick(['beside', 'behind', 'astray']),
          delayMs: random.below(MAX_DUPLICATE_DELAY_MS),
          isSecondGiven: random.below(2) === 1,
        }
      : null,
    isReplyDropped: isMet('dropReply'),
    replyDelayMs: isMet('delay') ? delayMs(MAX_DELAY_MS) : 0,
    isReplySplit: isMet('split'),
    isGatewayClosed: isMet('closeGateway'),
    clientClosedAfterMs: isMet('closeClient') ? random.pick(CLOSE_AFTER_MS) : null,
  };
}

/** What is left of a fate for a request that may come only once and in its place. */
export function withoutRepeats(fate: Fate): Fate {
  return { ...fate, isHeldBack: false, doubling: null, isReplyDropped: false };
}
