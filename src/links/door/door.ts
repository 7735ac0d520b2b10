// The door: every new connection of every listener comes in here and leaves as raw RTMP or as HTTP, whatever it came
// wrapped in. What it speaks is told by looking, never by configuration: see first-bytes.ts. A connection may come
// through up to two wrappers, in this order: a PROXY header of a trusted sender, then TLS.

import type { Socket } from 'node:net';
import type { ListenerKind } from '../../config/listener.ts';
import type { DoorErrorCode } from '../../errors.ts';
import type { AddressList } from '../address-list.ts';
import type { Peer, Wheel } from '../link.ts';
import type { TlsDoor } from '../tls/tls-door.ts';
import { Arrival } from './arrival.ts';
import type { ConnectionLimits } from './connection-limits.ts';

/** What the door is made with. */
export type DoorDeps = {
  readonly wheel: Wheel;
  /** Time in ms that a connection may take to say what it speaks, once in front of TLS and once inside. */
  readonly firstByteTimeoutMs: number;
  readonly limits: ConnectionLimits;
  /** Who may begin with a PROXY header. */
  readonly proxyProtocolSenders: AddressList;
  /** Whose connections count for no source, because they carry those of many. */
  readonly sharedSenders: AddressList;
  /** Null where no listener speaks TLS. */
  readonly tls: TlsDoor | null;
  readonly onRtmp: (socket: Socket, peer: Peer) => void;
  readonly onHttp: (socket: Socket, peer: Peer) => void;
  readonly onRefused: (code: DoorErrorCode, peer: Peer, detail: string) => void;
};

/** Lets connections in. */
export class Door {
  readonly #deps: DoorDeps;

  constructor(deps: DoorDeps) {
    this.#deps = deps;
  }

  /** Takes in a new connection of a listener of that kind. */
  accept(socket: Socket, kind: ListenerKind): void {
    new Arrival(socket, kind, this.#deps).enter();
  }
}
