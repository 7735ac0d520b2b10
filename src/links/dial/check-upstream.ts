// Looks whether an upstream takes connections, and whether it speaks RTMP: a dial, and the client's handshake.

import { randomBytes } from 'node:crypto';
import type { Upstream } from '../../config/routing.ts';
import type { EndReason } from '../../errors.ts';
import { ClientHandshake } from '../../protocol/rtmp/handshake/client-handshake.ts';
import type { Link, LinkEndpoint } from '../link.ts';
import { attempt } from './dial-attempt.ts';
import { DialError } from './dial-error.ts';
import { type DialDeps, dialUpstream } from './dial-upstream.ts';

const DONE: EndReason = { code: 'done', message: 'The check is over.' };

/**
 * Makes one check of the kind that is set: `rtmp` goes on to the end of S2, any other is good once the connection stands. It
 * has the upstream's checkTimeoutMs, and the dial in it connectTimeoutMs. A connection that was good is ended in order; of
 * any other nothing is left.
 * @throws DialError where the upstream fails it; the reason of `signal` where that gave it up
 */
export function checkUpstream(upstream: Upstream, deps: DialDeps, signal?: AbortSignal): Promise<void> {
  const { url, check, checkTimeoutMs: timeoutMs } = upstream;
  return attempt({ wheel: deps.wheel, timeoutMs, signal }, async (made) => {
    made.expect(`${url.description} to be ready for RTMP`);
    const dialling = new AbortController();
    made.onFailure(() => dialling.abort());
    const link = await made.until(dialUpstream(upstream, null, deps, dialling.signal));
    // The second time, it ends at once.
    made.onFailure(() => {
      for (let time = 0; time < 2; time++) link.fail(DONE);
    });
    if (check === 'rtmp') {
      made.expect(`${url.description} to finish the RTMP handshake`);
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const { expected } = made;
      const onFault = (code: 'handshake' | 'reset', found: string): void =>
        reject(new DialError({ code, expected, found, cure: null }));
      link.attach(new HandshakeEndpoint(link, resolve, onFault));
      link.wake();
      await made.until(promise);
    }
    link.close(DONE);
  });
}

/** Makes the handshake and nothing else. */
class HandshakeEndpoint implements LinkEndpoint {
  readonly isSetUp = false;
  readonly #link: Link;
  readonly #onDone: () => void;
  readonly #onFault: (code: 'handshake' | 'reset', found: string) => void;
  // WHY unsigned: every server takes that.
  readonly #handshake = new ClientHandshake({ randomBytes, isSigned: false });
  #waiting: Uint8Array | null;

  constructor(link: Link, onDone: () => void, onFault: (code: 'handshake' | 'reset', found: string) => void) {
    this.#link = link;
    this.#onDone = onDone;
    this.#onFault = onFault;
    this.#waiting = this.#handshake.takeOutput();
  }

  get hasMore(): boolean {
    return this.#waiting !== null;
  }

  receive(bytes: Uint8Array): void {
    // What comes behind S2 is not looked at.
    this.#handshake.receive(bytes);
    this.#waiting ??= this.#handshake.takeOutput();
    this.#link.wake();
    if (this.#handshake.isDone) this.#onDone();
  }

  take(): readonly Uint8Array[] {
    const waiting = this.#waiting;
    this.#waiting = this.#handshake.takeOutput();
    return waiting === null ? [] : [waiting];
  }

  takeDue(): readonly Uint8Array[] {
    return this.take();
  }

  takeAnswers(): readonly Uint8Array[] {
    return this.take();
  }

  failed({ message }: EndReason): void {
    this.#onFault('handshake', `something else: ${message}`);
  }

  closed({ code, message }: EndReason): void {
    this.#onFault('reset', code === 'peer-closed' ? 'the end of the connection' : message);
  }
}
