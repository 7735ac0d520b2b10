// FFmpeg 5 to 9 at `-i rtmpt://…` and `-f flv rtmpt://…`, over its own tunnel (not librtmp's). A player polls for ever; a
// publisher asks only at a flush, reads at most one message there, and sends nothing while a reply has bytes left.

import type { Cleaner } from '../programs.ts';
import { HttpStatusError } from './ffmpeg-http.ts';
import { FfmpegRtmp } from './ffmpeg-rtmp.ts';
import type { FfmpegTunnel } from './ffmpeg-tunnel.ts';
import { type MediaMessage, setDataFrame } from './numbered-media.ts';
import type { Address } from './raw-http.ts';
import { ReceivedMessages } from './received-messages.ts';
import { MessageType } from './rtmp-bytes.ts';
import type { PlayingClient, PublishingClient } from './tunnel-client.ts';

const FLUSH_INTERVAL_PACKETS = 10;
/** So many error statuses in a row are survived; with the next one FFmpeg ends. */
const SURVIVED_STATUS_ERRORS = 5;
const AUDIO_CHUNK_STREAM_ID = 4;
const VIDEO_CHUNK_STREAM_ID = 6;

/** What is the same for both: where to, and the connection once it is there. */
class FfmpegClient {
  readonly received = new ReceivedMessages();
  readonly #cleaner: Cleaner;
  readonly #address: Address;
  #rtmp: FfmpegRtmp | null = null;

  constructor(cleaner: Cleaner, address: Address) {
    this.#cleaner = cleaner;
    this.#address = address;
  }

  /** The connection. @throws Error before it is there */
  get rtmp(): FfmpegRtmp {
    if (this.#rtmp === null) throw new Error('not connected');
    return this.#rtmp;
  }

  /** Its tunnel. */
  get tunnel(): FfmpegTunnel {
    return this.rtmp.tunnel;
  }

  protected async start(purpose: 'play' | 'publish', app: string, streamName: string): Promise<void> {
    const { received } = this;
    this.#rtmp = await FfmpegRtmp.start(this.#cleaner, this.#address, purpose, app, streamName, received);
  }
}

/** FFmpeg that plays. */
export class FfmpegPlayer extends FfmpegClient implements PlayingClient {
  #playing: Promise<void> = Promise.resolve();
  /** Errors in a row. */
  #statusErrors = 0;

  async play(app: string, streamName: string): Promise<void> {
    await this.start('play', app, streamName);
    this.#playing = this.#read();
  }

  /** deleteStream is written and dropped; only /close leaves. */
  async close(): Promise<void> {
    this.tunnel.finish();
    await this.#playing;
    this.rtmp.say('deleteStream', this.rtmp.streamId);
    await this.tunnel.close();
  }

  async #read(): Promise<void> {
    try {
      while (!this.rtmp.isStopped) {
        if (!(await this.#readOne())) break;
      }
      this.received.over();
    } catch (error) {
      await this.tunnel.close();
      this.received.fail(error);
    }
  }

  /**
   * Reads a message; false where the tunnel is finishing. Once there was media, error statuses are survived, some in a
   * row: the demuxer reads on, and the body of the failed request goes out again, as RTMP, on a new connection.
   */
  async #readOne(): Promise<boolean> {
    try {
      const isThere = (await this.rtmp.readMessage()) !== null;
      this.#statusErrors = 0;
      return isThere;
    } catch (error) {
      this.#statusErrors++;
      const survived = this.received.media.length > 0 ? SURVIVED_STATUS_ERRORS : 0;
      if (!(error instanceof HttpStatusError) || this.#statusErrors > survived) throw error;
      return true;
    }
  }
}

/** FFmpeg that publishes. */
export class FfmpegPublisher extends FfmpegClient implements PublishingClient {
  #packets = 0;

  async publish(app: string, streamName: string): Promise<void> {
    await this.start('publish', app, streamName);
  }

  async sendMedia(message: MediaMessage): Promise<void> {
    const isVideo = message.typeId === MessageType.Video;
    const isData = message.typeId === MessageType.Data;
    this.rtmp.write(
      {
        chunkStreamId: isVideo ? VIDEO_CHUNK_STREAM_ID : AUDIO_CHUNK_STREAM_ID,
        typeId: message.typeId,
        messageStreamId: this.rtmp.streamId,
        timestampMs: message.timestampMs,
        payload: isData ? setDataFrame(message) : message.payload,
      },
      isData || message.timestampMs === 0,
    );
    this.#packets++;
    if (this.#packets < FLUSH_INTERVAL_PACKETS) return;
    this.#packets = 0;
    try {
      const first = await this.tunnel.readByteNow();
      if (first !== null) await this.rtmp.readMessage(first);
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  /** FCUnpublish and deleteStream are written and dropped, with the packets since the last flush; only /close leaves. */
  async close(): Promise<void> {
    this.rtmp.say('FCUnpublish', this.rtmp.streamName);
    this.rtmp.say('deleteStream', this.rtmp.streamId);
    await this.tunnel.close();
    this.received.over();
  }
}
