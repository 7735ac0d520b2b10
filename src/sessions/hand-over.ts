// The way of one connection out of the gateway's own session: a server behind the gateway is looked for while the client
// waits, and then has its Link.

import type { EndReason } from '../errors.ts';
import type { Link } from '../links/link.ts';
import type { ClosedPassage, OpenPassage, Passage, PassedEndpoint } from '../links/passage.ts';
import type { RtmpServerSession } from '../protocol/rtmp/server/server-session.ts';
import { ConnectReader } from '../protocol/rtmp/splice/connect-reader.ts';
import { type Refusal, UNAVAILABLE } from './refusal.ts';
import type { SessionLog } from './session-log.ts';

/** WHY: one for all, since an error made at the abort would keep, by its stack, the connection that is to be let go. */
const CLIENT_GONE = new DOMException('The client does not wait any more.', 'AbortError');

/** LIMIT: what a client that waits may send ahead, bytes; the commands that real ones send behind their connect are less. */
const MAX_AHEAD_BYTES = 16 * 1024;

/** What it needs of its connection. */
export type HandOverDeps = {
  readonly link: Link;
  readonly session: RtmpServerSession;
  readonly log: SessionLog;
  readonly refusal: Refusal;
  /** The connection's error boundary, for what comes later. */
  readonly runLater: (work: () => void) => void;
  /** The Link has another endpoint: the connection has nothing to do with it any more. */
  readonly onHandedOver: () => void;
  /** The Link is over, behind the hand-over. */
  readonly onEnd: (reason: EndReason) => void;
};

/** Hands one connection over, or refuses it. */
export class HandOver {
  readonly #deps: HandOverDeps;
  #looking: AbortController | null = null;
  #successor: PassedEndpoint | null = null;
  #aheadBytes = 0;

  constructor(deps: HandOverDeps) {
    this.#deps = deps;
  }

  /** Who has the Link now; null before. */
  get successor(): PassedEndpoint | null {
    return this.#successor;
  }

  /** Begins to look, with the connect that is due. @throws RtmpError where the client sent anything but control in front */
  begin(passage: Passage): void {
    const { session, link, runLater } = this.#deps;
    const incoming = new ConnectReader().receive(session.recordedBytes);
    if (incoming === null) throw new Error('a connect is due that was not recorded');
    const looking = new AbortController();
    this.#looking = looking;
    // WHY not one that asks for its answers: the answer to its connect is to wait, and it ends in front of what is not read.
    if (link.outlet === null) link.pause();
    passage.open(incoming, link.facts, looking.signal).then(
      (found) => {
        if (this.#looking === looking) runLater(() => this.#found(looking, found, incoming.rawBytes.length));
        else if (found.type === 'open') found.close();
      },
      (error: unknown) => {
        runLater(() => {
          throw error;
        });
      },
    );
  }

  /**
   * The client has sent so many bytes, which are kept where it waits.
   * WHY they are read: the end of a connection that is not read is not seen, and the dial would go on for nobody.
   */
  heard(lengthBytes: number): void {
    if (this.#looking === null) return;
    this.#aheadBytes += lengthBytes;
    if (this.#aheadBytes > MAX_AHEAD_BYTES) this.#deps.link.pause();
  }

  /** The connection is over: what is still found is let go. */
  stop(): void {
    this.#looking?.abort(CLIENT_GONE);
    this.#looking = null;
  }

  #found(looking: AbortController, found: OpenPassage | ClosedPassage, connectBytes: number): void {
    if (this.#looking !== looking) return;
    this.#looking = null;
    if (found.type === 'open') this.#handOver(found, connectBytes);
    else this.#refuse(found);
  }

  #handOver(open: OpenPassage, connectBytes: number): void {
    const { link, session, log, onHandedOver, onEnd } = this.#deps;
    const { cipher, receivedBytes, unsaid } = session.detach();
    log.passedOn(open.upstream);
    const successor = open.begin({
      link,
      cipher,
      unsaid,
      rest: Uint8Array.from(receivedBytes.subarray(connectBytes)),
      onEnd: (reason, { inBytes, outBytes }) => {
        log.bytesIn += inBytes;
        log.bytesOut += outBytes;
        onEnd(reason);
      },
    });
    this.#successor = successor;
    onHandedOver();
    link.handOver(successor);
    link.resume();
    link.wake();
  }

  #refuse({ rtmpStatus, message }: ClosedPassage): void {
    const { session, link, refusal } = this.#deps;
    session.rejectConnect(rtmpStatus, UNAVAILABLE);
    refusal.refused({ code: 'upstream-unavailable', message });
    link.resume();
    link.wake();
  }
}
