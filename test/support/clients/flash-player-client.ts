// Flash Player and AIR: the RTMP half, by Adobe's documents and what servers were seen to need. C1 is signed, and pictures
// in H.264 are refused where S1 and S2 are not; an application in ActionScript 3 asks for AMF3, and then says its commands
// so. The tunnel's half is flash-player-tunnel.ts.

import {
  digestAt,
  digestOf,
  patternPacket,
  signatureOf,
  signed,
  signedAnswer,
} from '../../protocol/rtmp/handshake/handshake-vectors.ts';
import { amf, type WireObject, type WireValue } from '../amf-wire.ts';
import type { Cleaner } from '../programs.ts';
import { FlashPlayerTunnel } from './flash-player-tunnel.ts';
import type { MediaMessage } from './numbered-media.ts';
import type { Address } from './raw-http.ts';
import { ReceivedMessages } from './received-messages.ts';
import { MessageType, PACKET_BYTES, type RtmpMessage } from './rtmp-bytes.ts';
import { COMMAND_AMF3, pongFor, publishedMessage, RtmpConversation } from './rtmp-conversation.ts';
import type { PlayingClient, PublishingClient } from './tunnel-client.ts';

const WINDOW_BYTES = 2_500_000;
const SET_BUFFER_LENGTH = 3;
const BUFFER_MS = 100;
const STREAM_COMMANDS = 8;
const CHUNK_STREAMS = { audio: 4, video: 6, data: 5 } as const;
const DIGEST_BYTES = 32;
const SIGNATURE_AT = PACKET_BYTES - DIGEST_BYTES;
/** Version 10.0.45.2, and the layout that it signs by. */
const C1_HEADER_HEX = '000000000a002d02';
const LAYOUT = 772;

/** One session. */
export class FlashPlayerClient implements PlayingClient, PublishingClient {
  readonly received = new ReceivedMessages();
  readonly tunnel: FlashPlayerTunnel;
  readonly #address: Address;
  readonly #conversation: RtmpConversation;
  readonly #c1 = signed(patternPacket(C1_HEADER_HEX, 31, 17), LAYOUT, 'client');
  #isAmf3 = false;
  #transactionId = 0;
  #streamId = 0;
  #windowBytes = 0;
  #receivedBytes = 0;
  #acknowledgedBytes = 0;

  constructor(cleaner: Cleaner, address: Address) {
    this.#address = address;
    this.#conversation = new RtmpConversation(this.received, {
      greeted: (greeting) => this.#greeted(greeting),
      message: (message) => this.#answer(message),
    });
    this.tunnel = new FlashPlayerTunnel(cleaner, address, {
      received: (bytes) => this.#receive(bytes),
      failed: (error) => this.received.fail(error),
    });
  }

  async play(app: string, streamName: string): Promise<void> {
    await this.#connect(app);
    const { writer } = this.#conversation;
    this.#call('play', 0, [streamName]);
    this.tunnel.say(writer.userControl(SET_BUFFER_LENGTH, this.#streamId, BUFFER_MS));
    await this.#conversation.begun('NetStream.Play.Start');
  }

  async publish(app: string, streamName: string): Promise<void> {
    await this.#connect(app);
    this.#call('publish', 0, [streamName, 'live']);
    await this.#conversation.begun('NetStream.Publish.Start');
  }

  /** Takes it in at once; it leaves when the send before is answered. */
  async sendMedia(message: MediaMessage): Promise<void> {
    this.tunnel.say(this.#mediaBytes(message));
  }

  /** Sends two messages of which the second is at the server before the first, on another connection. */
  async sendCrossing(first: MediaMessage, second: MediaMessage): Promise<void> {
    await this.tunnel.sayCrossing(this.#mediaBytes(first), this.#mediaBytes(second));
  }

  /** Says deleteStream and closes. */
  async close(): Promise<void> {
    this.#call('deleteStream', 0, [this.#streamId], 0);
    await this.tunnel.close();
    this.received.over();
  }

  async #connect(app: string): Promise<void> {
    await this.tunnel.open();
    this.tunnel.say(Buffer.concat([Buffer.of(3), this.#c1]));
    await this.received.waitUntil(() => !this.#conversation.isGreeting, 'S0, S1 and S2');
    const info = {
      app,
      flashVer: 'LNX 10,3,181,14',
      swfUrl: 'http://127.0.0.1/player.swf',
      tcUrl: `rtmpt://${this.#address.host}:${this.#address.port}/${app}`,
      fpad: false,
      capabilities: 239,
      audioCodecs: 3575,
      videoCodecs: 252,
      videoFunction: 1,
      pageUrl: 'http://127.0.0.1/player.html',
      objectEncoding: 3,
    };
    this.tunnel.say(this.#conversation.writer.command('connect', ++this.#transactionId, [info]));
    const [, answer] = await this.#conversation.result(1, 'connect');
    this.#isAmf3 = (answer as WireObject | null)?.['objectEncoding'] === 3;
    this.tunnel.say(this.#conversation.writer.control(MessageType.WindowAckSize, WINDOW_BYTES));
    this.#call('createStream', ++this.#transactionId, []);
    this.#streamId = await this.#conversation.streamId(this.#transactionId);
  }

  #call(
    name: string,
    transactionId: number,
    values: readonly WireValue[],
    messageStreamId = this.#streamId,
  ): void {
    const chunkStreamId = messageStreamId === 0 ? 3 : STREAM_COMMANDS;
    const typeId = this.#isAmf3 ? COMMAND_AMF3 : MessageType.Command;
    const plain = amf(name, transactionId, null, ...values);
    const payload = this.#isAmf3 ? Buffer.concat([Buffer.of(0), plain]) : plain;
    const message = { chunkStreamId, typeId, messageStreamId, timestampMs: 0, payload };
    this.tunnel.say(this.#conversation.writer.message(message));
  }

  #mediaBytes(message: MediaMessage): Buffer {
    return this.#conversation.writer.message(publishedMessage(message, this.#streamId, CHUNK_STREAMS));
  }

  #receive(bytes: Buffer): void {
    this.#receivedBytes += bytes.length;
    this.#conversation.receive(bytes);
    if (this.#windowBytes === 0 || this.#receivedBytes - this.#acknowledgedBytes < this.#windowBytes) return;
    this.#acknowledgedBytes = this.#receivedBytes;
    this.tunnel.say(this.#conversation.writer.control(MessageType.Acknowledgement, this.#receivedBytes));
  }

  /** Checks the signatures of S1 and S2; C2 signs in its turn. */
  #greeted(greeting: Buffer): void {
    if (greeting[0] !== 3) throw new Error(`came ${greeting[0]} as S0; needed 3`);
    const s1 = new Uint8Array(greeting.subarray(1, 1 + PACKET_BYTES));
    const s2 = new Uint8Array(greeting.subarray(1 + PACKET_BYTES));
    const s1Digest = ([772, 8] as const)
      .filter((layout) => isSame(digestIn(s1, layout), digestOf(s1, layout, 'server')))
      .map((layout) => digestIn(s1, layout))[0];
    if (s1Digest === undefined)
      throw new Error('came S1 without a digest; H.264 is refused, needed a signed one');
    const s2Signature = signatureOf(s2, digestIn(this.#c1, LAYOUT), 'server');
    if (!isSame(s2.subarray(SIGNATURE_AT), s2Signature)) throw new Error('came S2 with a wrong signature');
    const c2 = signedAnswer(patternPacket('0000000000000000', 11, 3), s1Digest, 'client');
    this.tunnel.say(c2);
    this.received.changed();
  }

  #answer(message: RtmpMessage): void {
    if (message.typeId === MessageType.WindowAckSize) {
      this.#windowBytes = Buffer.from(message.payload).readUInt32BE(0);
    }
    const pong = pongFor(message, this.#conversation.writer);
    if (pong !== null) this.tunnel.say(pong);
  }
}

function digestIn(packet: Uint8Array, layout: 8 | 772): Uint8Array {
  const at = digestAt(packet, layout);
  return packet.subarray(at, at + DIGEST_BYTES);
}

function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.compare(one, other) === 0;
}
