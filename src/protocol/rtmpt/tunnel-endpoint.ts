// What stands at the inner end of a tunnel, as its session sees it.

/** Where a tunnel's RTMP bytes go and come from. */
export interface TunnelEndpoint {
  /** True once publish or play was answered: idles are held longer from then on. */
  readonly isSetUp: boolean;
  /** Takes in bytes, which are not written to any more. May throw. */
  receive(bytes: Uint8Array): void;
  /** Gives whole messages, at least one where there is one, otherwise at most `maxBytes`; views, never written to. */
  take(maxBytes: number): readonly Uint8Array[];
  /** The same, but without media that is still to gather: a `wake` will come for it. */
  takeDue(maxBytes: number): readonly Uint8Array[];
  /** The same, but only of what answers the peer: media is left for `take`. */
  takeAnswers(maxBytes: number): readonly Uint8Array[];
}
