// One tunnel session under any order of requests, times, wakes and ends: each request is answered once, and in order.

import assert from 'node:assert/strict';
import { type TunnelReply, TunnelSession } from '../../src/protocol/rtmpt/tunnel-session.ts';
import { FakeEndpoint } from '../../test/protocol/rtmpt/fake-endpoint.ts';
import { TUNNEL_SETTINGS } from '../../test/support/tunnel-settings.ts';
import { type FuzzTarget, outcomeOf } from '../support/fuzz-target.ts';

/** LIMIT: steps of one input. */
const MAX_STEPS = 2000;

/** A session, what stands around it, and what must hold of it after each step. */
class TunnelRun {
  readonly #endpoint = new FakeEndpoint();
  readonly #session: TunnelSession<number>;
  readonly #open = new Set<number>();
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
        const type = (['send', 'idle', 'close'] as const)[kind] ?? 'idle';
        const token = this.#asked++;
        this.#open.add(token);
        const request = {
          type,
          sequenceNumber: amount === 255 ? null : amount,
          body: new Uint8Array(amount),
        };
        session.receive(request, token, this.#nowMs);
        break;
      }
      case 3:
        this.#nowMs += amount * amount;
        outcomeOf(() => session.tick(this.#nowMs));
        break;
      case 4:
        this.#endpoint.queue('x'.repeat(1 + amount * 40));
        session.wake();
        break;
      case 5:
        this.#endpoint.queueMedia('m'.repeat(1 + amount * 400));
        session.wake();
        break;
      case 6:
        this.#endpoint.isSetUp = amount % 2 === 0;
        session.carriersChanged(amount % 4, this.#nowMs);
        break;
      case 7:
        if (amount % 16 === 0) session.close(this.#nowMs);
        else {
          const gone = (token: number): boolean => token % 16 === amount % 16;
          session.abort(gone);
          for (const token of [...this.#open]) if (gone(token)) this.#open.delete(token);
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
      if ('code' in outcomeOf(() => this.#session.tick(this.#nowMs))) this.#session.close(this.#nowMs);
    }
    assert.ok(this.#session.isEnded, 'a silent session ends');
    assert.equal(this.#open.size, 0, 'each request was answered');
    return this.answers;
  }

  #answered(token: number, { statusCode, pollingByte, parts }: TunnelReply): void {
    assert.ok(this.#open.delete(token), 'a request is answered once');
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
