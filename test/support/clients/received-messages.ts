// What an emulated client has received so far, for tests that wait for it: past and coming messages, the end, and the
// error by which the real client would have broken.

import { commandIn, type RtmpCommand, statusCodeIn } from './message-reader.ts';
import { isMedia, type MediaMessage, mediaOf } from './numbered-media.ts';
import { PATIENCE_MS } from './raw-http.ts';
import type { RtmpMessage } from './rtmp-bytes.ts';

/** Keeps messages in order and wakes whoever waits. */
export class ReceivedMessages {
  readonly messages: RtmpMessage[] = [];
  #media: MediaMessage[] = [];
  readonly #watchers = new Set<() => void>();
  #failure: Error | null = null;
  #isOver = false;

  /** Sound, pictures and onMetaData, in order. */
  get media(): readonly MediaMessage[] {
    return this.#media;
  }

  /** The commands, in order. */
  get commands(): RtmpCommand[] {
    return this.messages.map(commandIn).filter((command) => command !== null);
  }

  /** What broke the client, or null. */
  get failure(): Error | null {
    return this.#failure;
  }

  /** True once the client has ended, for whatever reason. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** A message came. */
  add(message: RtmpMessage): void {
    this.messages.push(message);
    if (isMedia(message)) this.#media.push(mediaOf(message));
    this.#wake();
  }

  /** The client broke: whoever waits now or later gets the error. The first one counts. */
  fail(error: unknown): void {
    this.#failure ??= error instanceof Error ? error : new Error(String(error));
    this.over();
  }

  /** The client has ended in order. */
  over(): void {
    this.#isOver = true;
    this.#wake();
  }

  /** Something that a condition may depend on has changed. */
  changed(): void {
    this.#wake();
  }

  /** Resolves when there are `count` media messages. @throws Error where the client broke or the time is over */
  async waitForMedia(count: number, limitMs = PATIENCE_MS): Promise<void> {
    await this.waitUntil(() => this.#media.length >= count, `${count} media messages`, limitMs);
  }

  /** Resolves with the first command, past or coming, that fits. */
  async waitForCommand(
    fits: (command: RtmpCommand) => boolean,
    title: string,
    limitMs = PATIENCE_MS,
  ): Promise<RtmpCommand> {
    let found: RtmpCommand | undefined;
    const look = (): boolean => {
      found = this.commands.find(fits);
      return found !== undefined;
    };
    await this.waitUntil(look, title, limitMs);
    if (found === undefined) throw new Error('unreachable');
    return found;
  }

  /** Resolves with the first onStatus of this code. */
  async waitForStatus(code: string, limitMs = PATIENCE_MS): Promise<RtmpCommand> {
    const fits = (command: RtmpCommand): boolean =>
      command.name === 'onStatus' && statusCodeIn(command) === code;
    return this.waitForCommand(fits, `onStatus ${code}`, limitMs);
  }

  /** Resolves with the error that broke the client; rejects where it ends in order or the time is over. */
  async waitForFailure(limitMs = PATIENCE_MS): Promise<Error> {
    await this.#wait(() => this.#isOver, 'the failure', limitMs);
    if (this.#failure === null) throw new Error('the client ended in order; it should have broken');
    return this.#failure;
  }

  /** Resolves when `isTrue` holds; looked at again whenever something came or changed. */
  async waitUntil(isTrue: () => boolean, title: string, limitMs = PATIENCE_MS): Promise<void> {
    await this.#wait(() => isTrue() || this.#isOver, title, limitMs);
    if (isTrue()) return;
    throw this.#failure ?? new Error(`the client ended before ${title}`);
  }

  async #wait(isTrue: () => boolean, title: string, limitMs: number): Promise<void> {
    if (isTrue()) return;
    await new Promise<void>((resolve, reject) => {
      const limit = setTimeout(() => {
        this.#watchers.delete(look);
        const heard = this.messages.slice(-6).map(({ typeId, payload }) => `${typeId} (${payload.length})`);
        reject(new Error(`waited ${limitMs} ms for ${title}; heard last: ${heard.join(', ')}`));
      }, limitMs);
      const look = (): void => {
        if (!isTrue()) return;
        clearTimeout(limit);
        this.#watchers.delete(look);
        resolve();
      };
      this.#watchers.add(look);
    });
  }

  #wake(): void {
    for (const look of [...this.#watchers]) look();
  }
}
