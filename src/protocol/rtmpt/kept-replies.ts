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
  readonly followers: Token[];
  /** What it got, as long as that is kept. */
  reply: TunnelReply | null;
  isAnswered: boolean;
};

/** Remembers the last few requests of a session. */
export class KeptReplies<Token> {
  readonly #handled: HandledRequest<Token>[] = [];

  /** Remembers a request that is about to be handled, in the place of the oldest one; `followers` wait for its answer. */
  begin(
    sequenceNumber: number,
    request: TunnelSessionRequest,
    token: Token | null,
    followers: Token[] = [],
  ): void {
    if (this.#handled.length === KEPT_REPLIES) this.#handled.shift();
    const { type } = request;
    const bodyDigest = digestOf(request);
    const handled = { sequenceNumber, type, bodyDigest, token, followers, reply: null, isAnswered: false };
    this.#handled.push(handled);
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
    const handled = this.#handled.findLast((candidate) => candidate.token === token);
    if (handled === undefined) return [];
    handled.token = null;
    handled.reply = reply;
    handled.isAnswered = true;
    this.#dropOverCap();
    return handled.followers.splice(0);
  }

  /**
   * Forgets clients that are gone. Gives those who asked the same as one of them, and now wait in its place: nobody else
   * would be answered.
   */
  abort(isGone: (token: Token) => boolean): readonly HandledRequest<Token>[] {
    const inherited: HandledRequest<Token>[] = [];
    for (const handled of this.#handled) {
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
    return this.#handled.splice(0).flatMap(({ followers }) => followers);
  }

  // The newest is kept whatever its length: it is the one that is asked for again.
  #dropOverCap(): void {
    let keptBytes = 0;
    for (let index = this.#handled.length - 1; index >= 0; index--) {
      const handled = this.#handled[index];
      if (handled === undefined || handled.reply === null) continue;
      const isNewest = keptBytes === 0;
      for (const part of handled.reply.parts) keptBytes += part.length;
      if (!isNewest && keptBytes > KEPT_REPLIES_BYTES) handled.reply = null;
    }
  }
}

function digestOf({ type, body }: TunnelSessionRequest): string {
  return type === 'send' ? hash('sha1', body, 'base64') : '';
}
