// The HTTP server of all listeners and the Fastify on it: requests come in on connections that the door handed over. What
// is no HTTP is answered here; who the client is, is told by its connection, and by a header where a trusted proxy wrote
// it.

import type { Server as HttpServer, IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';
import fastify from 'fastify';
import type { DoorErrorCode } from '../errors.ts';
import { httpStatusOf } from '../errors.ts';
import type { AddressList } from './address-list.ts';
import { forwardedAddress } from './forwarded-address.ts';
import { answerLast } from './last-answer.ts';
import type { Peer, Wheel } from './link.ts';
import { readThroughStream } from './read-through-stream.ts';

/**
 * LIMIT: time in ms between two looks of Node at what came too slowly: how late a timeout of HTTP may be. All that are late
 * by then are ended in one turn, so that a longer time makes others wait.
 */
const TIMEOUT_CHECK_MS = 100;

const HOST = 'host';

/** What it is made with. */
export type HttpFrontDeps = {
  readonly config: {
    readonly maxHeaderSizeBytes: number;
    readonly keepAliveTimeoutMs: number;
    readonly headersTimeoutMs: number;
    readonly requestTimeoutMs: number;
  };
  readonly wheel: Wheel;
  /** Whose header tells the address of a client, and which header that is. */
  readonly forwarders: AddressList;
  readonly forwardedHeader: 'x-forwarded-for' | 'forwarded';
  /** True for requests that leave HTTP for a WebSocket; others that ask for an upgrade are answered without one. */
  readonly isUpgrade: (request: IncomingMessage) => boolean;
  readonly onUpgrade: (request: IncomingMessage, socket: Socket, head: Buffer) => void;
  readonly onInternalError: (error: unknown) => void;
  readonly onRefused: (code: DoorErrorCode, peer: Peer, detail: string) => void;
};

/** What is known of one connection. */
type HttpConnection = {
  readonly peer: Peer;
  /** True once it had its last answer: nothing that comes on it counts any more. */
  isRefused: boolean;
  /** Replies that have not left yet. WHY no reply itself: all that hangs on it would live on until the next request. */
  dueReplyCount: number;
};

/** Speaks HTTP. */
export class HttpFront {
  /** What the pages and the tunnel are registered at. */
  readonly app: FastifyInstance;
  /** The server that listens itself on the first listener: its timeouts and its closing work only then. */
  readonly server: HttpServer;
  readonly #deps: HttpFrontDeps;
  readonly #connections = new WeakMap<Socket, HttpConnection>();
  /** Upgrades that were not heeded because a reply was due. */
  readonly #hasty = new WeakSet<IncomingMessage>();
  readonly #handOver: (socket: Socket) => void;
  readonly #replyClosed: (this: ServerResponse) => void;

  constructor(deps: HttpFrontDeps) {
    this.#deps = deps;
    const { config, onInternalError } = deps;
    this.server = createServer({
      maxHeaderSize: config.maxHeaderSizeBytes,
      keepAliveTimeout: config.keepAliveTimeoutMs,
      headersTimeout: config.headersTimeoutMs,
      requestTimeout: config.requestTimeoutMs,
      connectionsCheckingInterval: TIMEOUT_CHECK_MS,
      // WHY: Node would answer such a request, and take the next one on its connection.
      requireHostHeader: false,
      noDelay: true,
      shouldUpgradeCallback: (request) => deps.isUpgrade(request) && !this.#isHasty(request),
    });
    // WHY: of a client that reads nothing, and sends half a request meanwhile, no other time of Node's is looked at.
    this.server.timeout = config.requestTimeoutMs + config.keepAliveTimeoutMs;
    this.#handOver = handOverTo(this.server);
    const connections = this.#connections;
    this.#replyClosed = function () {
      const connection = connections.get(this.req.socket);
      if (connection !== undefined) connection.dueReplyCount--;
    };
    this.app = fastify({
      serverFactory: (handler) =>
        this.server.on('request', (request, response) => {
          if (!this.#isTaken(request, response)) return;
          if (deps.isUpgrade(request) && this.#hasty.has(request)) this.#refuseUpgrade(request, response);
          else handler(request, response);
        }),
      clientErrorHandler: (error, socket) => this.#onClientError(error, socket),
      // WHY: a target that is no path, such as a broken percent-encoding, is answered like any unknown one.
      frameworkErrors: (_error, _request, reply) => {
        reply.hijack();
        reply.raw.writeHead(404, { 'Content-Length': 0 }).end();
      },
      logger: false,
      // WHY: nothing is told of a request by its id, and a poll is not worth the making of one.
      genReqId: () => '',
    });
    this.app.setNotFoundHandler((_request, reply) => reply.code(404).send());
    this.app.setErrorHandler<Error & { statusCode?: number }>((error, _request, reply) => {
      const statusCode = error.statusCode ?? 500;
      if (statusCode >= 500) onInternalError(error);
      return reply.code(statusCode).send();
    });
    this.server.on('upgrade', (request, socket, head) => {
      if (this.#isTaken(request, null)) deps.onUpgrade(request, socket as Socket, head);
    });
    this.server.on('checkExpectation', (request, response) => {
      if (this.#isTaken(request, response)) this.#replyLast(request, response, 417);
    });
    this.server.on('connect', (_request, socket) => {
      this.#refuse('http-malformed', 'found CONNECT', socket as Socket);
    });
  }

  /** Takes over a connection that was looked at. */
  take(socket: Socket, peer: Peer): void {
    this.#connections.set(socket, { peer, isRefused: false, dueReplyCount: 0 });
    this.#handOver(socket);
    // A plain one is read that way only where it is held back: it costs a call for each read.
    if (peer.tlsVersion !== null) readThroughStream(socket);
  }

  /** Who sent a request. */
  peerOf(request: IncomingMessage): Peer {
    const peer = this.#connections.get(request.socket)?.peer;
    if (peer === undefined) throw new Error('a request came on a connection that was not handed over');
    const { forwarders, forwardedHeader } = this.#deps;
    const value = request.headers[forwardedHeader];
    if (value === undefined || !forwarders.has(peer.remoteAddress)) return peer;
    const isTrusted = (address: string): boolean => forwarders.has(address);
    const told = forwardedAddress(forwardedHeader, [value].flat().join(','), isTrusted);
    if (told === null) return peer;
    const proxyAddress = peer.proxyAddress ?? peer.remoteAddress;
    return { ...peer, remoteAddress: told.address, remotePort: told.port, proxyAddress };
  }

  /** False where a request was refused, or stands behind one that was. An upgrade has no reply. */
  #isTaken(request: IncomingMessage, reply: ServerResponse | null): boolean {
    const { socket } = request;
    const connection = this.#connections.get(socket);
    if (connection === undefined || connection.isRefused) return false;
    const fault = faultOf(request);
    if (fault !== null) this.#refuse('http-malformed', `found ${fault}`, socket);
    else if (reply !== null) {
      connection.dueReplyCount++;
      reply.on('close', this.#replyClosed);
    }
    return fault === null;
  }

  /** True where a reply is due in front of an upgrade. WHY: the WebSocket would have that reply among its bytes. */
  #isHasty(upgrade: IncomingMessage): boolean {
    const isDue = (this.#connections.get(upgrade.socket)?.dueReplyCount ?? 0) > 0;
    if (isDue) this.#hasty.add(upgrade);
    return isDue;
  }

  /** Answers a hasty upgrade, behind the reply that is due. */
  #refuseUpgrade(request: IncomingMessage, response: ServerResponse): void {
    const { onRefused } = this.#deps;
    const detail = 'expected no upgrade while a reply to an earlier request is due, found one';
    onRefused('http-malformed', this.peerOf(request), detail);
    this.#replyLast(request, response, httpStatusOf('http-malformed'));
  }

  /** Answers in its turn, and ends the connection behind it: nothing that comes meanwhile counts. */
  #replyLast({ socket }: IncomingMessage, response: ServerResponse, statusCode: number): void {
    const connection = this.#connections.get(socket);
    if (connection !== undefined) connection.isRefused = true;
    response.writeHead(statusCode, { Connection: 'close', 'Content-Length': 0 }).end();
  }

  #onClientError(error: NodeJS.ErrnoException, socket: Socket): void {
    const code = refusalOf(error);
    // WHY: one that is held back cannot send the rest; whoever holds it back bounds that, and Node looks but once.
    if (code === 'http-timeout' && socket.isPaused()) return;
    if (code === null) socket.destroy();
    else this.#refuse(code, `found ${error.code ?? error.message}`, socket);
  }

  /** Answers what is no HTTP, or came too slowly, and ends its connection. */
  #refuse(code: DoorErrorCode, found: string, socket: Socket): void {
    const connection = this.#connections.get(socket);
    if (connection?.isRefused === true) return;
    if (connection === undefined || !socket.writable) {
      socket.destroy();
      return;
    }
    connection.isRefused = true;
    this.#deps.onRefused(code, connection.peer, `expected an HTTP/1.1 request, ${found}`);
    answerLast(socket, this.#deps.wheel, { statusCode: httpStatusOf(code) });
  }
}

/** What is wrong with a request that Node's parser takes; null where nothing is. [RFC 9112 2.3, 3.2, 6.1] */
function faultOf(request: IncomingMessage): string | null {
  const { httpVersionMajor, httpVersionMinor, headers } = request;
  if (httpVersionMajor !== 1) return `HTTP/${httpVersionMajor}.${httpVersionMinor}`;
  if (headers.host === undefined) {
    if (httpVersionMinor > 0) return 'no Host';
  } else if (hasTwoHosts(request.rawHeaders)) return 'two Hosts';
  // WHY: Node reads the last of several codings, and another one what stands in front of it.
  const coding = headers['transfer-encoding'];
  if (coding === undefined) return null;
  if (httpVersionMinor === 0) return 'Transfer-Encoding in HTTP/1.0';
  return coding.toLowerCase() === 'chunked' ? null : 'another coding than chunked';
}

/** `rawHeaders` are names and values in turn. */
function hasTwoHosts(rawHeaders: readonly string[]): boolean {
  let hosts = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index];
    if (name?.length === HOST.length && name.toLowerCase() === HOST) hosts++;
  }
  return hosts > 1;
}

/** What is refused for that error of Node's HTTP parser; null where the connection just broke. */
function refusalOf({ code }: NodeJS.ErrnoException): DoorErrorCode | null {
  if (code === 'HPE_HEADER_OVERFLOW') return 'http-head-too-large';
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return 'http-timeout';
  // A proxy whose client has gone breaks its request off.
  if (code === 'HPE_INVALID_EOF_STATE') return null;
  return code?.startsWith('HPE_') ? 'http-malformed' : null;
}

/** Takes the HTTP server's own connection listener, and gives what hands it a connection that was looked at. */
function handOverTo(server: HttpServer): (socket: Socket) => void {
  const [listener] = server.listeners('connection');
  if (listener === undefined) throw new Error('the HTTP server has no connection listener');
  server.removeAllListeners('connection');
  return (socket) => listener.call(server, socket);
}
