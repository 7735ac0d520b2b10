// What a viewer of a live stream is made with: who listens to it, where its bytes may go, and its settings.

/** Where the bytes of a viewer in step may go at once; a Link's is one. */
export interface Outlet {
  /** Carries them away; false where it cannot now, and the viewer has to wait to be asked. */
  offer(chunks: readonly Uint8Array[]): boolean;
}

/** What a viewer tells the session that plays. */
export interface ViewerListener {
  /** Something may be there to take. */
  wake(): void;
  /** It cannot be woken: an error of ours, that ends nobody but the one who listens. Must not throw. */
  failed(error: unknown): void;
  /** The publish has ended and all of it was taken. Called once for each publish that the viewer began. */
  publishEnded(): void;
  /** A publish of the stream begins; not called for one that was there when the viewer came. */
  publishStarted(): void;
}

/** Settings of a viewer that come from its stream. */
export type ViewerOptions = {
  readonly messageStreamId: number;
  readonly chunkSizeBytes: number;
  /** False where late joiners wait for the next keyframe instead of starting at the last one. */
  readonly startsInPast: boolean;
  /** Least time in ms from one wake to the next; 0 for a viewer that takes each message as it comes. */
  readonly gatherMs: number;
  /** Null where what the viewer takes is changed on its way, and has to be asked for. */
  readonly outlet: Outlet | null;
  /** How far it may fall behind, where that is less than what the stream's log allows. */
  readonly lag?: { readonly maxBytes: number; readonly maxMs: number };
};
