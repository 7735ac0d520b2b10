// What relays have to say of the publishes and plays of a connection. Relays are made by the composition root, elsewhere;
// this is the little that a connection knows of them.

import type { LinkFacts } from '../links/link.ts';
import type { LiveStream } from '../streams/live-stream.ts';

/** A client that asks to publish or play a live stream. */
export type StreamAsk = {
  /** Application with its instance: 'live' or 'live/room'. */
  readonly app: string;
  readonly streamName: string;
  readonly client: LinkFacts;
  /** Gateways that the client has come through. */
  readonly hopCount: number;
};

/** What is said of a play: the stream is to be looked for here; there is none; or it is being fetched. */
export type PlayDemand =
  | { readonly type: 'local' }
  | { readonly type: 'none' }
  /** `withdraw` takes the question back: no answer comes then. */
  | { readonly type: 'waiting'; readonly withdraw: () => void };

/** The relays, as connections see them. */
export interface StreamRelays {
  /** A client would publish if its name were free: true where it is now, for what was fetched under it gave way. */
  giveWay(ask: StreamAsk): boolean;
  /** A client publishes from now on: what would be fetched under that name waits for its end. */
  published(stream: LiveStream, ask: StreamAsk): void;
  /** A client asks to play. `answer` is called once, later, and only where it is said to wait. */
  demand(ask: StreamAsk, answer: (outcome: 'started' | 'none') => void): PlayDemand;
}
