// An endpoint for tests of the tunnel: keeps what it received, gives what was queued, message by message.

import type { TunnelEndpoint } from '../../../src/protocol/rtmpt/tunnel-endpoint.ts';

/** Keeps and gives bytes; `onReceive` and `onTake` let a test act, or throw, inside the calls. */
export class FakeEndpoint implements TunnelEndpoint {
  isSetUp = false;
  /** True while media gathers: it is there, and not due. */
  isGathering = false;
  /** How many times `takeDue` was called, which every idle does. */
  dueReads = 0;
  readonly hasMore = true;
  readonly received: string[] = [];
  readonly takenCaps: number[] = [];
  /** What answers the peer, and what only `take` gives. */
  readonly messages: Uint8Array[] = [];
  readonly media: Uint8Array[] = [];
  onReceive: (text: string) => void = () => undefined;
  onTake: () => void = () => undefined;

  takeDue(maxBytes: number): Uint8Array[] {
    this.dueReads++;
    const isDue = this.messages.length > 0 || (this.media.length > 0 && !this.isGathering);
    return isDue ? this.take(maxBytes) : [];
  }

  receive(bytes: Uint8Array): void {
    const text = Buffer.from(bytes).toString('latin1');
    this.received.push(text);
    this.onReceive(text);
  }

  take(maxBytes: number): Uint8Array[] {
    const answers = this.takeAnswers(maxBytes);
    return answers.length > 0 ? answers : takeFrom(this.media, maxBytes);
  }

  takeAnswers(maxBytes: number): Uint8Array[] {
    this.onTake();
    this.takenCaps.push(maxBytes);
    return takeFrom(this.messages, maxBytes);
  }

  /** Queues one message that only `take` gives. */
  queueMedia(text: string): void {
    this.media.push(Buffer.from(text, 'latin1'));
  }

  /** Queues one message. */
  queue(text: string): void {
    this.messages.push(Buffer.from(text, 'latin1'));
  }
}

function takeFrom(queue: Uint8Array[], maxBytes: number): Uint8Array[] {
  const taken: Uint8Array[] = [];
  let lengthBytes = 0;
  for (;;) {
    const next = queue[0];
    if (next === undefined || (taken.length > 0 && lengthBytes + next.length > maxBytes)) return taken;
    lengthBytes += next.length;
    taken.push(next);
    queue.shift();
  }
}
