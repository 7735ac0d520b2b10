// A publish and a play through a proxy that makes faults: doubled, repeated, crossing, late and cut requests, and cut
// connections. What one client publishes through it comes to a plain RTMP viewer, and what a plain publisher sends comes to
// one that plays through it, each message in order and to the byte.

import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { FfmpegPlayer, FfmpegPublisher } from '../support/clients/ffmpeg-client.ts';
import { FlashPlayerClient } from '../support/clients/flash-player-client.ts';
import { HaishinKitClient } from '../support/clients/haishinkit-client.ts';
import { LibrtmpPlayer } from '../support/clients/librtmp-client.ts';
import { NumberedClient } from '../support/clients/numbered-client.ts';
import {
  assertSameMedia,
  MEDIA_START,
  type MediaMessage,
  numberedMessage,
} from '../support/clients/numbered-media.ts';
import type { Address } from '../support/clients/raw-http.ts';
import { Red5Client } from '../support/clients/red5-client.ts';
import type { PlayingClient, PublishingClient } from '../support/clients/tunnel-client.ts';
import { startFaultProxy } from '../support/fault-proxy.ts';
import { FaultKind, type FaultRates } from '../support/faults/fate.ts';
import type { SessionFaults } from '../support/faults/session-faults.ts';
import { type Cleaner, sleep } from '../support/programs.ts';
import { TestClient } from '../support/test-client.ts';
import type { LogEntry } from '../support/test-gateway.ts';
import { APP, mediaOfEvents, newStreamName, sendAll, startScene, watch } from './tunnel-clients/scene.ts';

/** How long the long test publishes and plays, ms. */
const LONG_MS = 60_000;
/** How long the others do; LIMIT: 100 messages, for FFmpeg sends each tenth with the nine before it. */
const SHORT_MS = 1590;
const SEED = 20_261_123;
const TICK_MS = 11;

/** Every fault at once, each often enough to happen many times a minute. */
const ALL_FAULTS: FaultRates = {
  duplicate: 0.05,
  dropReply: 0.05,
  reorder: 0.12,
  delay: 0.06,
  split: 0.015,
  closeClient: 0.05,
  closeGateway: 0.05,
};
/** Times that each of them has to have happened to each session by the end of the long test. */
const MIN_FAULTS = 10;

/** One fault and no other, often. */
const SINGLE_FAULTS: readonly (readonly [FaultKind, number, string])[] = [
  [FaultKind.Duplicate, 0.4, 'POSTs come twice, on one connection or on two'],
  [FaultKind.DropReply, 0.4, 'replies are lost and their POSTs come again'],
  [FaultKind.Reorder, 0.5, 'requests overtake each other'],
  [FaultKind.Delay, 0.3, 'requests and replies are late'],
  [FaultKind.Split, 0.1, 'requests and replies come byte by byte'],
  [FaultKind.CloseClient, 0.4, 'the connections of its client are closed between requests'],
  [FaultKind.CloseGateway, 0.4, 'the connections to the gateway are closed between requests'],
];

/** Clients of whose real ones none is known to take a new connection in the place of one that was closed. */
const CLIENTS: readonly (readonly [string, Maker<PublishingClient>, Maker<PlayingClient>])[] = [
  ['Flash Player publishes and Flash Player plays', FlashPlayerClient, FlashPlayerClient],
  ['FFmpeg publishes and FFmpeg plays', FfmpegPublisher, FfmpegPlayer],
  ['Red5 publishes and librtmp plays', Red5Client, LibrtmpPlayer],
];

type Maker<Client> = new (cleaner: Cleaner, address: Address) => Client;

type TunnelFigures = Readonly<Record<string, unknown>>;

type Clients = { readonly publisher: PublishingClient; readonly player: PlayingClient };

type Passed = {
  readonly publisher: { readonly faults: SessionFaults; readonly figures: TunnelFigures };
  readonly player: { readonly faults: SessionFaults; readonly figures: TunnelFigures };
};

describe('A session that numbers its requests, through a proxy that makes faults', () => {
  it('publishes and plays for a minute with every message there, in order and to the byte [RTMPT-NOTE 4] [RTMPT-NOTE 5] [tunnel point 4] [tunnel point 5]', async (t) => {
    const cpuStart = process.cpuUsage();
    const startMs = performance.now();
    const clients: NumberedClient[] = [];
    const passed = await passBothWays(t, ALL_FAULTS, LONG_MS, (address) => {
      clients.push(new NumberedClient(t, address), new NumberedClient(t, address));
      const [publisher, player] = clients;
      return { publisher: publisher ?? assert.fail(), player: player ?? assert.fail() };
    });
    const { user, system } = process.cpuUsage(cpuStart);
    const cpuShare = (user + system) / 1000 / (performance.now() - startMs);
    t.diagnostic(`${(cpuShare * 100).toFixed(1)} % of a core, all in all`);
    for (const side of [passed.publisher, passed.player]) {
      for (const kind of Object.values(FaultKind)) {
        assert.ok(
          side.faults.counts[kind] >= MIN_FAULTS,
          `${kind} happened ${side.faults.counts[kind]} times`,
        );
      }
      assertFiguresAgree(side);
    }
    for (const { tunnel } of clients) assert.ok(tunnel.mostUnderWay >= 2 && tunnel.connectionCount > 2);
  });

  for (const [kind, rate, title] of SINGLE_FAULTS) {
    it(`loses nothing where ${title} [RTMPT-NOTE 5] [tunnel point 5]`, async (t) => {
      const passed = await passBothWays(t, { [kind]: rate }, SHORT_MS, (address) => ({
        publisher: new NumberedClient(t, address),
        player: new NumberedClient(t, address),
      }));
      for (const side of [passed.publisher, passed.player]) {
        assertOnly(side.faults, [kind]);
        assertFiguresAgree(side);
      }
    });
  }
});

describe('A client that connects once, through a proxy that makes every fault but to end its connection', () => {
  const rates = { duplicate: 0.2, dropReply: 0.2, delay: 0.1, split: 0.05, closeGateway: 0.3 };
  for (const [name, Publisher, Player] of CLIENTS) {
    it(`${name} every message, in order and to the byte [RTMPT-NOTE 5] [tunnel point 5]`, async (t) => {
      const passed = await passBothWays(t, rates, SHORT_MS, (address) => ({
        publisher: new Publisher(t, address),
        player: new Player(t, address),
      }));
      for (const side of [passed.publisher, passed.player]) {
        assert.ok(side.faults.repeatedPosts > 0);
        assertFiguresAgree(side);
      }
    });
  }
});

describe('A session that says 0 in every request, through a proxy that makes faults', () => {
  const kinds = [FaultKind.Delay, FaultKind.Split, FaultKind.CloseClient, FaultKind.CloseGateway];
  it('loses nothing where requests are late, cut, and on ever new connections [RTMPT-NOTE 5] [tunnel point 5]', async (t) => {
    const rates = { delay: 0.2, split: 0.2, closeClient: 0.4, closeGateway: 0.4 };
    const passed = await passBothWays(t, rates, 2 * SHORT_MS, (address) => ({
      publisher: new HaishinKitClient(t, address),
      player: new HaishinKitClient(t, address),
    }));
    for (const { faults, figures } of [passed.publisher, passed.player]) {
      assertOnly(faults, kinds);
      assert.equal(faults.repeatedPosts, 0);
      for (const name of ['repeatedRequests', 'earlyRequests', 'missingRequests', 'lateRequests'])
        assert.equal(figures[name], 0, name);
    }
  });
});

/** Publishes through a proxy and plays through it, side by side, and compares what came with what was sent. */
async function passBothWays(
  t: TestContext,
  rates: FaultRates,
  durationMs: number,
  clientsAt: (address: Address) => Clients,
): Promise<Passed> {
  const { address, port, log } = await startScene(t);
  const proxy = await startFaultProxy(t, address, { rates, seed: SEED });
  const { publisher, player } = clientsAt(proxy);
  const [upName, downName] = [newStreamName(), newStreamName()];
  await publisher.publish(APP, upName);
  const watcher = await watch(t, port, upName);
  const plain = await TestClient.overTcp(t, port, APP);
  await plain.publish(downName);
  await player.play(APP, downName);

  const sent = await pace(t, durationMs, async (messages) => {
    sendAll(plain, messages);
    for (const message of messages) await publisher.sendMedia(message);
  });
  assert.deepEqual(proxy.failures, []);
  await watcher.waitUntil(() => mediaOfEvents(watcher.events).length >= sent.length);
  await player.received.waitForMedia(sent.length);
  await proxy.calm();
  await publisher.close();
  await watcher.waitFor(({ type }) => type === 'play-stopped');
  await player.close();
  assertSameMedia(mediaOfEvents(watcher.events), sent, 'what was published through the proxy');
  assertSameMedia(player.received.media, sent, 'what was played through the proxy');
  assert.deepEqual([publisher.received.failure, player.received.failure], [null, null]);
  assert.deepEqual(proxy.failures, []);

  const [publisherFaults, playerFaults] = [...proxy.sessions.values()];
  const passed = {
    publisher: { faults: publisherFaults ?? assert.fail(), figures: await figuresOf(log, 'publisher') },
    player: { faults: playerFaults ?? assert.fail(), figures: await figuresOf(log, 'player') },
  };
  t.diagnostic(`${sent.length} messages both ways`);
  for (const { faults, figures } of [passed.publisher, passed.player]) {
    const { requests, repeatedPosts, counts } = faults;
    t.diagnostic(JSON.stringify({ requests, repeatedPosts, ...counts }));
    t.diagnostic(JSON.stringify(figures));
  }
  return passed;
}

/** Sends metadata and headers, and then 30 pictures and as many pieces of sound a second, as they are due. */
async function pace(
  cleaner: Cleaner,
  durationMs: number,
  send: (messages: readonly MediaMessage[]) => Promise<void>,
): Promise<MediaMessage[]> {
  let isGivenUp = false;
  cleaner.after(() => {
    isGivenUp = true;
  });
  const sent = [...MEDIA_START];
  await send(MEDIA_START);
  const startMs = performance.now();
  for (let next = numberedMessage(0), number = 0; next.timestampMs < durationMs && !isGivenUp; ) {
    const due: MediaMessage[] = [];
    const elapsedMs = performance.now() - startMs;
    for (; next.timestampMs <= elapsedMs && next.timestampMs < durationMs; next = numberedMessage(++number)) {
      due.push(next);
    }
    sent.push(...due);
    await send(due);
    await sleep(TICK_MS);
  }
  return sent;
}

/** Asserts that these faults happened, and no others. */
function assertOnly({ counts }: SessionFaults, kinds: readonly FaultKind[]): void {
  const happened = Object.values(FaultKind).filter((kind) => counts[kind] > 0);
  assert.deepEqual(new Set(happened), new Set(kinds));
}

/** Asserts that the gateway has counted what the proxy did. */
function assertFiguresAgree({ faults, figures }: Passed['publisher']): void {
  assert.equal(figures['missingRequests'], 0);
  assert.equal(figures['requests'], faults.requests, 'requests handled');
  const { repeatedRequests, lateRequests, earlyRequests } = figures;
  assert.equal(Number(repeatedRequests) + Number(lateRequests), faults.repeatedPosts, 'repeated POSTs');
  assert.ok(Number(earlyRequests) >= faults.counts.reorder, `${String(earlyRequests)} requests came early`);
}

/** What the last line of the tunnel's session of this role says of the tunnel. */
async function figuresOf(log: readonly LogEntry[], role: 'player' | 'publisher'): Promise<TunnelFigures> {
  for (let looks = 0; looks < 200; looks++) {
    for (const { message, fields } of log) {
      const end = new Map<string, unknown>(Object.entries(fields));
      const isIt = end.get('transport') === 'rtmpt' && end.get('role') === role;
      if (message === 'session ended' && isIt) return { ...(end.get('tunnel') as object) };
    }
    await sleep(10);
  }
  throw new Error(`no tunnel of a ${role} ended`);
}
