// The challenges that were issued and not answered yet: each can be taken once, for a limited time, and there are never
// more of them than the limits say, in all and from one address.

import { CHALLENGE_LIFETIME_MS, MAX_OPEN_CHALLENGES, MAX_OPEN_CHALLENGES_PER_ADDRESS } from './limits.ts';

/** A challenge that a client was given. */
export type IssuedChallenge = {
  /** The challenge itself, which also is the name it is found by. */
  readonly nonce: string;
  readonly salt: string;
  /** User that it was given to, as the name stood in the query. */
  readonly user: string;
  readonly remoteAddress: string;
  readonly issuedMs: number;
};

/** Open challenges, oldest first. Times are of one clock that does not go back. */
export class IssuedChallenges {
  readonly #byNonce = new Map<string, IssuedChallenge>();
  readonly #byAddress = new Map<string, Set<IssuedChallenge>>();

  /** How many are open, those among them that are too old and not dropped yet. */
  get size(): number {
    return this.#byNonce.size;
  }

  /** Remembers one; `issued.issuedMs` is now. */
  add(issued: IssuedChallenge): void {
    this.#dropOld(issued.issuedMs);
    const ofAddress = this.#byAddress.get(issued.remoteAddress) ?? new Set();
    if (ofAddress.size >= MAX_OPEN_CHALLENGES_PER_ADDRESS) this.#dropFirst(ofAddress);
    if (this.#byNonce.size >= MAX_OPEN_CHALLENGES) this.#dropFirst(this.#byNonce.values());
    this.#byNonce.set(issued.nonce, issued);
    ofAddress.add(issued);
    this.#byAddress.set(issued.remoteAddress, ofAddress);
  }

  /** Takes the one of that name away; null where there is none, or none any more. */
  take(nonce: string, nowMs: number): IssuedChallenge | null {
    this.#dropOld(nowMs);
    const issued = this.#byNonce.get(nonce);
    if (issued === undefined) return null;
    this.#drop(issued);
    return issued;
  }

  /** Those that were given to that address, oldest first. */
  openOf(remoteAddress: string, nowMs: number): readonly IssuedChallenge[] {
    this.#dropOld(nowMs);
    return [...(this.#byAddress.get(remoteAddress) ?? [])];
  }

  #dropOld(nowMs: number): void {
    for (const issued of this.#byNonce.values()) {
      if (nowMs - issued.issuedMs < CHALLENGE_LIFETIME_MS) return;
      this.#drop(issued);
    }
  }

  #dropFirst(challenges: Iterable<IssuedChallenge>): void {
    for (const issued of challenges) {
      this.#drop(issued);
      return;
    }
  }

  #drop(issued: IssuedChallenge): void {
    this.#byNonce.delete(issued.nonce);
    const ofAddress = this.#byAddress.get(issued.remoteAddress);
    ofAddress?.delete(issued);
    if (ofAddress?.size === 0) this.#byAddress.delete(issued.remoteAddress);
  }
}
