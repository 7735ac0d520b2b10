// A Link over a socket as it is: raw RTMP, in TLS or not.

import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { BytePipe, PipeOwner } from './byte-pipe.ts';
import type { Lending, LentOutlet, LinkFacts } from './link.ts';
import type { PieceQueue } from './piece-queue.ts';
import { PipedLink, type PipedLinkDeps } from './piped-link.ts';
import type { SocketReader } from './socket-reader.ts';

/** RTMP on a socket. */
export class SocketLink extends PipedLink {
  /** `reader` is the one that the socket was made with; null where it is read as a stream. */
  constructor(socket: Socket, facts: LinkFacts, deps: PipedLinkDeps, reader: SocketReader | null = null) {
    super(new SocketPipe(socket, reader), facts, deps);
  }
}

class SocketPipe implements BytePipe, LentOutlet {
  readonly lentOutlet: LentOutlet | null;
  readonly #socket: Socket;
  readonly #reader: SocketReader | null;

  constructor(socket: Socket, reader: SocketReader | null) {
    this.#socket = socket;
    this.#reader = reader;
    // WHY: TLS takes what is written in a later turn.
    this.lentOutlet = socket instanceof TLSSocket ? null : this;
  }

  get isWritable(): boolean {
    return this.#socket.writable;
  }

  get writtenBytes(): number {
    return this.#socket.bytesWritten;
  }

  listen(owner: PipeOwner): void {
    const socket = this.#socket;
    if (this.#reader === null) socket.on('data', owner.received);
    else this.#reader.listen(socket, owner);
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

  // Less than a full socket's worth behind nothing leaves it with room, so that no `drained` is to be waited for.
  takesLent(lengthBytes: number): boolean {
    const { writableLength, writableHighWaterMark } = this.#socket;
    return writableLength === 0 && lengthBytes < writableHighWaterMark;
  }

  carryLent(bytes: Uint8Array): Exclude<Lending, 'refused'> {
    this.#socket.write(bytes);
    // Node hands a socket's bytes to the system in the call; what that does not take at once is held until it does.
    return this.#socket.writableLength === 0 ? 'returned' : 'kept';
  }

  pause(): void {
    (this.#reader ?? this.#socket).pause();
  }

  resume(): void {
    (this.#reader ?? this.#socket).resume();
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
