// A publisher that sends a group of pictures when it is told to: media with the times of an encoder's, as fast as those
// take it who are to have it.

import type { MediaFrame } from '../../bench/load/media-source.ts';
import { SyntheticMedia } from '../../bench/load/media-source.ts';
import type { Address } from '../../bench/load/open-socket.ts';
import { Publisher } from '../../bench/load/publisher.ts';
import {
  chunkedMessage,
  connectBytes,
  controlBytes,
  MESSAGE_STREAM_ID,
  publishBytes,
  WireType,
} from '../../bench/load/rtmp-bytes.ts';
import { SentMessages } from '../../bench/load/sent-messages.ts';
import { SocketTransport } from '../../bench/load/socket-transport.ts';
import type { Cleaner } from './programs.ts';

const CHUNK_BYTES = 65_536;
const CHUNK_STREAM_ID: Readonly<Record<number, number>> = {
  [WireType.Audio]: 4,
  [WireType.Data]: 5,
  [WireType.Video]: 6,
};
/** Where in a video sequence header the profile stands, which nobody here decodes by. */
const PROFILE_OFFSET = 6;

/** Video of 30 frames a second with a keyframe every two seconds, and audio. */
export class PacedPublisher {
  readonly sent: SentMessages = new SentMessages();
  readonly #source: SyntheticMedia;
  readonly #publisher: Publisher;
  #next: MediaFrame;
  #sentBytes = 0;
  #failure: string | null = null;

  private constructor(address: Address, streamName: string, kbps: number) {
    this.#source = new SyntheticMedia(kbps);
    this.#next = this.#source.next();
    this.sent.metadataMark = this.#source.metadataMark;
    const { host, port } = address;
    const script = {
      connect: connectBytes('live', `rtmp://${host}:${port}/live`),
      start: publishBytes(streamName),
    };
    this.#publisher = new Publisher({
      name: 'publisher',
      script,
      connect: (listener) => new SocketTransport(address, listener),
      onFailed: (text) => {
        this.#failure = text;
      },
    });
  }

  /** Publishes `live/streamName`, and sends metadata and headers. */
  static async start(
    cleaner: Cleaner,
    address: Address,
    streamName: string,
    kbps: number,
  ): Promise<PacedPublisher> {
    const paced = new PacedPublisher(address, streamName, kbps);
    cleaner.after(() => paced.#publisher.close());
    await paced.#publisher.start();
    paced.#publisher.send(controlBytes(WireType.SetChunkSize, CHUNK_BYTES));
    for (const { typeId, payload } of paced.#source.opening) paced.#sendHeader(typeId, payload);
    return paced;
  }

  /** Bytes of payload that were sent. */
  get sentBytes(): number {
    return this.#sentBytes;
  }

  /** What became of its connection; null while it lives. */
  get failure(): string | null {
    return this.#failure;
  }

  /** Sends everything from one keyframe to before the next. */
  sendGroup(): void {
    do {
      const { typeId, mediaMs, payload, isKeyframe } = this.#next;
      const timestampMs = Math.floor(mediaMs);
      this.sent.add({ sequence: this.sent.nextSequence, typeId, timestampMs, payload, isKeyframe });
      this.#send(typeId, timestampMs, payload);
      this.#next = this.#source.next();
    } while (!this.#next.isKeyframe);
  }

  /** Sends another video header, which is in force from the next group on. */
  changeVideoHeader(): void {
    const [header] = this.sent.headersOf(WireType.Video);
    if (header === undefined) throw new Error('no header was sent yet');
    const changed = Buffer.from(header.payload);
    changed.writeUInt8((changed.readUInt8(PROFILE_OFFSET) + 1) & 0xff, PROFILE_OFFSET);
    this.#sendHeader(WireType.Video, changed);
  }

  #sendHeader(typeId: number, payload: Buffer): void {
    if (typeId !== WireType.Data) this.sent.addHeader(typeId, payload);
    this.#send(typeId, Math.floor(this.#next.mediaMs), payload);
  }

  #send(typeId: number, timestampMs: number, payload: Buffer): void {
    const chunkStreamId = CHUNK_STREAM_ID[typeId] ?? 3;
    const message = { typeId, chunkStreamId, messageStreamId: MESSAGE_STREAM_ID, timestampMs, payload };
    this.#publisher.send(chunkedMessage(message, CHUNK_BYTES));
    this.#sentBytes += payload.length;
  }
}
