// Opens an RTMPT or RTMPTS tunnel to a server: POST /open/1, and the session id that comes back. No ident is asked first, for
// servers answer it as they like and none needs it. [RTMPT-NOTE 1]

import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { LinkFacts } from '../link.ts';
import { Lane, type LaneOptions } from './lane.ts';
import { MAX_SESSION_ID_CHARS } from './limits.ts';
import type { PostOutcome } from './post-exchange.ts';
import { TunnelClientLink } from './tunnel-client-link.ts';
import {
  type CompleteTunnelOptions,
  completeTunnelOptions,
  originOf,
  type TunnelAddress,
  type TunnelClientOptions,
} from './tunnel-client-options.ts';

const OPEN_BODY = Uint8Array.of(0);
const SESSION_ID = new RegExp(`^[A-Za-z0-9._~+=:@!$&'()*,;-]{1,${MAX_SESSION_ID_CHARS}}$`);

/** The tunnel could not be opened. The message says what was expected and what was found, and holds no secret. */
export class TunnelDialError extends Error {
  override readonly name = 'TunnelDialError';
}

/**
 * Opens a tunnel. The Link is attached by the caller; one that is not wanted any more is closed all the same.
 * @throws TunnelDialError when no tunnel was opened; Error for a setting that cannot be
 */
export async function dialTunnel(
  address: TunnelAddress,
  options: TunnelClientOptions,
): Promise<TunnelClientLink> {
  const complete = completeTunnelOptions(options);
  const origin = originOf(address);
  let firstSocket: Socket | null = null;
  const laneOptions: LaneOptions = {
    route: {
      origin,
      tls: complete.tls,
      proxyUrl: complete.proxyUrl,
      onConnected: (socket) => {
        firstSocket ??= socket;
      },
    },
    userAgent: complete.userAgent,
    maxReplyBytes: complete.maxReplyBytes,
  };
  const sends = new Lane(laneOptions);
  const outcome = await open(sends, complete);
  const sessionId = sessionIdOf(outcome);
  if (sessionId === null || firstSocket === null) {
    sends.cut();
    throw new TunnelDialError(`expected ${origin} to open a tunnel, found ${foundText(outcome)}`);
  }
  const facts = factsOf(address, complete, firstSocket);
  const lanes = complete.connections === 1 ? ([sends] as const) : ([sends, new Lane(laneOptions)] as const);
  return new TunnelClientLink({ facts, sessionId, lanes }, complete);
}

function open(lane: Lane, { wheel, replyTimeoutMs }: CompleteTunnelOptions): Promise<PostOutcome> {
  return new Promise((resolve) => {
    const deadline = wheel.at(wheel.nowMs() + replyTimeoutMs, () => {
      lane.cut();
      resolve({ type: 'failed', text: `no reply within ${replyTimeoutMs} ms`, isUnsent: false });
    });
    lane.post('/open/1', OPEN_BODY, (outcome) => {
      deadline.cancel();
      resolve(outcome);
    });
  });
}

/** The id in a reply to /open; null where there is none. A page of HTML, for one, is none. */
function sessionIdOf(outcome: PostOutcome): string | null {
  if (outcome.type !== 'reply' || outcome.statusCode !== 200) return null;
  if (outcome.lengthBytes > 2 * MAX_SESSION_ID_CHARS) return null;
  const text = Buffer.concat(outcome.parts).toString('latin1').trim();
  return SESSION_ID.test(text) ? text : null;
}

function foundText(outcome: PostOutcome): string {
  switch (outcome.type) {
    case 'failed':
      return outcome.text;
    case 'too-large':
      return 'a reply without end';
    case 'reply':
      return outcome.statusCode === 200
        ? `200 with ${outcome.lengthBytes} bytes that are no session id`
        : `status ${outcome.statusCode}`;
  }
}

function factsOf(address: TunnelAddress, { proxyUrl }: CompleteTunnelOptions, socket: Socket): LinkFacts {
  const socketAddress = socket.remoteAddress ?? address.host;
  const isProxied = proxyUrl !== null;
  return {
    transport: address.isSecure ? 'rtmpts' : 'rtmpt',
    remoteAddress: isProxied ? address.host : socketAddress,
    remotePort: address.port,
    proxyAddress: isProxied ? socketAddress : null,
    localPort: socket.localPort ?? 0,
    tlsVersion: address.isSecure && socket instanceof TLSSocket ? socket.getProtocol() : null,
    userAgent: null,
  };
}
