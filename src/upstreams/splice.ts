// One client spliced to one upstream: the bytes of either go to the other as they are, but for the header of a message behind
// a rewritten connect. What waits for the slower side is bounded, and then the faster one waits: a tunnel's next body stays
// unread, a socket is not read, and TCP carries that on. Towards a tunnel, replies end where messages end.

import type { EndReason, ErrorCode } from '../errors.ts';
import { ERRORS } from '../errors.ts';
import type { Deadline, Link, LinkEndpoint, Wheel } from '../links/link.ts';
import type { PassedClient, PassedEndpoint } from '../links/passage.ts';
import type { FollowingHeaders } from '../protocol/rtmp/splice/following-headers.ts';
import { ByteQueue } from './byte-queue.ts';
import { closingStatus } from './closing-status.ts';
import type { GatherClock, Gatherer } from './gather-clock.ts';
import { MessageQueue } from './message-queue.ts';
import type { UpstreamLease } from './pool.ts';

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
  /** What the client sends goes through this first; null where it goes as it is. */
  readonly following: FollowingHeaders | null;
};

/** The endpoint of the client; the upstream's is in it. */
export class Splice implements PassedEndpoint, Gatherer {
  readonly isSetUp = true;
  readonly #client: PassedClient;
  readonly #upstream: Link;
  readonly #lease: UpstreamLease;
  readonly #deps: SpliceDeps;
  readonly #gather: GatherClock | null;
  readonly #toClient: MessageQueue;
  readonly #toUpstream = new ByteQueue();
  #following: FollowingHeaders | null;
  #inBytes = 0;
  #outBytes = 0;
  #isClientPaused = false;
  #isUpstreamPaused = false;
  #isGathering = false;
  /** Why the upstream's bytes are none, where they are not. */
  #upstreamFault: EndReason | null = null;
  #endReason: EndReason | null = null;
  #isClientGone = false;
  #heardMs: number;
  #idleDeadline: Deadline;

  constructor(client: PassedClient, { link, lease, answer, following }: SplicedUpstream, deps: SpliceDeps) {
    this.#client = client;
    this.#upstream = link;
    this.#lease = lease;
    this.#deps = deps;
    this.#following = following;
    const isTunnel = client.link.gatherMs > 0 || client.link.outlet === null;
    this.#gather = isTunnel ? deps.tunnelGather : deps.socketGather;
    this.#toClient = new MessageQueue(isTunnel);
    this.#heardMs = deps.wheel.nowMs();
    this.#idleDeadline = this.#watchIdle();
    for (const bytes of answer) this.#toClient.put(bytes);
    this.#send(client.rest);
  }

  /** The endpoint of the upstream's Link. */
  readonly upstreamEndpoint: LinkEndpoint = new UpstreamEndpoint(this);

  get hasMore(): boolean {
    return this.#toClient.hasMore;
  }

  receive(bytes: Uint8Array): void {
    this.#inBytes += bytes.length;
    if (this.#endReason === null) this.#send(this.#client.cipher?.decryptNext(bytes) ?? bytes);
  }

  take(maxBytes: number): readonly Uint8Array[] {
    return this.#give(this.#toClient.take(maxBytes));
  }

  takeDue(maxBytes: number): readonly Uint8Array[] {
    return this.#isGathering ? [] : this.take(maxBytes);
  }

  takeAnswers(maxBytes: number): readonly Uint8Array[] {
    return this.#give(this.#toClient.take(Math.min(maxBytes, MAX_ANSWERS_BYTES), false));
  }

  failed(reason: EndReason): void {
    this.#sayLast(reason);
  }

  closed(reason: EndReason): void {
    if (this.#isClientGone) return;
    this.#isClientGone = true;
    this.#endReason ??= reason;
    this.#toClient.clear();
    this.#idleDeadline.cancel();
    this.#gather?.remove(this);
    this.#lease.closed();
    this.#upstream.close({ code: 'done', message: 'the client is gone' });
    this.#client.onEnd(this.#endReason, { inBytes: this.#inBytes, outBytes: this.#outBytes });
  }

  /** Ends both sides; what waits for the client goes out first, and a status where one may still be said. */
  end(reason: EndReason): void {
    if (this.#endReason !== null) return;
    this.#endReason = reason;
    this.#sayLast(reason);
    this.#upstream.close({ code: 'done', message: reason.message });
    this.#client.link.close(reason);
  }

  released(): void {
    this.#isGathering = false;
    this.#client.link.wake();
  }

  get hasMoreForUpstream(): boolean {
    return this.#toUpstream.lengthBytes > 0;
  }

  /** What the upstream has sent. @throws RtmpError where it is no chunk stream */
  receiveFromUpstream(bytes: Uint8Array): void {
    if (this.#endReason !== null) return;
    this.#heardMs = this.#deps.wheel.nowMs();
    this.#toClient.put(bytes);
    if (!this.#isUpstreamPaused && this.#toClient.lengthBytes > this.#deps.maxWaitingBytes) {
      this.#isUpstreamPaused = true;
      this.#upstream.pause();
    }
    if (this.#gather === null || this.#outBytes < SETUP_BYTES) this.#client.link.wake();
    else {
      this.#isGathering = true;
      this.#gather.add(this);
    }
  }

  /** What the client has sent. */
  takeForUpstream(maxBytes: number): readonly Uint8Array[] {
    const taken = this.#toUpstream.take(maxBytes);
    if (this.#isClientPaused && this.#toUpstream.lengthBytes <= this.#deps.maxWaitingBytes / 2) {
      this.#isClientPaused = false;
      this.#client.link.resume();
    }
    return taken;
  }

  /** The error boundary of the upstream's Link caught `reason`; it closes next. */
  upstreamFailed(reason: EndReason): void {
    this.#upstreamFault = { code: 'upstream-malformed', message: reason.message };
  }

  /** The upstream's Link is over. */
  upstreamClosed(reason: EndReason): void {
    if (reason.code === 'peer-closed' || reason.code === 'done') this.#lease.closed();
    else this.#lease.broke();
    this.end(
      this.#upstreamFault ?? {
        code: CLIENT_CODES[reason.code] ?? 'upstream-closed',
        message: `the upstream ${this.#lease.name} ended the connection: ${reason.message}`,
      },
    );
  }

  #send(bytes: Uint8Array): void {
    this.#heardMs = this.#deps.wheel.nowMs();
    this.#toUpstream.put(this.#fixed(bytes));
    this.#upstream.wake();
    if (this.#isClientPaused || this.#toUpstream.lengthBytes <= this.#deps.maxWaitingBytes) return;
    this.#isClientPaused = true;
    this.#client.link.pause();
  }

  #fixed(bytes: Uint8Array): Uint8Array {
    if (this.#following === null) return bytes;
    const fixed = this.#following.fix(bytes);
    if (this.#following.isDone) this.#following = null;
    return fixed;
  }

  #give(taken: readonly Uint8Array[]): readonly Uint8Array[] {
    for (const piece of taken) this.#outBytes += piece.length;
    if (this.#isUpstreamPaused && this.#toClient.lengthBytes <= this.#deps.maxWaitingBytes / 2) {
      this.#isUpstreamPaused = false;
      this.#upstream.resume();
    }
    return this.#client.cipher?.encryptNext(taken) ?? taken;
  }

  /** Puts a status behind what waits for the client, where its code has one and no message is half said. */
  #sayLast({ code, message }: EndReason): void {
    this.#isGathering = false;
    const { rtmpStatus } = ERRORS[code];
    if (!this.#toClient.endWhole() || rtmpStatus === null) return;
    // WHY: where the upstream is, is nobody's business outside.
    const description = code.startsWith('upstream')
      ? 'The server behind this one ended the connection.'
      : message;
    this.#toClient.putLast(closingStatus(rtmpStatus, description, this.#toClient.chunkSizeBytes));
  }

  #watchIdle(): Deadline {
    const { wheel, idleTimeoutMs } = this.#deps;
    return wheel.at(this.#heardMs + idleTimeoutMs, () => {
      if (wheel.nowMs() - this.#heardMs < idleTimeoutMs) {
        this.#idleDeadline = this.#watchIdle();
        return;
      }
      this.end({ code: 'splice-idle', message: `expected either side to send within ${idleTimeoutMs} ms` });
    });
  }
}

/** The upstream's side of a splice. */
class UpstreamEndpoint implements LinkEndpoint {
  readonly isSetUp = true;
  readonly #splice: Splice;

  constructor(splice: Splice) {
    this.#splice = splice;
  }

  get hasMore(): boolean {
    return this.#splice.hasMoreForUpstream;
  }

  receive(bytes: Uint8Array): void {
    this.#splice.receiveFromUpstream(bytes);
  }

  take(maxBytes: number): readonly Uint8Array[] {
    return this.#splice.takeForUpstream(maxBytes);
  }

  takeDue(maxBytes: number): readonly Uint8Array[] {
    return this.take(maxBytes);
  }

  takeAnswers(maxBytes: number): readonly Uint8Array[] {
    return this.take(maxBytes);
  }

  failed(reason: EndReason): void {
    this.#splice.upstreamFailed(reason);
  }

  closed(reason: EndReason): void {
    this.#splice.upstreamClosed(reason);
  }
}
