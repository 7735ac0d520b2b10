// A Link over a socket as it is: raw RTMP, in TLS or not.

import type { Socket } from 'node:net';
import type { BytePipe, PipeOwner } from './byte-pipe.ts';
import type { LinkFacts } from './link.ts';
import type { PieceQueue } from './piece-queue.ts';
import { PipedLink, type PipedLinkDeps } from './piped-link.ts';

/** RTMP on a socket. */
export class SocketLink extends PipedLink {
  constructor(socket: Socket, facts: LinkFacts, deps: PipedLinkDeps) {
    super(new SocketPipe(socket), facts, deps);
  }
}

class SocketPipe implements BytePipe {
  readonly #socket: Socket;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  get isWritable(): boolean {
    return this.#socket.writable;
  }

  listen(owner: PipeOwner): void {
    const socket = this.#socket;
    socket.on('data', owner.received);
    socket.on('drain', owner.drained);
    socket.on('end', owner.ended);
    socket.on('error', owner.failed);
    socket.on('close', owner.closed);
    // WHY: one that was dialled can be gone before it is listened to, and does not say so again.
    if (socket.closed) queueMicrotask(() => tellEnd(socket, owner));
  }

  write(queue: PieceQueue): boolean {
    const socket = this.#socket;
    const isOne = queue.isOneChunk;
    let hasRoom = true;
    if (!isOne) socket.cork();
    while (hasRoom && queue.hasNext) hasRoom = socket.write(queue.next());
    if (!isOne) socket.uncork();
    return hasRoom;
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  end(): void {
    this.#socket.end();
  }

  refuse(): void {
    this.#socket.destroy();
  }

  destroy(): void {
    this.#socket.destroy();
  }
}

function tellEnd({ errored }: Socket, { failed, closed }: PipeOwner): void {
  if (errored !== null) failed(errored);
  closed();
}
