// The beginning of a splice's connection to an upstream: the handshake of a client, then what the spliced client said up to
// the end of its connect, then the first bytes of an answer. [RTMP 5.2]

import type { EndReason } from '../errors.ts';
import type { Link, LinkEndpoint } from '../links/link.ts';
import { ClientHandshake } from '../protocol/rtmp/handshake/client-handshake.ts';
import { ChunkWalker } from '../protocol/rtmp/splice/chunk-walker.ts';
import { SPLICED_LIMITS } from '../protocol/rtmp/splice/limits.ts';
import { ByteQueue } from './byte-queue.ts';

/** How far it has come. */
export type GreetingListener = {
  /** The handshake is done. */
  readonly onShaken: () => void;
  /** The upstream has begun to answer. */
  readonly onAnswer: () => void;
  /** The connection ended before that. May be called again; never behind `onAnswer`. */
  readonly onEnded: (reason: EndReason) => void;
};

/** What is said in it. */
export type GreetingOptions = {
  /** What is said behind the handshake. */
  readonly connect: Uint8Array;
  readonly randomBytes: (lengthBytes: number) => Uint8Array;
  /** Whether C1 is signed. Adobe's and Wowza's servers play to none that is not, and most others do not look. */
  readonly isSigned: boolean;
  /** Gateways that the connection will have come through, with this one. */
  readonly hopCount: number;
};

/** The first endpoint of an upstream's Link, until a splice has it. */
export class UpstreamGreeting implements LinkEndpoint {
  readonly isSetUp = false;
  readonly #link: Link;
  readonly #listener: GreetingListener;
  readonly #handshake: ClientHandshake;
  readonly #connect: Uint8Array;
  readonly #output = new ByteQueue();
  // WHY: what is no chunk stream is found out while another upstream can still be tried.
  readonly #walker = new ChunkWalker(SPLICED_LIMITS, () => {
    this.#isAnswered = true;
    return true;
  });
  #isShaken = false;
  #isAnswered = false;
  /** True once the listener was told of the answer. */
  #isDone = false;
  /** What the Link told behind that, for who has it next. */
  readonly #ends: ((endpoint: LinkEndpoint) => void)[] = [];
  /** What came behind the handshake. */
  readonly answer: Uint8Array[] = [];

  constructor(
    link: Link,
    { connect, randomBytes, isSigned, hopCount }: GreetingOptions,
    listener: GreetingListener,
  ) {
    this.#link = link;
    this.#connect = connect;
    this.#listener = listener;
    this.#handshake = new ClientHandshake({ randomBytes, isSigned, hopCount });
    this.#putHandshake();
  }

  get hasMore(): boolean {
    return this.#output.lengthBytes > 0;
  }

  /** @throws RtmpError where the handshake is none, or no chunk stream follows it */
  receive(bytes: Uint8Array): void {
    const handshakeBytes = this.#handshake.receive(bytes);
    this.#putHandshake();
    if (!this.#isShaken && this.#handshake.isDone) {
      this.#isShaken = true;
      this.#output.put(this.#connect);
      this.#listener.onShaken();
    }
    this.#link.wake();
    if (handshakeBytes < bytes.length) this.#takeAnswer(Uint8Array.from(bytes.subarray(handshakeBytes)));
  }

  take(maxBytes: number): readonly Uint8Array[] {
    return this.#output.take(maxBytes);
  }

  takeDue(maxBytes: number): readonly Uint8Array[] {
    return this.take(maxBytes);
  }

  takeAnswers(maxBytes: number): readonly Uint8Array[] {
    return this.take(maxBytes);
  }

  /** Gives what the Link has not taken: a tunnel takes it with its next request, and the upstream may speak first. */
  takeUnsaid(): readonly Uint8Array[] {
    return this.#output.take(Number.POSITIVE_INFINITY);
  }

  /** True where the Link has ended since the answer. */
  get hasEnded(): boolean {
    return this.#ends.length > 0;
  }

  /** Tells who has the Link next how that has ended since the answer; nothing where it has not. */
  tellEnd(endpoint: LinkEndpoint): void {
    for (const tell of this.#ends) tell(endpoint);
  }

  failed(reason: EndReason): void {
    // WHY now: the connection may take seconds to end.
    this.#ended(reason, (endpoint) => endpoint.failed(reason));
  }

  closed(reason: EndReason): void {
    this.#ended(reason, (endpoint) => endpoint.closed(reason));
  }

  #ended(reason: EndReason, tell: (endpoint: LinkEndpoint) => void): void {
    if (this.#isDone) this.#ends.push(tell);
    else this.#listener.onEnded(reason);
  }

  /** It has begun once the header of a message is whole. */
  #takeAnswer(bytes: Uint8Array): void {
    this.#walker.walk(bytes);
    // Behind the walk: what is no chunk stream is the upstream's fault, and not for the splice to find.
    this.answer.push(bytes);
    if (this.#isDone || !this.#isAnswered) return;
    this.#isDone = true;
    // What follows is the splice's.
    this.#link.pause();
    this.#listener.onAnswer();
  }

  #putHandshake(): void {
    const bytes = this.#handshake.takeOutput();
    if (bytes !== null) this.#output.put(bytes);
  }
}
