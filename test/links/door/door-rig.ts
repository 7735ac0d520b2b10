// A door on the loopback with a listener behind it, and what became of the connections that came in.

import { once } from 'node:events';
import { createServer as createNetServer, type Socket } from 'node:net';
import type { TestContext } from 'node:test';
import { parseAddressRange } from '../../../src/config/address-range.ts';
import type { ListenerKind } from '../../../src/config/listener.ts';
import { AddressList } from '../../../src/links/address-list.ts';
import { ConnectionLimits } from '../../../src/links/door/connection-limits.ts';
import { Door } from '../../../src/links/door/door.ts';
import type { Peer } from '../../../src/links/link.ts';
import type { TlsDoor } from '../../../src/links/tls/tls-door.ts';
import { FakeWheel } from '../rtmpt/tunnel-harness.ts';
import { Collector } from '../socket-rig.ts';

/** Time that the doors of the rig give for the first byte, ms. */
export const FIRST_BYTE_TIMEOUT_MS = 10_000;

/** What can be otherwise. */
export type DoorRigOptions = {
  readonly kind?: ListenerKind;
  /** Address that it listens at; 127.0.0.1 where nothing is said. */
  readonly host?: string;
  readonly trusted?: readonly string[];
  readonly maxConnections?: number;
  readonly maxPerSource?: number;
  readonly tls?: (wheel: FakeWheel) => TlsDoor;
  /** Takes over what is HTTP; where nothing is said, it is read and kept. */
  readonly onHttp?: (socket: Socket, peer: Peer) => void;
};

/** A door, its port, and what it did. */
export type DoorRig = {
  readonly door: Door;
  readonly port: number;
  readonly wheel: FakeWheel;
  /** `rtmp`, `http`, or the code of a refusal, in order. */
  readonly outcome: string[];
  readonly peers: Peer[];
  readonly details: string[];
  /** What whoever took the last connection over has read. */
  read(): string;
  /** The server's ends, as they were accepted. */
  readonly accepted: Socket[];
  /** What was handed on. */
  readonly taken: Socket[];
};

/** Opens a door; everything goes with the test. */
export async function doorRig(t: TestContext, options: DoorRigOptions = {}): Promise<DoorRig> {
  const { kind = 'plain', trusted = [], maxConnections = 1000, maxPerSource = 1000 } = options;
  const wheel = new FakeWheel();
  const outcome: string[] = [];
  const peers: Peer[] = [];
  const details: string[] = [];
  const accepted: Socket[] = [];
  const taken: Socket[] = [];
  let collector: Collector | null = null;
  const take = (socket: Socket): void => {
    taken.push(socket);
    collector = new Collector(socket);
    socket.on('error', () => socket.destroy());
  };
  const trustedSenders = new AddressList(trusted.map(parseAddressRange));
  const door = new Door({
    wheel,
    firstByteTimeoutMs: FIRST_BYTE_TIMEOUT_MS,
    limits: new ConnectionLimits(maxConnections, maxPerSource),
    proxyProtocolSenders: trustedSenders,
    sharedSenders: trustedSenders,
    tls: options.tls?.(wheel) ?? null,
    onRtmp: (socket, peer) => {
      outcome.push('rtmp');
      peers.push(peer);
      take(socket);
    },
    onHttp: (socket, peer) => {
      outcome.push('http');
      peers.push(peer);
      if (options.onHttp === undefined) take(socket);
      else options.onHttp(socket, peer);
    },
    onRefused: (code, peer, detail) => {
      outcome.push(code);
      peers.push(peer);
      details.push(detail);
    },
  });
  // As the HTTP server has it: it stays half open.
  const server = createNetServer({ allowHalfOpen: true }, (socket) => {
    accepted.push(socket);
    door.accept(socket, kind);
  });
  server.listen(0, options.host ?? '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    for (const socket of accepted) socket.destroy();
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const read = (): string => collector?.all().toString('latin1') ?? '';
  return { door, port: address.port, wheel, outcome, peers, details, read, accepted, taken };
}
