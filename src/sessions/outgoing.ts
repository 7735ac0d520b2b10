// What goes out of one connection, in its order: what the session says, and what its players take from the logs.

import type { RtmpServerSession } from '../protocol/rtmp/server/server-session.ts';
import { joined, lengthOf } from './chunk-list.ts';
import type { Players } from './players.ts';
import type { SessionLog } from './session-log.ts';

const NOTHING: readonly Uint8Array[] = [];

/** The bytes that one connection's Link carries away, counted. */
export class Outgoing {
  readonly #session: RtmpServerSession;
  readonly #players: Players;
  readonly #log: SessionLog;

  constructor(session: RtmpServerSession, players: Players, log: SessionLog) {
    this.#session = session;
    this.#players = players;
    this.#log = log;
  }

  /** True where `take` may give something. */
  get hasMore(): boolean {
    return this.#session.hasOutput || this.#players.hasMore;
  }

  /** Gives what waits, as `LinkEndpoint.take` says, or `takeDue` where `dueOnly`. */
  take(maxBytes: number, dueOnly = false): readonly Uint8Array[] {
    return this.#counted(this.#take(maxBytes, dueOnly));
  }

  /** Gives of that what the session says alone. */
  takeAnswers(maxBytes: number): readonly Uint8Array[] {
    return this.#counted(this.#takeSaid(maxBytes));
  }

  /** The session's own messages first, then the logs; S0, S1 and S2 alone. What a viewer has the session say of a
   * publish follows the bytes before it, and comes before those behind it. */
  #take(maxBytes: number, dueOnly: boolean): readonly Uint8Array[] {
    const session = this.#session;
    const said = this.#takeSaid(maxBytes);
    if (session.hasOutput) return said;
    const leftBytes = maxBytes - lengthOf(said);
    const played = session.encryptNext(this.#players.take(leftBytes, said.length === 0, dueOnly));
    if (said.length === 0 && played.length === 0 && session.hasOutput) return session.takeOutput(maxBytes);
    return joined(said, played);
  }

  #takeSaid(maxBytes: number): readonly Uint8Array[] {
    return this.#session.hasOutput ? this.#session.takeOutput(maxBytes) : NOTHING;
  }

  #counted(chunks: readonly Uint8Array[]): readonly Uint8Array[] {
    this.#log.bytesOut += lengthOf(chunks);
    return chunks;
  }
}
