// How many sessions of the tunnel there may be at a time, how many of them one source may have, and how many that have not
// shaken hands: those cost a request each, and nothing of RTMP stands behind them. A source is an IPv4 address or an IPv6 /64.

import { addressBlockOf } from '../../auth/address-block.ts';

/** The settings of it. */
export type SessionCapsConfig = {
  readonly maxSessions: number;
  readonly maxSessionsPerSource: number;
  readonly maxHalfOpenSessions: number;
};

/** Why a session may not be opened. */
export type CapCode = 'tunnel-session-limit' | 'tunnel-source-limit' | 'tunnel-half-open-limit';

/** The place of one session: to be given back once. */
export interface SessionPlace {
  /** The session has shaken hands. Does nothing the second time. */
  shaken(): void;
  /** The session is over. */
  leave(): void;
}

/** Counts sessions against their caps. */
export class SessionCaps {
  readonly #config: SessionCapsConfig;
  readonly #countBySource = new Map<string, number>();
  #count = 0;
  #halfOpenCount = 0;

  constructor(config: SessionCapsConfig) {
    this.#config = config;
  }

  /** A place for a session from `remoteAddress`, or the code of the cap that it is one over. */
  enter(remoteAddress: string): SessionPlace | CapCode {
    const { maxSessions, maxSessionsPerSource, maxHalfOpenSessions } = this.#config;
    const source = addressBlockOf(remoteAddress);
    const sourceCount = this.#countBySource.get(source) ?? 0;
    if (this.#count >= maxSessions) return 'tunnel-session-limit';
    if (sourceCount >= maxSessionsPerSource) return 'tunnel-source-limit';
    if (this.#halfOpenCount >= maxHalfOpenSessions) return 'tunnel-half-open-limit';
    this.#count++;
    this.#halfOpenCount++;
    this.#countBySource.set(source, sourceCount + 1);
    let isHalfOpen = true;
    const shaken = (): void => {
      if (isHalfOpen) this.#halfOpenCount--;
      isHalfOpen = false;
    };
    const leave = (): void => {
      shaken();
      this.#count--;
      this.#leaveSource(source);
    };
    return { shaken, leave };
  }

  #leaveSource(source: string): void {
    const count = (this.#countBySource.get(source) ?? 0) - 1;
    if (count > 0) this.#countBySource.set(source, count);
    else this.#countBySource.delete(source);
  }
}
