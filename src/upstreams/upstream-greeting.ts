// The beginning of a splice's connection to an upstream: the handshake of a client, then what the spliced client said up to
// the end of its connect, then the first bytes of an answer. [RTMP 5.2]

import type { EndReason } from '../errors.ts';
import type { Link, LinkEndpoint } from '../links/link.ts';
import { ClientHandshake } from '../protocol/rtmp/handshake/client-handshake.ts';
import { ByteQueue } from './byte-queue.ts';

/** How far it has come. */
export type GreetingListener = {
  /** The handshake is done. */
  readonly onShaken: () => void;
  /** The upstream has begun to answer. */
  readonly onAnswer: () => void;
  /** The connection ended before that. */
  readonly onEnded: (reason: EndReason) => void;
};

/** The first endpoint of an upstream's Link, until a splice has it. */
export class UpstreamGreeting implements LinkEndpoint {
  readonly isSetUp = false;
  readonly #link: Link;
  readonly #listener: GreetingListener;
  readonly #handshake: ClientHandshake;
  readonly #connect: Uint8Array;
  readonly #output = new ByteQueue();
  #isShaken = false;
  #failure: EndReason | null = null;
  /** What came behind the handshake. */
  readonly answer: Uint8Array[] = [];

  /** `connect` is said behind the handshake. */
  constructor(
    link: Link,
    connect: Uint8Array,
    randomBytes: (lengthBytes: number) => Uint8Array,
    listener: GreetingListener,
  ) {
    this.#link = link;
    this.#connect = connect;
    this.#listener = listener;
    // WHY: signed, for Adobe's and Wowza's servers play to none that is not, and others do not look.
    this.#handshake = new ClientHandshake({ randomBytes, isSigned: true });
    this.#putHandshake();
  }

  get hasMore(): boolean {
    return this.#output.lengthBytes > 0;
  }

  /** @throws RtmpError where the handshake is none */
  receive(bytes: Uint8Array): void {
    const handshakeBytes = this.#handshake.receive(bytes);
    this.#putHandshake();
    if (!this.#isShaken && this.#handshake.isDone) {
      this.#isShaken = true;
      this.#output.put(this.#connect);
      this.#listener.onShaken();
    }
    this.#link.wake();
    if (handshakeBytes === bytes.length) return;
    const isFirst = this.answer.length === 0;
    this.answer.push(Uint8Array.from(bytes.subarray(handshakeBytes)));
    // What follows is the splice's.
    if (isFirst) {
      this.#link.pause();
      this.#listener.onAnswer();
    }
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

  failed(reason: EndReason): void {
    this.#failure = reason;
  }

  closed(reason: EndReason): void {
    this.#listener.onEnded(this.#failure ?? reason);
  }

  #putHandshake(): void {
    const bytes = this.#handshake.takeOutput();
    if (bytes !== null) this.#output.put(bytes);
  }
}
