// A client of the tests' own that numbers its requests and has several under way: the RTMP half, a plain handshake and AMF0.
// While it plays it acknowledges often, so that sends go beside its idles. The tunnel's half is numbered-tunnel.ts.

import type { WireValue } from '../amf-wire.ts';
import type { Cleaner } from '../programs.ts';
import type { MediaMessage } from './numbered-media.ts';
import { NumberedTunnel } from './numbered-tunnel.ts';
import type { Address } from './raw-http.ts';
import { ReceivedMessages } from './received-messages.ts';
import { c0c1, c2, MessageType } from './rtmp-bytes.ts';
import { pongFor, publishedMessage, RtmpConversation } from './rtmp-conversation.ts';
import type { PlayingClient, PublishingClient } from './tunnel-client.ts';

const CHUNK_BYTES = 4096;
const CHUNK_STREAMS = { audio: 4, video: 6, data: 5 } as const;
/** Bytes between two acknowledgements. */
const ACKNOWLEDGE_BYTES = 6000;

/** One session. */
export class NumberedClient implements PlayingClient, PublishingClient {
  readonly received = new ReceivedMessages();
  readonly tunnel: NumberedTunnel;
  readonly #address: Address;
  readonly #conversation: RtmpConversation;
  #transactionId = 0;
  #streamId = 0;
  #receivedBytes = 0;
  #acknowledgedBytes = 0;

  constructor(cleaner: Cleaner, address: Address) {
    this.#address = address;
    this.#conversation = new RtmpConversation(this.received, {
      greeted: (greeting) => {
        this.tunnel.say(c2(greeting));
        this.received.changed();
      },
      message: (message) => {
        const pong = pongFor(message, this.#conversation.writer);
        if (pong !== null) this.tunnel.say(pong);
      },
    });
    this.tunnel = new NumberedTunnel(cleaner, address, {
      received: (bytes) => this.#receive(bytes),
      failed: (error) => this.received.fail(error),
    });
  }

  async play(app: string, streamName: string): Promise<void> {
    await this.#connect(app);
    this.#call('play', [streamName], this.#streamId);
    await this.#conversation.begun('NetStream.Play.Start');
  }

  async publish(app: string, streamName: string): Promise<void> {
    await this.#connect(app);
    this.#call('publish', [streamName, 'live'], this.#streamId);
    await this.#conversation.begun('NetStream.Publish.Start');
  }

  /** Takes it in at once; it leaves when a send may. */
  async sendMedia(message: MediaMessage): Promise<void> {
    this.tunnel.say(
      this.#conversation.writer.message(publishedMessage(message, this.#streamId, CHUNK_STREAMS)),
    );
  }

  /** Says deleteStream and closes. */
  async close(): Promise<void> {
    this.#call('deleteStream', [this.#streamId]);
    await this.tunnel.close();
    this.received.over();
  }

  async #connect(app: string): Promise<void> {
    await this.tunnel.open();
    this.tunnel.say(c0c1());
    await this.received.waitUntil(() => !this.#conversation.isGreeting, 'S0, S1 and S2');
    const tcUrl = `rtmpt://${this.#address.host}:${this.#address.port}/${app}`;
    this.#call('connect', [], 0, { app, tcUrl, flashVer: 'LNX 10,3,181,14', objectEncoding: 0 });
    await this.#conversation.result(this.#transactionId, 'connect');
    this.tunnel.say(this.#conversation.writer.setChunkSize(CHUNK_BYTES));
    this.#call('createStream', []);
    this.#streamId = await this.#conversation.streamId(this.#transactionId);
  }

  #call(name: string, values: readonly WireValue[], messageStreamId = 0, object: WireValue = null): void {
    const command = [object, ...values];
    this.tunnel.say(
      this.#conversation.writer.command(name, ++this.#transactionId, command, { messageStreamId }),
    );
  }

  #receive(bytes: Buffer): void {
    this.#receivedBytes += bytes.length;
    this.#conversation.receive(bytes);
    if (this.#conversation.isGreeting || this.#receivedBytes - this.#acknowledgedBytes < ACKNOWLEDGE_BYTES)
      return;
    this.#acknowledgedBytes = this.#receivedBytes;
    this.tunnel.say(this.#conversation.writer.control(MessageType.Acknowledgement, this.#receivedBytes));
  }
}
