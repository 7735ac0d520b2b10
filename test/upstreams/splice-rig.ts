// A splice between two Links in memory, with a clock that the test turns.

import type { EndReason } from '../../src/errors.ts';
import type { Lending, LentOutlet, LinkFacts } from '../../src/links/link.ts';
import type { PassedClient } from '../../src/links/passage.ts';
import type { FollowingHeaders } from '../../src/protocol/rtmp/splice/following-headers.ts';
import { DeadlineWheel } from '../../src/sessions/deadline-wheel.ts';
import { GatherClock } from '../../src/upstreams/gather-clock.ts';
import { Splice } from '../../src/upstreams/splice.ts';
import { FakeClock } from '../sessions/session-rig.ts';
import { MemoryLink } from '../support/memory-link.ts';
import { inOrder, PoolRig } from './pool-rig.ts';

/** What a splice is made with; the rest is as below. */
export type SpliceRigOptions = {
  readonly isTunnel?: boolean;
  readonly gatherMs?: number;
  readonly maxWaitingBytes?: number;
  readonly idleTimeoutMs?: number;
  /** Whether the client's Link carries what is lent. */
  readonly carriesLent?: boolean;
  readonly answer?: readonly Uint8Array[];
  readonly unsaid?: readonly Uint8Array[];
  /** What the client is still to be told by the one that had its Link before. */
  readonly toldFirst?: readonly Uint8Array[];
  readonly rest?: Uint8Array;
  readonly following?: FollowingHeaders | null;
  readonly cipher?: PassedClient['cipher'];
};

const NOTHING = new Uint8Array(0);

/** A Link whose peer takes only as much as the test pulls, and that tells when it is resumed. It may lend and be lent. */
class PausableLink extends MemoryLink {
  onResume: (() => void) | null = null;
  /** What lent bytes meet here; null where they are never taken. */
  lentOutlet: LentOutlet | null = null;
  /** Bytes that went on while they were lent. */
  lentBytes = 0;

  /** Has it carry what is lent, as a socket with room does. */
  carryLent(): void {
    this.lentOutlet = {
      takesLent: () => !this.isHeld,
      carryLent: (bytes) => {
        this.lentBytes += bytes.length;
        this.pulls.push([Uint8Array.from(bytes)]);
        return 'returned';
      },
    };
  }

  /** Bytes from the peer, which are lent first, and overwritten where they were not kept. */
  lend(bytes: Uint8Array): Lending {
    const lent = Uint8Array.from(bytes);
    const fates: Lending[] = [];
    this.guard(this, () => fates.push(this.endpoint.receiveLent?.(lent) ?? 'refused'));
    const [fate = 'kept'] = fates;
    lent.fill(0xee);
    if (fate === 'refused') this.push(bytes);
    return fate;
  }

  override resume(): void {
    super.resume();
    this.onResume?.();
  }
}

/** One splice and both its ends. */
export class SpliceRig {
  readonly client: PausableLink;
  readonly upstream: PausableLink;
  readonly clock = new FakeClock();
  readonly wheel = new DeadlineWheel(this.clock);
  readonly pool = new PoolRig({ a: {} });
  readonly splice: Splice;
  /** Why the client's connection ended, and what was counted; once. */
  readonly ends: { readonly reason: EndReason; readonly inBytes: number; readonly outBytes: number }[] = [];

  constructor(options: SpliceRigOptions = {}) {
    const { isTunnel = false, gatherMs = 0, maxWaitingBytes = 1024 * 1024, idleTimeoutMs = 60_000 } = options;
    const facts: Partial<LinkFacts> = { transport: isTunnel ? 'rtmpt' : 'rtmp' };
    this.client = new PausableLink(facts, isTunnel ? 30 : 0);
    this.upstream = new PausableLink();
    if (options.carriesLent === true) this.client.carryLent();
    const lease = this.pool.pool.take(inOrder('a'));
    if (lease === null) throw new Error('there is an upstream');
    lease.opened();
    const gather = gatherMs === 0 ? null : new GatherClock(this.clock, gatherMs);
    const client: PassedClient = {
      link: this.client,
      cipher: options.cipher ?? null,
      unsaid: options.toldFirst ?? [],
      rest: options.rest ?? NOTHING,
      onEnd: (reason, bytes) => this.ends.push({ reason, ...bytes }),
    };
    const { answer = [], unsaid = [], following = null } = options;
    this.splice = new Splice(
      client,
      { link: this.upstream, lease, answer, unsaid, following },
      {
        wheel: this.wheel,
        tunnelGather: gather,
        socketGather: gather,
        maxWaitingBytes,
        idleTimeoutMs,
      },
    );
    this.client.attach(this.splice);
    this.upstream.attach(this.splice.upstreamEndpoint);
    this.upstream.wake();
    this.client.wake();
  }

  /** Connections to the upstream that the pool counts. */
  get openCount(): number {
    return this.pool.pool.status()[0]?.openCount ?? -1;
  }

  /** Failures in a row that the pool counts. */
  get failureCount(): number {
    return this.pool.pool.status()[0]?.failureCount ?? -1;
  }

  /** Has both Links carry nothing of themselves. */
  hold(): void {
    this.client.isHeld = true;
    this.upstream.isHeld = true;
  }
}

/** Lets what was put off to the end of this turn happen. */
export async function turn(): Promise<void> {
  await Promise.resolve();
  await Promise.resolve();
}
