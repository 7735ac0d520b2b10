// One attempt to reach an upstream: bounded in time, given up by whoever started it, and with everything that was opened on
// the way, which goes where it fails. The steps of it (connect, CONNECT, TLS) are in files of their own.

import type { Socket } from 'node:net';
import type { Wheel } from '../link.ts';
import { DialError, dialCodeOf, systemCodeOf } from './dial-error.ts';
import { handshakeCureFor } from './tls-cure.ts';

/** What an attempt is bounded by. */
export type AttemptOptions = {
  readonly wheel: Wheel;
  /** Time for all of it, ms. */
  readonly timeoutMs: number;
  /** Gives it up at once. */
  readonly signal: AbortSignal | undefined;
};

/** The attempt, for its steps. */
export class DialAttempt {
  readonly #cleanings: (() => void)[] = [];
  readonly #sockets: Socket[] = [];
  readonly #givenUp = Promise.withResolvers<never>();
  #expected = '';
  #isClientTold = false;
  #isFailed = false;

  constructor() {
    // Nobody may be waiting at the moment that it is given up.
    this.#givenUp.promise.catch(ignore);
  }

  /** What is waited for from now on, as errors tell it behind "expected". */
  get expected(): string {
    return this.#expected;
  }

  /** Says what is waited for from now on: 'rtmp://10.0.0.5:1935 to take a connection'. */
  expect(text: string): void {
    this.#expected = text;
  }

  /** Says that the upstream is told whose connection it is: from now on, that client may be why it hangs up. */
  tellClient(): void {
    this.#isClientTold = true;
  }

  /** Has `clean` called once where the attempt fails, at once where it has. */
  onFailure(clean: () => void): void {
    if (this.#isFailed) clean();
    else this.#cleanings.push(clean);
  }

  /** Takes a socket in: it goes where the attempt fails. Its errors end nobody, before and after. */
  own<S extends Socket>(socket: S): S {
    // WHY for good: between the end of the dial and `attach` there is nobody else who listens.
    socket.on('error', ignore);
    if (this.#isFailed) socket.destroy();
    else this.#sockets.push(socket);
    return socket;
  }

  /**
   * The same of TLS on the socket that was taken in last, which goes with it from now on.
   * WHY not both: Node 24 dies (SIGSEGV) where the lower socket is destroyed in front of the upper one, right behind the
   * handshake.
   */
  ownUpper<S extends Socket>(socket: S): S {
    this.#sockets.pop();
    return this.own(socket);
  }

  /** Waits for a step, unless the attempt is given up. */
  until<T>(step: Promise<T>): Promise<T> {
    return Promise.race([this.#givenUp.promise, step]);
  }

  /** Waits for an event of a socket. @throws DialError where the socket ends before */
  async untilEvent(socket: Socket, event: 'connect' | 'secureConnect'): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const onError = (error: Error): void => reject(this.faultFrom(error));
    const onClose = (): void => reject(this.faultFrom(null));
    socket.once(event, resolve).once('error', onError).once('close', onClose);
    try {
      await this.until(promise);
    } finally {
      socket.off(event, resolve).off('error', onError).off('close', onClose);
    }
  }

  /** The fault that an error of a connection is, in what is waited for; null stands for a connection that just ended. */
  faultFrom(error: Error | null): DialError {
    const { expected } = this;
    const resetCode = this.#isClientTold ? 'turned-away' : 'reset';
    if (error === null)
      return new DialError({ code: resetCode, expected, found: 'the end of the connection', cure: null });
    const systemCode = systemCodeOf(error);
    const cure = handshakeCureFor(systemCode);
    const found = foundText(error, systemCode);
    const code = dialCodeOf(systemCode);
    return new DialError({ code: code === 'reset' ? resetCode : code, expected, found, cure, cause: error });
  }

  /** Gives it up for this reason: what is waited for ends with it, and everything that was opened goes. */
  giveUp(reason: unknown): void {
    if (this.#isFailed) return;
    this.#isFailed = true;
    this.#givenUp.reject(reason);
    for (const socket of this.#sockets.splice(0)) socket.destroy();
    for (const clean of this.#cleanings.splice(0)) clean();
  }
}

/**
 * Runs the steps of an attempt within its bounds.
 * @throws DialError where they fail or take too long; the reason of the signal where it gave up
 */
export async function attempt<T>(
  options: AttemptOptions,
  steps: (attempt: DialAttempt) => Promise<T>,
): Promise<T> {
  const { wheel, timeoutMs, signal } = options;
  signal?.throwIfAborted();
  const made = new DialAttempt();
  const onAbort = (): void => made.giveUp(signal?.reason);
  const deadline = wheel.at(wheel.nowMs() + timeoutMs, () => {
    const expected = `${made.expected} within ${timeoutMs} ms`;
    made.giveUp(new DialError({ code: 'timeout', expected, found: 'no end of it', cure: null }));
  });
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    return await made.until(steps(made));
  } catch (error) {
    made.giveUp(error);
    throw error;
  } finally {
    deadline.cancel();
    signal?.removeEventListener('abort', onAbort);
  }
}

/** WHY: OpenSSL's messages are lines of numbers and file names, and an AggregateError's is empty. */
function foundText(error: Error, systemCode: string): string {
  const isOpenSsl = error.message === '' || error.message.includes(':error:');
  return isOpenSsl && systemCode !== '' ? systemCode : error.message;
}

function ignore(): void {
  // The dial tells what matters; behind it, the Link does.
}
