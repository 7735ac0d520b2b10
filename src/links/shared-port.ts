// A port that speaks everything: looks at the first byte of a connection and hands it on, as raw RTMP or as HTTP. It
// reads in paused mode and puts the bytes back, so that whoever takes over sees the connection from its start.
// A connection that says nothing has a deadline of its own, for no timeout of the HTTP server sees it.

import type { Socket } from 'node:net';
import type { Wheel } from './link.ts';

/** Highest first byte that is an RTMP version; from 32 on it is text, so that HTTP can be told. [RTMP 5.2.2] */
const HIGHEST_RTMP_VERSION = 31;

/** First bytes of the HTTP methods: upper-case letters. */
const FIRST_LETTER = 0x41;
const LAST_LETTER = 0x5a;

/** What a shared port hands connections to. */
export type SharedPortDeps = {
  readonly wheel: Wheel;
  /** Time a new connection may say nothing, ms. */
  readonly firstByteTimeoutMs: number;
  readonly onRtmp: (socket: Socket) => void;
  readonly onHttp: (socket: Socket) => void;
  /** Told of each connection that was closed unserved, with the cause. */
  readonly onRefused: (cause: 'silent' | 'unknown-protocol') => void;
};

/** Tells the protocols of new connections apart. */
export class SharedPort {
  readonly #deps: SharedPortDeps;

  constructor(deps: SharedPortDeps) {
    this.#deps = deps;
  }

  /** Takes in a new connection. */
  accept(socket: Socket): void {
    const { wheel, firstByteTimeoutMs, onRefused } = this.#deps;
    const deadline = wheel.at(wheel.nowMs() + firstByteTimeoutMs, () => {
      onRefused('silent');
      socket.destroy();
    });
    const onReadable = () => this.#look(socket, release);
    // WHY: a socket of the HTTP server stays half open, so that the end of a silent peer has to be seen here.
    const onOver = () => {
      release();
      socket.destroy();
    };
    const release = () => {
      deadline.cancel();
      socket.off('readable', onReadable);
      for (const event of ['end', 'error', 'close']) socket.off(event, onOver);
    };
    for (const event of ['end', 'error', 'close']) socket.on(event, onOver);
    socket.on('readable', onReadable);
  }

  #look(socket: Socket, release: () => void): void {
    const bytes: Buffer | null = socket.read();
    const firstByte = bytes?.[0];
    if (bytes === null || firstByte === undefined) return;
    release();
    if (firstByte <= HIGHEST_RTMP_VERSION) this.#deps.onRtmp(socket);
    else if (firstByte >= FIRST_LETTER && firstByte <= LAST_LETTER) this.#deps.onHttp(socket);
    else {
      this.#deps.onRefused('unknown-protocol');
      socket.destroy();
      return;
    }
    socket.unshift(bytes);
  }
}
