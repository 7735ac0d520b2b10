// The way to an upstream through an HTTP proxy: CONNECT, and what comes behind the head of its answer is the upstream's.
// [RFC 9110 9.3.6]

import { request } from 'node:http';
import type { Socket } from 'node:net';
import { hostAndPort } from '../../config/authority.ts';
import type { HttpProxy } from '../../config/http-proxy.ts';
import type { DialAttempt } from './dial-attempt.ts';
import { DialError } from './dial-error.ts';
import { openSocket, type Place } from './open-socket.ts';
import { secure } from './secure-socket.ts';

/** A proxy; one that is spoken to by TLS has a certificate that is valid for its host. */
export type ConnectProxy = HttpProxy & { readonly isSecure?: boolean };

const OK = 200;
const FORBIDDEN = 403;
const AUTHENTICATION_REQUIRED = 407;

/**
 * Gives a connection that the proxy has opened to `target`; `description` is what errors call that.
 * @throws DialError where it does not: of code 'proxy' where it answers so
 */
export async function connectThrough(
  proxy: ConnectProxy,
  target: Place,
  description: string,
  attempt: DialAttempt,
): Promise<Socket> {
  const name = `the HTTP proxy ${hostAndPort(proxy.host, proxy.portNumber)}`;
  attempt.expect(`${name} to take a connection for ${description}`);
  let socket = await openSocket(proxy, attempt);
  if (proxy.isSecure === true) {
    attempt.expect(`${name} to finish TLS for ${description}`);
    socket = await secure(
      socket,
      { name: proxy.host, context: null, judgement: { type: 'authority' } },
      attempt,
    );
  }
  attempt.expect(`${name} to open a way to ${description}`);
  const statusCode = await attempt.until(ask(socket, proxy, target, attempt));
  if (statusCode === OK) return socket;
  throw new DialError({
    code: 'proxy',
    expected: attempt.expected,
    found: `the status ${statusCode}`,
    cure: cureFor(statusCode, proxy, target),
  });
}

/** Asks for the way, and gives the status of the answer. */
function ask(socket: Socket, proxy: ConnectProxy, target: Place, attempt: DialAttempt): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const authority = hostAndPort(target.host, target.portNumber);
  const call = request({
    method: 'CONNECT',
    path: authority,
    headers: { Host: authority, ...authorizationOf(proxy) },
    createConnection: () => socket,
  });
  call.on('connect', (response, _socket, head) => {
    // WHY in here: behind this call the socket may read on, and these bytes come first.
    if (head.length > 0) socket.unshift(head);
    resolve(response.statusCode ?? 0);
  });
  // WHY no cause: an error of the parser has the answer with it, and that is a stranger's text.
  call.on('error', ({ message }) => {
    reject(new DialError({ code: 'proxy', expected: attempt.expected, found: message, cure: null }));
  });
  call.end();
  return promise;
}

/** [RFC 7617 2] */
function authorizationOf({ credentials }: ConnectProxy): Record<string, string> {
  if (credentials === null) return {};
  const token = Buffer.from(`${credentials.user}:${credentials.password}`).toString('base64');
  return { 'Proxy-Authorization': `Basic ${token}` };
}

function cureFor(statusCode: number, { credentials }: ConnectProxy, { portNumber }: Place): string {
  switch (statusCode) {
    case AUTHENTICATION_REQUIRED:
      return credentials === null
        ? 'give httpProxy the user and password that the proxy wants'
        : 'correct the user or the password in httpProxy';
    case FORBIDDEN:
      return `have the proxy allow CONNECT to port ${portNumber}`;
    default:
      return 'see in the log of the proxy why';
  }
}
