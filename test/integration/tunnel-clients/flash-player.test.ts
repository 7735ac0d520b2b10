// Flash Player and AIR, emulated: against a gateway, and against replies that break the real one.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { FlashPlayerClient } from '../../support/clients/flash-player-client.ts';
import { assertSameMedia, MEDIA_START, numberedMedia } from '../../support/clients/numbered-media.ts';
import type { Address } from '../../support/clients/raw-http.ts';
import { PACKET_BYTES } from '../../support/clients/rtmp-bytes.ts';
import {
  type AnswerChange,
  changeOnly,
  properReply,
  replyWith,
  serverHandshake,
  startScriptedTunnel,
} from '../../support/clients/scripted-tunnel.ts';
import { ShumwayClient } from '../../support/clients/shumway-client.ts';
import { type Cleaner, Scope } from '../../support/programs.ts';
import { startAlteredGateway } from './altered-gateway.ts';
import {
  APP,
  breaks,
  carriesBetween,
  mediaOfEvents,
  newStreamName,
  playsEverything,
  publishesEverything,
  startScene,
  watch,
} from './scene.ts';

const NOTHING = Buffer.alloc(0);
const NOT_FOUND_PAGE = Buffer.from('<html><body>Not Found</body></html>');
const BLOCK = [
  'User-Agent: Shockwave Flash',
  'Connection: Keep-Alive',
  'Cache-Control: no-cache',
  'Content-Type: application/x-fcs',
];

describe('Flash Player through the tunnel', () => {
  it('plays every message to the byte and hears of the end, signed and in AMF3 [RTMPT-NOTE 4] [tunnel point 4]', async (t) => {
    const { address } = await startScene(t);
    await playsEverything(t, new FlashPlayerClient(t, address), address.port);
  });

  it('publishes every message to the byte, and its close ends the publish [RTMPT-NOTE 12] [tunnel point 12]', async (t) => {
    const { address } = await startScene(t);
    await publishesEverything(t, new FlashPlayerClient(t, address), address.port);
  });

  it('is played by its heir in JavaScript [RTMPT-NOTE 7] [tunnel point 7]', async (t) => {
    const { address } = await startScene(t);
    await carriesBetween(new FlashPlayerClient(t, address), new ShumwayClient(t, address));
  });

  it('sends on one connection while its idle is held on another, which is answered then and there [RTMPT-NOTE 4] [RTMPT-NOTE 6] [tunnel point 4] [tunnel point 6]', async (t) => {
    const { address } = await startScene(t, { tunnel: { idleHoldMs: 4000 } });
    const streamName = newStreamName();
    const front = await startAlteredGateway(t, address);
    const client = new FlashPlayerClient(t, front);
    await client.publish(APP, streamName);
    const watcher = await watch(t, address.port, streamName);
    const startedMs = performance.now();
    const sent = numberedMedia(12);
    for (const [index, message] of sent.entries()) {
      while (!front.requests.at(-1)?.path.startsWith('/idle')) {
        await front.requestsReached(front.requests.length + 1);
      }
      await client.sendMedia(message);
      await watcher.waitUntil(() => mediaOfEvents(watcher.events).length > index);
    }
    const tookMs = performance.now() - startedMs;
    assert.ok(tookMs < 2000, `${sent.length} sends beside idles of 4,000 ms took ${tookMs} ms`);
    assertSameMedia(mediaOfEvents(watcher.events), sent);
    assert.equal(client.tunnel.connectionCount, 2);
    const connections = front.requests.map(({ connectionNumber }) => connectionNumber);
    assert.deepEqual(new Set(connections), new Set([1, 2]));
    await client.close();
  });

  it('numbers idles and sends as one row, and closes with the next number [RTMPT-NOTE 5] [tunnel point 5]', async (t) => {
    const { address } = await startScene(t);
    const front = await startAlteredGateway(t, address);
    const client = new FlashPlayerClient(t, front);
    await client.play(APP, newStreamName());
    await client.close();
    const paths = front.requests.map(({ path }) => path);
    assert.deepEqual(paths.slice(0, 2), ['/fcs/ident2', '/open/1']);
    assert.match(paths.at(-1) ?? '', /^\/close\/[^/]+\/\d+$/);
    const numbers = paths.slice(2).map((path) => Number(path.split('/').at(-1)));
    assert.deepEqual(
      numbers.toSorted((one, other) => one - other),
      numbers.map((_, index) => index),
    );
  });

  it('is put in order where two of its requests cross on the way [RTMPT-NOTE 5] [tunnel point 5]', async (t) => {
    const { address } = await startScene(t);
    const streamName = newStreamName();
    const client = new FlashPlayerClient(t, address);
    await client.publish(APP, streamName);
    const watcher = await watch(t, address.port, streamName);
    const sent = [...MEDIA_START, ...numberedMedia(9)];
    for (const message of sent.slice(0, 6)) await client.sendMedia(message);
    for (let index = 6; index < sent.length; index += 2) {
      await client.sendCrossing(sent[index] ?? assert.fail(), sent[index + 1] ?? assert.fail());
    }
    await watcher.waitUntil(() => mediaOfEvents(watcher.events).length >= sent.length);
    assertSameMedia(mediaOfEvents(watcher.events), sent);
    await client.close();
  });

  it('repeats its header block once more with each request [RTMPT-NOTE 14] [tunnel point 14]', async (t) => {
    const { address } = await startScene(t, { tunnel: { idleHoldMs: 0, setupHoldMs: 0 } });
    const front = await startAlteredGateway(t, address);
    const client = new FlashPlayerClient(t, front);
    await client.play(APP, newStreamName());
    await front.requestsReached(30);
    await client.close();
    for (const index of [0, 1, 2, 20]) {
      const { headerLines, body } = front.requests[index] ?? assert.fail();
      const blocks = Array.from({ length: index + 1 }, () => BLOCK).flat();
      assert.deepEqual(headerLines, [
        ...blocks,
        `Host: 127.0.0.1:${front.port}`,
        `Content-Length: ${body.length}`,
      ]);
    }
    const longest = Math.max(...front.requests.map(({ headerLines }) => headerLines.length));
    assert.equal(longest, 24 * BLOCK.length + 2);
  });

  it('goes where the ident tells it to, which may be here [tunnel point 2]', async (t) => {
    const { address } = await startScene(t, { tunnel: { ident: '127.0.0.1' } });
    const named = { host: 'localhost', port: address.port };
    await playsEverything(t, new FlashPlayerClient(t, named), address.port);
    const elsewhere = await startScene(t, { tunnel: { ident: '127.0.0.9' } });
    await breaks(new FlashPlayerClient(t, elsewhere.address).play(APP, 's'), /ECONNREFUSED 127\.0\.0\.9/);
  });
});

describe('Flash Player, as it is strict', () => {
  const scope = new Scope();
  let gateway: Address;

  before(async () => {
    gateway = (await startScene(scope)).address;
  });
  after(() => scope.close());

  /** Plays from a gateway of which one reply is another one. */
  const play = async (cleaner: Cleaner, change: AnswerChange): Promise<void> => {
    const client = new FlashPlayerClient(cleaner, await startAlteredGateway(cleaner, gateway, change));
    await client.play(APP, newStreamName());
    await client.close();
  };

  it('takes a page of an error for the id of its session [RTMPT-NOTE 10] [tunnel point 2]', async (t) => {
    const page = changeOnly('open', 0, () => replyWith('HTTP/1.1 404 Not Found', [], NOT_FOUND_PAGE));
    await breaks(play(t, page), /came HTTP\/1\.1 404 Not Found with "<html>.*needed a session id/);
    const empty = changeOnly('open', 0, () => replyWith('HTTP/1.1 503 Service Unavailable', [], NOTHING));
    await breaks(play(t, empty), /came HTTP\/1\.1 503 Service Unavailable with ""/);
  });

  it('goes on at a 404 or an empty 200 to the ident', async (t) => {
    await play(t, () => null);
    await play(
      t,
      changeOnly('ident', 0, () => replyWith('HTTP/1.1 200 OK', [], NOTHING)),
    );
  });

  it('refuses a server that does not sign [tunnel point 8]', async (t) => {
    const server = await startScriptedTunnel(t);
    await breaks(new FlashPlayerClient(t, server).play(APP, 's'), /S1 without a digest/);
    const unsigned = changeOnly('send', 0, () => {
      return properReply(Buffer.concat([Buffer.of(1), serverHandshake()]));
    });
    await breaks(play(t, unsigned), /S1 without a digest/);
  });

  it('refuses a wrong signature under S2 [tunnel point 8]', async (t) => {
    const wrong = changeOnly('send', 0, ({ body }) => {
      body.writeUInt32BE(0, 2 + 2 * PACKET_BYTES - 4);
      return properReply(body);
    });
    await breaks(play(t, wrong), /S2 with a wrong signature/);
  });

  it('needs a polling byte in each reply [RTMPT-NOTE 7] [tunnel point 7]', async (t) => {
    const empty = changeOnly('send', 1, () => properReply(NOTHING));
    await breaks(play(t, empty), /without a body; needed a polling byte/);
  });
});
