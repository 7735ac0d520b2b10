// One client spliced to one upstream: the bytes of either go to the other as they are, but for the header of a message behind
// a rewritten connect. What waits for the slower side is bounded, and then the faster one waits: a tunnel's next body stays
// unread, a socket is not read, and TCP carries that on. Towards a tunnel, replies end where messages end.

import type { EndReason, ErrorCode } from '../errors.ts';
import { ERRORS } from '../errors.ts';
import type { Link, LinkEndpoint, Wheel } from '../links/link.ts';
import type { PassedClient, PassedEndpoint } from '../links/passage.ts';
import type { FollowingHeaders } from '../protocol/rtmp/splice/following-headers.ts';
import { Brake } from './brake.ts';
import { ByteQueue } from './byte-queue.ts';
import { closingStatus } from './closing-status.ts';
import type { GatherClock, Gatherer } from './gather-clock.ts';
import { IdleWatch } from './idle-watch.ts';
import { MessageQueue } from './message-queue.ts';
import type { UpstreamLease } from './pool.ts';
import { type UpstreamPeer, UpstreamSide } from './upstream-side.ts';

/** LIMIT: what an upstream sends first goes on at once: the answers to connect, createStream and play are less. */
const SETUP_BYTES = 16 * 1024;

/** LIMIT: what a reply to a send carries; real clients pipeline sends and read but little at a time. [RTMPT-NOTE 9] */
const MAX_ANSWERS_BYTES = 8 * 1024;

/** Ends of an upstream's Link, as the client's. */
const CLIENT_CODES: Partial<Record<ErrorCode, ErrorCode>> = {
  'peer-closed': 'upstream-closed',
  'peer-reset': 'upstream-reset',
  'rtmp-peer-not-reading': 'upstream-not-reading',
};

/** What all splices share. */
export type SpliceDeps = {
  readonly wheel: Wheel;
  /** For clients that ask for what they get; null where nothing is to gather. */
  readonly tunnelGather: GatherClock | null;
  /** For all others. */
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

/** The endpoint of the client; the upstream's is in it. */
export class Splice implements PassedEndpoint, Gatherer, UpstreamPeer {
  readonly isSetUp = true;
  /** The endpoint of the upstream's Link. */
  readonly upstreamEndpoint: LinkEndpoint = new UpstreamSide(this);
  readonly #client: PassedClient;
  readonly #upstream: Link;
  readonly #lease: UpstreamLease;
  readonly #deps: SpliceDeps;
  readonly #gather: GatherClock | null;
  readonly #toClient: MessageQueue;
  readonly #toUpstream = new ByteQueue();
  readonly #clientBrake: Brake;
  readonly #upstreamBrake: Brake;
  readonly #idle: IdleWatch;
  #following: FollowingHeaders | null;
  #inBytes = 0;
  #outBytes = 0;
  #isGathering = false;
  #endReason: EndReason | null = null;
  #isClientGone = false;

  /**
   * Wakes neither Link: whoever hands them over does. Where it throws, it leaves nothing behind.
   * @throws RtmpError where what the client sent behind its connect is no chunk stream
   */
  constructor(client: PassedClient, upstream: SplicedUpstream, deps: SpliceDeps) {
    const { link, lease, answer, unsaid, following } = upstream;
    this.#client = client;
    this.#upstream = link;
    this.#lease = lease;
    this.#deps = deps;
    this.#following = following;
    const isTunnel = client.link.gatherMs > 0 || client.link.outlet === null;
    this.#gather = isTunnel ? deps.tunnelGather : deps.socketGather;
    this.#toClient = new MessageQueue(isTunnel, deps.maxWaitingBytes);
    this.#clientBrake = new Brake(client.link);
    this.#upstreamBrake = new Brake(link);
    for (const bytes of unsaid) this.#toUpstream.put(bytes);
    this.#toUpstream.put(this.#fixed(client.rest));
    for (const bytes of answer) this.#toClient.put(bytes);
    this.#idle = new IdleWatch(deps.wheel, deps.idleTimeoutMs, () => {
      const message = `expected either side to send within ${deps.idleTimeoutMs} ms`;
      this.end({ code: 'splice-idle', message });
    });
  }

  get hasMore(): boolean {
    return this.#toClient.hasMore;
  }

  receive(bytes: Uint8Array): void {
    this.#inBytes += bytes.length;
    if (this.#endReason !== null) return;
    this.#idle.heard();
    this.#toUpstream.put(this.#fixed(this.#client.cipher?.decryptNext(bytes) ?? bytes));
    this.#upstream.wake();
    if (this.#toUpstream.weightBytes > this.#deps.maxWaitingBytes) this.#clientBrake.pull();
  }

  take(maxBytes: number): readonly Uint8Array[] {
    return this.#give(this.#toClient.take(maxBytes));
  }

  takeDue(maxBytes: number): readonly Uint8Array[] {
    return this.#isGathering ? [] : this.take(maxBytes);
  }

  takeAnswers(maxBytes: number): readonly Uint8Array[] {
    // WHY: a tunnel that closes takes an empty answer for the end, and no send follows that could carry the rest.
    if (this.#endReason !== null) return this.take(maxBytes);
    return this.#give(this.#toClient.take(Math.min(maxBytes, MAX_ANSWERS_BYTES), false));
  }

  failed(reason: EndReason): void {
    if (this.#endReason === null) this.#finish(reason);
  }

  closed(reason: EndReason): void {
    if (this.#isClientGone) return;
    this.#isClientGone = true;
    this.#endReason ??= reason;
    this.#toClient.clear();
    this.#idle.stop();
    this.#gather?.remove(this);
    this.#lease.closed();
    this.#upstream.close({ code: 'done', message: 'the client is gone' });
    this.#client.onEnd(this.#endReason, { inBytes: this.#inBytes, outBytes: this.#outBytes });
  }

  /** Ends both sides; what waits for the client goes out first, and a status where one may still be said. */
  end(reason: EndReason): void {
    if (this.#endReason !== null) return;
    this.#finish(reason);
    this.#client.link.close(reason);
  }

  released(): void {
    this.#isGathering = false;
    this.#client.link.wake();
  }

  get hasMoreForUpstream(): boolean {
    return this.#toUpstream.lengthBytes > 0;
  }

  receiveFromUpstream(bytes: Uint8Array): void {
    if (this.#endReason !== null) return;
    this.#idle.heard();
    this.#toClient.put(bytes);
    if (this.#toClient.weightBytes > this.#deps.maxWaitingBytes) this.#upstreamBrake.pull();
    // Where no more may wait, nothing more gathers.
    if (this.#gather === null || this.#outBytes < SETUP_BYTES || this.#upstreamBrake.isOn) {
      this.#isGathering = false;
      this.#client.link.wake();
    } else {
      this.#isGathering = true;
      this.#gather.add(this);
    }
  }

  takeForUpstream(maxBytes: number): readonly Uint8Array[] {
    const taken = this.#toUpstream.take(maxBytes);
    if (this.#toUpstream.weightBytes <= this.#deps.maxWaitingBytes / 2) this.#clientBrake.release();
    return taken;
  }

  upstreamFailed({ code, message }: EndReason): void {
    this.#lease.broke();
    // A bug of ours is not the upstream's.
    this.end({ code: code === 'internal-error' ? code : 'upstream-malformed', message });
  }

  upstreamClosed(reason: EndReason): void {
    if (reason.code === 'peer-closed' || reason.code === 'done') this.#lease.closed();
    else this.#lease.broke();
    this.end({
      code: CLIENT_CODES[reason.code] ?? 'upstream-closed',
      message: `the upstream ${this.#lease.name} ended the connection: ${reason.message}`,
    });
  }

  #fixed(bytes: Uint8Array): Uint8Array {
    if (this.#following === null) return bytes;
    const fixed = this.#following.fix(bytes);
    if (this.#following.isDone) this.#following = null;
    return fixed;
  }

  #give(taken: readonly Uint8Array[]): readonly Uint8Array[] {
    for (const piece of taken) this.#outBytes += piece.length;
    // WHY also where nothing is left to take: the rest of an open message is what it waits for.
    const isLow = this.#toClient.weightBytes <= this.#deps.maxWaitingBytes / 2 || !this.#toClient.hasMore;
    if (isLow) this.#upstreamBrake.release();
    return this.#client.cipher?.encryptNext(taken) ?? taken;
  }

  /** Nothing more is taken in of either side; the client is told where its end has a status and no message is half said. */
  #finish(reason: EndReason): void {
    this.#endReason = reason;
    this.#isGathering = false;
    this.#sayLast(reason);
    this.#upstream.close({ code: 'done', message: reason.message });
  }

  #sayLast({ code, message }: EndReason): void {
    const { rtmpStatus } = ERRORS[code];
    if (!this.#toClient.endWhole() || rtmpStatus === null) return;
    // WHY: where the upstream is, is nobody's business outside.
    const description = code.startsWith('upstream')
      ? 'The server behind this one ended the connection.'
      : message;
    this.#toClient.putLast(closingStatus(rtmpStatus, description, this.#toClient.chunkSizeBytes));
  }
}
