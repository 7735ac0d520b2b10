// What the publisher has sent, kept so that each viewer can hold what it receives against it byte by byte. Publisher
// and viewers are one process and share this and the clock.

/** LIMIT: messages that are kept, about 110 s at 73 a second; a viewer that is further behind has failed anyway. */
const KEPT_MESSAGES = 8192;

/** One audio or video frame as it was sent. */
export type SentMessage = {
  /** 0, 1, 2 …, audio and video together, in the order of sending. */
  readonly sequence: number;
  readonly typeId: number;
  /** The publisher's, u32 ms. */
  readonly timestampMs: number;
  readonly payload: Buffer;
  readonly isKeyframe: boolean;
};

/** One sequence header as it was sent. */
export type SentHeader = {
  readonly payload: Buffer;
  /** Number of the first message behind it. */
  readonly fromSequence: number;
};

/** The newest messages of one publish, and what stands in front of them. */
export class SentMessages {
  readonly #ring: (SentMessage | undefined)[] = new Array<SentMessage | undefined>(KEPT_MESSAGES);
  readonly #headers = new Map<number, SentHeader[]>();
  /** A text that the metadata holds and no other stream's metadata would; empty where there is none to look for. */
  metadataMark = '';
  #nextSequence = 0;

  /** Sequence number of the next message: so many were sent. */
  get nextSequence(): number {
    return this.#nextSequence;
  }

  /** Keeps a message; its sequence must be `nextSequence`. */
  add(message: SentMessage): void {
    this.#ring[message.sequence % KEPT_MESSAGES] = message;
    this.#nextSequence = message.sequence + 1;
  }

  /** Keeps a sequence header of a message type, which is in force from the next message on. */
  addHeader(typeId: number, payload: Buffer): void {
    this.#headers.set(typeId, [{ payload, fromSequence: this.#nextSequence }, ...this.headersOf(typeId)]);
  }

  /** All sequence headers of a message type that were sent, the newest first. */
  headersOf(typeId: number): readonly SentHeader[] {
    return this.#headers.get(typeId) ?? [];
  }

  /** The sequence header that is in force at a message, undefined where none was sent before it. */
  headerAt({ typeId, sequence }: SentMessage): SentHeader | undefined {
    return this.headersOf(typeId).find(({ fromSequence }) => fromSequence <= sequence);
  }

  /** The message with this number, null where it was not sent or is no longer kept. */
  find(sequence: number): SentMessage | null {
    const message = this.#ring[sequence % KEPT_MESSAGES];
    return message?.sequence === sequence ? message : null;
  }
}
