// Answers to a peer's pings. Each is answered while few answers wait to be written; behind that only the newest, as the
// specification allows, so that a peer that pings and does not read grows nothing here. [RFC6455 5.5.3]

import type { WebSocket } from 'ws';

/** LIMIT: pongs that may wait to be written; a burst of pings that a real client sends at a time is smaller. */
const MAX_WAITING_PONGS = 16;

/** Answers the pings of one WebSocket. */
export class PongQueue {
  readonly #webSocket: WebSocket;
  #waitingPongs = 0;
  /** Payload of the newest ping that is not answered yet. */
  #owed: Buffer | null = null;

  constructor(webSocket: WebSocket) {
    this.#webSocket = webSocket;
  }

  /** Answers a ping, now or as soon as an answer before it is written. Copies its payload, of at most 125 bytes. */
  answer(payload: Uint8Array): void {
    // WHY: a view of a few bytes would hold the whole of what was read with them until the peer reads.
    const copy = Buffer.from(payload);
    if (this.#waitingPongs < MAX_WAITING_PONGS) this.#send(copy);
    else this.#owed = copy;
  }

  #send(payload: Buffer): void {
    this.#waitingPongs++;
    this.#webSocket.pong(payload, false, this.#written);
  }

  readonly #written = (): void => {
    this.#waitingPongs--;
    const owed = this.#owed;
    this.#owed = null;
    if (owed !== null) this.#send(owed);
  };
}
