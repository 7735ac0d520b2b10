// RTMP over WebSocket: GET /rtmp with the subprotocol `rtmp` becomes a Link as full duplex as a socket, without polls. The
// handshake and the frames that come in are read by the library ws.

import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Guard, Guarded } from '../../errors.ts';
import { splitTarget } from '../../protocol/rtmpt/request-path.ts';
import { FrameHeaders } from '../../protocol/websocket/frame-header.ts';
import { answerLast } from '../last-answer.ts';
import type { Link, Peer, Wheel } from '../link.ts';
import { PipedLink } from '../piped-link.ts';
import { userAgentOf } from '../user-agent.ts';
import type { KeepAliveConfig } from './keep-alive.ts';
import { WebSocketPipe } from './websocket-pipe.ts';

const PATH = 'rtmp';
const SUBPROTOCOL = 'rtmp';

/** LIMIT: a frame may come in one read for each so many of its bytes: a read costs some hundred, however few it brings. */
const BYTES_A_PART = 1024;
/** LIMIT: and no fewer than so many, for small frames over connections that trickle. */
const MIN_PARTS = 4096;

/** What the door is made with. */
export type WebSocketDoorOptions = {
  readonly config: KeepAliveConfig & {
    /** Largest message taken, in bytes. */
    readonly maxMessageBytes: number;
  };
  /** Time a full socket may take nothing before the peer is given up, ms. */
  readonly writeTimeoutMs: number;
  readonly wheel: Wheel;
  readonly guard: Guard;
  /** Who sent a request. */
  readonly peerOf: (request: IncomingMessage) => Peer;
  /** A WebSocket was opened: attach an endpoint to it before returning, or close it. */
  readonly onLink: (link: Link) => void;
  /** Counts one event, by the name of its metric. */
  readonly count: (name: string) => void;
};

/**
 * True for a request that asks for a WebSocket, for nothing else beside it, and as one may: not by HTTP/1.0, and without a
 * body, which would have to be read first. [RFC9110 7.8]
 */
export function isWebSocketUpgrade({ headers, httpVersion }: IncomingMessage): boolean {
  if (headers.upgrade?.toLowerCase() !== 'websocket' || httpVersion !== '1.1') return false;
  return headers['transfer-encoding'] === undefined && Number(headers['content-length'] ?? 0) === 0;
}

/** Makes Links of upgrade requests. */
export class WebSocketDoor {
  readonly #options: WebSocketDoorOptions;
  readonly #server: WebSocketServer;
  readonly #headers = new FrameHeaders();

  constructor(options: WebSocketDoorOptions) {
    this.#options = options;
    const { maxMessageBytes } = options.config;
    this.#server = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      autoPong: false,
      // WHY: text is refused, whatever it says.
      skipUTF8Validation: true,
      maxPayload: maxMessageBytes,
      maxBufferedChunks: Math.max(MIN_PARTS, Math.ceil(maxMessageBytes / BYTES_A_PART)),
      handleProtocols: (offered) => offered.has(SUBPROTOCOL) && SUBPROTOCOL,
    });
    // WHY: the library's own answer is lost where the client has sent on.
    this.#server.on('wsClientError', ({ message }, _socket, { method, socket }) => {
      const type = { 'Content-Type': 'text/plain' };
      const answer =
        method === 'GET'
          ? { statusCode: 400, headers: { ...type, 'Sec-WebSocket-Version': '13, 8' } }
          : { statusCode: 405, headers: { ...type, Allow: 'GET' } };
      answerLast(socket, options.wheel, { ...answer, text: message });
    });
  }

  /** Takes a request with its connection, and what came behind it: a Link follows, or an answer and the connection's end. */
  upgrade(request: IncomingMessage, socket: Socket, head: Buffer): void {
    const boundary: Guarded = { fail: () => socket.destroy() };
    this.#options.guard(boundary, () => this.#upgrade(request, socket, head));
  }

  #upgrade(request: IncomingMessage, socket: Socket, head: Buffer): void {
    const { count, wheel } = this.#options;
    const segments = splitTarget(request.url ?? '');
    if (segments?.length !== 1 || segments[0] !== PATH) {
      count('websocket-path-unknown');
      answerLast(socket, wheel, { statusCode: 404 });
    } else if (!offersRtmp(request)) {
      count('websocket-handshake-refused');
      answerLast(socket, wheel, { statusCode: 400 });
    } else if (!this.#shakeHands(request, socket, head)) {
      count('websocket-handshake-refused');
    }
  }

  /** True where it became a WebSocket; it was answered otherwise, or its client has gone. */
  #shakeHands(request: IncomingMessage, socket: Socket, head: Buffer): boolean {
    let isOpen = false;
    this.#server.handleUpgrade(request, socket, head, (webSocket) => {
      isOpen = true;
      this.#open(webSocket, request, socket);
    });
    return isOpen;
  }

  #open(webSocket: WebSocket, request: IncomingMessage, socket: Socket): void {
    const { config, wheel, guard, writeTimeoutMs, peerOf, onLink, count } = this.#options;
    const pipe = new WebSocketPipe({ webSocket, socket, config, wheel, headers: this.#headers });
    const peer = peerOf(request);
    const transport = peer.tlsVersion === null ? 'ws' : 'wss';
    const facts = { ...peer, transport, userAgent: userAgentOf(request) } as const;
    const link = new PipedLink(pipe, facts, { guard, wheel, writeTimeoutMs });
    count('websocket-opened');
    socket.once('close', () => count('websocket-ended'));
    guard(link, () => onLink(link));
  }
}

/** True where a request asks for RTMP, or says nothing of what it speaks. */
function offersRtmp(request: IncomingMessage): boolean {
  const offered = request.headers['sec-websocket-protocol'];
  return offered === undefined || offered.split(',').some((name) => name.trim() === SUBPROTOCOL);
}
