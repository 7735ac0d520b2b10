// One tunnel session as the fault-making proxy sees it: each of its requests meets its fate on the way to the gateway and
// back. What was really done is counted.

import { setTimeout } from 'node:timers/promises';
import type { ClientAnswer } from './client-connection.ts';
import { Crossing } from './crossing.ts';
import {
  type Doubling,
  type Fate,
  type FaultKind,
  type FaultRates,
  fateOf,
  SPARED,
  withoutRepeats,
} from './fate.ts';
import type { GatewayConnections, Post } from './gateway-connections.ts';
import type { HttpMessage } from './http-reader.ts';

/**
 * First requests of a session to which nothing happens; LIMIT: a gateway may take four to see that a client counts, and can
 * know no repetition before.
 */
const SPARED_REQUESTS = 4;

/** What all sessions of a proxy share. */
export type ProxyState = {
  readonly gateway: GatewayConnections;
  readonly seed: number;
  /** In force now. */
  rates: FaultRates;
  /** POSTs whose reply nobody waits for. */
  readonly astray: Set<Promise<void>>;
  /** Hears of what must not happen. */
  readonly onFailed: (error: unknown) => void;
};

/** A request of a session: `POST /send/<id>/<number>`. */
export type SessionRequest = {
  readonly message: HttpMessage;
  readonly verb: string;
  /** Null where the path has none. */
  readonly number: number | null;
};

/** One session. */
export class SessionFaults {
  /** Requests that the client has made, each once, however often the gateway got it. */
  requests = 0;
  /** POSTs that the gateway got on top of these. */
  repeatedPosts = 0;
  /** Faults by kind. */
  readonly counts: Record<FaultKind, number> = {
    duplicate: 0,
    dropReply: 0,
    reorder: 0,
    delay: 0,
    split: 0,
    closeClient: 0,
    closeGateway: 0,
  };
  readonly #state: ProxyState;
  readonly #ordinal: number;
  readonly #crossing = new Crossing();

  /** `ordinal` says which session of the proxy it is. */
  constructor(state: ProxyState, ordinal: number) {
    this.#state = state;
    this.#ordinal = ordinal;
  }

  /** Carries a request to the gateway; gives what the client is answered. */
  async answer(request: SessionRequest): Promise<ClientAnswer> {
    const fate = this.#fateOf(request);
    await this.#delay(fate.requestDelayMs);
    if (fate.isHeldBack && request.number !== null && (await this.#crossing.holdBack(request.number))) {
      this.#count('reorder');
    }
    const reply = await this.#exchange(request, fate);
    await this.#delay(fate.replyDelayMs);
    if (fate.isReplySplit) this.#count('split');
    return {
      bytes: reply.bytes,
      isSplit: fate.isReplySplit,
      closeAfterMs: reply.isLast ? 0 : fate.clientClosedAfterMs,
      onClosed: () => this.#count('closeClient'),
    };
  }

  #fateOf({ verb, number }: SessionRequest): Fate {
    const place = this.requests++;
    if (place < SPARED_REQUESTS) return SPARED;
    const { rates, seed } = this.#state;
    const fate = fateOf(rates, seed, this.#ordinal, place);
    return verb === 'close' || number === null ? withoutRepeats(fate) : fate;
  }

  async #exchange(request: SessionRequest, fate: Fate): Promise<HttpMessage> {
    const { doubling, isReplyDropped } = fate;
    if (fate.isRequestSplit) this.#count('split');
    if (fate.isGatewayClosed) this.#count('closeGateway');
    const post = this.#post(request, fate);
    if (request.number !== null) this.#crossing.passed(request.number, post.written);
    if (doubling !== null) return this.#double(request, post, doubling);
    const reply = await post.reply;
    if (!isReplyDropped) return reply;
    this.#count('dropReply');
    return this.#same(reply, await this.#repeat(request).reply, request);
  }

  async #double(
    request: SessionRequest,
    first: Post,
    { manner, delayMs, isSecondGiven }: Doubling,
  ): Promise<HttpMessage> {
    this.#count('duplicate');
    if (manner === 'astray') {
      const reply = await first.reply;
      const sent = this.#sendAstray(request, delayMs).finally(() => this.#state.astray.delete(sent));
      this.#state.astray.add(sent);
      return reply;
    }
    if (manner === 'behind') {
      await first.reply;
      await setTimeout(delayMs);
    }
    const second = this.#repeat(request);
    const [one, other] = await Promise.all([first.reply, second.reply]);
    this.#same(one, other, request);
    return isSecondGiven ? other : one;
  }

  /** A copy that comes when the client has its reply, and whose own nobody gets. */
  async #sendAstray(request: SessionRequest, delayMs: number): Promise<void> {
    await setTimeout(delayMs);
    await this.#repeat(request).reply.catch((error: unknown) => this.#state.onFailed(error));
  }

  #repeat(request: SessionRequest): Post {
    this.repeatedPosts++;
    return this.#post(request, { isRequestSplit: false, isGatewayClosed: false });
  }

  #post(
    { message }: SessionRequest,
    { isRequestSplit, isGatewayClosed }: Pick<Fate, 'isRequestSplit' | 'isGatewayClosed'>,
  ): Post {
    return this.#state.gateway.post(message.bytes, { isSplit: isRequestSplit, isLast: isGatewayClosed });
  }

  /** The second reply, which has to be that to the first to the byte. */
  #same(first: HttpMessage, second: HttpMessage, { message }: SessionRequest): HttpMessage {
    if (!first.bytes.equals(second.bytes)) {
      const lengths = `${first.bytes.length} and then ${second.bytes.length} bytes`;
      this.#state.onFailed(new Error(`${message.startLine} was answered with ${lengths}`));
    }
    return second;
  }

  async #delay(delayMs: number): Promise<void> {
    if (delayMs === 0) return;
    this.#count('delay');
    await setTimeout(delayMs);
  }

  #count(kind: FaultKind): void {
    this.counts[kind]++;
  }
}
