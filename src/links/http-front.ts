// The HTTP server of all listeners and the Fastify on it: requests come in on connections that the door handed over. What
// is no HTTP is answered here; who the client is, is told by its connection, and by a header where a trusted proxy wrote
// it.

import type { Server as HttpServer, IncomingMessage } from 'node:http';
import { createServer } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';
import fastify from 'fastify';
import type { DoorErrorCode } from '../errors.ts';
import { ERRORS } from '../errors.ts';
import type { AddressList } from './address-list.ts';
import { forwardedAddress } from './forwarded-address.ts';
import type { Peer } from './link.ts';

/** What it is made with. */
export type HttpFrontDeps = {
  readonly config: {
    readonly maxHeaderSizeBytes: number;
    readonly keepAliveTimeoutMs: number;
    readonly headersTimeoutMs: number;
    readonly requestTimeoutMs: number;
  };
  /** Whose header tells the address of a client, and which header that is. */
  readonly forwarders: AddressList;
  readonly forwardedHeader: 'x-forwarded-for' | 'forwarded';
  /** True for requests that leave HTTP for a WebSocket; others that ask for an upgrade are answered without one. */
  readonly isUpgrade: (request: IncomingMessage) => boolean;
  readonly onUpgrade: (request: IncomingMessage, socket: Socket, head: Buffer) => void;
  readonly onInternalError: (error: unknown) => void;
  readonly onRefused: (code: DoorErrorCode, peer: Peer, detail: string) => void;
};

const REASONS = {
  400: 'Bad Request',
  408: 'Request Timeout',
  431: 'Request Header Fields Too Large',
} as const;

/** Speaks HTTP. */
export class HttpFront {
  /** What the pages and the tunnel are registered at. */
  readonly app: FastifyInstance;
  /** The server that listens itself on the first listener: its timeouts and its closing work only then. */
  readonly server: HttpServer;
  readonly #deps: HttpFrontDeps;
  readonly #peers = new WeakMap<Socket, Peer>();
  readonly #handOver: (socket: Socket) => void;

  constructor(deps: HttpFrontDeps) {
    this.#deps = deps;
    const { config, onInternalError } = deps;
    this.server = createServer({
      maxHeaderSize: config.maxHeaderSizeBytes,
      keepAliveTimeout: config.keepAliveTimeoutMs,
      headersTimeout: config.headersTimeoutMs,
      requestTimeout: config.requestTimeoutMs,
      noDelay: true,
      shouldUpgradeCallback: deps.isUpgrade,
    });
    this.#handOver = handOverTo(this.server);
    this.app = fastify({
      serverFactory: (handler) => this.server.on('request', handler),
      clientErrorHandler: (error, socket) => this.#refuse(error, socket),
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
    this.server.on('upgrade', (request, socket, head) => deps.onUpgrade(request, socket as Socket, head));
  }

  /** Takes over a connection that was looked at. */
  take(socket: Socket, peer: Peer): void {
    this.#peers.set(socket, peer);
    this.#handOver(socket);
    // WHY: Node's parser reads a TLS socket below its stream, and cuts off a connection on which hundreds of requests
    // come at once (HPE_PAUSED); a listener for its bytes has it read the stream.
    if (peer.tlsVersion !== null) socket.on('data', ignore);
  }

  /** Who sent a request. */
  peerOf(request: IncomingMessage): Peer {
    const peer = this.#peers.get(request.socket);
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

  /** Answers what is no HTTP, or came too slowly, and ends its connection. */
  #refuse(error: NodeJS.ErrnoException, socket: Socket): void {
    const peer = this.#peers.get(socket);
    const code = refusalOf(error);
    if (code === null || peer === undefined || !socket.writable) {
      socket.destroy();
      return;
    }
    this.#deps.onRefused(code, peer, `expected an HTTP/1.1 request, found ${error.code ?? error.message}`);
    const statusCode = ERRORS[code].httpStatus as keyof typeof REASONS;
    const head = `HTTP/1.1 ${statusCode} ${REASONS[statusCode]}`;
    socket.write(`${head}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
    socket.destroySoon();
  }
}

/** What is refused for that error of Node's HTTP parser; null where the connection just broke. */
function refusalOf({ code }: NodeJS.ErrnoException): DoorErrorCode | null {
  if (code === 'HPE_HEADER_OVERFLOW') return 'http-head-too-large';
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return 'http-timeout';
  return code?.startsWith('HPE_') ? 'http-malformed' : null;
}

/** Takes the HTTP server's own connection listener, and gives what hands it a connection that was looked at. */
function handOverTo(server: HttpServer): (socket: Socket) => void {
  const [listener] = server.listeners('connection');
  if (listener === undefined) throw new Error('the HTTP server has no connection listener');
  server.removeAllListeners('connection');
  return (socket) => listener.call(server, socket);
}

const ignore = (): void => undefined;
