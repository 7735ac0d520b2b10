// One NetStream of a connection: the two-party channel that createStream makes, which publishes or plays. [RTMP 7.2.2]

import { RtmpError } from '../rtmp-error.ts';

/** States of a NetStream. */
export const NetStreamState = {
  Idle: 'idle',
  /** It asked to publish or play and waits for the driver's decision. */
  Asking: 'asking',
  Publishing: 'publishing',
  Playing: 'playing',
} as const;
export type NetStreamState = (typeof NetStreamState)[keyof typeof NetStreamState];

/** What one NetStream is doing. */
export type NetStream = {
  readonly id: number;
  state: NetStreamState;
  /** Name it publishes or plays, or did last, without its query; '' where it never did. */
  streamName: string;
  /** True where the answer to play is to say that what played before was dropped. */
  isReset: boolean;
  /** What the client said it wants to receive; kept from one play to the next. */
  wantsAudio: boolean;
  wantsVideo: boolean;
  isPaused: boolean;
};

/** LIMIT: NetStreams of one connection at a time; Flash applications use a handful. */
const MAX_NET_STREAMS = 32;

/** LIMIT: largest id that is taken without createStream having given it; ids that we give go on behind it. */
const MAX_UNCREATED_ID = 1024;

/** The NetStreams of one connection, by message stream id. */
export class NetStreams {
  readonly #streams = new Map<number, NetStream>();
  #nextId = 1;

  /** All of them, in an array of its own. */
  get all(): NetStream[] {
    return [...this.#streams.values()];
  }

  /** Makes a NetStream with the next id, from 1 on. @throws RtmpError 'rtmp-message-streams-exceeded' */
  create(): NetStream {
    return this.#add(this.#nextId++);
  }

  /** The NetStream of that id, made if need be, for some encoders publish on an id that they never created; null
   * for an id that no NetStream can have. */
  findOrCreate(id: number): NetStream | null {
    const known = this.#streams.get(id);
    if (known !== undefined) return known;
    if (id < 1 || id > MAX_UNCREATED_ID) return null;
    this.#nextId = Math.max(this.#nextId, id + 1);
    return this.#add(id);
  }

  /** The NetStream of that id, undefined where there is none. */
  find(id: number): NetStream | undefined {
    return this.#streams.get(id);
  }

  /** The NetStream with the id; where there is none, all that use or used the name, which is not empty. */
  named(id: number, streamName: string): NetStream[] {
    const stream = this.find(id);
    if (stream !== undefined) return [stream];
    return streamName === '' ? [] : this.all.filter((each) => each.streamName === streamName);
  }

  /** The publishing NetStream that data on message stream `id` belongs to; null where that is not clear. */
  publishing(id: number): NetStream | null {
    const stream = this.find(id);
    if (stream?.state === NetStreamState.Publishing) return stream;
    const publishing = this.all.filter(({ state }) => state === NetStreamState.Publishing);
    return id === 0 && publishing.length === 1 ? (publishing[0] ?? null) : null;
  }

  /** Forgets a NetStream. */
  delete(id: number): void {
    this.#streams.delete(id);
  }

  #add(id: number): NetStream {
    if (this.#streams.size >= MAX_NET_STREAMS) {
      const message = `expected at most ${MAX_NET_STREAMS} NetStreams on a connection, got one more`;
      throw new RtmpError('rtmp-message-streams-exceeded', message);
    }
    const stream: NetStream = {
      id,
      state: NetStreamState.Idle,
      streamName: '',
      isReset: false,
      wantsAudio: true,
      wantsVideo: true,
      isPaused: false,
    };
    this.#streams.set(id, stream);
    return stream;
  }
}
