// A tunnel session on a bench: no sockets, and a clock that the test moves.

import type { TunnelSettings } from '../../../src/protocol/rtmpt/limits.ts';
import { TunnelSession } from '../../../src/protocol/rtmpt/tunnel-session.ts';
import { TUNNEL_SETTINGS } from '../../support/tunnel-settings.ts';
import { FakeEndpoint } from './fake-endpoint.ts';

/** Long enough for one handshake. */
export const C0C1C2 = 'h'.repeat(3073);

/** A session with its endpoint and a clock that the test moves; answers read as `token: status polling bytes`. */
export class Bench {
  readonly endpoint = new FakeEndpoint();
  readonly answers: string[] = [];
  readonly session: TunnelSession<string>;
  endedCount = 0;
  nowMs = 1000;

  constructor(settings: Partial<TunnelSettings> = {}) {
    this.session = new TunnelSession<string>({
      settings: { ...TUNNEL_SETTINGS, ...settings },
      endpoint: this.endpoint,
      openedMs: this.nowMs,
      reply: (token, reply) => {
        const text = Buffer.concat(reply.parts).toString('latin1');
        this.answers.push(`${token}: ${reply.statusCode} ${reply.pollingByte ?? '-'} ${text}`.trimEnd());
      },
      onEnded: () => {
        this.endedCount++;
      },
    });
    this.session.carriersChanged(1, this.nowMs);
  }

  ask(type: 'send' | 'idle' | 'close', token: string, body = ''): void {
    this.session.receive(
      { type, sequenceNumber: null, body: Buffer.from(body, 'latin1') },
      token,
      this.nowMs,
    );
  }

  /** Advances to `ms` after the opening, ticking there as a wheel would. */
  at(ms: number): void {
    this.nowMs = 1000 + ms;
    this.session.tick(this.nowMs);
  }

  deadlineMs(): number {
    return this.session.nextDeadlineMs() - 1000;
  }
}

/** A bench whose client has shaken hands. */
export function shaken(settings: Partial<TunnelSettings> = {}): Bench {
  const bench = new Bench(settings);
  bench.ask('send', 'c0c1c2', C0C1C2);
  bench.answers.length = 0;
  bench.endpoint.received.length = 0;
  return bench;
}
