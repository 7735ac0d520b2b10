// What the places to begin of a log hold beyond their messages: the lists of sticky messages in force there. Places share a
// list until it changes, and lists share the messages that are in both.

import { STICKY_BYTES, STICKY_REFERENCE_BYTES } from './limits.ts';
import type { StickyMessage } from './log-entry.ts';

/** Weighs the lists of one log, in the order in which they come. */
export class StickyWeight {
  #list: readonly StickyMessage[] = [];

  /** Bytes of memory that a place takes up with this list, other than the place before it with its own. */
  addedBytes(list: readonly StickyMessage[]): number {
    if (list === this.#list) return 0;
    const before = this.#list;
    this.#list = list;
    let addedBytes = list.length * STICKY_REFERENCE_BYTES;
    for (const [index, { message }] of list.entries()) {
      // Most stay in their place.
      const { payload } = message;
      if (before[index]?.message.payload === payload) continue;
      const isKnown = before.some((sticky) => sticky.message.payload === payload);
      if (!isKnown) addedBytes += STICKY_BYTES + payload.length;
    }
    return addedBytes;
  }
}
