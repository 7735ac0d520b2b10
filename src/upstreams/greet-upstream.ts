// Waits for an upstream's greeting: the handshake within its time, then the first of an answer to the connect.

import type { EndReason, ErrorCode } from '../errors.ts';
import type { Deadline, Link, Wheel } from '../links/link.ts';
import { type GreetingOptions, UpstreamGreeting } from './upstream-greeting.ts';

/** What bounds it, and who hears of it. */
export type GreetOptions = GreetingOptions & {
  readonly wheel: Wheel;
  /** When the handshake has to be done, monotonic ms. */
  readonly handshakeUntilMs: number;
  /** Time for the answer behind the handshake, asked for when that is done; ms. */
  readonly answerTimeoutMs: () => number;
  /** Gives it up at once. */
  readonly signal: AbortSignal;
  /** The handshake is done; called once. */
  readonly onShaken: () => void;
};

/** What kept a greeting from coming about. */
export type GreetingErrorCode =
  /** It took too long. */
  | 'timeout'
  /** The upstream closed or reset the connection. */
  | 'hung-up'
  /** Its S1 claims a signature that it does not have: it may take a client that does not sign. */
  | 'unsigned'
  /** What it said is no RTMP, or the connection failed otherwise. */
  | 'malformed';

/** An upstream did not greet as it should. */
export class GreetingError extends Error {
  override readonly name = 'GreetingError';
  readonly code: GreetingErrorCode;

  constructor(code: GreetingErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

const CODES: Partial<Record<ErrorCode, GreetingErrorCode>> = {
  'peer-closed': 'hung-up',
  'peer-reset': 'hung-up',
  'rtmp-peer-not-reading': 'timeout',
  'rtmp-handshake-unsigned': 'unsigned',
};

/**
 * Greets the upstream at the other end of `link`, which is attached here. Its Link is paused behind the first answer; where
 * there is none, it is closed.
 * @throws GreetingError where the upstream does not answer; the reason of `signal` where that gave it up
 */
export function greetUpstream(link: Link, options: GreetOptions): Promise<UpstreamGreeting> {
  const { wheel, handshakeUntilMs, answerTimeoutMs, signal, onShaken } = options;
  const { promise, resolve, reject } = Promise.withResolvers<UpstreamGreeting>();
  const limit = (limitMs: number, what: string): Deadline =>
    wheel.at(wheel.nowMs() + limitMs, () => {
      fail(new GreetingError('timeout', `expected ${what} within ${Math.round(limitMs)} ms, got none`));
    });
  let deadline = limit(Math.max(0, handshakeUntilMs - wheel.nowMs()), 'an RTMP handshake');
  const settle = (): void => {
    deadline.cancel();
    signal.removeEventListener('abort', onAbort);
  };
  const fail = (error: unknown): void => {
    settle();
    reject(error);
    link.close({ code: 'done', message: 'The upstream is not used.' });
  };
  const onAbort = (): void => fail(signal.reason);
  const greeting = new UpstreamGreeting(link, options, {
    onShaken: () => {
      deadline.cancel();
      deadline = limit(answerTimeoutMs(), 'an answer to connect');
      onShaken();
    },
    onAnswer: () => {
      settle();
      resolve(greeting);
    },
    onEnded: ({ code, message }: EndReason) => {
      fail(new GreetingError(CODES[code] ?? 'malformed', `the connection ended early: ${message}`));
    },
  });
  if (signal.aborted) onAbort();
  else {
    signal.addEventListener('abort', onAbort);
    link.attach(greeting);
    link.wake();
  }
  return promise;
}
