// What the case `core` times: one piece of work of the codec, and a peer's where the peer does the same.

/** A piece of work. What ours and theirs are given is made beforehand; a call does nothing else. */
export type Work = {
  readonly name: string;
  /** Bytes on the wire that one call reads or writes; 0 where the time of one call is the figure. */
  readonly wireBytes: number;
  /** At least so many GB/s, or at most so many µs a call; null where there is no target. */
  readonly target: number | null;
  readonly ours: () => unknown;
  /** Null where the peer is not there, or has no such work. */
  readonly theirs: (() => unknown) | null;
  /** Does the work on both sides and says what is wrong with what came out; empty where all is right. */
  readonly findFaults: () => string[];
};

/** A piece of work that was done once, as it goes from process to process. */
export type CheckedWork = Pick<Work, 'name' | 'wireBytes' | 'target'> & {
  readonly hasTheirs: boolean;
  readonly faults: readonly string[];
};
