// librtmp's RTMP over its HTTP, what a player and a publisher share: the handshake, commands, headers, the answers to what
// the server says. One message, one POST, and none of them waits for a reply. [RTMPT-NOTE 4]

import { amf, type WireValue } from '../amf-wire.ts';
import type { Cleaner } from '../programs.ts';
import { LibrtmpSocket } from './librtmp-socket.ts';
import { commandIn, MessageReader, type RtmpCommand, statusCodeIn } from './message-reader.ts';
import type { MediaMessage } from './numbered-media.ts';
import type { Address } from './raw-http.ts';
import { ReceivedMessages } from './received-messages.ts';
import { ChunkWriter, c0c1, type HeaderFormat, MessageType, PACKET_BYTES, u32 } from './rtmp-bytes.ts';

const DEFAULT_TIMEOUT_MS = 30_000;
/** What librtmp says of itself, and believes of the server until it hears otherwise. */
export const BANDWIDTH_BYTES = 2_500_000;
const UPTIME_MS = 0x0bf834;
const PING_REQUEST = 6;
const PING_RESPONSE = 7;
/** Chunk stream of control messages. */
export const CONTROL = 2;
const COMMANDS = 3;
const FATAL_CODES = ['NetStream.Failed', 'NetStream.Play.Failed', 'NetStream.Play.StreamNotFound'];
const END_CODES = ['NetStream.Play.Complete', 'NetStream.Play.Stop', 'NetStream.Play.UnpublishNotify'];

/** One connection of librtmp. What breaks it is thrown, or is in `received` where it reads by itself. */
export abstract class LibrtmpClient {
  readonly received = new ReceivedMessages();
  readonly #cleaner: Cleaner;
  readonly #address: Address;
  readonly #timeoutMs: number;
  readonly #reader = new MessageReader();
  readonly #writer = new ChunkWriter();
  readonly #calls = new Map<number, string>();
  #socket: LibrtmpSocket | null = null;
  #invokeCount = 0;
  #readBytes = 0;
  #reportedBytes = 0;
  #bandwidthBytes = BANDWIDTH_BYTES;
  #isStarted = false;
  #isClosed = false;
  protected streamName = '';
  protected streamId = 0;

  /** `timeoutMs` is its receive timeout, 30 s of itself, the `--timeout` of rtmpdump. */
  constructor(cleaner: Cleaner, address: Address, timeoutMs = DEFAULT_TIMEOUT_MS) {
    this.#cleaner = cleaner;
    this.#address = address;
    this.#timeoutMs = timeoutMs;
  }

  /** The socket. @throws Error before there is one */
  get socket(): LibrtmpSocket {
    if (this.#socket === null) throw new Error('not connected');
    return this.#socket;
  }

  /** The stream's end, FCUnpublish and deleteStream or the latter alone, then /close, then the socket: nothing is read. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    if (this.streamId > 0) {
      this.sayGoodbye();
      this.call('deleteStream', [null, this.streamId]);
    }
    this.#socket?.close();
    this.received.over();
  }

  /** Connects, and reads until the server says that the play or the publish has started. */
  protected async start(app: string, streamName: string): Promise<void> {
    this.streamName = streamName;
    this.#socket = await LibrtmpSocket.open(this.#cleaner, this.#address, this.#timeoutMs);
    await this.#guarded(async () => {
      this.socket.send(c0c1(UPTIME_MS));
      await this.#readExactly(1);
      this.socket.send(await this.#readExactly(PACKET_BYTES));
      await this.#readExactly(PACKET_BYTES);
      const tcUrl = `rtmpt://${this.#address.host}:${this.#address.port}/${app}`;
      this.call('connect', [this.connectInfo(app, tcUrl)], { format: 0 });
      while (!this.#isStarted && !this.#isClosed) await this.#readMessage();
    });
    if (!this.#isStarted) throw new Error('the server ended the stream before it began');
  }

  /** Reads messages until the server ends the stream, the client has closed, or something breaks it. */
  protected async readToEnd(): Promise<void> {
    const read = async (): Promise<void> => {
      while (!this.#isClosed) await this.#readMessage();
    };
    // What breaks it is in `received` by then.
    await this.#guarded(read).catch(() => undefined);
  }

  protected abstract connectInfo(app: string, tcUrl: string): { readonly [key: string]: WireValue };
  protected abstract connected(): void;
  protected abstract created(): void;
  protected abstract sayGoodbye(): void;

  protected call(
    name: string,
    values: readonly WireValue[],
    { chunkStreamId = COMMANDS, messageStreamId = 0, format = 1 as 0 | 1 } = {},
  ): void {
    this.#invokeCount++;
    this.#calls.set(this.#invokeCount, name);
    const payload = amf(name, this.#invokeCount, ...values);
    this.post(
      { typeId: MessageType.Command, timestampMs: 0, payload },
      chunkStreamId,
      messageStreamId,
      format,
    );
  }

  protected userControl(eventNumber: number, ...values: readonly number[]): void {
    const payload = Buffer.concat([Buffer.of(0, eventNumber), ...values.map(u32)]);
    this.post({ typeId: MessageType.UserControl, timestampMs: 0, payload }, CONTROL, 0, 1);
  }

  /** One message, one POST. A header of type 1 becomes 2 or 3 where the message before was alike. */
  protected post(
    { typeId, timestampMs, payload }: MediaMessage,
    chunkStreamId: number,
    messageStreamId: number,
    asked: 0 | 1,
  ): void {
    const before = this.#writer.sentBefore(chunkStreamId);
    let format: HeaderFormat = asked;
    if (format === 1 && before?.payload.length === payload.length && before.typeId === typeId) {
      format = before.timestampMs === timestampMs ? 3 : 2;
    }
    const message = { chunkStreamId, typeId, messageStreamId, timestampMs, payload };
    this.socket.send(this.#writer.message(message, format));
  }

  /** What breaks it ends it: the goodbye, /close, the socket. */
  async #guarded(reading: () => Promise<void>): Promise<void> {
    try {
      await reading();
    } catch (error) {
      // A read that its own close has cut off breaks nothing.
      if (this.#isClosed) return;
      this.received.fail(error);
      await this.close();
      throw error;
    }
  }

  async #readExactly(lengthBytes: number): Promise<Buffer> {
    const parts: Buffer[] = [];
    for (let missingBytes = lengthBytes; missingBytes > 0; ) {
      const part = await this.socket.read(missingBytes);
      parts.push(part);
      missingBytes -= part.length;
      this.#readBytes += part.length;
      if (this.#readBytes > this.#reportedBytes + this.#bandwidthBytes / 10) this.#report();
    }
    return Buffer.concat(parts);
  }

  #report(): void {
    this.#reportedBytes = this.#readBytes;
    const payload = u32(this.#readBytes);
    this.post({ typeId: MessageType.Acknowledgement, timestampMs: 0, payload }, CONTROL, 0, 1);
  }

  async #readMessage(): Promise<void> {
    const [message] = this.#reader.receive(await this.#readExactly(this.#reader.neededBytes));
    if (message === undefined || this.#isClosed) return;
    const payload = Buffer.from(message.payload);
    if (message.typeId === MessageType.SetPeerBandwidth) this.#bandwidthBytes = payload.readUInt32BE(0);
    if (message.typeId === MessageType.UserControl && payload.readUInt16BE(0) === PING_REQUEST) {
      this.userControl(PING_RESPONSE, payload.readUInt32BE(2));
    }
    this.received.add(message);
    const command = commandIn(message);
    if (command !== null) await this.#handle(command);
  }

  async #handle(command: RtmpCommand): Promise<void> {
    switch (command.name) {
      case '_result': {
        const call = this.#calls.get(command.transactionId);
        this.#calls.delete(command.transactionId);
        if (call === 'connect') this.connected();
        if (call !== 'createStream') return;
        this.streamId = Number(command.values[1]);
        this.created();
        return;
      }
      case 'onBWDone':
        this.call('_checkbw', [null], { format: 0 });
        return;
      case 'close':
        throw new Error('came close; librtmp ends');
      case 'onStatus':
        await this.#handleStatus(statusCodeIn(command) ?? '');
    }
  }

  async #handleStatus(code: string): Promise<void> {
    if (FATAL_CODES.includes(code)) {
      this.streamId = -1;
      throw new Error(`came onStatus ${code}; librtmp ends`);
    }
    if (code === 'NetStream.Play.Start' || code === 'NetStream.Publish.Start') this.#isStarted = true;
    if (END_CODES.includes(code)) await this.close();
  }
}
