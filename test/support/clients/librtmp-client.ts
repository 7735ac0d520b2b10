// librtmp, as rtmpdump --live plays with it and GStreamer's rtmpsink publishes. A player reads without pause; a publisher
// reads until the publish has started, and nothing ever after: replies pile up in its socket. [RTMPT-NOTE 2]

import type { WireValue } from '../amf-wire.ts';
import { BANDWIDTH_BYTES, CONTROL, LibrtmpClient } from './librtmp-rtmp.ts';
import { type MediaMessage, setDataFrame } from './numbered-media.ts';
import { MessageType, u32 } from './rtmp-bytes.ts';
import type { PlayingClient, PublishingClient } from './tunnel-client.ts';

const CONNECT_BUFFER_MS = 300;
/** Ten hours, of rtmpdump. */
const PLAY_BUFFER_MS = 36_000_000;
const LIVE_START_MS = -1000;
const SET_BUFFER_LENGTH = 3;
const SOURCE = 4;
const PLAY = 8;

/** rtmpdump --live. */
export class LibrtmpPlayer extends LibrtmpClient implements PlayingClient {
  async play(app: string, streamName: string): Promise<void> {
    await this.start(app, streamName);
    void this.readToEnd();
  }

  protected override connectInfo(app: string, tcUrl: string): { readonly [key: string]: WireValue } {
    const codecs = { capabilities: 15, audioCodecs: 3191, videoCodecs: 252, videoFunction: 1 };
    return { app, flashVer: 'LNX 10,0,32,18', tcUrl, fpad: false, ...codecs };
  }

  protected override connected(): void {
    const payload = u32(BANDWIDTH_BYTES);
    this.post({ typeId: MessageType.WindowAckSize, timestampMs: 0, payload }, CONTROL, 0, 0);
    this.userControl(SET_BUFFER_LENGTH, 0, CONNECT_BUFFER_MS);
    this.call('createStream', [null]);
    this.call('FCSubscribe', [null, this.streamName]);
  }

  protected override created(): void {
    const stream = { chunkStreamId: PLAY, messageStreamId: this.streamId, format: 0 as const };
    this.call('play', [null, this.streamName, LIVE_START_MS], stream);
    this.userControl(SET_BUFFER_LENGTH, this.streamId, PLAY_BUFFER_MS);
  }

  protected override sayGoodbye(): void {
    // A player says deleteStream alone.
  }
}

/** GStreamer's rtmpsink. */
export class LibrtmpPublisher extends LibrtmpClient implements PublishingClient {
  async publish(app: string, streamName: string): Promise<void> {
    await this.start(app, streamName);
  }

  async sendMedia(message: MediaMessage): Promise<void> {
    const isData = message.typeId === MessageType.Data;
    const payload = isData ? setDataFrame(message) : message.payload;
    const format = isData || message.timestampMs === 0 ? 0 : 1;
    this.post({ ...message, payload }, SOURCE, this.streamId, format);
    await this.socket.flushed();
    if (this.socket.isGone) throw new Error('the connection is gone; librtmp: RTMP send error');
  }

  protected override connectInfo(app: string, tcUrl: string): { readonly [key: string]: WireValue } {
    return { app, type: 'nonprivate', tcUrl };
  }

  protected override connected(): void {
    this.call('releaseStream', [null, this.streamName]);
    this.call('FCPublish', [null, this.streamName]);
    this.call('createStream', [null]);
  }

  protected override created(): void {
    const stream = { chunkStreamId: SOURCE, messageStreamId: this.streamId, format: 0 as const };
    this.call('publish', [null, this.streamName, 'live'], stream);
  }

  protected override sayGoodbye(): void {
    this.call('FCUnpublish', [null, this.streamName]);
  }
}
