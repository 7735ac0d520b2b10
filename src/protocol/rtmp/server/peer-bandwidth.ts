// Set Peer Bandwidth from the client: how much it wants sent without an acknowledgement. We never wait for
// acknowledgements, for TCP paces us well enough; but the client is told what became of its wish. [RTMP 5.4.5]

import type { PeerBandwidthLimit } from '../control-message.ts';

const MAX_WINDOW_BYTES = 0x7fffffff;

/** The window that the client was told last, and how it may change it. */
export class PeerBandwidth {
  #windowBytes: number;
  #isHard = false;

  /** `windowBytes` is what the answer to connect says. */
  constructor(windowBytes: number) {
    this.#windowBytes = windowBytes;
  }

  /**
   * Takes in a limit of `windowBytes`, any u32. Gives the window to be announced in answer, 1..0x7FFFFFFF; null where it
   * stays what it was. 0, what has the top bit set, and dynamic limits without a hard one before are ignored.
   */
  limit(windowBytes: number, limit: PeerBandwidthLimit): number | null {
    if (windowBytes < 1 || windowBytes > MAX_WINDOW_BYTES) return null;
    if (limit === 'dynamic' && !this.#isHard) return null;
    this.#isHard = limit !== 'soft';
    const wanted = limit === 'soft' ? Math.min(windowBytes, this.#windowBytes) : windowBytes;
    if (wanted === this.#windowBytes) return null;
    this.#windowBytes = wanted;
    return wanted;
  }
}
