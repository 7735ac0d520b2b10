// Waits for an upstream's greeting: the handshake within its time, then the first of an answer to the connect.

import type { EndReason } from '../errors.ts';
import type { Deadline, Link, Wheel } from '../links/link.ts';
import { type GreetingOptions, UpstreamGreeting } from './upstream-greeting.ts';

/** What bounds it, and who hears of it. */
export type GreetOptions = GreetingOptions & {
  readonly wheel: Wheel;
  readonly handshakeTimeoutMs: number;
  /** Time for the answer behind the handshake, asked for when that is done; ms. */
  readonly answerTimeoutMs: () => number;
  /** Gives it up at once. */
  readonly signal: AbortSignal;
  /** The handshake is done; called once. */
  readonly onShaken: () => void;
};

/** An upstream did not greet as it should. */
export class GreetingError extends Error {
  override readonly name = 'GreetingError';
  /** True where its S1 claims a signature that it does not have: it may take a client that does not sign. */
  readonly isUnsigned: boolean;

  constructor(message: string, isUnsigned = false) {
    super(message);
    this.isUnsigned = isUnsigned;
  }
}

/**
 * Greets the upstream at the other end of `link`, which is attached here. Its Link is paused behind the first answer; where
 * there is none, it is closed.
 * @throws GreetingError where the upstream does not answer; the reason of `signal` where that gave it up
 */
export function greetUpstream(link: Link, options: GreetOptions): Promise<UpstreamGreeting> {
  const { wheel, handshakeTimeoutMs, answerTimeoutMs, signal, onShaken } = options;
  const { promise, resolve, reject } = Promise.withResolvers<UpstreamGreeting>();
  const limit = (limitMs: number, what: string): Deadline =>
    wheel.at(wheel.nowMs() + limitMs, () => {
      fail(new GreetingError(`expected ${what} within ${Math.round(limitMs)} ms, got none`));
    });
  let deadline = limit(handshakeTimeoutMs, 'an RTMP handshake');
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
      fail(new GreetingError(`the connection ended early: ${message}`, code === 'rtmp-handshake-unsigned'));
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
