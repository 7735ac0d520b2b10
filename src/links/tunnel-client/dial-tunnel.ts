// Opens an RTMPT or RTMPTS tunnel to a server: POST /open/1, and the session id that comes back. No ident is asked first, for
// servers answer it as they like and none needs it. [RTMPT-NOTE 1]

import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { CertificateFault } from '../dial/certificate-judgement.ts';
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
  /** What is wrong with the server's certificate, where that is why; null elsewhere. */
  readonly certificateFault: CertificateFault | null;

  constructor(message: string, certificateFault: CertificateFault | null = null) {
    super(message);
    this.certificateFault = certificateFault;
  }
}

/**
 * Opens a tunnel. The Link is attached by the caller; one that is not wanted any more is closed all the same. Where it fails
 * or `signal` gives it up, no connection is left.
 * @throws TunnelDialError when no tunnel was opened; the reason of `signal` where that gave it up; Error for a setting that
 * cannot be
 */
export async function dialTunnel(
  address: TunnelAddress,
  options: TunnelClientOptions,
  signal?: AbortSignal,
): Promise<TunnelClientLink> {
  signal?.throwIfAborted();
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
  const outcome = await open(sends, complete, signal);
  if (signal?.aborted === true) {
    sends.cut();
    throw signal.reason;
  }
  const sessionId = sessionIdOf(outcome);
  if (sessionId === null || firstSocket === null) {
    sends.cut();
    const text = `expected ${origin} to open a tunnel, found ${foundText(outcome)}`;
    throw new TunnelDialError(text, outcome.type === 'failed' ? (outcome.certificateFault ?? null) : null);
  }
  const facts = factsOf(address, complete, firstSocket);
  const lanes = complete.connections === 1 ? ([sends] as const) : ([sends, new Lane(laneOptions)] as const);
  return new TunnelClientLink({ facts, sessionId, lanes }, complete);
}

/** @throws the reason of `signal` where that gives it up */
async function open(
  lane: Lane,
  { wheel, replyTimeoutMs }: CompleteTunnelOptions,
  signal: AbortSignal | undefined,
): Promise<PostOutcome> {
  const { promise, resolve, reject } = Promise.withResolvers<PostOutcome>();
  const onAbort = (): void => reject(signal?.reason);
  const deadline = wheel.at(wheel.nowMs() + replyTimeoutMs, () => {
    lane.cut();
    resolve({ type: 'failed', text: `no reply within ${replyTimeoutMs} ms`, isUnsent: false });
  });
  signal?.addEventListener('abort', onAbort);
  lane.post('/open/1', OPEN_BODY, resolve);
  try {
    return await promise;
  } catch (error) {
    lane.cut();
    throw error;
  } finally {
    deadline.cancel();
    signal?.removeEventListener('abort', onAbort);
  }
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
