// What a kind of hostile request has to act with: a connection, numbers by chance, and sessions that have ended.

import type { AnyReply } from './any-reply-reader.ts';
import type { Shot } from './hostile-tally.ts';
import type { SeededRandom } from './seeded-random.ts';

/** Answers for whoever has no session: not there, or asked for too often. */
export const REFUSED: ReadonlySet<number> = new Set([404, 429]);

/** LIMIT: ids that are remembered; older ones are as dead as newer ones. */
const MAX_ENDED = 1000;
const NEVER_OPENED = 'AAAAAAAAAAAAAAAAAAAAAA';

/** The place of one deed. */
export type Scene = {
  readonly random: SeededRandom;
  readonly ended: EndedSessions;
  /** Sends requests and gives the answers that came; fewer than were asked where the server ended the connection. */
  readonly fire: (shot: Shot) => Promise<readonly AnyReply[]>;
  /** Ends the connection; the next requests go on another one. */
  readonly drop: () => void;
  /** Something was answered that may not be. */
  readonly fault: (text: string) => void;
};

/** Ids of sessions that were there once. */
export class EndedSessions {
  readonly #ids: string[] = [];
  #next = 0;

  /** One more has ended. */
  add(id: string): void {
    this.#ids[this.#next] = id;
    this.#next = (this.#next + 1) % MAX_ENDED;
  }

  /** One of them; one that never was where there is none. */
  any(random: SeededRandom): string {
    return this.#ids.length === 0 ? NEVER_OPENED : random.oneOf(this.#ids);
  }
}
