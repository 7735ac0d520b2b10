// How many connections there may be at a time: in all, and from one source. A source is an IPv4 address or an IPv6 /64.

import { addressBlockOf } from '../../auth/address-block.ts';

/** Counts connections against their limits. */
export class ConnectionLimits {
  readonly maxConnections: number;
  readonly maxPerSource: number;
  readonly #countBySource = new Map<string, number>();
  #count = 0;

  constructor(maxConnections: number, maxPerSource: number) {
    this.maxConnections = maxConnections;
    this.maxPerSource = maxPerSource;
  }

  /** Counts one more in all; false, and nothing counted, where that is one too many. `leave` takes it back. */
  enter(): boolean {
    if (this.#count >= this.maxConnections) return false;
    this.#count++;
    return true;
  }

  /** One that had entered is gone. */
  leave(): void {
    this.#count--;
  }

  /**
   * Counts one more from `remoteAddress`; gives the source to leave by, or null, and nothing counted, where that is one
   * too many.
   */
  enterSource(remoteAddress: string): string | null {
    const source = addressBlockOf(remoteAddress);
    const count = this.#countBySource.get(source) ?? 0;
    if (count >= this.maxPerSource) return null;
    this.#countBySource.set(source, count + 1);
    return source;
  }

  /** One of that source is gone. */
  leaveSource(source: string): void {
    const count = (this.#countBySource.get(source) ?? 0) - 1;
    if (count > 0) this.#countBySource.set(source, count);
    else this.#countBySource.delete(source);
  }
}
