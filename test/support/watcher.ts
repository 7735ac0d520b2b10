// A viewer that holds every byte it gets against what was sent, and takes down where it was moved ahead: what it lost
// there, and what stood in front of the frame it goes on with.

import type { ChunkStream } from '../../bench/load/chunk-reader.ts';
import { FaultList } from '../../bench/load/fault-list.ts';
import type { Address } from '../../bench/load/open-socket.ts';
import { connectBytes, playBytes, WireType } from '../../bench/load/rtmp-bytes.ts';
import type { SentMessages } from '../../bench/load/sent-messages.ts';
import { Viewer } from '../../bench/load/viewer.ts';
import { Histogram } from '../../bench/support/histogram.ts';
import type { StallingTransport } from './stalling-transports.ts';
import { StallingSocket, StallingTunnel } from './stalling-transports.ts';

/** What carries a watcher, and how it stalls. */
export type WatcherKind = 'socket' | 'silent-tunnel' | 'unread-tunnel';

/** What a watcher is made with. */
export type WatcherOptions = {
  readonly kind: WatcherKind;
  readonly name: string;
  readonly address: Address;
  readonly streamName: string;
  readonly sent: SentMessages;
};

/** One place where frames are missing, and what it goes on with. */
export type Jump = {
  readonly lostMessages: number;
  readonly isAtKeyframe: boolean;
  /** What came since the frame before: metadata, and types of sequence headers at the time of the frame. */
  readonly hasMetadata: boolean;
  readonly headerTypes: readonly number[];
};

const APP = 'live';

/** Times are not measured here. */
const UNUSED_LATENCIES = new Histogram();

/** A viewer that can stall. What is wrong with its stream is in `faults`, a jump among them. */
export class Watcher extends Viewer {
  readonly kind: WatcherKind;
  readonly name: string;
  readonly transport: StallingTransport;
  readonly faults: FaultList;
  readonly jumps: Jump[] = [];
  #nextSequence: number | null = null;
  #hasMetadata = false;
  readonly #headerMs = new Map<number, number>();
  #localPort = 0;

  private constructor(options: WatcherOptions, transport: StallingTransport, faults: FaultList) {
    const { kind, name, address, streamName, sent } = options;
    const scheme = kind === 'socket' ? 'rtmp' : 'rtmpt';
    const connect = connectBytes(APP, `${scheme}://${address.host}:${address.port}/${APP}`);
    const context = {
      sent,
      faults,
      latencies: UNUSED_LATENCIES,
      frames: 0,
      isSteady: false,
      startsAtKeyframe: true,
    };
    super({
      name,
      script: { connect, start: playBytes(streamName) },
      context,
      connect: (listener) => transport.listenedBy(listener),
    });
    this.kind = kind;
    this.name = name;
    this.transport = transport;
    this.faults = faults;
  }

  /** Makes one; `join` connects it. */
  static create(options: WatcherOptions): Watcher {
    const { kind, address } = options;
    const transport =
      kind === 'socket' ? new StallingSocket(address) : new StallingTunnel(address, kind === 'unread-tunnel');
    return new Watcher(options, transport, new FaultList());
  }

  /** The port that the server's log knows it by, once it has joined. */
  get localPort(): number {
    return this.#localPort;
  }

  override async join(): Promise<number | null> {
    const setupMs = await super.join();
    this.#localPort = this.transport.localPort;
    return setupMs;
  }

  override data(payload: Buffer): void {
    this.#hasMetadata ||= payload.includes('onMetaData');
    super.data(payload);
  }

  override mediaEnd(stream: ChunkStream): void {
    const { expected, typeId, timestampMs } = stream;
    if (expected !== null && expected.sequence < 0) this.#headerMs.set(typeId, timestampMs);
    else if (expected !== null) {
      const lostMessages = expected.sequence - (this.#nextSequence ?? expected.sequence);
      if (lostMessages > 0) {
        const types = [WireType.Audio, WireType.Video];
        this.jumps.push({
          lostMessages,
          isAtKeyframe: expected.isKeyframe,
          hasMetadata: this.#hasMetadata,
          headerTypes: types.filter((type) => this.#headerMs.get(type) === timestampMs),
        });
      }
      this.#nextSequence = expected.sequence + 1;
      this.#hasMetadata = false;
      this.#headerMs.clear();
    }
    super.mediaEnd(stream);
  }
}
