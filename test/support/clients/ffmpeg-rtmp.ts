// FFmpeg's RTMP over its tunnel, what its player and its publisher share: the handshake, the commands with their numbers,
// the headers it chooses, its answers to what the server says. [RTMP 5.3.1.2, 7]

import { amf, type WireValue } from '../amf-wire.ts';
import type { Cleaner } from '../programs.ts';
import { type Purpose, shakeHands } from './ffmpeg-handshake.ts';
import { FfmpegTunnel } from './ffmpeg-tunnel.ts';
import { commandIn, isErrorStatus, MessageReader, type RtmpCommand, statusCodeIn } from './message-reader.ts';
import type { Address } from './raw-http.ts';
import type { ReceivedMessages } from './received-messages.ts';
import { ChunkWriter, type HeaderFormat, MessageType, type RtmpMessage, u32 } from './rtmp-bytes.ts';

const SERVER_WINDOW_BYTES = 2_500_000;
const FIRST_REPORT_BYTES = 1_048_576;
const BUFFER_MS = 3000;
const PLAY_ANY_START_MS = -2000;
/** Calls whose _error FFmpeg passes over. */
const OPTIONAL_CALLS = ['_checkbw', 'releaseStream', 'FCSubscribe', 'FCPublish'];
const PING_REQUEST = 6;
const PING_RESPONSE = 7;
const SET_BUFFER_LENGTH = 3;

/** One connection of FFmpeg, from the handshake on. */
export class FfmpegRtmp {
  readonly tunnel: FfmpegTunnel;
  readonly streamName: string;
  readonly #purpose: Purpose;
  readonly #received: ReceivedMessages;
  readonly #reader = new MessageReader();
  readonly #writer = new ChunkWriter();
  readonly #calls = new Map<number, string>();
  #invokeCount = 0;
  #readBytes = 0;
  #reportedBytes = 0;
  #reportSizeBytes = FIRST_REPORT_BYTES;
  #state: 'connecting' | 'going' | 'stopped' = 'connecting';
  /** The id that createStream was answered with; 0 before. */
  streamId = 0;

  private constructor(
    tunnel: FfmpegTunnel,
    purpose: Purpose,
    streamName: string,
    received: ReceivedMessages,
  ) {
    this.tunnel = tunnel;
    this.streamName = streamName;
    this.#purpose = purpose;
    this.#received = received;
  }

  /** Resolves when the server says that the play or the publish has started; what breaks it before that closes it. */
  static async start(
    cleaner: Cleaner,
    address: Address,
    purpose: Purpose,
    app: string,
    streamName: string,
    received: ReceivedMessages,
  ): Promise<FfmpegRtmp> {
    const tunnel = await FfmpegTunnel.open(cleaner, address);
    const rtmp = new FfmpegRtmp(tunnel, purpose, streamName, received);
    try {
      await rtmp.#begin(rtmp.#connectInfo(app, address));
    } catch (error) {
      await tunnel.close();
      throw error;
    }
    return rtmp;
  }

  /** True once the server has said that the stream is over. */
  get isStopped(): boolean {
    return this.#state === 'stopped';
  }

  /**
   * Reads the next message, or the rest of one whose first byte is given, answers it where it asks for an answer, and
   * keeps it; null where the tunnel is finishing.
   */
  async readMessage(first: Buffer | null = null): Promise<RtmpMessage | null> {
    for (let bytes = first; ; bytes = null) {
      const part: Buffer | null = bytes ?? (await this.tunnel.readExactly(this.#reader.neededBytes));
      if (part === null) return null;
      this.#readBytes += part.length;
      const [message] = this.#reader.receive(part);
      if (message === undefined) continue;
      this.#report(message);
      this.#handle(message);
      this.#received.add(message);
      return message;
    }
  }

  /** Puts a message into the output buffer, with the header that FFmpeg would choose, or a whole one. */
  write(message: RtmpMessage, isWholeHeader = false): void {
    this.tunnel.write(this.#writer.message(message, isWholeHeader ? 0 : this.#formatOf(message)));
  }

  /** Puts a command of the connection into the output buffer: no command object, then `values`. */
  say(name: string, ...values: readonly (string | number)[]): void {
    this.#call(name, [null, ...values]);
  }

  async #begin(connectInfo: WireValue): Promise<void> {
    await shakeHands(this.tunnel, this.#purpose);
    this.#call('connect', [connectInfo]);
    while (this.#state === 'connecting') {
      if ((await this.readMessage()) === null) throw new Error('the server ended the stream before it began');
    }
  }

  #formatOf({ chunkStreamId, messageStreamId, timestampMs, typeId, payload }: RtmpMessage): HeaderFormat {
    const before = this.#writer.sentBefore(chunkStreamId);
    if (before === undefined || before.messageStreamId !== messageStreamId) return 0;
    if (timestampMs < before.timestampMs) return 0;
    if (typeId !== before.typeId || payload.length !== before.payload.length) return 1;
    return timestampMs - before.timestampMs === before.fieldMs ? 3 : 2;
  }

  #call(name: string, values: readonly WireValue[], chunkStreamId = 3, messageStreamId = 0): void {
    this.#invokeCount++;
    this.#calls.set(this.#invokeCount, name);
    const payload = amf(name, this.#invokeCount, ...values);
    const typeId = MessageType.Command;
    this.write({ chunkStreamId, typeId, messageStreamId, timestampMs: 0, payload });
  }

  #control(typeId: number, payload: Buffer, timestampMs = 0): void {
    this.write({ chunkStreamId: 2, typeId, messageStreamId: 0, timestampMs, payload });
  }

  #connectInfo(app: string, { host, port }: Address): { readonly [key: string]: string | number | boolean } {
    const tcUrl = `rtmpt://${host}:${port}/${app}`;
    if (this.#purpose === 'publish') {
      return { app, type: 'nonprivate', flashVer: 'FMLE/3.0 (compatible; Lavf59.27.100)', tcUrl };
    }
    const codecs = { capabilities: 15, audioCodecs: 4071, videoCodecs: 252, videoFunction: 1 };
    return { app, flashVer: 'LNX 9,0,124,2', tcUrl, fpad: false, ...codecs };
  }

  /** An acknowledgement where half a window came since the last one; a publisher that has started sends none. */
  #report(message: RtmpMessage): void {
    if (this.#purpose === 'publish' && this.#state !== 'connecting') return;
    if (this.#readBytes <= this.#reportedBytes + this.#reportSizeBytes) return;
    this.#reportedBytes = this.#readBytes;
    this.#control(MessageType.Acknowledgement, u32(this.#readBytes), message.timestampMs + 1);
  }

  #handle(message: RtmpMessage): void {
    const payload = Buffer.from(message.payload);
    switch (message.typeId) {
      case MessageType.SetChunkSize:
        // A publisher says the same size back, and cuts by it from then on.
        if (this.#purpose === 'play') return;
        this.write(message);
        this.#writer.chunkSizeBytes = payload.readUInt32BE(0);
        return;
      case MessageType.WindowAckSize:
        this.#reportSizeBytes = payload.readUInt32BE(0) >> 1;
        return;
      case MessageType.UserControl:
        if (payload.readUInt16BE(0) !== PING_REQUEST) return;
        this.#control(
          MessageType.UserControl,
          Buffer.concat([Buffer.of(0, PING_RESPONSE), payload.subarray(2, 6)]),
          message.timestampMs + 1,
        );
        return;
      default: {
        const command = commandIn(message);
        if (command !== null) this.#handleCommand(command);
      }
    }
  }

  #handleCommand(command: RtmpCommand): void {
    switch (command.name) {
      case '_result':
        this.#handleResult(command);
        return;
      case '_error': {
        const call = this.#calls.get(command.transactionId) ?? 'a call';
        if (!OPTIONAL_CALLS.includes(call)) throw new Error(`came _error for ${call}; FFmpeg ends`);
        return;
      }
      case 'onStatus':
        this.#handleStatus(command);
        return;
      case 'onBWDone':
        this.say('_checkbw');
    }
  }

  #handleResult(command: RtmpCommand): void {
    const call = this.#calls.get(command.transactionId);
    this.#calls.delete(command.transactionId);
    if (call === 'connect') this.#connected();
    if (call === 'createStream') this.#created(Number(command.values[1]));
  }

  #connected(): void {
    if (this.#purpose === 'publish') {
      this.say('releaseStream', this.streamName);
      this.say('FCPublish', this.streamName);
    } else {
      this.#control(MessageType.WindowAckSize, u32(SERVER_WINDOW_BYTES));
    }
    this.say('createStream');
  }

  #created(streamId: number): void {
    this.streamId = streamId;
    if (this.#purpose === 'publish') {
      this.#call('publish', [null, this.streamName, 'live'], 8, streamId);
      return;
    }
    this.#call('getStreamLength', [null, this.streamName], 8);
    this.#call('play', [null, this.streamName, PLAY_ANY_START_MS], 8, streamId);
    const event = Buffer.concat([Buffer.of(0, SET_BUFFER_LENGTH), u32(streamId), u32(BUFFER_MS)]);
    this.#control(MessageType.UserControl, event, 1);
  }

  #handleStatus(command: RtmpCommand): void {
    const code = statusCodeIn(command);
    if (isErrorStatus(command)) throw new Error(`came onStatus ${String(code)} of level error; FFmpeg ends`);
    if (code === 'NetStream.Play.Start' || code === 'NetStream.Publish.Start') this.#state = 'going';
    if (code === 'NetStream.Play.Stop' || code === 'NetStream.Play.UnpublishNotify') this.#state = 'stopped';
  }
}
