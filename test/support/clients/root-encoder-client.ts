// RootEncoder (Android, the most used publisher of live RTMPT), read from its source: the RTMP half. It publishes only,
// reads message by message until it may publish, answers a peer bandwidth at once, and from then on neither reads nor
// polls any more. The tunnel's half is root-encoder-socket.ts.

import type { WireValue } from '../amf-wire.ts';
import type { Cleaner } from '../programs.ts';
import { commandIn, MessageReader, statusCodeIn } from './message-reader.ts';
import type { MediaMessage } from './numbered-media.ts';
import type { Address } from './raw-http.ts';
import { ReceivedMessages } from './received-messages.ts';
import { RootEncoderSocket } from './root-encoder-socket.ts';
import { ChunkWriter, c0c1, MessageType, PACKET_BYTES, type RtmpMessage } from './rtmp-bytes.ts';
import { pongFor, publishedMessage } from './rtmp-conversation.ts';
import type { PublishingClient } from './tunnel-client.ts';

const COMMANDS = 3;
const STREAM_COMMANDS = 5;
const CHUNK_STREAMS = { audio: 7, video: 6, data: 4 } as const;
/** S0 of servers that answer in HTTP's own letters: it takes an H for good. */
const LETTER_H = 72;
const ENDING_CODES: readonly (string | null)[] = [
  'NetConnection.Connect.Rejected',
  'NetConnection.Connect.Closed',
  'NetStream.Publish.BadName',
  'NetStream.Publish.Failed',
];

/** One session. */
export class RootEncoderClient implements PublishingClient {
  readonly received = new ReceivedMessages();
  readonly socket: RootEncoderSocket;
  readonly #address: Address;
  readonly #writer = new ChunkWriter();
  readonly #reader = new MessageReader();
  readonly #calls = new Map<number, string>();
  #windowBytes = 0;
  #readBytes = 0;
  #acknowledgedBytes = 0;
  #streamName = '';
  #streamId = 0;
  #isPublishing = false;

  /** `limitMs` is for tests that do not wait for five seconds. */
  constructor(cleaner: Cleaner, address: Address, limitMs?: number) {
    this.#address = address;
    this.socket = new RootEncoderSocket(cleaner, address, limitMs);
  }

  async publish(app: string, streamName: string): Promise<void> {
    this.#streamName = streamName;
    await this.socket.connect();
    await this.#shakeHands();
    const tcUrl = `rtmpt://${this.#address.host}:${this.#address.port}/${app}`;
    const flashVer = 'FMLE/3.0 (compatible; Lavf57.56.101)';
    this.#call('connect', [{ app, flashVer, tcUrl, objectEncoding: 0 }], COMMANDS);
    await this.socket.flush();
    while (!this.#isPublishing) await this.#handleMessage();
  }

  /** Metadata leaves at once, sound and pictures by eleven; resolves when a request that was due is answered. */
  async sendMedia(message: MediaMessage): Promise<void> {
    this.socket.write(this.#writer.message(publishedMessage(message, this.#streamId, CHUNK_STREAMS)));
    await this.socket.flush(message.typeId !== MessageType.Data);
  }

  /** Says closeStream, which takes along what was not flushed, and posts /close. */
  async close(): Promise<void> {
    this.#call('closeStream', [null], STREAM_COMMANDS);
    await this.socket.flush();
    await this.socket.close();
    this.received.over();
  }

  async #shakeHands(): Promise<void> {
    this.socket.write(c0c1());
    await this.socket.flush();
    const s0 = (await this.socket.read(1))[0];
    if (s0 !== 3 && s0 !== LETTER_H) throw new Error(`came ${s0} as S0; needed 3`);
    const s1 = await this.socket.read(PACKET_BYTES);
    this.socket.write(s1);
    await this.socket.flush();
    await this.socket.read(PACKET_BYTES);
  }

  async #handleMessage(): Promise<void> {
    const message = await this.#readMessage();
    this.#readBytes += message.payload.length;
    if (this.#windowBytes > 0 && this.#readBytes - this.#acknowledgedBytes >= this.#windowBytes) {
      this.#acknowledgedBytes = this.#readBytes;
      this.socket.write(this.#writer.control(MessageType.Acknowledgement, this.#readBytes));
      await this.socket.flush();
    }
    this.received.add(message);
    switch (message.typeId) {
      case MessageType.WindowAckSize:
        this.#windowBytes = Buffer.from(message.payload).readUInt32BE(0);
        return;
      case MessageType.SetPeerBandwidth:
        this.socket.write(this.#writer.control(MessageType.WindowAckSize, this.#windowBytes));
        return this.socket.flush();
      case MessageType.UserControl:
        return this.#answerPing(message);
      case MessageType.Command:
        return this.#answerCommand(message);
      default:
    }
  }

  async #readMessage(): Promise<RtmpMessage> {
    for (;;) {
      const [message] = this.#reader.receive(await this.socket.read(this.#reader.neededBytes));
      if (message !== undefined) return message;
    }
  }

  async #answerPing(message: RtmpMessage): Promise<void> {
    const pong = pongFor(message, this.#writer);
    if (pong === null) return;
    this.socket.write(pong);
    await this.socket.flush();
  }

  async #answerCommand(message: RtmpMessage): Promise<void> {
    const command = commandIn(message);
    if (command === null) return;
    const call = this.#calls.get(command.transactionId);
    if (command.name === '_error' && call !== 'releaseStream' && call !== 'FCPublish') {
      throw new Error(`came _error to ${call}; needed _result`);
    }
    if (command.name === '_result' && call === 'connect') {
      this.#call('releaseStream', [null, this.#streamName], STREAM_COMMANDS);
      this.#call('FCPublish', [null, this.#streamName], STREAM_COMMANDS);
      this.#call('createStream', [null], COMMANDS);
      await this.socket.flush();
    } else if (command.name === '_result' && call === 'createStream') {
      this.#streamId = Number(command.values[1]);
      this.#call('publish', [null, this.#streamName, 'live'], STREAM_COMMANDS);
      await this.socket.flush();
    } else if (command.name === 'onStatus') {
      const code = statusCodeIn(command);
      if (ENDING_CODES.includes(code)) throw new Error(`came ${code}; needed NetStream.Publish.Start`);
      this.#isPublishing = code === 'NetStream.Publish.Start';
    }
  }

  #call(name: string, values: readonly WireValue[], chunkStreamId: number): void {
    const transactionId = this.#calls.size + 1;
    this.#calls.set(transactionId, name);
    const options = { chunkStreamId, messageStreamId: this.#streamId };
    this.socket.write(this.#writer.command(name, transactionId, values, options));
  }
}
