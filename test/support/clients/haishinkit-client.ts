// HaishinKit 1.4.3 to 1.9 (iOS), read from its source: one request at a time, the number always 0, what is to be said
// while a request is out goes with the next one, polls on a timer of 100 ms by the polling byte. It looks at no status,
// drops a body of another content type, and crashes on an empty one. Its heads are those of URLSession.

import { WireStrictArray, type WireValue } from '../amf-wire.ts';
import type { Cleaner } from '../programs.ts';
import type { MediaMessage } from './numbered-media.ts';
import {
  type Address,
  type HttpReply,
  headerOf,
  RawConnection,
  readReply,
  requestBytes,
} from './raw-http.ts';
import { ReceivedMessages } from './received-messages.ts';
import { c0c1, c2, MessageType, type RtmpMessage } from './rtmp-bytes.ts';
import { pongFor, publishedMessage, RtmpConversation } from './rtmp-conversation.ts';
import type { PlayingClient, PublishingClient } from './tunnel-client.ts';

const CONTENT_TYPE = 'application/x-fcs';
/** URLSession's own limit, ms. */
const REQUEST_LIMIT_MS = 60_000;
/** Its timer, and what the polling byte counts, ms. */
const POLLING_UNIT_MS = 100;
const CHUNK_BYTES = 8192;
const CHUNK_STREAMS = { audio: 4, video: 5, data: 8 } as const;
const ZERO = Buffer.of(0);
const NOTHING = Buffer.alloc(0);

type Request = { readonly path: string; readonly body: Uint8Array };

/** One session. */
export class HaishinKitClient implements PlayingClient, PublishingClient {
  readonly received = new ReceivedMessages();
  readonly #cleaner: Cleaner;
  readonly #address: Address;
  readonly #limitMs: number;
  readonly #conversation: RtmpConversation;
  readonly #free: RawConnection[] = [];
  #sessionId = '';
  #isConnected = false;
  #out: Request | null = null;
  // WHY: so it begins, and so the first request of a session is never sent twice.
  #isRetry = true;
  #lastReplyMs = 0;
  #pollingByte = 1;
  #timer: NodeJS.Timeout | undefined;
  #c2: Buffer = NOTHING;
  #outbox: Buffer[] = [];
  #transactionId = 0;
  #streamId = 0;
  #publishedName: string | null = null;

  /** `limitMs` is for tests that do not wait for a minute. */
  constructor(cleaner: Cleaner, address: Address, limitMs = REQUEST_LIMIT_MS) {
    this.#cleaner = cleaner;
    this.#address = address;
    this.#limitMs = limitMs;
    this.#conversation = new RtmpConversation(this.received, {
      greeted: (greeting, restBytes) => this.#greeted(greeting, restBytes),
      message: (message) => this.#answer(message),
    });
    cleaner.after(() => clearInterval(this.#timer));
  }

  async play(app: string, streamName: string): Promise<void> {
    await this.#connect(app);
    await this.#createStream();
    this.#call('play', [streamName], this.#streamId);
    await this.#conversation.begun('NetStream.Play.Start');
  }

  async publish(app: string, streamName: string): Promise<void> {
    await this.#connect(app);
    this.#publishedName = streamName;
    this.#call('releaseStream', [streamName]);
    this.#call('FCPublish', [streamName]);
    await this.#createStream();
    this.#call('publish', [streamName, 'live'], this.#streamId);
    await this.#conversation.begun('NetStream.Publish.Start');
  }

  /** Takes it in at once; it leaves when no request is out. */
  async sendMedia(message: MediaMessage): Promise<void> {
    const { writer } = this.#conversation;
    const published = publishedMessage(message, this.#streamId, CHUNK_STREAMS);
    const isFirst = writer.sentBefore(published.chunkStreamId) === undefined;
    this.#say(writer.message(published, isFirst ? 0 : 1));
  }

  /** Posts /close without a number and without a body, beside a request that is out; what waits behind that is lost. */
  async close(): Promise<void> {
    if (this.#publishedName !== null) this.#call('FCUnpublish', [this.#publishedName]);
    this.#say(this.#conversation.writer.command('closeStream', 0, [null, this.#streamId]));
    await this.#request({ path: `/close/${this.#sessionId}`, body: NOTHING });
    this.#end();
    this.received.over();
  }

  async #connect(app: string): Promise<void> {
    // Whatever is answered to this, an error too, it goes on.
    await this.#request({ path: '/fcs/ident2', body: ZERO }).catch(() => null);
    const { body } = await this.#request({ path: '/open/1', body: ZERO });
    this.#sessionId = body.toString('utf8').trim();
    if (this.#sessionId === '') throw new Error('came an empty body; needed a session id');
    await this.#request({ path: `/idle/${this.#sessionId}/0`, body: ZERO });
    this.#isConnected = true;
    this.#timer = setInterval(() => this.#poll(), POLLING_UNIT_MS);
    this.#say(c0c1());
    await this.received.waitUntil(() => !this.#conversation.isGreeting, 'S0, S1 and S2');
    this.#call('connect', [], 0, {
      app,
      flashVer: 'FMLE/3.0 (compatible; FMSc/1.0)',
      swfUrl: null,
      tcUrl: `rtmpt://${this.#address.host}:${this.#address.port}/${app}`,
      fpad: false,
      capabilities: 239,
      audioCodecs: 1024,
      videoCodecs: 128,
      videoFunction: 1,
      pageUrl: null,
      fourCcList: new WireStrictArray('hvc1'),
      objectEncoding: 0,
    });
    await this.#conversation.result(1, 'connect');
    this.#say(this.#conversation.writer.setChunkSize(CHUNK_BYTES));
  }

  async #createStream(): Promise<void> {
    this.#call('createStream', []);
    this.#streamId = await this.#conversation.streamId(this.#transactionId);
  }

  #call(name: string, values: readonly WireValue[], messageStreamId = 0, object: WireValue = null): void {
    this.#transactionId++;
    const options = { messageStreamId };
    this.#say(this.#conversation.writer.command(name, this.#transactionId, [object, ...values], options));
  }

  #greeted(greeting: Buffer, restBytes: number): void {
    if (restBytes > 0) throw new Error(`came ${restBytes} bytes behind S2, which are dropped; needed none`);
    this.#c2 = c2(greeting);
    this.received.changed();
  }

  #answer(message: RtmpMessage): void {
    const { writer } = this.#conversation;
    const { typeId } = message;
    if (typeId === MessageType.WindowAckSize) {
      this.#say(writer.control(typeId, Buffer.from(message.payload).readUInt32BE(0)));
    }
    const pong = pongFor(message, writer);
    if (pong !== null) this.#say(pong);
  }

  #say(bytes: Buffer): void {
    this.#outbox.push(bytes);
    if (this.#out === null) this.#flush();
  }

  #flush(): void {
    const body = Buffer.concat([this.#c2, ...this.#outbox.splice(0)]);
    this.#c2 = NOTHING;
    this.#carry({ path: `/send/${this.#sessionId}/0`, body });
  }

  #poll(): void {
    const isDue = performance.now() - this.#lastReplyMs > this.#pollingByte * POLLING_UNIT_MS;
    if (isDue && this.#out === null) this.#carry({ path: `/idle/${this.#sessionId}/0`, body: ZERO });
  }

  #carry(request: Request): void {
    this.#out = request;
    this.#request(request)
      .then(
        (reply) => this.#replied(reply),
        (error) => this.#brokeOff(request, error),
      )
      .catch((error) => {
        this.#end();
        this.received.fail(error);
      });
  }

  #replied(reply: HttpReply): void {
    if (!this.#isConnected) return;
    this.#lastReplyMs = performance.now();
    this.#isRetry = false;
    this.#out = null;
    if (this.#outbox.length > 0) this.#flush();
    const contentType = headerOf(reply, 'Content-Type');
    if (contentType !== CONTENT_TYPE) {
      throw new Error(`came content type ${contentType}; needed ${CONTENT_TYPE}, or the body is dropped`);
    }
    const [pollingByte] = reply.body;
    if (pollingByte === undefined)
      throw new Error('came an empty body; needed a polling byte, or the app crashes');
    this.#pollingByte = pollingByte;
    this.#conversation.receive(reply.body.subarray(1));
  }

  /** Posts the same once more, body and all, where a request broke off; the second time it gives up. */
  #brokeOff(request: Request, error: unknown): void {
    if (!this.#isConnected) return;
    if (this.#isRetry) throw error;
    this.#isRetry = true;
    this.#lastReplyMs = performance.now();
    this.#carry(request);
  }

  async #request({ path, body }: Request): Promise<HttpReply> {
    const connection = this.#freeConnection() ?? (await RawConnection.open(this.#cleaner, this.#address));
    const headerLines = [
      `Host: ${this.#address.host}:${this.#address.port}`,
      `Content-Type: ${CONTENT_TYPE}`,
      'Connection: keep-alive',
      'Accept: */*',
      'User-Agent: Shockwave Flash',
      `Content-Length: ${body.length}`,
      'Accept-Language: en-us',
      'Accept-Encoding: gzip, deflate',
    ];
    connection.write(requestBytes(`POST ${path} HTTP/1.1`, headerLines, body));
    const reply = await readReply(connection, this.#limitMs);
    if (headerOf(reply, 'Connection')?.toLowerCase() === 'close') connection.end();
    else this.#free.push(connection);
    return reply;
  }

  #freeConnection(): RawConnection | undefined {
    let found = this.#free.pop();
    while (found?.isOver) found = this.#free.pop();
    return found;
  }

  #end(): void {
    this.#isConnected = false;
    clearInterval(this.#timer);
  }
}
