// Shumway's rtmp.js (Firefox), read from its source: an XMLHttpRequest at a time, one ticking loop, a pause of 16 ms for
// each unit of the polling byte. The ident has to be 404 and every other status 200, the last byte of the id is cut off,
// S2 has to repeat C1, and its buffer ends at half a MiB. It plays only, and closes by `/close/2`, which names nothing.

import { amf } from '../amf-wire.ts';
import type { Cleaner } from '../programs.ts';
import { commandIn } from './message-reader.ts';
import {
  type Address,
  type HttpReply,
  headerOf,
  RawConnection,
  readReply,
  requestBytes,
} from './raw-http.ts';
import { ReceivedMessages } from './received-messages.ts';
import { c0c1, MessageType, PACKET_BYTES, type RtmpMessage } from './rtmp-bytes.ts';
import { COMMAND_AMF3, pongFor, RtmpConversation } from './rtmp-conversation.ts';
import type { PlayingClient } from './tunnel-client.ts';

const POLLING_UNIT_MS = 16;
const CREATE_STREAM_ID = 2;
const STREAM_COMMANDS = 8;
const SET_BUFFER_LENGTH = 3;
const BUFFER_MS = 100;
/** Its buffer begins with 4,092 bytes and doubles; the next size would pass its limit. */
const MAX_BUFFERED_BYTES = 4092 * 128;
const ZERO = Buffer.of(0);

/** One session. */
export class ShumwayClient implements PlayingClient {
  readonly received = new ReceivedMessages();
  readonly #cleaner: Cleaner;
  readonly #address: Address;
  readonly #conversation: RtmpConversation;
  readonly #c0c1 = c0c1();
  #connection: RawConnection | null = null;
  #sessionId = '';
  #requestId = 0;
  #data: Buffer[] = [];
  #windowBytes = 0;
  #receivedBytes = 0;
  #acknowledgedBytes = 0;
  #streamId = 0;
  #isStopped = false;
  #loop: Promise<void> = Promise.resolve();

  constructor(cleaner: Cleaner, address: Address) {
    this.#cleaner = cleaner;
    this.#address = address;
    this.#conversation = new RtmpConversation(this.received, {
      greeted: (greeting) => this.#greeted(greeting),
      message: (message) => this.#answer(message),
    });
    cleaner.after(() => {
      this.#isStopped = true;
    });
  }

  async play(app: string, streamName: string): Promise<void> {
    await this.#open();
    this.#loop = this.#tick().catch((error) => this.received.fail(error));
    await this.received.waitUntil(() => !this.#conversation.isGreeting, 'S0, S1 and S2');
    this.#connect(app);
    await this.#conversation.result(1, 'connect');
    this.#createStream();
    this.#streamId = await this.#conversation.streamId(CREATE_STREAM_ID);
    const { writer } = this.#conversation;
    const options = { chunkStreamId: STREAM_COMMANDS, messageStreamId: this.#streamId };
    this.#data.push(writer.command('play', 0, [null, streamName], options));
    this.#data.push(writer.userControl(SET_BUFFER_LENGTH, this.#streamId, BUFFER_MS));
    await this.#conversation.begun('NetStream.Play.Start');
  }

  /** Ends the loop: its next turn is `/close/2`, whatever still waits. */
  async close(): Promise<void> {
    this.#isStopped = true;
    await this.#loop;
    this.#connection?.end();
    this.received.over();
  }

  async #open(): Promise<void> {
    const ident = await this.#post('/fcs/ident2', ZERO);
    if (ident.statusCode !== 404) throw new Error(`came ${ident.statusCode} to the ident; needed 404`);
    const { body } = await this.#post('/open/1', ZERO);
    this.#sessionId = body.subarray(0, -1).toString('latin1');
  }

  /** The first turn is an idle: the channel starts behind it. */
  async #tick(): Promise<void> {
    for (let isFirst = true; !this.#isStopped; isFirst = false) {
      const body = Buffer.concat(this.#data.splice(0));
      const verb = body.length > 0 ? 'send' : 'idle';
      if (isFirst) this.#data.push(this.#c0c1);
      const path = `/${verb}/${this.#sessionId}/${this.#requestId++}`;
      const reply = await this.#post(path, body.length > 0 ? body : ZERO);
      if (reply.statusCode !== 200) throw new Error(`came ${reply.statusCode} to ${verb}; needed 200`);
      const [pollingByte] = reply.body;
      if (pollingByte === undefined) throw new Error('came an empty body; needed a polling byte to wait by');
      this.#push(reply.body.subarray(1));
      await new Promise((resolve) => setTimeout(resolve, pollingByte * POLLING_UNIT_MS));
    }
    await this.#post('/close/2', ZERO);
  }

  #push(bytes: Buffer): void {
    if (bytes.length > MAX_BUFFERED_BYTES) {
      throw new Error(`Buffer overflow: came ${bytes.length} bytes; needed at most ${MAX_BUFFERED_BYTES}`);
    }
    this.#receivedBytes += bytes.length;
    if (this.#windowBytes > 0 && this.#receivedBytes - this.#acknowledgedBytes >= this.#windowBytes) {
      // It does not note that it has: from the first on, each reply is acknowledged.
      this.#data.push(this.#conversation.writer.control(MessageType.Acknowledgement, this.#receivedBytes));
    }
    this.#conversation.receive(bytes);
  }

  #greeted(greeting: Buffer): void {
    if (greeting[0] !== 3) throw new Error(`came ${greeting[0]} as S0; needed 3`);
    const s2 = greeting.subarray(1 + PACKET_BYTES);
    const c1 = this.#c0c1.subarray(1);
    const at = c1.findIndex((byte, index) => index >= 8 && byte !== s2[index]);
    if (at >= 0) throw new Error(`Random data do not match @${at}: needed S2 to repeat C1 from byte 8 on`);
    const c2 = Buffer.from(greeting.subarray(1, 1 + PACKET_BYTES));
    c2.writeUInt32BE(1, 4);
    this.#data.push(c2);
    this.#acknowledgedBytes = this.#receivedBytes;
    this.received.changed();
  }

  #connect(app: string): void {
    const info = {
      app,
      flashver: 'SHUMWAY 10,0,0,0',
      swfUrl: 'http://127.0.0.1/player.swf',
      tcUrl: `rtmpt://${this.#address.host}:${this.#address.port}/${app}`,
      fpad: false,
      audioCodecs: 0x0fff,
      videoCodecs: 0xff,
      videoFunction: 1,
      pageUrl: 'http://127.0.0.1/player.html',
      objectEncoding: 0,
    };
    this.#data.push(this.#conversation.writer.command('connect', 1, [info, null]));
  }

  /** In AMF3, for servers that it knows do not answer the other one. */
  #createStream(): void {
    this.#sayInAmf3(amf('createStream', CREATE_STREAM_ID, null));
  }

  #sayInAmf3(values: Uint8Array): void {
    const message = { chunkStreamId: 3, typeId: COMMAND_AMF3, messageStreamId: 0, timestampMs: 0 };
    const payload = Buffer.concat([ZERO, values]);
    this.#data.push(this.#conversation.writer.message({ ...message, payload }));
  }

  #answer(message: RtmpMessage): void {
    const { writer } = this.#conversation;
    const payload = Buffer.from(message.payload);
    if (message.messageStreamId !== 0 && this.#streamId === 0 && !this.#hasStream(message)) {
      throw new Error(
        `came a message on stream ${message.messageStreamId}; needed createStream's answer before`,
      );
    }
    if (message.typeId === MessageType.WindowAckSize) this.#windowBytes = payload.readUInt32BE(0);
    if (message.typeId === MessageType.SetPeerBandwidth) {
      this.#data.push(writer.control(MessageType.WindowAckSize, payload.readUInt32BE(0)));
    }
    const pong = pongFor(message, writer);
    if (pong !== null) this.#data.push(pong);
    const command = commandIn(message);
    if (command?.name === 'onBWDone' || command?.name === 'onBWCheck') {
      const info = { code: 'NetConnection.Call.Failed', level: 'error' };
      this.#sayInAmf3(amf('_error', command.transactionId, null, info));
    }
  }

  /** True where createStream was answered already, if only in the reply that is being read. */
  #hasStream(message: RtmpMessage): boolean {
    return this.received.commands.some(
      ({ name, values }) => name === '_result' && values[1] === message.messageStreamId,
    );
  }

  async #post(path: string, body: Buffer): Promise<HttpReply> {
    if (this.#connection === null || this.#connection.isOver) {
      this.#connection = await RawConnection.open(this.#cleaner, this.#address);
    }
    const connection = this.#connection;
    const headerLines = [
      `Host: ${this.#address.host}:${this.#address.port}`,
      'User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:45.0) Gecko/20100101 Firefox/45.0',
      'Accept: */*',
      'Accept-Language: en-US,en;q=0.5',
      'Accept-Encoding: gzip, deflate',
      'Content-Type: application/x-fcs',
      `Content-Length: ${body.length}`,
      'Connection: keep-alive',
      'Pragma: no-cache',
      'Cache-Control: no-cache',
    ];
    connection.write(requestBytes(`POST ${path} HTTP/1.1`, headerLines, body));
    const reply = await readReply(connection);
    if (headerOf(reply, 'Connection')?.toLowerCase() === 'close') this.#connection = null;
    return reply;
  }
}
