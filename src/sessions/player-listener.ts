// What a viewer tells the connection that plays: the Link hears of something to take, the session of its stream's publishes.

import type { Link } from '../links/link.ts';
import type { RtmpServerSession } from '../protocol/rtmp/server/server-session.ts';
import type { ViewerListener } from '../streams/viewer.ts';

/** The listener of one playing NetStream. */
export class PlayerListener implements ViewerListener {
  readonly #link: Link;
  readonly #session: RtmpServerSession;
  readonly #messageStreamId: number;
  readonly #fail: (error: unknown) => void;

  /** `fail` ends the connection for an error. */
  constructor(
    link: Link,
    session: RtmpServerSession,
    messageStreamId: number,
    fail: (error: unknown) => void,
  ) {
    this.#link = link;
    this.#session = session;
    this.#messageStreamId = messageStreamId;
    this.#fail = fail;
  }

  wake(): void {
    this.#link.wake();
  }

  failed(error: unknown): void {
    this.#fail(error);
  }

  publishEnded(): void {
    this.#session.publishEnded(this.#messageStreamId);
  }

  publishStarted(): void {
    this.#session.publishStarted(this.#messageStreamId);
  }
}
