import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { configWith } from '../../src/config/load-config.ts';
import { routingOf, type Upstream, upstreamFinder } from '../../src/config/routing.ts';
import type { Link } from '../../src/links/link.ts';
import type { ClosedPassage, OpenPassage } from '../../src/links/passage.ts';
import { ConnectReader } from '../../src/protocol/rtmp/splice/connect-reader.ts';
import { DeadlineWheel } from '../../src/sessions/deadline-wheel.ts';
import { SplicePassage } from '../../src/upstreams/splice-passage.ts';
import { patternPacket } from '../protocol/rtmp/handshake/handshake-vectors.ts';
import { FakeClock } from '../sessions/session-rig.ts';
import { filled, join } from '../support/chunk-wire.ts';
import { ClientMessages } from '../support/client-messages.ts';
import { serverHandshake } from '../support/client-wire.ts';
import { MEMORY_FACTS, MemoryLink } from '../support/memory-link.ts';
import { inOrder, PoolRig } from './pool-rig.ts';

const CONNECT = new ClientMessages().connect('live');
const ANSWER = new ClientMessages().call('_result', 1);
const FAILOVER_MS = 15_000;
const { upstreams } = routingOf(
  configWith({ upstreams: { a: { url: 'rtmp://10.0.0.5' }, b: { url: 'rtmp://10.0.0.6' } } }),
);

/** S0 S1 S2 that claim to be signed, and are not. */
const UNSIGNED = join([Uint8Array.of(3), patternPacket('0000000004050001', 13, 5), new Uint8Array(1536)]);

/** A dial that the test ends. */
type Dialling = { readonly upstream: Upstream; readonly link: MemoryLink; readonly take: () => void };

/** The way of one client to two upstreams, with a clock that the test turns. */
class PassageRig {
  readonly clock = new FakeClock();
  readonly pool = new PoolRig({ a: {}, b: {} });
  readonly dials: Dialling[] = [];
  found: OpenPassage | ClosedPassage | null = null;
  readonly ends: string[] = [];

  /** Begins to look. */
  async open(): Promise<void> {
    const wheel = new DeadlineWheel(this.clock);
    const passage = new SplicePassage(
      { ...inOrder('a', 'b'), app: null },
      { app: 'live', instance: '', hopCount: 0 },
      {
        wheel,
        pool: this.pool.pool,
        dial: (upstream) => {
          const { promise, resolve } = Promise.withResolvers<Link>();
          const link = new MemoryLink();
          this.dials.push({ upstream, link, take: () => resolve(link) });
          return promise;
        },
        upstreamOf: upstreamFinder(upstreams),
        randomBytes: (lengthBytes) => filled(lengthBytes),
        failoverTimeoutMs: FAILOVER_MS,
        splice: {
          wheel,
          tunnelGather: null,
          socketGather: null,
          maxWaitingBytes: 1024 * 1024,
          idleTimeoutMs: 300_000,
        },
      },
    );
    const incoming = new ConnectReader().receive(CONNECT) ?? assert.fail('no connect');
    void passage.open(incoming, MEMORY_FACTS, new AbortController().signal).then((found) => {
      this.found = found;
    });
    await settled();
  }

  dialled(index: number): Dialling {
    return this.dials[index] ?? assert.fail(`${this.dials.length} dials`);
  }

  /** Lets a dial come about, and the upstream say this. */
  async take(index: number, ...said: Uint8Array[]): Promise<MemoryLink> {
    const { take, link } = this.dialled(index);
    take();
    await settled();
    for (const bytes of said) link.push(bytes);
    await settled();
    return link;
  }

  async wait(ms: number): Promise<void> {
    this.clock.advance(ms);
    await settled();
  }

  /** Takes a client over as a connection does: its Link has the splice behind `begin`. */
  begin(): MemoryLink {
    assert.ok(this.found?.type === 'open');
    const link = new MemoryLink();
    const onEnd = ({ code }: { readonly code: string }) => this.ends.push(code);
    link.attach(this.found.begin({ link, cipher: null, unsaid: [], rest: new Uint8Array(0), onEnd }));
    link.wake();
    return link;
  }

  get failureCounts(): readonly number[] {
    return this.pool.pool.status().map(({ failureCount }) => failureCount);
  }
}

function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

describe('SplicePassage', () => {
  it('gives an upstream one connectTimeout for dial and handshake, and for the one without a signature too', async () => {
    const rig = new PassageRig();
    await rig.open();
    assert.equal(rig.dialled(0).upstream.connectTimeoutMs, 5000);
    await rig.wait(3000);
    const link = await rig.take(0);
    await rig.wait(1900);
    assert.equal(link.isClosed, false);
    await rig.wait(200);
    assert.equal(link.isClosed, true);
    assert.equal(rig.dialled(1).upstream.name, 'b');
    assert.deepEqual(rig.failureCounts, [1, 0]);
    await rig.wait(2000);
    await rig.take(1, UNSIGNED);
    const { name, connectTimeoutMs } = rig.dialled(2).upstream;
    assert.equal(name, 'b');
    assert.ok(connectTimeoutMs > 2900 && connectTimeoutMs <= 3000, `${connectTimeoutMs} ms`);
    await rig.take(2, serverHandshake(), ANSWER);
    assert.equal(rig.found?.type, 'open');
  });

  it('leaves half of the time to others where one can be tried, and none to those that are drained', async () => {
    for (const isDraining of [false, true]) {
      const rig = new PassageRig();
      rig.pool.pool.setDraining('b', isDraining);
      await rig.open();
      const link = await rig.take(0, serverHandshake());
      await rig.wait(FAILOVER_MS / 2 + 100);
      assert.equal(link.isClosed, !isDraining);
      assert.equal(rig.dials.length, isDraining ? 1 : 2);
      if (isDraining) link.push(ANSWER);
      await settled();
      assert.equal(rig.found?.type, isDraining ? 'open' : undefined);
    }
  });

  it('tells the client of an upstream that ended between its answer and the splice', async () => {
    const rig = new PassageRig();
    await rig.open();
    const link = await rig.take(0, serverHandshake(), ANSWER);
    link.drop('peer-reset');
    const client = rig.begin();
    await rig.wait(100);
    assert.deepEqual(rig.ends, ['upstream-reset']);
    assert.equal(rig.pool.pool.status()[0]?.openCount, 0);
    const heard = Buffer.from(client.readPulled());
    assert.deepEqual(heard.subarray(0, ANSWER.length), Buffer.from(ANSWER));
    assert.match(heard.toString('latin1'), /NetConnection\.Connect\.Closed/);
  });

  it('takes what is no chunk stream behind the answer for a fault of the upstream', async () => {
    const rig = new PassageRig();
    await rig.open();
    await rig.take(0, serverHandshake(), ANSWER, Uint8Array.of(0xc9, 1));
    const client = rig.begin();
    await rig.wait(100);
    assert.deepEqual(rig.ends, ['upstream-malformed']);
    assert.deepEqual(client.internalErrors, []);
    assert.equal(rig.pool.pool.status()[0]?.openCount, 0);
  });
});
