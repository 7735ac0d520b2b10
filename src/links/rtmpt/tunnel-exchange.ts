// One request of the tunnel and its answer, from the head to the end of the body. One object for all of it: WHY: a polled
// gateway makes thousands of them a second.

import type { ServerResponse } from 'node:http';
import type { FastifyRequest } from 'fastify';
import type { Guard, Guarded } from '../../errors.ts';
import type { TunnelRequest } from '../../protocol/rtmpt/request-path.ts';
import { type BodyTaker, readRequestBody } from './request-body.ts';
import type { TunnelLink } from './tunnel-link.ts';
import { writeFailureReply } from './tunnel-response.ts';

/** Who answers exchanges, and where an error of ours ends. */
export type ExchangeHandler = {
  readonly guard: Guard;
  readonly maxBodyBytes: number;
  /** The body is whole: empty but for a send to a session that was open when it began. */
  readonly onWhole: (exchange: TunnelExchange, body: Uint8Array) => void;
  /** The body is longer than the limit, or is going to be. */
  readonly onTooLong: (exchange: TunnelExchange) => void;
};

/** One request and its answer. */
export class TunnelExchange implements BodyTaker, Guarded {
  /** Null for what is none of the tunnel's requests. */
  readonly asked: TunnelRequest | null;
  readonly request: FastifyRequest;
  readonly response: ServerResponse;
  readonly #link: TunnelLink | undefined;
  readonly #handler: ExchangeHandler;
  #done: (() => void) | null = null;

  /** `link` is the session that it is for; undefined where there is none of that id. */
  constructor(
    asked: TunnelRequest | null,
    link: TunnelLink | undefined,
    request: FastifyRequest,
    response: ServerResponse,
    handler: ExchangeHandler,
  ) {
    this.asked = asked;
    this.#link = link;
    this.request = request;
    this.response = response;
    this.#handler = handler;
  }

  /** The session that it is for, while that is there. One that comes up behind the head is of another request: its id was
   * not out before. */
  get link(): TunnelLink | undefined {
    return this.#link?.isEnded === false ? this.#link : undefined;
  }

  /** True where the session was there when the request began. */
  get wasKnown(): boolean {
    return this.#link !== undefined;
  }

  /** Reads it to its end and has it answered; `done` is called behind that, unless the connection breaks off. */
  read(done: (() => void) | null = null): void {
    this.#done = done;
    const isBodyKept = this.asked?.type === 'send' && this.link !== undefined;
    readRequestBody(this.request.raw, this.#handler.maxBodyBytes, isBodyKept, this);
  }

  whole(body: Uint8Array): void {
    const { guard, onWhole } = this.#handler;
    guard(this, () => onWhole(this, body));
    this.#done?.();
  }

  tooLong(): void {
    const { guard, onTooLong } = this.#handler;
    guard(this, onTooLong);
    this.#done?.();
  }

  /** An error of ours. */
  fail(): void {
    writeFailureReply(this.response);
  }
}
