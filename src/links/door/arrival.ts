// One connection on its way in: from accept until it is handed on as RTMP or HTTP, or refused. It reads in paused mode
// and puts the bytes back, so that whoever takes over sees the connection from its start. Silence has a deadline of its
// own, for no timeout of the HTTP server sees a connection that has said nothing.

import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { ListenerKind } from '../../config/listener.ts';
import { type DoorErrorCode, httpStatusOf } from '../../errors.ts';
import { readProxyHeader } from '../../protocol/proxy/proxy-header.ts';
import { plainAddress } from '../address-list.ts';
import type { Deadline, Peer } from '../link.ts';
import type { TlsGuest } from '../tls/tls-door.ts';
import type { DoorDeps } from './door.ts';
import { type Spoken, tellSpoken } from './first-bytes.ts';

/** How much is told of what was not understood. */
const SHOWN_BYTES = 4;

/** How much of the way is behind it. */
type Stage = 'outside' | 'behind-proxy' | 'inside-tls';

/** A connection of which it is not known yet what it is. */
export class Arrival implements TlsGuest {
  readonly #deps: DoorDeps;
  readonly #kind: ListenerKind;
  /** The connection as it was accepted. */
  readonly #outer: Socket;
  /** What is read: the same, or TLS on it. */
  #socket: Socket;
  #peer: Peer;
  #stage: Stage = 'outside';
  #held: Uint8Array | null = null;
  #deadline: Deadline | null = null;
  #isOver = false;

  constructor(socket: Socket, kind: ListenerKind, deps: DoorDeps) {
    this.#deps = deps;
    this.#kind = kind;
    this.#outer = socket;
    this.#socket = socket;
    this.#peer = {
      remoteAddress: plainAddress(socket.remoteAddress ?? ''),
      remotePort: socket.remotePort ?? 0,
      proxyAddress: null,
      localPort: socket.localPort ?? 0,
      tlsVersion: null,
    };
  }

  /** Begins to look, unless there are too many already. */
  enter(): void {
    // WHY: a connection that is reset before it is taken in, as balancers do that check, has no address any more.
    if (this.#peer.remoteAddress === '') {
      this.#outer.destroy();
      return;
    }
    const { limits } = this.#deps;
    if (!limits.enter()) {
      this.refuse('connection-limit', `expected at most ${limits.maxConnections} connections at a time`);
      return;
    }
    this.#outer.once('close', () => limits.leave());
    if (!this.#enterSource()) return;
    this.#look();
  }

  /** The TLS handshake is done. */
  secured(socket: TLSSocket): void {
    if (this.#isOver) {
      socket.destroy();
      return;
    }
    this.#release();
    this.#socket = socket;
    this.#stage = 'inside-tls';
    this.#peer = { ...this.#peer, tlsVersion: socket.getProtocol() };
    this.#look();
  }

  /** Ends the connection; told once. */
  refuse(code: DoorErrorCode, detail: string): void {
    if (this.#isOver) return;
    this.#end();
    this.#outer.destroy();
    this.#deps.onRefused(code, this.#peer, detail);
  }

  /** Counts it for the address that it has now; false where that is one too many. */
  #enterSource(): boolean {
    const { limits, sharedSenders } = this.#deps;
    if (sharedSenders.has(this.#peer.remoteAddress)) return true;
    const source = limits.enterSource(this.#peer.remoteAddress);
    if (source === null) {
      const detail = `expected at most ${limits.maxPerSource} connections at a time from ${this.#peer.remoteAddress}`;
      this.refuse('connection-source-limit', detail);
      return false;
    }
    this.#outer.once('close', () => limits.leaveSource(source));
    return true;
  }

  /** Waits for bytes, for so long. */
  #look(): void {
    const { wheel, firstByteTimeoutMs } = this.#deps;
    this.#deadline = wheel.at(wheel.nowMs() + firstByteTimeoutMs, () => {
      const detail = `expected to be told within ${firstByteTimeoutMs} ms what is spoken, found ${startOf(this.#held)}`;
      this.refuse('connection-silent', detail);
    });
    this.#socket.on('readable', this.#onReadable).on('end', this.#onOver);
    this.#socket.on('error', this.#onOver).on('close', this.#onOver);
  }

  #release(): void {
    this.#deadline?.cancel();
    this.#socket.off('readable', this.#onReadable).off('end', this.#onOver);
    this.#socket.off('error', this.#onOver).off('close', this.#onOver);
  }

  #end(): void {
    this.#isOver = true;
    this.#release();
    this.#socket.on('error', ignore);
  }

  // WHY: a socket of the HTTP server stays half open, so that the end of a silent peer has to be seen here.
  readonly #onOver = (): void => {
    this.#end();
    this.#outer.destroy();
  };

  readonly #onReadable = (): void => {
    const bytes: Buffer | null = this.#socket.read();
    if (bytes === null) return;
    this.#held = this.#held === null ? bytes : Buffer.concat([this.#held, bytes]);
    this.#judge(this.#held);
  };

  #judge(bytes: Uint8Array): void {
    const spoken = tellSpoken(bytes);
    if (spoken === 'undecided') return;
    if (spoken === 'proxy') this.#readProxyHeader(bytes);
    else if (spoken === 'unknown' || (spoken === 'tls' && this.#stage === 'inside-tls')) {
      const detail = `expected ${this.#expected()}, found ${startOf(bytes)}`;
      this.refuse('connection-unknown-protocol', detail);
    } else if (spoken === 'tls') this.#enterTls(bytes);
    else if (this.#kind === 'tls' && this.#stage !== 'inside-tls') this.#refusePlain(spoken);
    else this.#handOn(spoken, bytes);
  }

  #readProxyHeader(bytes: Uint8Array): void {
    if (this.#stage !== 'outside') {
      this.refuse('connection-proxy-invalid', 'expected one PROXY header, in front of everything else');
      return;
    }
    const sender = this.#peer.remoteAddress;
    if (!this.#deps.proxyProtocolSenders.has(sender)) {
      const detail = 'expected no PROXY header from an address that is not in trustedProxies.proxyProtocol';
      this.refuse('connection-proxy-untrusted', detail);
      return;
    }
    const reading = readProxyHeader(bytes);
    if (reading.type === 'incomplete') return;
    if (reading.type === 'invalid') {
      this.refuse('connection-proxy-invalid', reading.message);
      return;
    }
    this.#stage = 'behind-proxy';
    if (reading.source !== null) {
      const { address: remoteAddress, port: remotePort } = reading.source;
      this.#peer = { ...this.#peer, remoteAddress, remotePort, proxyAddress: sender };
      if (!this.#enterSource()) return;
    }
    const rest = bytes.subarray(reading.lengthBytes);
    this.#held = rest.length > 0 ? rest : null;
    if (this.#held !== null) this.#judge(this.#held);
  }

  #enterTls(bytes: Uint8Array): void {
    const { tls } = this.#deps;
    if (tls === null || this.#kind === 'plain') {
      this.refuse(
        'connection-tls-on-plain',
        'expected RTMP or HTTP on a listener without tls: or any:, found TLS',
      );
      return;
    }
    this.#release();
    this.#held = null;
    this.#outer.on('error', ignore);
    this.#outer.unshift(bytes);
    tls.handshake(this.#outer, this);
  }

  #expected(): string {
    if (this.#stage === 'inside-tls' || this.#kind === 'plain') return 'RTMP or HTTP';
    return this.#kind === 'tls' ? 'TLS' : 'RTMP, HTTP or TLS';
  }

  #refusePlain(spoken: Spoken): void {
    // So few bytes are with the system before `write` returns, and leave whatever becomes of the socket.
    if (spoken === 'http') this.#outer.write(plainOnTlsReply());
    this.refuse(
      'connection-plain-on-tls',
      `expected TLS on a listener with tls:, found ${spoken.toUpperCase()}`,
    );
  }

  #handOn(spoken: Spoken, bytes: Uint8Array): void {
    const { onRtmp, onHttp } = this.#deps;
    this.#isOver = true;
    this.#release();
    if (spoken === 'rtmp') onRtmp(this.#socket, this.#peer);
    else onHttp(this.#socket, this.#peer);
    this.#socket.unshift(bytes);
  }
}

function plainOnTlsReply(): string {
  const statusCode = httpStatusOf('connection-plain-on-tls');
  return `HTTP/1.1 ${statusCode} ${STATUS_CODES[statusCode]}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`;
}

/** The first bytes in words: enough to look up what speaks so, too few to hold a secret. */
function startOf(bytes: Uint8Array | null): string {
  if (bytes === null) return 'nothing';
  return `${Buffer.from(bytes.subarray(0, SHOWN_BYTES))
    .toString('hex')
    .replaceAll(/..(?=.)/g, '$& ')} (hex)`;
}

/** WHY: an error that nobody listens to ends the process; one behind the end, or of a socket that TLS has, says nothing new. */
const ignore = (): void => undefined;
