// The endpoint that a splice gives its upstream's Link: what comes and is taken is the splice's.

import type { EndReason } from '../errors.ts';
import type { Lending, LinkEndpoint } from '../links/link.ts';

/** What a splice does for its upstream. */
export interface UpstreamPeer {
  readonly hasMoreForUpstream: boolean;
  /** @throws RtmpError where it is no chunk stream */
  receiveFromUpstream(bytes: Uint8Array): void;
  /** The same of lent bytes. */
  receiveLentFromUpstream(bytes: Uint8Array): Lending;
  takeForUpstream(maxBytes: number): readonly Uint8Array[];
  /** The error boundary of the upstream's Link caught `reason`; it closes next. */
  upstreamFailed(reason: EndReason): void;
  /** The upstream's Link is over. */
  upstreamClosed(reason: EndReason): void;
}

/** The upstream's side of a splice. */
export class UpstreamSide implements LinkEndpoint {
  readonly isSetUp = true;
  readonly #splice: UpstreamPeer;

  constructor(splice: UpstreamPeer) {
    this.#splice = splice;
  }

  get hasMore(): boolean {
    return this.#splice.hasMoreForUpstream;
  }

  receive(bytes: Uint8Array): void {
    this.#splice.receiveFromUpstream(bytes);
  }

  receiveLent(bytes: Uint8Array): Lending {
    return this.#splice.receiveLentFromUpstream(bytes);
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
