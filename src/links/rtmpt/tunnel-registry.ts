// The sessions of one gateway, by id, and what each request means to them. An id is a bearer secret: it is in no log
// and in no message from here. [RTMPT-NOTE 1]

import type { ServerResponse } from 'node:http';
import type { FastifyRequest } from 'fastify';
import { httpStatusOf } from '../../errors.ts';
import { parseTunnelRequest, type TunnelRequest } from '../../protocol/rtmpt/request-path.ts';
import { TunnelError, type TunnelErrorCode } from '../../protocol/rtmpt/tunnel-error.ts';
import { userAgentOf } from '../user-agent.ts';
import { CarrierRegistry } from './carrier-registry.ts';
import { GuessLimit } from './guess-limit.ts';
import { MAX_WAITING_REQUESTS } from './request-intake.ts';
import type { RtmptPluginOptions } from './rtmpt-options.ts';
import { SessionCaps } from './session-caps.ts';
import { type ExchangeHandler, TunnelExchange } from './tunnel-exchange.ts';
import { TunnelLink } from './tunnel-link.ts';
import { writeEmptyReply, writeTextReply, writeTunnelReply } from './tunnel-response.ts';

/** LIMIT: 128 bits, 22 characters of base64url; whoever knows an id owns the session. */
const SESSION_ID_BYTES = 16;

/** The open tunnels, by session id. */
export class TunnelRegistry {
  readonly #options: RtmptPluginOptions;
  readonly #links = new Map<string, TunnelLink>();
  readonly #carriers: CarrierRegistry;
  readonly #caps: SessionCaps;
  readonly #guesses = new GuessLimit();
  readonly #handler: ExchangeHandler;

  constructor(options: RtmptPluginOptions) {
    this.#options = options;
    this.#carriers = new CarrierRegistry(options.wheel, options.config.writeTimeoutMs);
    this.#caps = new SessionCaps(options.config);
    this.#handler = {
      guard: options.guard,
      maxBodyBytes: options.config.maxBodyBytes,
      onWhole: (exchange, body) => this.#answerWhole(exchange, body),
      onTooLong: (exchange) => this.#refuseOversized(exchange),
    };
  }

  /** Reads one request to its end and answers it, or has it wait in front of its session. */
  answer(request: FastifyRequest, response: ServerResponse): void {
    const asked = parseTunnelRequest(request.method, request.raw.url ?? '');
    const sessionId = asked !== null && 'sessionId' in asked ? asked.sessionId : null;
    const link = sessionId === null ? undefined : this.#links.get(sessionId);
    const exchange = new TunnelExchange(asked, link, request, response, this.#handler);
    const isEmpty = asked?.type === 'idle';
    if (link === undefined || link.intake.mayPass(isEmpty)) {
      exchange.read();
      return;
    }
    const { socket } = request.raw;
    if (socket.destroyed) return;
    this.#carriers.carried(socket, link);
    const read = (done: () => void): void => exchange.read(done);
    if (!link.intake.wait({ socket, isEmpty, read })) this.#refuseFlood(link, response);
  }

  /** Ends every session at once; whoever holds an idle is told so. */
  endAll(): void {
    for (const link of [...this.#links.values()])
      link.end({ code: 'drain', message: 'the gateway is stopping' });
  }

  #answerWhole(exchange: TunnelExchange, body: Uint8Array): void {
    const { asked, response } = exchange;
    if (asked === null) {
      this.#refuse(response, 'tunnel-path-unknown');
      return;
    }
    switch (asked.type) {
      case 'ident':
        this.#answerIdent(response);
        return;
      case 'open':
        this.#open(exchange);
        return;
      default:
        this.#carry(asked, exchange, body);
    }
  }

  #answerIdent(response: ServerResponse): void {
    const { ident } = this.#options.config;
    if (ident === 'not-found') writeEmptyReply(response, 404);
    else writeTextReply(response, 'text/plain', ident.text);
  }

  #open({ request, response }: TunnelExchange): void {
    const { config, wheel, guard, peerOf, onLink, count } = this.#options;
    const peer = peerOf(request.raw);
    const place = this.#caps.enter(peer.remoteAddress);
    if (typeof place === 'string') {
      this.#refuse(response, place);
      return;
    }
    const id = Buffer.from(this.#options.randomBytes(SESSION_ID_BYTES)).toString('base64url');
    const { socket } = request.raw;
    const link = new TunnelLink({
      facts: {
        ...peer,
        transport: peer.tlsVersion === null ? 'rtmpt' : 'rtmpts',
        userAgent: userAgentOf(request.raw),
      },
      settings: config,
      gatherMs: config.gatherTimeMs,
      maxRequestsPerSecond: config.maxRequestsPerSecond,
      wheel,
      guard,
      writeReply: (target, reply) => {
        writeTunnelReply(target, config.contentType, reply);
        this.#carriers.replied(target.req.socket);
      },
      onShaken: place.shaken,
      onEnded: () => {
        place.leave();
        this.#links.delete(id);
        this.#carriers.release(link);
        count?.('tunnel-ended');
      },
    });
    this.#links.set(id, link);
    count?.('tunnel-opened');
    this.#carriers.carried(socket, link);
    guard(link, () => onLink(link));
    if (link.isOpen) {
      writeTextReply(response, config.contentType, `${id}\n`);
      return;
    }
    link.end({ code: 'done', message: 'nobody took the session in' });
    writeEmptyReply(response, 503);
  }

  #carry(
    { type, sequenceNumber }: Extract<TunnelRequest, { sequenceNumber: number | null }>,
    { link, wasKnown, request, response }: TunnelExchange,
    body: Uint8Array,
  ): void {
    if (link === undefined) {
      // Whoever knew the id of a session that has ended meanwhile has not guessed it.
      if (wasKnown) writeEmptyReply(response, httpStatusOf('tunnel-session-unknown'));
      else this.#answerUnknown(request, response);
      return;
    }
    this.#carriers.carried(request.raw.socket, link);
    link.receive({ type, sequenceNumber, body }, response);
  }

  #refuseOversized({ link, response }: TunnelExchange): void {
    this.#failOversized(link);
    writeEmptyReply(response, httpStatusOf('tunnel-body-too-large'), true);
  }

  // WHY: bytes of the session are lost for good, so it is over. Anything but 200 leads FFmpeg to send the rest of its
  // buffer elsewhere in the stream, which only the end of the session makes harmless. [RTMPT-NOTE 10]
  #failOversized(link: TunnelLink | undefined): void {
    const { config, count } = this.#options;
    if (link === undefined) count?.('tunnel-body-too-large');
    else
      this.#failAtOnce(
        link,
        'tunnel-body-too-large',
        `expected a body of at most ${config.maxBodyBytes} bytes`,
      );
  }

  #refuseFlood(link: TunnelLink, response: ServerResponse): void {
    const found = `expected at most ${MAX_WAITING_REQUESTS} requests of a session to wait, got another one`;
    this.#failAtOnce(link, 'tunnel-request-flood', found);
    writeEmptyReply(response, httpStatusOf('tunnel-request-flood'), true);
  }

  /** The endpoint hears of the fault as of any, and nothing of the session is answered any more. */
  #failAtOnce(link: TunnelLink, code: TunnelErrorCode, message: string): void {
    this.#options.guard(link, () => {
      throw new TunnelError(code, message);
    });
    link.end({ code, message });
  }

  #answerUnknown({ raw }: FastifyRequest, response: ServerResponse): void {
    const { peerOf, wheel } = this.#options;
    const mayAsk = this.#guesses.mayAsk(peerOf(raw).remoteAddress, wheel.nowMs());
    this.#refuse(response, mayAsk ? 'tunnel-session-unknown' : 'tunnel-guess-limit');
  }

  #refuse(response: ServerResponse, code: TunnelErrorCode): void {
    this.#options.count?.(code);
    writeEmptyReply(response, httpStatusOf(code));
  }
}
