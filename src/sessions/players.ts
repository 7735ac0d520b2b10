// The NetStreams of one connection that play: a viewer of a live stream each. What they have is taken in turn, so that
// on a line too slow for all of them none goes without.

import type { LiveStream } from '../streams/live-stream.ts';
import type { StreamRegistry } from '../streams/stream-registry.ts';
import type { Viewer, ViewerFilter } from '../streams/viewer.ts';
import { joined, lengthOf } from './chunk-list.ts';

type Player = { readonly messageStreamId: number; readonly stream: LiveStream; readonly viewer: Viewer };

const NOTHING: readonly Uint8Array[] = [];

/** The playing NetStreams of a connection. */
export class Players {
  readonly #registry: StreamRegistry;
  /** In the order in which they are asked next. */
  #players: Player[] = [];
  #endedSkips = 0;
  #endedSkippedBytes = 0;
  #endedOfferedBytes = 0;

  constructor(registry: StreamRegistry) {
    this.#registry = registry;
  }

  /** How many there are. */
  get count(): number {
    return this.#players.length;
  }

  /** True where one of them may have something to send. */
  get hasMore(): boolean {
    for (const { viewer } of this.#players) if (viewer.hasMore) return true;
    return false;
  }

  /** Times that any of them, those that have ended too, fell behind and jumped. */
  get skips(): number {
    let skips = this.#endedSkips;
    for (const { viewer } of this.#players) skips += viewer.skips;
    return skips;
  }

  /** Bytes that they jumped over. */
  get skippedBytes(): number {
    let skippedBytes = this.#endedSkippedBytes;
    for (const { viewer } of this.#players) skippedBytes += viewer.skippedBytes;
    return skippedBytes;
  }

  /** Bytes that those which play have yet to take. */
  get waitingBytes(): number {
    let waitingBytes = 0;
    for (const { viewer } of this.#players) waitingBytes += viewer.waitingBytes;
    return waitingBytes;
  }

  /** Bytes that went straight to the Link, and were not taken. */
  get offeredBytes(): number {
    let offeredBytes = this.#endedOfferedBytes;
    for (const { viewer } of this.#players) offeredBytes += viewer.offeredBytes;
    return offeredBytes;
  }

  /** Adds one, which plays from now on. */
  add(messageStreamId: number, stream: LiveStream, viewer: Viewer): void {
    this.#players.push({ messageStreamId, stream, viewer });
    stream.addViewer(viewer);
  }

  /** Changes what one receives; nothing where there is none of that id. */
  setFilter(messageStreamId: number, filter: ViewerFilter): void {
    this.#find(messageStreamId)?.viewer.setFilter(filter);
  }

  /** Has one begin anew; nothing where there is none of that id. */
  restart(messageStreamId: number): void {
    this.#find(messageStreamId)?.viewer.restart();
  }

  /** Ends one, and gives its stream back; nothing where there is none of that id. */
  end(messageStreamId: number): void {
    const player = this.#find(messageStreamId);
    if (player === undefined) return;
    this.#players = this.#players.filter((other) => other !== player);
    this.#endedSkips += player.viewer.skips;
    this.#endedSkippedBytes += player.viewer.skippedBytes;
    this.#endedOfferedBytes += player.viewer.offeredBytes;
    player.stream.removeViewer(player.viewer);
    this.#registry.release(player.stream);
  }

  /** Ends all. */
  endAll(): void {
    for (const { messageStreamId } of [...this.#players]) this.end(messageStreamId);
  }

  /**
   * Takes whole messages: at most `maxBytes`, but for a first one that is longer where `takesLong`. The ranges are
   * those of the streams' logs, shared by all viewers in step. `dueOnly` leaves what gathers.
   */
  take(maxBytes: number, takesLong: boolean, dueOnly: boolean): readonly Uint8Array[] {
    const first = this.#players[0];
    if (first === undefined) return NOTHING;
    let taken = takeOf(first, maxBytes, takesLong, dueOnly);
    if (this.#players.length === 1) return taken;
    const others = this.#players.slice(1);
    let leftBytes = maxBytes - lengthOf(taken);
    for (const player of others) {
      if (leftBytes <= 0) break;
      const chunks = takeOf(player, leftBytes, takesLong && taken.length === 0, dueOnly);
      leftBytes -= lengthOf(chunks);
      taken = joined(taken, chunks);
    }
    this.#players = [...others, first];
    return taken;
  }

  #find(wantedId: number): Player | undefined {
    return this.#players.find(({ messageStreamId }) => messageStreamId === wantedId);
  }
}

function takeOf(
  { viewer }: Player,
  maxBytes: number,
  takesLong: boolean,
  dueOnly: boolean,
): readonly Uint8Array[] {
  return dueOnly ? viewer.takeDue(maxBytes, takesLong) : viewer.take(maxBytes, takesLong);
}
