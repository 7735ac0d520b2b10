// What relays are asked about live streams of here, and how those are named.

import type { LinkFacts } from '../links/link.ts';
import type { PoolChoice } from './pool.ts';

/** A client that publishes or plays a live stream. */
export type StreamAsk = {
  /** Application with its instance: 'live' or 'live/room'. */
  readonly app: string;
  readonly streamName: string;
  readonly client: LinkFacts;
  /** Gateways that the client has come through. */
  readonly hopCount: number;
};

/** What becomes of a play, as far as relays have a say. */
export type Demand =
  /** The stream is here, or no upstream has a say in it. */
  | { readonly type: 'local' }
  /** There is no stream to be had. */
  | { readonly type: 'none' }
  /** It is being fetched: the answer comes later, once; `withdraw` takes the question back. */
  | { readonly type: 'waiting'; readonly withdraw: () => void };

/** The choice of that upstream alone. */
export function choiceOfOne(name: string): PoolChoice {
  return { upstreams: [name], balance: 'inOrder' };
}

/** An application with its instance, as routes ask for them. */
export function partsOf(path: string): { readonly app: string; readonly instance: string } {
  const [app = '', ...rest] = path.split('/');
  return { app, instance: rest.join('/') };
}

/** The one name of a live stream of here. NUL is not allowed in either part, so no two pairs share a key. */
export function keyOf(app: string, streamName: string): string {
  return `${app}\0${streamName}`;
}
