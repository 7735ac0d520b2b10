// OpenVCX (VSX) as it captures a stream by RTMPT, read from its source: the RTMP half. It plays only, reads exactly what
// the next decision needs, sends createStream and play in AMF3, and takes no media before NetStream.Data.Start. The
// tunnel's half is openvcx-connection.ts. Its report of received bytes, every eight seconds, is left out.

import { amf, readAmf, textOf, type WireObject, type WireValue } from '../amf-wire.ts';
import type { Cleaner } from '../programs.ts';
import { commandIn, MessageReader, statusCodeIn } from './message-reader.ts';
import { OpenVcxConnection } from './openvcx-connection.ts';
import type { Address } from './raw-http.ts';
import { ReceivedMessages } from './received-messages.ts';
import {
  ChunkWriter,
  c0c1,
  c2,
  MessageType,
  type RtmpMessage,
  SERVER_HANDSHAKE_BYTES,
} from './rtmp-bytes.ts';
import { COMMAND_AMF3, pongFor } from './rtmp-conversation.ts';
import type { PlayingClient } from './tunnel-client.ts';

const CHUNK_BYTES = 512;
const BUFFER_MS = 3000;
const SET_BUFFER_LENGTH = 3;
const STREAM_ID = 1;
const STREAM_COMMANDS = 8;
const DATA_START = 'NetStream.Data.Start';
const BEGINNING_CODES = [DATA_START, 'NetStream.Play.Start', 'NetStream.Play.Reset'];

/** What its loop waits for. */
type State = 'handshake' | 'connect' | 'create-stream' | 'play';

/** One session. */
export class OpenVcxClient implements PlayingClient {
  readonly received = new ReceivedMessages();
  readonly #cleaner: Cleaner;
  readonly #address: Address;
  readonly #writer = new ChunkWriter();
  readonly #reader = new MessageReader();
  #connection: OpenVcxConnection | null = null;
  #state: State = 'handshake';
  #streamName = '';
  #windowBytes = 0;
  #isClosed = false;

  constructor(cleaner: Cleaner, address: Address) {
    this.#cleaner = cleaner;
    this.#address = address;
    cleaner.after(() => {
      this.#isClosed = true;
    });
  }

  async play(app: string, streamName: string): Promise<void> {
    this.#streamName = streamName;
    const connection = await OpenVcxConnection.open(this.#cleaner, this.#address);
    this.#connection = connection;
    connection.send(c0c1());
    const greeting = await connection.read(SERVER_HANDSHAKE_BYTES);
    if (greeting[0] !== 3)
      throw new Error(`RTMP Invalid server handshake header byte ${greeting[0]}; needed 3`);
    connection.queue(c2(greeting));
    const info = {
      app,
      flashVer: 'WIN 10,0,32,18',
      tcUrl: `rtmpt://${this.#address.host}:${this.#address.port}/${app}`,
      fpad: false,
      capabilities: 15,
      audioCodecs: 3191,
      videoCodecs: 252,
      videoFunction: 1,
    };
    const chunkSize = this.#writer.setChunkSize(CHUNK_BYTES);
    connection.send(Buffer.concat([chunkSize, this.#writer.command('connect', 1, [info])]));
    this.#readAll(connection).catch((error) => {
      if (!this.#isClosed) this.received.fail(error);
    });
    await this.received.waitUntil(() => this.#state === 'play', DATA_START);
  }

  /** Ends its connection, as it does in whatever state. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#connection?.end();
    this.received.over();
  }

  async #readAll(connection: OpenVcxConnection): Promise<void> {
    while (!this.#isClosed) {
      for (const message of this.#reader.receive(await connection.read(this.#reader.neededBytes))) {
        this.#handle(connection, message);
        this.received.add(message);
      }
    }
  }

  #handle(connection: OpenVcxConnection, message: RtmpMessage): void {
    const pong = pongFor(message, this.#writer);
    if (pong !== null) connection.send(pong);
    switch (message.typeId) {
      case MessageType.WindowAckSize:
        this.#windowBytes = Buffer.from(message.payload).readUInt32BE(0);
        return;
      case MessageType.Audio:
      case MessageType.Video:
        if (this.#state !== 'play') throw new Error(`came media before ${DATA_START}, which is never shown`);
        return;
      case MessageType.Data:
        if (readAmf(message.payload)[0] === 'onStatus') this.#handleStatus(dataCode(message.payload));
        return;
      case MessageType.Command:
        this.#handleCommand(connection, message);
        return;
      default:
    }
  }

  #handleCommand(connection: OpenVcxConnection, message: RtmpMessage): void {
    const command = commandIn(message);
    if (command === null || !/^(_result|_error|onStatus)$/.test(command.name)) return;
    if (command.name === 'onStatus') {
      this.#handleStatus(statusCodeIn(command));
      return;
    }
    const isNeeded = this.#state === 'handshake' || this.#state === 'connect';
    if (command.name === '_error' || !isNeeded) {
      throw new Error(
        `came ${command.name} in state ${this.#state}: ${command.values.map(textOf).join(', ')}`,
      );
    }
    if (this.#state === 'handshake') this.#createStream(connection);
    else this.#play(connection);
  }

  #handleStatus(code: string | null): void {
    if (this.#state !== 'create-stream') return;
    if (code === null || !BEGINNING_CODES.includes(code)) {
      throw new Error(`came ${String(code)}; needed one of ${BEGINNING_CODES.join(', ')}`);
    }
    if (code !== DATA_START) return;
    this.#state = 'play';
    this.received.changed();
  }

  #createStream(connection: OpenVcxConnection): void {
    this.#state = 'connect';
    connection.queue(this.#writer.control(MessageType.WindowAckSize, this.#windowBytes));
    const createStream = this.#inAmf3('createStream', [2, null], 3, 0);
    connection.send(Buffer.concat([createStream, this.#writer.userControl(SET_BUFFER_LENGTH, 0, BUFFER_MS)]));
  }

  #play(connection: OpenVcxConnection): void {
    this.#state = 'create-stream';
    connection.queue(this.#inAmf3('play', [0, null, this.#streamName], STREAM_COMMANDS, STREAM_ID));
    connection.send(this.#writer.userControl(SET_BUFFER_LENGTH, STREAM_ID, BUFFER_MS));
  }

  #inAmf3(
    name: string,
    values: readonly WireValue[],
    chunkStreamId: number,
    messageStreamId: number,
  ): Buffer {
    const payload = Buffer.concat([Buffer.of(0), amf(name, ...values)]);
    const typeId = COMMAND_AMF3;
    return this.#writer.message({ chunkStreamId, typeId, messageStreamId, timestampMs: 0, payload });
  }
}

/** The code of an onStatus in a data message. */
function dataCode(payload: Uint8Array): string | null {
  const info = readAmf(payload).find((value) => typeof value === 'object' && value !== null);
  const code = info === undefined ? null : (info as WireObject)['code'];
  return typeof code === 'string' ? code : null;
}
