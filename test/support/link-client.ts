// A client over an outgoing Link: the project's own client session as the Link's endpoint. What it receives is kept as
// events; waiting is by event, with a limit.

import { randomBytes } from 'node:crypto';
import type { EndReason } from '../../src/errors.ts';
import type { Link, LinkEndpoint } from '../../src/links/link.ts';
import type { ClientEvent, MediaEvent } from '../../src/protocol/rtmp/client/client-events.ts';
import { ClientSession } from '../../src/protocol/rtmp/client/client-session.ts';

const WAIT_LIMIT_MS = 20_000;

/** A connected client and everything it heard. */
export class LinkClient implements LinkEndpoint {
  readonly session = new ClientSession({ randomBytes: (lengthBytes) => randomBytes(lengthBytes) });
  readonly link: Link;
  readonly events: ClientEvent[] = [];
  readonly ends: EndReason[] = [];
  readonly isSetUp = true;
  readonly #watchers = new Set<() => void>();

  private constructor(link: Link) {
    this.link = link;
  }

  /** Attaches a client to the Link and connects it to `app`. */
  static async connected(link: Link, app: string): Promise<LinkClient> {
    const client = new LinkClient(link);
    link.attach(client);
    client.session.connect({ app, tcUrl: `rtmpt://127.0.0.1/${app}` });
    link.wake();
    await client.waitFor(({ type }) => type === 'connected' || type === 'connect-rejected');
    return client;
  }

  get hasMore(): boolean {
    return this.session.waitingOutputBytes > 0;
  }

  /** The media received so far. */
  get media(): MediaEvent[] {
    return this.events.filter((event) => event.type === 'media');
  }

  /** Publishes `name` and waits for the answer. */
  publish(name: string): Promise<ClientEvent> {
    this.session.publish(name);
    this.link.wake();
    return this.waitFor(({ type }) => type === 'publish-started' || type === 'publish-rejected');
  }

  /** Plays `name` and waits for the answer. */
  play(name: string): Promise<ClientEvent> {
    this.session.play(name);
    this.link.wake();
    return this.waitFor(({ type }) => type === 'play-started' || type === 'play-rejected');
  }

  receive(bytes: Uint8Array): void {
    this.session.receive(bytes, performance.now());
    for (let events = this.session.drainEvents(); events.length > 0; events = this.session.drainEvents()) {
      this.events.push(...events);
    }
    this.link.wake();
    this.#look();
  }

  take(maxBytes: number): readonly Uint8Array[] {
    return this.session.takeOutput(maxBytes);
  }

  takeDue(maxBytes: number): readonly Uint8Array[] {
    return this.take(maxBytes);
  }

  takeAnswers(maxBytes: number): readonly Uint8Array[] {
    return this.take(maxBytes);
  }

  failed(): void {
    this.#look();
  }

  closed(reason: EndReason): void {
    this.ends.push(reason);
    this.#look();
  }

  /** Resolves with the first event, past or coming, that fits. */
  async waitFor(fits: (event: ClientEvent) => boolean): Promise<ClientEvent> {
    await this.waitUntil(() => this.events.some(fits));
    const found = this.events.find(fits);
    if (found === undefined) throw new Error('unreachable');
    return found;
  }

  /** Resolves when `isTrue` holds; looked at again whenever something came. */
  async waitUntil(isTrue: () => boolean): Promise<void> {
    if (isTrue()) return;
    await new Promise<void>((resolve, reject) => {
      const limit = setTimeout(() => {
        this.#watchers.delete(look);
        const heard = this.events.slice(-8).map(({ type }) => type);
        const ended = this.ends.map(({ code, message }) => `${code}: ${message}`);
        reject(new Error(`waited ${WAIT_LIMIT_MS} ms; heard last: ${heard.join(', ')}; ${ended.join(', ')}`));
      }, WAIT_LIMIT_MS);
      const look = (): void => {
        if (!isTrue()) return;
        clearTimeout(limit);
        this.#watchers.delete(look);
        resolve();
      };
      this.#watchers.add(look);
    });
  }

  #look(): void {
    for (const look of this.#watchers) look();
  }
}
