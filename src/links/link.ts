// The Link: whatever carries RTMP bytes, and all that the rest of the house knows about it. A socket, a
// tunnel and a WebSocket each yield Links; who reads RTMP from one knows nothing of HTTP, and the other way round.
// Bytes in are pushed to the endpoint as they come. Bytes out are pulled from it when the Link can carry them, so
// that queues, dropping and fairness live in one place, in front of the Link.

import type { EndReason } from '../errors.ts';

/** Transport of a Link as operators name it, in logs and rules: what reached this gateway, TLS included. */
export type Transport = 'rtmp' | 'rtmps' | 'rtmpt' | 'rtmpts' | 'ws' | 'wss';

/** Who is at the other end of a connection or a request, and how it got here. */
export type Peer = {
  /** The peer's address, the real one where a trusted proxy told it; IPv4 is never written as IPv6. */
  readonly remoteAddress: string;
  /** 0 where a proxy told no port. */
  readonly remotePort: number;
  /** Address that the connection itself came from where a trusted proxy told another one; null elsewhere. */
  readonly proxyAddress: string | null;
  /** Port of the listener that took the connection in. */
  readonly localPort: number;
  /** Version of TLS as Node names it (`TLSv1.3`), null where there is none. */
  readonly tlsVersion: string | null;
};

/** What is known of the peer of a Link and its way here. */
export type LinkFacts = Peer & {
  readonly transport: Transport;
  /** HTTP User-Agent of the request that opened a tunnel or a WebSocket; null elsewhere. */
  readonly userAgent: string | null;
};

/** Who reads a Link and what it carries away. A Link calls all of these inside the error boundary. */
export interface LinkEndpoint {
  /** True once publish or play was answered; a tunnel holds its idles shorter before that. */
  readonly isSetUp: boolean;
  /** True where `take` may give something. */
  readonly hasMore: boolean;
  /**
   * Takes in bytes in the order they came. They are not written to any more: what is read of them is not copied.
   * @throws ProtocolError when the peer broke the protocol
   */
  receive(bytes: Uint8Array): void;
  /**
   * The same of bytes that are only lent: their memory is written to again, unless they are kept. Where they are refused,
   * nothing was taken in, and `receive` gets a copy. Absent where it would refuse always.
   */
  receiveLent?(bytes: Uint8Array): Lending;
  /**
   * Gives what waits to go out: whole RTMP messages, at least one where there is one, otherwise at most
   * `maxBytes`. Empty where nothing waits. The views stay valid and are never written to.
   */
  take(maxBytes: number): readonly Uint8Array[];
  /** The same, but nothing of media that has all come since the last `wake`, on a Link that has it gather. */
  takeDue(maxBytes: number): readonly Uint8Array[];
  /** The same, but only of what answers the peer; media is left for `take`. */
  takeAnswers(maxBytes: number): readonly Uint8Array[];
  /** The error boundary caught `reason`: say goodbye where RTMP has a status for it. The Link closes next. */
  failed(reason: EndReason): void;
  /** The Link is over; called exactly once, last. */
  closed(reason: EndReason): void;
}

/** What became of lent bytes: nobody took them in; all of them are gone already; somebody holds them for longer. */
export type Lending = 'refused' | 'returned' | 'kept';

/** Where lent bytes may go on at once, past `take`. */
export interface LentOutlet {
  /** True where so many bytes can be carried now: nothing waits before them. */
  takesLent(lengthBytes: number): boolean;
  /** Carries bytes that it takes. */
  carryLent(bytes: Uint8Array): Exclude<Lending, 'refused'>;
}

/** A Link that carries at any time. */
export interface Outlet {
  /**
   * Carries away at once what would be taken next, whole messages: false where it cannot, because something waits
   * before it, and nothing was carried. The way of a stream to thousands of viewers in step.
   */
  offer(chunks: readonly Uint8Array[]): boolean;
}

/** A two-way carrier of one peer's RTMP bytes. */
export interface Link {
  readonly facts: LinkFacts;
  /** Least time in ms from one `wake` for media to the next: a Link that pays for each time it carries has them gather. */
  readonly gatherMs: number;
  /** Where what comes may be offered; null where it leaves when the peer asks. */
  readonly outlet: Outlet | null;
  /** Where lent bytes may go on; null, or absent, where whatever carries them holds them for longer. */
  readonly lentOutlet?: LentOutlet | null;
  /** Names the endpoint; called once, before any byte is delivered. */
  attach(endpoint: LinkEndpoint): void;
  /** Gives the Link to another endpoint, between two calls of the first one, which hears nothing any more. */
  handOver(endpoint: LinkEndpoint): void;
  /** Says that `take` may have something. Cheap; may be called at any time. */
  wake(): void;
  /**
   * Asks to deliver no more for now: what the peer sends waits with the peer, and so does the peer. What is under way may
   * still come. May be called at any time, in the middle of `receive` too; does nothing where it is paused.
   */
  pause(): void;
  /** Delivers again, at once where something waits; does nothing where it is not paused. */
  resume(): void;
  /** Ends the Link: what `take` still gives is carried out first, within a bounded time. */
  close(reason: EndReason): void;
  /** Figures that say why the Link is slow, a new plain object at each call; only on a Link whose peer has to ask. */
  diagnostics?(): object | null;
}

/** A deadline on the wheel; `cancel` after it has fired does nothing. */
export interface Deadline {
  cancel(): void;
}

/** The house's one source of time and of deadlines, 50 ms coarse. */
export interface Wheel {
  /** Monotonic milliseconds. */
  nowMs(): number;
  /** Calls back once, at `deadlineMs` or up to 50 ms later. */
  at(deadlineMs: number, callback: () => void): Deadline;
}
