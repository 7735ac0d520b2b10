// Red5's Java client by RTMPT, as its own samples use it: connect, createStream, then publish or play. It takes the server's
// chunk size for its own and says nothing of it, until it sends media.

import { amf, type WireValue } from '../amf-wire.ts';
import type { Cleaner } from '../programs.ts';
import { commandIn, isErrorStatus, MessageReader, type RtmpCommand, statusCodeIn } from './message-reader.ts';
import { type MediaMessage, setDataFrame } from './numbered-media.ts';
import type { Address } from './raw-http.ts';
import { ReceivedMessages } from './received-messages.ts';
import { RED5_TIMEOUT_MS, Red5Tunnel } from './red5-tunnel.ts';
import { ChunkWriter, type HeaderFormat, MessageType, type RtmpMessage, u32 } from './rtmp-bytes.ts';
import type { PlayingClient, PublishingClient } from './tunnel-client.ts';

const WINDOW_BYTES = 2_500_000;
const MEDIA_CHUNK_BYTES = 1024;
const BUFFER_MS = 2000;
const ANY_START_MS = -2000;
const TO_THE_END_MS = -1000;
const DYNAMIC = 2;
const CONTROL = 2;
const COMMANDS = 3;
const SET_BUFFER_LENGTH = 3;
const PONG = 7;
/** StreamBegin, StreamIsRecorded and PingRequest: it answers all of them with its own time. */
const ANSWERED_EVENTS = [0, 4, 6];

/** Red5's client; it publishes or plays once. */
export class Red5Client implements PlayingClient, PublishingClient {
  readonly received = new ReceivedMessages();
  readonly tunnel: Red5Tunnel;
  readonly #address: Address;
  readonly #reader = new MessageReader();
  readonly #writer = new ChunkWriter();
  readonly #calls = new Map<number, string>();
  #purpose: { readonly type: 'publish' | 'play'; readonly app: string; readonly streamName: string } | null =
    null;
  #running: Promise<void> = Promise.resolve();
  #transactionId = 0;
  #streamId = 0;
  #hasSentMedia = false;

  /** `timeoutMs` is the socket's, 7 s of itself. */
  constructor(cleaner: Cleaner, address: Address, timeoutMs = RED5_TIMEOUT_MS) {
    this.#address = address;
    this.tunnel = new Red5Tunnel(cleaner, address, timeoutMs, {
      opened: () => this.#connect(),
      decode: (bytes) => this.#decode(bytes),
      answered: () => this.received.changed(),
    });
  }

  async play(app: string, streamName: string): Promise<void> {
    await this.#start('play', app, streamName, 'NetStream.Play.Start');
  }

  async publish(app: string, streamName: string): Promise<void> {
    await this.#start('publish', app, streamName, 'NetStream.Publish.Start');
  }

  async sendMedia(message: MediaMessage): Promise<void> {
    if (this.received.failure !== null) throw this.received.failure;
    if (!this.#hasSentMedia) this.tunnel.write(this.#writer.setChunkSize(MEDIA_CHUNK_BYTES));
    this.#hasSentMedia = true;
    const data = (this.#streamId - 1) * 5 + 4;
    const { typeId, timestampMs } = message;
    const chunkStreamId =
      typeId === MessageType.Video ? data + 1 : typeId === MessageType.Audio ? data + 2 : data;
    const payload = typeId === MessageType.Data ? setDataFrame(message) : message.payload;
    this.#write({ chunkStreamId, typeId, messageStreamId: this.#streamId, timestampMs, payload });
  }

  /** The request in hand is waited for, then /close, whose reply is read; what waits to be sent is dropped. */
  async close(): Promise<void> {
    this.tunnel.stop();
    await this.#running;
  }

  async #start(type: 'publish' | 'play', app: string, streamName: string, code: string): Promise<void> {
    this.#purpose = { type, app, streamName };
    this.#running = this.tunnel.run().then(
      () => this.received.over(),
      (error: unknown) => this.received.fail(error),
    );
    const begun = await this.received.waitForCommand(
      (command) => command.name === 'onStatus' && (statusCodeIn(command) === code || isErrorStatus(command)),
      code,
    );
    if (isErrorStatus(begun)) throw new Error(`came ${String(statusCodeIn(begun))}; needed ${code}`);
  }

  #connect(): void {
    const app = this.#purpose?.app ?? '';
    const { host, port } = this.#address;
    const info = {
      app,
      objectEncoding: 0,
      fpad: false,
      flashVer: 'FMLE/3.0 (compatible; Red5Client)',
      audioCodecs: 0x0fff,
      videoFunction: 1,
      pageUrl: null,
      path: app,
      capabilities: 15,
      swfUrl: null,
      videoCodecs: 0x00ff,
      audioFourCcInfoMap: { '*': 4 },
      videoFourCcInfoMap: { '*': 4 },
      tcUrl: `rtmpt://${host}:${port}/${app}`,
    };
    this.#call('connect', [info]);
  }

  #call(name: string, values: readonly WireValue[], chunkStreamId = COMMANDS, messageStreamId = 0): void {
    this.#transactionId++;
    this.#calls.set(this.#transactionId, name);
    const payload = amf(name, this.#transactionId, ...values);
    this.#write({ chunkStreamId, typeId: MessageType.Command, messageStreamId, timestampMs: 0, payload });
  }

  #control(typeId: number, payload: Uint8Array): void {
    this.#write({ chunkStreamId: CONTROL, typeId, messageStreamId: 0, timestampMs: 0, payload });
  }

  #event(eventNumber: number, ...values: readonly number[]): void {
    this.#control(MessageType.UserControl, Buffer.concat([Buffer.of(0, eventNumber), ...values.map(u32)]));
  }

  /** The header it chooses; one of type 3 says that the time is the same. */
  #write(message: RtmpMessage): void {
    const { messageStreamId, timestampMs, typeId, payload } = message;
    const before = this.#writer.sentBefore(message.chunkStreamId);
    let format: HeaderFormat = 0;
    if (before?.messageStreamId === messageStreamId && timestampMs >= before.timestampMs) {
      const isAlike = before.typeId === typeId && before.payload.length === payload.length;
      const isSameTime = before.timestampMs === timestampMs;
      format = !isAlike ? 1 : isSameTime ? 3 : 2;
    }
    this.tunnel.write(this.#writer.message(message, format));
  }

  #decode(bytes: Buffer): boolean {
    const messages = this.#reader.receive(bytes);
    for (const message of messages) {
      this.#handle(message);
      this.received.add(message);
    }
    return messages.length > 0;
  }

  #handle(message: RtmpMessage): void {
    const payload = Buffer.from(message.payload);
    switch (message.typeId) {
      case MessageType.SetChunkSize:
        this.#writer.chunkSizeBytes = payload.readUInt32BE(0);
        return;
      case MessageType.WindowAckSize:
        if (payload.readUInt32BE(0) === WINDOW_BYTES) return;
        this.#control(MessageType.SetPeerBandwidth, Buffer.concat([payload, Buffer.of(DYNAMIC)]));
        return;
      case MessageType.SetPeerBandwidth:
        if (payload.readUInt32BE(0) === WINDOW_BYTES) return;
        this.#control(MessageType.WindowAckSize, payload.subarray(0, 4));
        return;
      case MessageType.UserControl:
        if (ANSWERED_EVENTS.includes(payload.readUInt16BE(0))) this.#event(PONG, Date.now());
        return;
      default: {
        const command = commandIn(message);
        if (command?.name === '_result') this.#handleResult(command);
      }
    }
  }

  #handleResult(command: RtmpCommand): void {
    const call = this.#calls.get(command.transactionId);
    this.#calls.delete(command.transactionId);
    if (call === 'connect') this.#call('createStream', [null]);
    if (call !== 'createStream') return;
    const streamId = Number(command.values[1]);
    this.#streamId = streamId;
    const channel = (streamId - 1) * 5 + 4;
    const name = this.#purpose?.streamName ?? '';
    if (this.#purpose?.type === 'publish') {
      this.#call('publish', [null, name, 'live'], channel, streamId);
      return;
    }
    this.#event(SET_BUFFER_LENGTH, streamId, BUFFER_MS);
    this.#call('receiveAudio', [null], channel, streamId);
    this.#call('receiveVideo', [null], channel, streamId);
    this.#call('play', [null, name, ANY_START_MS, TO_THE_END_MS], channel, streamId);
  }
}
