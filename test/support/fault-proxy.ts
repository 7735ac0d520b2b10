// A proxy between tunnel clients and a gateway that does, by a seeded choice, what networks and proxies were seen to do to
// HTTP: see faults/fate.ts. It reads whole requests and replies off sockets and passes their bytes on as they came. Of the
// tunnel it knows the shape of a path, `/send/<id>/<n>`, and of RTMP nothing; it shares no code with src/.

import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import type { Address } from './clients/raw-http.ts';
import { type ClientAnswer, ClientConnection } from './faults/client-connection.ts';
import type { FaultRates } from './faults/fate.ts';
import { GatewayConnections } from './faults/gateway-connections.ts';
import type { HttpMessage } from './faults/http-reader.ts';
import { type ProxyState, SessionFaults } from './faults/session-faults.ts';
import type { Cleaner } from './programs.ts';

/** LIMIT: ms in which the last reply is written byte by byte, and a client hears that its connection is closed behind it. */
const CALM_MS = 100;
const SESSION_REQUEST = /^POST \/(send|idle|close)\/([^/ ]+)(?:\/(\d+))? /;

/** How a proxy is made: how often each fault is tried, and what the choices follow from. */
export type FaultProxyOptions = { readonly rates: FaultRates; readonly seed: number };

/** A running proxy. */
export type FaultProxy = Address & {
  /** What was done so far, by the tunnel session's id. */
  readonly sessions: ReadonlyMap<string, SessionFaults>;
  /** What must not happen: a repeated POST that got another reply, a connection to the gateway that broke. */
  readonly failures: readonly Error[];
  /** Makes no more faults; resolves when every request that may have met one is over, those that went astray too. */
  calm(): Promise<void>;
};

/** Starts one in front of `gateway`, on a free port of the loopback. */
export async function startFaultProxy(
  cleaner: Cleaner,
  gateway: Address,
  { rates, seed }: FaultProxyOptions,
): Promise<FaultProxy> {
  const failures: Error[] = [];
  let isOver = false;
  const onFailed = (error: unknown): void => {
    // What is under way when the proxy ends, ends with it.
    if (isOver) return;
    failures.push(error instanceof Error ? error : new Error(String(error)));
  };
  const state: ProxyState = {
    gateway: new GatewayConnections(gateway, onFailed),
    seed,
    rates,
    astray: new Set(),
    onFailed,
  };
  const sessions = new Map<string, SessionFaults>();
  const clients = new Set<ClientConnection>();
  const underWay = new Set<Promise<ClientAnswer>>();
  const answer = async (message: HttpMessage): Promise<ClientAnswer> => {
    const [, verb, id, number] = SESSION_REQUEST.exec(message.startLine) ?? [];
    if (verb === undefined || id === undefined) return passOn(state, message);
    const session = sessions.get(id) ?? new SessionFaults(state, sessions.size);
    sessions.set(id, session);
    const answering = session.answer({ message, verb, number: number === undefined ? null : Number(number) });
    underWay.add(answering);
    return answering.finally(() => underWay.delete(answering));
  };
  const server = createServer({ noDelay: true, allowHalfOpen: true }, (socket) => {
    const client = new ClientConnection(socket, { answer, onFailed });
    clients.add(client);
    socket.once('close', () => clients.delete(client));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const calm = async (): Promise<void> => {
    state.rates = {};
    await Promise.allSettled(underWay);
    await Promise.all(state.astray);
    await setTimeout(CALM_MS);
  };
  cleaner.after(() => {
    isOver = true;
    for (const client of clients) client.end();
    state.gateway.close();
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('a proxy without a port');
  return { host: '127.0.0.1', port: address.port, sessions, failures, calm };
}

/** What is of no session yet, as it is. */
async function passOn({ gateway }: ProxyState, { bytes }: HttpMessage): Promise<ClientAnswer> {
  const reply = await gateway.post(bytes, { isSplit: false, isLast: false }).reply;
  const closeAfterMs = reply.isLast ? 0 : null;
  return { bytes: reply.bytes, isSplit: false, closeAfterMs, onClosed: () => undefined };
}
