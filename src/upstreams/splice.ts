// One client spliced to one upstream: the bytes of either go to the other as they are, but for the header of a message behind
// a rewritten connect. What waits for the slower side is bounded, and then the faster one waits: a tunnel's next body stays
// unread, a socket is not read, and TCP carries that on. Towards a tunnel, replies end where messages end.

import type { EndReason, ErrorCode } from '../errors.ts';
import { ERRORS } from '../errors.ts';
import type { Lending, LentOutlet, Link, LinkEndpoint } from '../links/link.ts';
import type { PassedClient, PassedEndpoint } from '../links/passage.ts';
import type { FollowingHeaders } from '../protocol/rtmp/splice/following-headers.ts';
import { Brake } from './brake.ts';
import { ByteQueue } from './byte-queue.ts';
import { closingStatus } from './closing-status.ts';
import type { GatherClock, Gatherer } from './gather-clock.ts';
import { IdleWatch } from './idle-watch.ts';
import { MessageQueue } from './message-queue.ts';
import type { UpstreamLease } from './pool.ts';
import type { SpliceDeps, SplicedUpstream } from './splice-deps.ts';
import { type UpstreamPeer, UpstreamSide } from './upstream-side.ts';

/** LIMIT: what an upstream sends first goes on at once: the answers to connect, createStream and play are less. */
const SETUP_BYTES = 16 * 1024;

/** LIMIT: what a reply to a send carries; real clients pipeline sends and read but little at a time. [RTMPT-NOTE 9] */
const MAX_ANSWERS_BYTES = 8 * 1024;

/** LIMIT: time that a longer message waits for an idle, ms; behind that a send's reply takes it, or it would stay for ever. */
const MAX_LONG_WAIT_MS = 500;

/** Ends of an upstream's Link, as the client's. */
const CLIENT_CODES: Partial<Record<ErrorCode, ErrorCode>> = {
  'peer-closed': 'upstream-closed',
  'peer-reset': 'upstream-reset',
  'rtmp-peer-not-reading': 'upstream-not-reading',
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
  readonly #isTunnel: boolean;
  readonly #gather: GatherClock | null;
  /** Where lent bytes go on past the queue; null where they cannot as they are. */
  readonly #lentOutlet: LentOutlet | null;
  readonly #toClient: MessageQueue;
  readonly #toUpstream = new ByteQueue();
  readonly #clientBrake: Brake;
  readonly #upstreamBrake: Brake;
  readonly #idle: IdleWatch;
  #following: FollowingHeaders | null;
  /** What the client is to hear first, encrypted where it is to be. */
  #unsaid: readonly Uint8Array[];
  /** Since when a message has been too long for the replies to sends, monotonic ms; null where none is. */
  #longSinceMs: number | null = null;
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
    this.#unsaid = client.unsaid;
    this.#following = following;
    const isTunnel = isTunnelLink(client.link);
    this.#isTunnel = isTunnel;
    // An upstream behind a tunnel is asked, and what it sends has gathered.
    this.#gather = isTunnel ? deps.tunnelGather : isTunnelLink(link) ? null : deps.socketGather;
    this.#lentOutlet = isTunnel || client.cipher !== null ? null : (client.link.lentOutlet ?? null);
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
    return this.#unsaid.length > 0 || this.#toClient.hasMore;
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
    this.#longSinceMs = null;
    return this.#takeUnsaid() ?? this.#give(this.#toClient.take(maxBytes));
  }

  takeDue(maxBytes: number): readonly Uint8Array[] {
    return this.#isGathering && this.#unsaid.length === 0 ? [] : this.take(maxBytes);
  }

  takeAnswers(maxBytes: number): readonly Uint8Array[] {
    // WHY: a tunnel that closes takes an empty answer for the end, and no send follows that could carry the rest.
    if (this.#endReason !== null) return this.take(maxBytes);
    if (this.#unsaid.length > 0 || this.#isLongOverdue) return this.take(maxBytes);
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
    if (this.#isTunnel) {
      this.#isGathering = false;
      this.#client.link.wake();
    } else if (!this.#upstreamBrake.isOn) this.#upstream.resume();
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
    this.#isGathering = this.#isTunnel && this.#mayGather && !this.#upstreamBrake.isOn;
    if (this.#isGathering) this.#gather?.add(this);
    else {
      this.#client.link.wake();
      this.#restUpstream();
    }
  }

  receiveLentFromUpstream(bytes: Uint8Array): Lending {
    const outlet = this.#lentOutlet;
    if (outlet === null || this.#endReason !== null) return 'refused';
    if (this.hasMore || !outlet.takesLent(bytes.length)) return 'refused';
    this.#idle.heard();
    this.#toClient.pass(bytes);
    this.#outBytes += bytes.length;
    const fate = outlet.carryLent(bytes);
    this.#restUpstream();
    return fate;
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
    const isInOrder = this.#isClientGone || reason.code === 'peer-closed' || reason.code === 'done';
    if (isInOrder) this.#lease.closed();
    else this.#lease.broke();
    this.end({
      code: CLIENT_CODES[reason.code] ?? 'upstream-closed',
      message: `the upstream ${this.#lease.name} ended the connection: ${reason.message}`,
    });
  }

  /** True where the next message was too long for the replies to sends for so long that one has to take it. */
  get #isLongOverdue(): boolean {
    const nextBytes = this.#toClient.nextBytes;
    if (nextBytes === null || nextBytes <= MAX_ANSWERS_BYTES) {
      this.#longSinceMs = null;
      return false;
    }
    const nowMs = this.#deps.wheel.nowMs();
    this.#longSinceMs ??= nowMs;
    return nowMs - this.#longSinceMs >= MAX_LONG_WAIT_MS;
  }

  #takeUnsaid(): readonly Uint8Array[] | null {
    if (this.#unsaid.length === 0) return null;
    const unsaid = this.#unsaid;
    this.#unsaid = [];
    for (const piece of unsaid) this.#outBytes += piece.length;
    return unsaid;
  }

  #fixed(bytes: Uint8Array): Uint8Array {
    if (this.#following === null) return bytes;
    const fixed = this.#following.fix(bytes);
    if (this.#following.isDone) this.#following = null;
    return fixed;
  }

  get #mayGather(): boolean {
    return this.#gather !== null && this.#outBytes >= SETUP_BYTES;
  }

  /** Reads the upstream of a socket's client no more until it is time: what it sends meanwhile is one read, and one write. */
  #restUpstream(): void {
    if (this.#isTunnel || !this.#mayGather) return;
    this.#upstream.pause();
    this.#gather?.add(this);
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

function isTunnelLink({ gatherMs, outlet }: Link): boolean {
  return gatherMs > 0 || outlet === null;
}
