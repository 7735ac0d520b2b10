// The last requests of a numbered session and the replies they got, so that a request that comes again is not handled again
// and gets the very reply of the first. [RTMPT-NOTE 5]

import { hash } from 'node:crypto';
import { KEPT_REPLIES, KEPT_REPLIES_BYTES } from './limits.ts';
import type { TunnelReply, TunnelSessionRequest } from './tunnel-session.ts';

/** A request that was handed to the session. */
export type HandledRequest<Token> = {
  readonly sequenceNumber: number;
  readonly type: TunnelSessionRequest['type'];
  /** Tells bodies apart; of an idle and a close nothing, for theirs are ignored. */
  readonly bodyDigest: string;
  /** Who waits for the answer; null once nobody does. */
  token: Token | null;
  /** Who has asked the same again while there was no answer. */
  followers: Token[];
  /** What it got, as long as that is kept, and the RTMP bytes in it. */
  reply: TunnelReply | null;
  replyBytes: number;
  isAnswered: boolean;
};

/** WHY: shared, for next to nobody asks twice. */
const NOBODY: readonly never[] = [];

/** Remembers the last few requests of a session. */
export class KeptReplies<Token> {
  /** A ring: once there are as many as are kept, the oldest stands at `#next`. */
  readonly #handled: HandledRequest<Token>[] = [];
  #next = 0;
  /** Bytes of all replies that are kept. */
  #keptBytes = 0;

  /** Remembers a request that is about to be handled, in the place of the oldest one; `followers` wait for its answer. */
  begin(
    sequenceNumber: number,
    request: TunnelSessionRequest,
    token: Token | null,
    followers: Token[] = [],
  ): void {
    this.#keptBytes -= this.#handled[this.#next]?.replyBytes ?? 0;
    this.#handled[this.#next] = {
      sequenceNumber,
      type: request.type,
      bodyDigest: digestOf(request),
      token,
      followers,
      reply: null,
      replyBytes: 0,
      isAnswered: false,
    };
    this.#next = (this.#next + 1) % KEPT_REPLIES;
  }

  /** The request of that number, while it is remembered. */
  find(sequenceNumber: number): HandledRequest<Token> | undefined {
    return this.#handled.find((handled) => handled.sequenceNumber === sequenceNumber);
  }

  /** True where `request` says the same as `handled` did. */
  isRepeated(handled: HandledRequest<Token>, request: TunnelSessionRequest): boolean {
    return handled.type === request.type && handled.bodyDigest === digestOf(request);
  }

  /** Keeps the answer to the request of `token`, and gives who else waits for it. */
  answered(token: Token, reply: TunnelReply): readonly Token[] {
    const handled = this.#waitedBy(token);
    if (handled === undefined) return NOBODY;
    handled.token = null;
    handled.reply = reply;
    handled.isAnswered = true;
    for (const part of reply.parts) handled.replyBytes += part.length;
    this.#keptBytes += handled.replyBytes;
    if (this.#keptBytes > KEPT_REPLIES_BYTES) this.#dropOldest(handled);
    if (handled.followers.length === 0) return NOBODY;
    const { followers } = handled;
    handled.followers = [];
    return followers;
  }

  /**
   * Forgets clients that are gone. Gives those who asked the same as one of them, and now wait in its place: nobody else
   * would be answered.
   */
  abort(isGone: (token: Token) => boolean): readonly HandledRequest<Token>[] {
    const inherited: HandledRequest<Token>[] = [];
    for (const handled of this.#byAge()) {
      const { followers } = handled;
      for (let index = followers.length - 1; index >= 0; index--) {
        const follower = followers[index];
        if (follower !== undefined && isGone(follower)) followers.splice(index, 1);
      }
      if (handled.token === null || !isGone(handled.token)) continue;
      handled.token = followers.shift() ?? null;
      if (handled.token !== null) inherited.push(handled);
    }
    return inherited;
  }

  /** Forgets everything; gives who still waited for the answer of somebody else. */
  clear(): readonly Token[] {
    const followers = this.#byAge().flatMap((handled) => handled.followers);
    this.#handled.length = 0;
    this.#next = 0;
    this.#keptBytes = 0;
    return followers;
  }

  /** The request whose answer is `token`'s: in the ordinary run the newest. */
  #waitedBy(token: Token): HandledRequest<Token> | undefined {
    const { length } = this.#handled;
    for (let age = 1; age <= length; age++) {
      const handled = this.#handled[(this.#next - age + length) % length];
      if (handled?.token === token) return handled;
    }
    return undefined;
  }

  /** The oldest first. */
  #byAge(): HandledRequest<Token>[] {
    return [...this.#handled.slice(this.#next), ...this.#handled.slice(0, this.#next)];
  }

  /** Keeps `newest` whatever its length: it is the one that is asked for again. */
  #dropOldest(newest: HandledRequest<Token>): void {
    for (const handled of this.#byAge()) {
      if (handled === newest || this.#keptBytes <= KEPT_REPLIES_BYTES) return;
      this.#keptBytes -= handled.replyBytes;
      handled.replyBytes = 0;
      handled.reply = null;
    }
  }
}

function digestOf({ type, body }: TunnelSessionRequest): string {
  return type === 'send' ? hash('sha1', body, 'base64') : '';
}
