// What the viewers of a run found wrong: counted by kind, the first ones in words.

/** What can be wrong. */
export const FaultKind = {
  /** Messages that never came. */
  Lost: 'lost',
  /** A message that came before, or out of its turn. */
  OutOfOrder: 'out-of-order',
  /** A payload or a type that is not what was sent. */
  Changed: 'changed',
  /** A timestamp that is not the publisher's minus the one base of its viewer. */
  Timestamp: 'timestamp',
  /** Metadata or sequence headers missing or changed in front of the first frame, or a first frame that is no keyframe. */
  Start: 'start',
  /** A tunnel's reply that ended within a message. */
  SplitReply: 'split-reply',
  /** A client of a floor that got far less than the others, or a publisher whose bytes were not taken. */
  Starved: 'starved',
  /** A hostile request that got an answer it may not get. */
  Answer: 'answer',
  /** Hostile requests that got none where they had to. */
  Unanswered: 'unanswered',
  /** A connection that failed, or that the server closed. */
  Connection: 'connection',
} as const;
export type FaultKind = (typeof FaultKind)[keyof typeof FaultKind];

/** LIMIT: faults told in words; the rest are only counted. */
const MAX_TEXTS = 20;

/** The faults of one run. */
export class FaultList {
  readonly #counts = new Map<FaultKind, number>();
  readonly #texts: string[] = [];

  /** Counts by kind; kinds that did not occur are left out. */
  get counts(): Record<string, number> {
    return Object.fromEntries(this.#counts);
  }

  /** The first faults, in words. */
  get texts(): readonly string[] {
    return this.#texts;
  }

  /** Adds `count` faults of a kind, with one text for all of them. */
  add(kind: FaultKind, text: string, count = 1): void {
    this.#counts.set(kind, (this.#counts.get(kind) ?? 0) + count);
    if (this.#texts.length < MAX_TEXTS) this.#texts.push(`${kind}: ${text}`);
  }
}
