// One tunnel session under any order of requests, times, wakes and ends: each request is answered once, and in order; what
// is sent arrives once, in order; what was to be said is said once, in order, media in the replies to idles alone.

import assert from 'node:assert/strict';
import { type TunnelReply, TunnelSession } from '../../src/protocol/rtmpt/tunnel-session.ts';
import { FakeEndpoint } from '../../test/protocol/rtmpt/fake-endpoint.ts';
import { TUNNEL_SETTINGS } from '../../test/support/tunnel-settings.ts';
import { assertSame, type FuzzTarget, outcomeOf } from '../support/fuzz-target.ts';

/** LIMIT: steps of one input: with what they queue, some tens of megabytes. */
const MAX_STEPS = 500;

const REQUEST_TYPES = ['send', 'idle', 'close'] as const;
type RequestType = (typeof REQUEST_TYPES)[number];

const ANSWER = 'answer';
const MEDIA = 'media';

/** A text that no other one equals. */
function numbered(head: string, number: number, filledChars: number): string {
  return `${head} ${number} ${'.'.repeat(filledChars)}`;
}

function latin1Of(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1');
}

/** A session, what stands around it, and what must hold of it after each step. */
class TunnelRun {
  readonly #endpoint = new FakeEndpoint();
  readonly #session: TunnelSession<number>;
  /** Requests without an answer: their tokens and types. */
  readonly #open = new Map<number, RequestType>();
  readonly #sent: string[] = [];
  readonly #answersQueued: string[] = [];
  readonly #mediaQueued: string[] = [];
  readonly #partsReplied: string[] = [];
  #asked = 0;
  #lastAnswered = -1;
  #nowMs = 0;
  #ends = 0;
  answers = '';

  constructor() {
    this.#session = new TunnelSession<number>({
      settings: TUNNEL_SETTINGS,
      endpoint: this.#endpoint,
      openedMs: 0,
      reply: (token, reply) => this.#answered(token, reply),
      onEnded: () => {
        this.#ends += 1;
      },
    });
  }

  /** One step: what it is and how much of it. */
  step(kind: number, amount: number): void {
    const session = this.#session;
    switch (kind) {
      case 0:
      case 1:
      case 2: {
        const type = REQUEST_TYPES[kind] ?? 'idle';
        const token = this.#asked++;
        this.#open.set(token, type);
        const text = amount === 0 ? '' : numbered('body', token, amount);
        if (type === 'send' && amount > 0 && session.isOpen) this.#sent.push(text);
        const sequenceNumber = amount === 255 ? null : amount;
        session.receive({ type, sequenceNumber, body: Buffer.from(text, 'latin1') }, token, this.#nowMs);
        break;
      }
      case 3:
        this.#nowMs += amount * amount;
        this.#tick();
        break;
      case 4: {
        const text = numbered(ANSWER, this.#answersQueued.length, amount * 40);
        this.#answersQueued.push(text);
        this.#endpoint.queue(text);
        session.wake(this.#nowMs);
        break;
      }
      case 5: {
        const text = numbered(MEDIA, this.#mediaQueued.length, amount * 100);
        this.#mediaQueued.push(text);
        this.#endpoint.queueMedia(text);
        if (!this.#endpoint.isGathering) session.wake(this.#nowMs);
        break;
      }
      case 6:
        this.#endpoint.isSetUp = amount % 2 === 0;
        this.#endpoint.isGathering = amount % 3 === 0;
        session.carriersChanged(amount % 4, this.#nowMs);
        break;
      case 7:
        if (amount % 16 === 0) session.close(this.#nowMs);
        else {
          const gone = (token: number): boolean => token % 16 === amount % 16;
          session.abort(gone);
          for (const token of [...this.#open.keys()]) if (gone(token)) this.#open.delete(token);
        }
    }
    assert.ok(this.#open.size <= 1, 'at most one request is held');
    assert.equal(this.#ends, session.isEnded ? 1 : 0, 'the end is told once');
    if (session.isEnded) assert.equal(this.#open.size, 0, 'nobody waits at the end');
    const deadlineMs = session.nextDeadlineMs();
    assert.ok(!Number.isNaN(deadlineMs));
  }

  /** After long enough, without a request, it is over. */
  finish(): string {
    for (let turns = 0; turns < 4 && !this.#session.isEnded; turns += 1) {
      this.#nowMs += TUNNEL_SETTINGS.silenceTimeoutMs + 10_000;
      this.#tick();
    }
    assert.ok(this.#session.isEnded, 'a silent session ends');
    assert.equal(this.#open.size, 0, 'each request was answered');
    assertSame(this.#endpoint.received, this.#sent, 'what was sent arrives otherwise');
    const saidOf = (head: string): string[] => this.#partsReplied.filter((text) => text.startsWith(head));
    const left = (queue: readonly Uint8Array[]): string[] => queue.map(latin1Of);
    const { messages, media } = this.#endpoint;
    assertSame([...saidOf(ANSWER), ...left(messages)], this.#answersQueued, 'answers are said otherwise');
    assertSame([...saidOf(MEDIA), ...left(media)], this.#mediaQueued, 'media are said otherwise');
    return this.answers;
  }

  /** A session whose time has run out is closed, as its driver does. */
  #tick(): void {
    if ('code' in outcomeOf(() => this.#session.tick(this.#nowMs))) this.#session.close(this.#nowMs);
  }

  #answered(token: number, { statusCode, pollingByte, parts }: TunnelReply): void {
    const type = this.#open.get(token);
    assert.ok(this.#open.delete(token), 'a request is answered once');
    const texts = parts.map(latin1Of);
    assert.ok(
      type === 'idle' || !texts.some((text) => text.startsWith(MEDIA)),
      'media go with the replies to idles',
    );
    this.#partsReplied.push(...texts);
    assert.ok(token > this.#lastAnswered, 'requests are answered in order');
    this.#lastAnswered = token;
    if (this.answers.length < 12) this.answers += `${statusCode}${pollingByte}${Math.min(parts.length, 1)} `;
  }
}

/** Two bytes are a step: its kind, and an amount. */
export const TUNNEL_SESSION: FuzzTarget = {
  seeds: () =>
    [
      '0008',
      '00400140',
      '01100320',
      '0110040105010310',
      '0110020003ff03ff',
      '0020070003ff',
      '06020110070303ff',
    ].map((hex) => Buffer.from(hex, 'hex')),
  fuzz: (data) => {
    const run = new TunnelRun();
    for (let step = 0; step < Math.min(MAX_STEPS, data.length >> 1); step += 1) {
      run.step((data[2 * step] ?? 0) & 7, data[2 * step + 1] ?? 0);
    }
    return run.finish();
  },
};
