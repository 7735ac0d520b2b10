// One playing NetStream: a position in a stream's log. In step it is an integer; it begins at a keyframe with
// the headers in front, jumps to the newest keyframe when it has fallen too far behind, waits where there is none,
// and goes from one publish of its stream to the next.

import { FilteredPath, type ViewerFilter } from './filtered-path.ts';
import type { LogEntry } from './log-entry.ts';
import { headersInForce, placeToBegin } from './place-to-begin.ts';
import { Skips } from './skips.ts';
import { writeChunkedMessages } from './sticky.ts';
import type { StreamLog } from './stream-log.ts';
import type { Outlet, ViewerListener, ViewerOptions } from './viewer-options.ts';

export type { ViewerFilter } from './filtered-path.ts';
export type { Outlet, ViewerListener, ViewerOptions } from './viewer-options.ts';

const NOTHING: readonly Uint8Array[] = [];

/** LIMIT: what is offered at once, bytes: who is behind by more is not in step. */
const MAX_OFFER_BYTES = 64 * 1024;

/** A publish that the viewer is to follow, and where its log ended when the viewer heard of it. */
type Following = { readonly log: StreamLog; readonly joinedAt: number; readonly isNews: boolean };

/** A position in a live stream's log. */
export class Viewer {
  readonly listener: ViewerListener;
  readonly #options: ViewerOptions;
  readonly #path: FilteredPath;
  #current: Following | null = null;
  /** The publish behind the current one. LIMIT: one; who sleeps through it gets the newest alone. */
  #next: Following | null = null;
  #isBegun = false;
  /** True until the first message of a publish. */
  #isNewcomer = true;
  /** Position in the log; null while waiting for a place to begin. */
  #position: number | null = null;
  /** After a jump or a pause: the next place to begin is not before this. Null before the first one. */
  #resumeFrom: number | null = null;
  /** Length of the headers that were last too long to be taken, bytes, and the position of the place they belong to. */
  #refused = { position: -1, lengthBytes: 0 };
  /** True where a publish that was begun was given up, and its end is yet to be told. */
  #owesEnd = false;
  readonly #skips = new Skips();
  /** True while it takes the log's bytes as they stand, as far as was seen when it last read. */
  #isPlain = false;
  readonly #outlet: Outlet | null;
  #offeredBytes = 0;
  /** True where the next wake is to be told. */
  #isAwaited = true;

  constructor(listener: ViewerListener, options: ViewerOptions) {
    this.listener = listener;
    this.#options = options;
    this.#outlet = options.outlet;
    this.#path = new FilteredPath(options.messageStreamId, (entry) => this.#headersBefore(entry, true));
  }

  /** Least time in ms from one wake to the next. */
  get gatherMs(): number {
    return this.#options.gatherMs;
  }

  /** True where `take` may give something. */
  get hasMore(): boolean {
    const current = this.#current;
    if (current === null) return this.#owesEnd;
    if (!this.#isBegun || current.log.isEnded) return true;
    if (this.#isPaused || this.#position === null) return !this.#isPaused;
    return this.#position < current.log.endPosition;
  }

  /** The position from which on it may still read `log`; Infinity where it reads nothing of it, or starts anew. */
  wantedFrom(log: StreamLog): number {
    for (const following of [this.#current, this.#next]) {
      if (following?.log !== log) continue;
      if (this.#isPaused) return Number.POSITIVE_INFINITY;
      if (following === this.#next || !this.#isBegun) return following.joinedAt;
      return this.#goesOnFrom(following, this.#position ?? this.#resumeFrom ?? following.joinedAt);
    }
    return Number.POSITIVE_INFINITY;
  }

  /** Bytes that went straight to its outlet, and were not taken. */
  get offeredBytes(): number {
    return this.#offeredBytes;
  }

  /** Times this viewer fell too far behind and jumped. */
  get skips(): number {
    return this.#skips.count;
  }

  /** Bytes that it jumped over. */
  get skippedBytes(): number {
    return this.#skips.skippedBytes;
  }

  /** Bytes of its log that it has not taken; 0 while it waits for a place to begin. */
  get waitingBytes(): number {
    const position = this.#position;
    return position === null ? 0 : (this.#current?.log.endPosition ?? position) - position;
  }

  /** The logs that it keeps in memory. */
  get logs(): readonly StreamLog[] {
    return [this.#current, this.#next].flatMap((following) => following?.log ?? []);
  }

  /** Gives the viewer the log of a publish; it goes over to it when it has taken all of the one before, and at once
   * where it is too far behind in that. `isNews` where the publish began after the viewer came. */
  follow(log: StreamLog, isNews: boolean): void {
    const following = { log, joinedAt: log.endPosition, isNews };
    const current = this.#current;
    if (current !== null && this.#next === null && !this.#isLeftBehind(current.log)) {
      this.#next = following;
      return;
    }
    if (current !== null) this.#giveUp(current);
    this.#current = following;
  }

  /**
   * Tells the viewer that there may be something: one in step gets it by its outlet, the others are to be asked. One that
   * gathers is told only where somebody waits for it: who has not asked since gets all of it when he does.
   */
  wake(): void {
    if (this.#offerNext() || !this.#isAwaited) return;
    this.#isAwaited = this.gatherMs === 0;
    this.listener.wake();
  }

  /** Changes what the viewer receives; headers of what it does not want it gets all the same, so that it can take it
   * up again. Video that comes back starts at a keyframe, and so does all after a pause. */
  setFilter(filter: ViewerFilter): void {
    const wasPaused = this.#isPaused;
    this.#isPlain = false;
    this.#path.setFilter(filter, this.#position !== null);
    if (wasPaused && !filter.isPaused) this.#waitForNext();
  }

  /** Begins anew where somebody who comes now would begin, after a seek. Nothing where it has not begun. */
  restart(): void {
    if (this.#current === null || !this.#isBegun) return;
    this.#current = { ...this.#current, joinedAt: this.#current.log.endPosition };
    this.#begin();
  }

  /**
   * Takes what comes next: whole messages, at most `maxBytes`. A first message that is longer is taken all the same
   * where `takesLong`. The listener hears of a publish's start before its first byte and of its end after its last;
   * the call in which it hears gives nothing, so that what it says of it goes out in between.
   */
  take(maxBytes: number, takesLong = true): readonly Uint8Array[] {
    const chunks = this.#takeNext(maxBytes, takesLong);
    if (chunks.length === 0) this.#isAwaited = true;
    return chunks;
  }

  /** The same, but of a viewer that gathers nothing where it had all there was at the last wake: the next one tells. */
  takeDue(maxBytes: number, takesLong = true): readonly Uint8Array[] {
    if (!this.#isGathering) return this.take(maxBytes, takesLong);
    this.#isAwaited = true;
    return NOTHING;
  }

  #takeNext(maxBytes: number, takesLong: boolean): readonly Uint8Array[] {
    const current = this.#current;
    if (current === null) return NOTHING;
    if (this.#owesEnd) {
      this.#owesEnd = false;
      this.listener.publishEnded();
      return NOTHING;
    }
    if (!this.#isBegun) {
      this.#isNewcomer = true;
      this.#begin();
      if (current.isNews) {
        this.listener.publishStarted();
        return NOTHING;
      }
    }
    const chunks = this.#isPaused ? NOTHING : this.#takeFrom(current, maxBytes, takesLong);
    if (chunks.length > 0 || !current.log.isEnded || !this.#isThrough(current)) return chunks;
    this.#skips.goOn(current.log.endPosition);
    this.#current = this.#next;
    this.#next = null;
    this.#isBegun = false;
    this.listener.publishEnded();
    return NOTHING;
  }

  get #isGathering(): boolean {
    const current = this.#current;
    if (current === null || !this.#isBegun || this.#position === null || this.gatherMs === 0) return false;
    const { log, joinedAt } = current;
    return !log.isEnded && this.#position >= Math.max(log.releasedPosition, joinedAt);
  }

  get #isPaused(): boolean {
    return this.#path.filter.isPaused;
  }

  #isLeftBehind(log: StreamLog): boolean {
    return this.#isBegun && this.#position !== null && this.#position < log.lagPosition;
  }

  /** WHY: a viewer that takes nothing would keep the log of an ended publish for as long as it likes. */
  #giveUp({ log, isNews }: Following): void {
    this.#next = null;
    if (!this.#isBegun && isNews) return;
    this.#isBegun = false;
    this.#owesEnd = true;
    if (this.#isPaused) return;
    this.#skips.leave(this.#position ?? log.endPosition);
    this.#skips.goOn(log.endPosition);
  }

  /** Offers all there is to the outlet; false where the viewer is not in step, or something else is to be told. */
  #offerNext(): boolean {
    const log = this.#current?.log;
    const position = this.#position;
    if (!this.#isBegun || !this.#isPlain || this.#outlet === null) return false;
    if (log === undefined || position === null) return false;
    if (log.isEnded || position < log.lagPosition || log.endPosition - position > MAX_OFFER_BYTES)
      return false;
    const { chunks, nextPosition } = log.readAsOne(position, MAX_OFFER_BYTES);
    if (chunks.length > 0 && !this.#outlet.offer(chunks)) return false;
    this.#position = nextPosition;
    this.#offeredBytes += nextPosition - position;
    return true;
  }

  #begin(): void {
    this.#isBegun = true;
    this.#isPlain = false;
    this.#position = null;
    this.#resumeFrom = null;
    this.#refused.position = -1;
  }

  #takeFrom(current: Following, maxBytes: number, takesLong: boolean): readonly Uint8Array[] {
    const { log } = current;
    if (this.#position !== null && !this.#isTooFarBehind(log, this.#position)) {
      return this.#read(log, this.#position, maxBytes, takesLong);
    }
    const entry = this.#placeToBegin(current);
    if (entry === null) return NOTHING;
    const refused = this.#refused;
    // WHY: who waits for room asks again and again, and headers are written anew for each.
    if (!takesLong && refused.position === entry.position && refused.lengthBytes > maxBytes) return NOTHING;
    const headers = this.#headersBefore(entry);
    if (headers.length > maxBytes && !takesLong) {
      this.#refused = { position: entry.position, lengthBytes: headers.length };
      return NOTHING;
    }
    this.#position = entry.position;
    this.#skips.goOn(entry.position);
    this.#isNewcomer = false;
    this.#path.beginAt(entry);
    if (headers.length === 0) return this.#read(log, entry.position, maxBytes, takesLong);
    return [headers, ...this.#read(log, entry.position, maxBytes - headers.length, false)];
  }

  /** True when nothing of an ended log is left for this viewer. */
  #isThrough(current: Following): boolean {
    if (this.#isPaused) return true;
    return this.#position === null
      ? this.#placeToBegin(current) === null
      : this.#position >= current.log.endPosition;
  }

  /** Where it reads on that stands at `position`: who has a lag of its own may be about to jump, whenever it asks again. */
  #goesOnFrom({ log, joinedAt }: Following, position: number): number {
    if (!this.#isSlow(log, position)) return position;
    return placeToBegin(log, joinedAt, position, this.#options.startsInPast)?.position ?? position;
  }

  #isSlow(log: StreamLog, position: number): boolean {
    const { lag } = this.#options;
    return lag !== undefined && log.isBehind(position, lag.maxBytes, lag.maxMs);
  }

  #isTooFarBehind(log: StreamLog, position: number): boolean {
    if (position >= log.lagPosition && !this.#isSlow(log, position)) return false;
    const newest = log.newestEntryPoint;
    const canJump = newest !== null && newest.position > position;
    if (!canJump && position >= log.startPosition) return false;
    this.#skips.leave(position);
    this.#waitForNext();
    return true;
  }

  #waitForNext(): void {
    if (this.#position === null) return;
    this.#resumeFrom = this.#position;
    this.#position = null;
    this.#isPlain = false;
  }

  #placeToBegin({ log, joinedAt }: Following): LogEntry | null {
    return placeToBegin(log, joinedAt, this.#resumeFrom, this.#options.startsInPast);
  }

  #headersBefore(entry: LogEntry, ofVideo = false): Uint8Array {
    const { messageStreamId, chunkSizeBytes } = this.#options;
    const messages = headersInForce(entry, { ofVideo, isNewcomer: this.#isNewcomer });
    return writeChunkedMessages(messages, entry.timestampMs, messageStreamId, chunkSizeBytes);
  }

  #read(log: StreamLog, position: number, maxBytes: number, takesLong: boolean): readonly Uint8Array[] {
    if (position >= log.endPosition) return NOTHING;
    const isPlain = this.#path.isPlain(log, position);
    this.#isPlain = isPlain && this.#path.takesAll;
    if (isPlain && !takesLong && (log.entryFrom(position)?.lengthBytes ?? 0) > maxBytes) return NOTHING;
    const range = isPlain
      ? log.read(position, maxBytes)
      : this.#path.read(log, position, maxBytes, takesLong);
    this.#position = range.nextPosition;
    return range.chunks;
  }
}
