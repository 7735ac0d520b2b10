// The challenges that were issued and not answered yet: each can be taken once, for a limited time, and there are never
// more of them than the limits say, in all and from one block of addresses (address-block.ts).

import {
  CHALLENGE_LIFETIME_MS,
  MAX_FAILED_ANSWERS_PER_ADDRESS,
  MAX_OPEN_CHALLENGES,
  MAX_OPEN_CHALLENGES_PER_ADDRESS,
} from './limits.ts';

/** A challenge that a client was given. */
export type IssuedChallenge = {
  /** The challenge itself, which also is the name it is found by. */
  readonly nonce: string;
  readonly salt: string;
  /** User that it was given to, as the name stood in the query. */
  readonly user: string;
  /** Where it went. */
  readonly addressBlock: string;
  readonly issuedMs: number;
};

/** What one block of addresses has. */
type Share = { readonly challenges: Set<IssuedChallenge>; failedAnswers: number };

/** Open challenges, oldest first. Times are of one clock that does not go back. */
export class IssuedChallenges {
  readonly #byNonce = new Map<string, IssuedChallenge>();
  readonly #shares = new Map<string, Share>();

  /** How many are open, those among them that are too old and not dropped yet. */
  get size(): number {
    return this.#byNonce.size;
  }

  /** Remembers one; `issued.issuedMs` is now. */
  add(issued: IssuedChallenge): void {
    this.#dropOld(issued.issuedMs);
    const own = this.#shares.get(issued.addressBlock);
    if (own !== undefined && own.challenges.size >= MAX_OPEN_CHALLENGES_PER_ADDRESS) this.#dropFirstOf(own);
    if (this.#byNonce.size >= MAX_OPEN_CHALLENGES) this.#dropFirstOf(this.#largestShare());
    const share = this.#shares.get(issued.addressBlock) ?? { challenges: new Set(), failedAnswers: 0 };
    this.#byNonce.set(issued.nonce, issued);
    share.challenges.add(issued);
    this.#shares.set(issued.addressBlock, share);
  }

  /** Takes the one of that name away; null where there is none, or none any more. */
  take(nonce: string, nowMs: number): IssuedChallenge | null {
    this.#dropOld(nowMs);
    const issued = this.#byNonce.get(nonce);
    if (issued === undefined) return null;
    this.#drop(issued);
    return issued;
  }

  /** Those that were given to that block of addresses, oldest first. */
  openOf(addressBlock: string, nowMs: number): readonly IssuedChallenge[] {
    this.#dropOld(nowMs);
    return [...(this.#shares.get(addressBlock)?.challenges ?? [])];
  }

  /**
   * An answer came from there that fits none of its challenges. With the last one that is allowed all of them are gone,
   * so that nobody guesses at one challenge for as long as it lives.
   */
  answerFailed(addressBlock: string): void {
    const share = this.#shares.get(addressBlock);
    if (share === undefined) return;
    share.failedAnswers++;
    if (share.failedAnswers < MAX_FAILED_ANSWERS_PER_ADDRESS) return;
    for (const issued of share.challenges) this.#drop(issued);
  }

  #dropOld(nowMs: number): void {
    for (const issued of this.#byNonce.values()) {
      if (nowMs - issued.issuedMs < CHALLENGE_LIFETIME_MS) return;
      this.#drop(issued);
    }
  }

  /** WHY: who holds the most is the one that floods; a client that holds one is not to make room for it. */
  #largestShare(): Share | undefined {
    let largest: Share | undefined;
    for (const share of this.#shares.values()) {
      if (largest === undefined || share.challenges.size > largest.challenges.size) largest = share;
    }
    return largest;
  }

  #dropFirstOf(share: Share | undefined): void {
    const [first] = share?.challenges ?? [];
    if (first !== undefined) this.#drop(first);
  }

  #drop(issued: IssuedChallenge): void {
    this.#byNonce.delete(issued.nonce);
    const share = this.#shares.get(issued.addressBlock);
    share?.challenges.delete(issued);
    if (share?.challenges.size === 0) this.#shares.delete(issued.addressBlock);
  }
}
