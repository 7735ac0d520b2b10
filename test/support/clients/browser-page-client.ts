// A page that speaks RTMPT by XMLHttpRequest from another origin, as a script of one's own would: what a browser (Chrome)
// does for it and keeps from it. A body of another type than text and forms asks for leave by OPTIONS first, for each
// path, for no path comes twice. Of a reply without Access-Control-Allow-Origin the script learns nothing.

import type { Cleaner } from '../programs.ts';
import type { MediaMessage } from './numbered-media.ts';
import {
  type Address,
  type HttpReply,
  headerOf,
  RawConnection,
  readReply,
  readReplyBody,
  readReplyHead,
  requestBytes,
} from './raw-http.ts';
import { ReceivedMessages } from './received-messages.ts';
import { c0c1, c2, type RtmpMessage } from './rtmp-bytes.ts';
import { pongFor, publishedMessage, RtmpConversation } from './rtmp-conversation.ts';
import type { PlayingClient, PublishingClient } from './tunnel-client.ts';

/** Content types for which no leave is asked. */
const SIMPLE_TYPES = ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data'];
const CHUNK_STREAMS = { audio: 4, video: 6, data: 5 } as const;
const ZERO = Buffer.of(0);

/** How the script sends and reads bodies. */
export type PageHabits = {
  /** The content type that it sets, or that the browser sets for the kind of its body. */
  readonly contentType: string;
  /** Which kind of response it asks for: bytes, or a text, one character a byte by x-user-defined. */
  readonly responseType: 'arraybuffer' | 'text';
  /** Where the page is from. */
  readonly origin: string;
};

const HABITS: PageHabits = {
  contentType: 'application/x-www-form-urlencoded',
  responseType: 'arraybuffer',
  origin: 'http://page.example',
};

/** One session: a request at a time, the next one at once, idles while there is nothing to say. */
export class BrowserPageClient implements PlayingClient, PublishingClient {
  readonly received = new ReceivedMessages();
  readonly #cleaner: Cleaner;
  readonly #address: Address;
  readonly #habits: PageHabits;
  readonly #conversation: RtmpConversation;
  #connection: RawConnection | null = null;
  #sessionId = '';
  #sequenceNumber = 0;
  #outbox: Buffer[] = [];
  #isOver = false;
  #loop: Promise<void> = Promise.resolve();
  #transactionId = 0;
  #streamId = 0;

  constructor(cleaner: Cleaner, address: Address, habits: Partial<PageHabits> = {}) {
    this.#cleaner = cleaner;
    this.#address = address;
    this.#habits = { ...HABITS, ...habits };
    this.#conversation = new RtmpConversation(this.received, {
      greeted: (greeting) => {
        this.#outbox.push(c2(greeting));
        this.received.changed();
      },
      message: (message) => this.#answer(message),
    });
    cleaner.after(() => {
      this.#isOver = true;
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

  /** Takes it in at once; it leaves with the next request. */
  async sendMedia(message: MediaMessage): Promise<void> {
    this.#outbox.push(
      this.#conversation.writer.message(publishedMessage(message, this.#streamId, CHUNK_STREAMS)),
    );
  }

  /** Posts /close when the request that is out is answered. */
  async close(): Promise<void> {
    this.#isOver = true;
    await this.#loop;
    await this.#send(`/close/${this.#sessionId}/${this.#sequenceNumber++}`, ZERO);
    this.#connection?.end();
    this.received.over();
  }

  async #connect(app: string): Promise<void> {
    const opened = await this.#send('/open/1', ZERO);
    if (opened.status !== 200) throw new Error(`came status ${opened.status} to /open; needed 200`);
    this.#sessionId = opened.body.toString('latin1').trim();
    this.#outbox.push(c0c1());
    this.#loop = this.#ask().catch((error) => this.received.fail(error));
    await this.received.waitUntil(() => !this.#conversation.isGreeting, 'S0, S1 and S2');
    const tcUrl = `rtmpt://${this.#address.host}:${this.#address.port}/${app}`;
    this.#outbox.push(this.#conversation.writer.command('connect', ++this.#transactionId, [{ app, tcUrl }]));
    await this.#conversation.result(1, 'connect');
    this.#call('createStream', []);
    this.#streamId = await this.#conversation.streamId(this.#transactionId);
  }

  #call(name: string, values: readonly string[], messageStreamId = 0): void {
    const options = { chunkStreamId: messageStreamId === 0 ? 3 : 8, messageStreamId };
    const command = this.#conversation.writer.command(
      name,
      ++this.#transactionId,
      [null, ...values],
      options,
    );
    this.#outbox.push(command);
  }

  #answer(message: RtmpMessage): void {
    const pong = pongFor(message, this.#conversation.writer);
    if (pong !== null) this.#outbox.push(pong);
  }

  async #ask(): Promise<void> {
    while (!this.#isOver) {
      const body = Buffer.concat(this.#outbox.splice(0));
      const verb = body.length > 0 ? 'send' : 'idle';
      const path = `/${verb}/${this.#sessionId}/${this.#sequenceNumber++}`;
      const reply = await this.#send(path, body.length > 0 ? body : ZERO);
      if (reply.status !== 200) throw new Error(`came status ${reply.status} to ${verb}; needed 200`);
      if (reply.body[0] === 0) throw new Error('came polling byte 0: the session is over');
      this.#conversation.receive(reply.body.subarray(1));
    }
  }

  /** XMLHttpRequest.send, as the script sees it. @throws Error for a network error: onerror with status 0 */
  async #send(path: string, body: Uint8Array): Promise<{ status: number; body: Buffer }> {
    const { contentType, origin, responseType } = this.#habits;
    const [essence = ''] = contentType.split(';');
    if (!SIMPLE_TYPES.includes(essence.trim())) await this.#askLeave(path);
    const reply = await this.#exchange('POST', path, body, [`Content-Type: ${contentType}`]);
    this.#checkOrigin(reply, path);
    if (responseType === 'text' && startsWithByteOrderMark(reply.body)) {
      throw new Error(`came a byte order mark in ${origin}'s text; needed another first byte`);
    }
    return { status: reply.statusCode, body: reply.body };
  }

  /** The preflight: only a status of success with leave for the origin and for the content type will do. */
  async #askLeave(path: string): Promise<void> {
    const leave = await this.#exchange('OPTIONS', path, new Uint8Array(0), [
      'Access-Control-Request-Method: POST',
      'Access-Control-Request-Headers: content-type',
    ]);
    this.#checkOrigin(leave, path);
    if (leave.statusCode < 200 || leave.statusCode > 299) {
      throw new Error(`network error: came ${leave.statusCode} to the preflight; needed a status of success`);
    }
    const names = (headerOf(leave, 'Access-Control-Allow-Headers') ?? '').toLowerCase().split(/ *, */);
    if (!names.includes('content-type') && !names.includes('*')) {
      throw new Error('network error: came no leave for content-type in the answer to the preflight');
    }
  }

  #checkOrigin(reply: HttpReply, path: string): void {
    const allowed = headerOf(reply, 'Access-Control-Allow-Origin');
    if (allowed === '*' || allowed === this.#habits.origin) return;
    const verb = path.split('/')[1];
    throw new Error(
      `network error: came ${reply.statusCode} to ${verb} with Access-Control-Allow-Origin ${allowed}; ` +
        `needed * or ${this.#habits.origin}`,
    );
  }

  /** A request that broke off before a byte of its reply, on a connection that had carried one, goes out once more. */
  async #exchange(
    method: 'POST' | 'OPTIONS',
    path: string,
    body: Uint8Array,
    ownLines: readonly string[],
  ): Promise<HttpReply> {
    const request = this.#requestBytes(method, path, body, ownLines);
    const used = this.#connection;
    if (used?.isOver === false) {
      used.write(request);
      const head = await readReplyHead(used);
      if (head !== null) return { ...head, body: await readReplyBody(used, head) };
    }
    this.#connection = await RawConnection.open(this.#cleaner, this.#address);
    this.#connection.write(request);
    return readReply(this.#connection);
  }

  #requestBytes(method: string, path: string, body: Uint8Array, ownLines: readonly string[]): Buffer {
    const { origin } = this.#habits;
    const headerLines = [
      `Host: ${this.#address.host}:${this.#address.port}`,
      'Connection: keep-alive',
      ...(method === 'POST' ? [`Content-Length: ${body.length}`] : ['Accept: */*']),
      ...ownLines,
      'User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36',
      ...(method === 'POST' ? ['Accept: */*'] : []),
      `Origin: ${origin}`,
      'Sec-Fetch-Site: cross-site',
      'Sec-Fetch-Mode: cors',
      'Sec-Fetch-Dest: empty',
      `Referer: ${origin}/`,
      'Accept-Encoding: gzip, deflate',
      'Accept-Language: en-US,en;q=0.9',
    ];
    return requestBytes(`${method} ${path} HTTP/1.1`, headerLines, body);
  }
}

/** By these a browser decodes a text, whatever else it was told. */
function startsWithByteOrderMark(body: Buffer): boolean {
  return /^(efbbbf|feff|fffe)/.test(body.toString('hex', 0, 3));
}
