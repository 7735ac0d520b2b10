// What a splice is made with: what all of them share, and the upstream of one.

import type { Link, Wheel } from '../links/link.ts';
import type { FollowingHeaders } from '../protocol/rtmp/splice/following-headers.ts';
import type { GatherClock } from './gather-clock.ts';
import type { UpstreamLease } from './pool.ts';

/** What all splices share. */
export type SpliceDeps = {
  readonly wheel: Wheel;
  /** For clients that ask for what they get: what was read gathers. Null where nothing is to. */
  readonly tunnelGather: GatherClock | null;
  /** For all others: their upstreams are read at its rhythm. Null where they are read as they send. */
  readonly socketGather: GatherClock | null;
  /** Bytes that wait, in each direction, before no more is read. */
  readonly maxWaitingBytes: number;
  /** Silence of both sides after which they are closed, ms. */
  readonly idleTimeoutMs: number;
};

/** An upstream that has begun to answer. */
export type SplicedUpstream = {
  readonly link: Link;
  readonly lease: UpstreamLease;
  /** What it has sent behind its handshake. */
  readonly answer: readonly Uint8Array[];
  /** What it is still to be told first: the end of connect, where its Link has not taken that yet. */
  readonly unsaid: readonly Uint8Array[];
  /** What the client sends goes through this first; null where it goes as it is. */
  readonly following: FollowingHeaders | null;
};
