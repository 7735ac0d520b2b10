// Drives the client session of src/ over a TCP socket as a whole client: its deadlines by a timer, files published at
// their own speed, what it plays written to a file. For tests against servers that are none of ours.

import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { ClientEvent } from '../../src/protocol/rtmp/client/client-events.ts';
import type { ClientSessionOptions } from '../../src/protocol/rtmp/client/client-options.ts';
import { ClientSession } from '../../src/protocol/rtmp/client/client-session.ts';
import { type FlvMessage, readFlvMessages, writeFlvFile } from './flv-writer.ts';
import { type Cleaner, newFilePath, sleep } from './programs.ts';

const TAKE_BYTES = 1024 * 1024;
const TICK_MS = 20;
const PUBLISH_STEP_MS = 5;
const WAIT_LIMIT_MS = 15_000;
/** String value "@setDataFrame" of AMF0, which stands before what a publisher's metadata is. */
const SET_DATA_FRAME = Uint8Array.from([2, 0, 13, ...Buffer.from('@setDataFrame')]);

/** One connection of the client session, and everything it heard. */
export class SessionClient {
  readonly session: ClientSession;
  readonly events: ClientEvent[] = [];
  readonly #socket: Socket;
  readonly #watchers = new Set<() => void>();
  #failure: unknown = null;
  #hasEnded = false;

  constructor(socket: Socket, options: Partial<ClientSessionOptions>) {
    this.#socket = socket;
    this.session = new ClientSession({ randomBytes: (lengthBytes) => randomBytes(lengthBytes), ...options });
    socket.on('data', (bytes) => this.#drive(() => this.session.receive(bytes, performance.now())));
    socket.on('error', (error) => this.#fail(error));
    const timer = setInterval(() => this.#drive(() => this.session.tick(performance.now())), TICK_MS);
    socket.on('close', () => {
      clearInterval(timer);
      this.#hasEnded = true;
      this.#look();
    });
  }

  /** Connects to `app` and waits for the answer. @throws where the server refuses */
  static async open(
    cleaner: Cleaner,
    port: number,
    app: string,
    options: Partial<ClientSessionOptions> = {},
  ): Promise<SessionClient> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    cleaner.after(() => {
      socket.destroy();
    });
    await once(socket, 'connect');
    const client = new SessionClient(socket, options);
    client.session.connect({ app, tcUrl: `rtmp://127.0.0.1:${port}/${app}` });
    client.#flush();
    await client.waitFor('connected');
    return client;
  }

  /** True once the socket is closed. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Publishes a file at its own speed, to its end, and gives the stream back. `firstData` are bodies of data messages
   * that go in front. */
  async publishFile(name: string, sourcePath: string, firstData: readonly Uint8Array[] = []): Promise<void> {
    this.session.publish(name);
    this.#flush();
    await this.waitFor('publish-started');
    for (const body of firstData) this.session.sendData(0, body);
    const startMs = performance.now();
    for (const message of readFlvMessages(sourcePath)) {
      while (performance.now() - startMs < message.timestampMs) await sleep(PUBLISH_STEP_MS);
      if (!this.#send(message)) throw new Error(`publishing ended at ${message.timestampMs} ms`, this.#cause);
      this.#flush();
    }
    this.session.closeStream();
    this.#flush();
    this.#socket.end();
    await once(this.#socket, 'close');
  }

  /** Asks for a stream and waits until it plays. */
  async play(name: string): Promise<void> {
    this.session.play(name);
    this.#flush();
    await this.waitFor('play-started');
  }

  /** What was played so far, as an FLV file of its own. */
  writeReceived(): string {
    const messages = this.events.flatMap((event): FlvMessage[] => {
      if (event.type === 'media') return [{ ...event, type: event.kind }];
      return event.type === 'data' ? [{ ...event, type: 'script' }] : [];
    });
    const path = newFilePath('session-client.flv');
    writeFlvFile(path, messages);
    return path;
  }

  /** Resolves with the first event, past or coming, of that type; rejects where the connection ends before. */
  async waitFor(type: ClientEvent['type']): Promise<ClientEvent> {
    const isThere = (event: ClientEvent): boolean => event.type === type;
    await new Promise<void>((resolve, reject) => {
      const settle = (error: Error | null): void => {
        clearTimeout(limit);
        this.#watchers.delete(look);
        if (error === null) resolve();
        else reject(error);
      };
      const heard = (): string => this.events.slice(-8).map(nameOf).join(', ');
      const look = (): void => {
        if (this.events.some(isThere)) settle(null);
        else if (this.#hasEnded)
          settle(new Error(`ended before ${type}; heard last: ${heard()}`, this.#cause));
      };
      const limit = setTimeout(
        () => settle(new Error(`no ${type} within ${WAIT_LIMIT_MS} ms; heard last: ${heard()}`)),
        WAIT_LIMIT_MS,
      );
      this.#watchers.add(look);
      look();
    });
    const found = this.events.find(isThere);
    if (found === undefined) throw new Error('unreachable');
    return found;
  }

  get #cause(): ErrorOptions {
    return this.#failure === null ? {} : { cause: this.#failure };
  }

  #send({ type, timestampMs, payload }: FlvMessage): boolean {
    if (type === 'audio') return this.session.sendAudio(timestampMs, payload);
    if (type === 'video') return this.session.sendVideo(timestampMs, payload);
    return this.session.sendData(timestampMs, Buffer.concat([SET_DATA_FRAME, payload]));
  }

  #drive(work: () => void): void {
    try {
      work();
      this.#drain();
    } catch (error) {
      this.#fail(error);
      this.events.push(...this.session.drainEvents());
    }
    this.#flush();
    this.#look();
  }

  #drain(): void {
    for (let events = this.session.drainEvents(); events.length > 0; events = this.session.drainEvents()) {
      this.events.push(...events);
    }
  }

  #flush(): void {
    for (const bytes of this.session.takeOutput(TAKE_BYTES)) this.#socket.write(bytes);
    if (this.session.state === 'closed') this.#socket.destroySoon();
  }

  #fail(error: unknown): void {
    this.#failure ??= error;
    this.#socket.destroy();
  }

  #look(): void {
    for (const look of this.#watchers) look();
  }
}

function nameOf(event: ClientEvent): string {
  return 'status' in event ? `${event.type} ${event.status.code}` : event.type;
}
