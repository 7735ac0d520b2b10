// HaishinKit 1.x, emulated: against a gateway, and against replies that break the real one.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { HaishinKitClient } from '../../support/clients/haishinkit-client.ts';
import { assertSameMedia, type MediaMessage } from '../../support/clients/numbered-media.ts';
import { ChunkWriter, MessageType, PACKET_BYTES } from '../../support/clients/rtmp-bytes.ts';
import type { ScriptedRequest } from '../../support/clients/scripted-server.ts';
import {
  type AnswerChange,
  changeOnly,
  type ProperAnswer,
  properReply,
  replyWith,
  startScriptedTunnel,
} from '../../support/clients/scripted-tunnel.ts';
import type { Cleaner } from '../../support/programs.ts';
import { startAlteredGateway } from './altered-gateway.ts';
import {
  APP,
  breaks,
  carriesBetween,
  isFree,
  mediaOfEvents,
  newStreamName,
  playsEverything,
  publishesEverything,
  startScene,
  watch,
} from './scene.ts';

/** Of a request: its verb and what stands behind the id. */
function shapeOf({ path, body }: ScriptedRequest): string {
  return `${path.replace(/^(\/(?:send|idle|close)\/)[^/]+/, '$1id')} ${body.length}`;
}

describe('HaishinKit through the tunnel', () => {
  it('plays every message to the byte and hears of the end [RTMPT-NOTE 7] [tunnel point 7]', async (t) => {
    const { address } = await startScene(t);
    await playsEverything(t, new HaishinKitClient(t, address), address.port);
  });

  it('publishes every message to the byte, and its /close without a number ends the publish [RTMPT-NOTE 12] [tunnel point 12]', async (t) => {
    const { address } = await startScene(t);
    await publishesEverything(t, new HaishinKitClient(t, address), address.port);
  });

  it('plays what another HaishinKit publishes [RTMPT-NOTE 5] [tunnel point 5]', async (t) => {
    const { address } = await startScene(t);
    await carriesBetween(new HaishinKitClient(t, address), new HaishinKitClient(t, address));
  });

  it('says 0 in each request, C2 and connect in one, and closes with an empty body [RTMPT-NOTE 5] [tunnel point 5]', async (t) => {
    const { address } = await startScene(t);
    const front = await startAlteredGateway(t, address);
    const client = new HaishinKitClient(t, front);
    await client.publish(APP, newStreamName());
    await client.close();
    const shapes = front.requests.map(shapeOf);
    assert.deepEqual(shapes.slice(0, 4), ['/fcs/ident2 1', '/open/1 1', '/idle/id/0 1', '/send/id/0 1537']);
    const [c2AndConnect] = front.requests.slice(4);
    assert.ok((c2AndConnect?.body.length ?? 0) > PACKET_BYTES + 100);
    assert.ok(c2AndConnect?.body.includes('connect', PACKET_BYTES));
    assert.ok(shapes.includes('/close/id 0'));
    const numbered = shapes.slice(4).filter((shape) => !shape.startsWith('/close'));
    assert.ok(
      numbered.every((shape) => /^\/(send|idle)\/id\/0 /.test(shape)),
      shapes.join(', '),
    );
    assert.deepEqual(c2AndConnect?.headerLines, [
      `Host: 127.0.0.1:${front.port}`,
      'Content-Type: application/x-fcs',
      'Connection: keep-alive',
      'Accept: */*',
      'User-Agent: Shockwave Flash',
      `Content-Length: ${c2AndConnect?.body.length}`,
      'Accept-Language: en-us',
      'Accept-Encoding: gzip, deflate',
    ]);
  });

  it('sends the same body under the same number again and again, and each counts [RTMPT-NOTE 5] [tunnel point 5]', async (t) => {
    const { address } = await startScene(t);
    const front = await startAlteredGateway(t, address);
    const streamName = newStreamName();
    const client = new HaishinKitClient(t, front);
    await client.publish(APP, streamName);
    const watcher = await watch(t, address.port, streamName);
    const payload = Buffer.from('af01212100000000000000', 'hex');
    const sent: MediaMessage[] = [];
    for (let timestampMs = 0; sent.length < 8; timestampMs += 23) {
      const message = { typeId: MessageType.Audio, timestampMs, payload };
      sent.push(message);
      await client.sendMedia(message);
      await watcher.waitUntil(() => watcher.media.length === sent.length);
    }
    assertSameMedia(mediaOfEvents(watcher.events), sent);
    const bodies = front.requests
      .filter(({ path, body }) => path.startsWith('/send') && body.includes(payload))
      .map(({ body }) => body.toString('hex'));
    assert.equal(bodies.length, sent.length);
    assert.equal(new Set(bodies).size, 2, 'the first has a whole header, the others are the same');
    await client.close();
  });

  it('closes beside an idle that is held, on a connection of its own, and is not kept waiting [RTMPT-NOTE 4] [RTMPT-NOTE 6] [tunnel point 4] [tunnel point 6]', async (t) => {
    const { address } = await startScene(t, { tunnel: { idleHoldMs: 4000 } });
    const front = await startAlteredGateway(t, address);
    const streamName = newStreamName();
    const client = new HaishinKitClient(t, front);
    await client.publish(APP, streamName);
    const watcher = await watch(t, address.port, streamName);
    await front.requestsReached(front.requests.length + 1);
    assert.match(front.requests.at(-1)?.path ?? '', /^\/idle/);
    const startedMs = performance.now();
    await client.close();
    await watcher.waitFor(({ type }) => type === 'play-stopped');
    const tookMs = performance.now() - startedMs;
    assert.ok(tookMs < 2000, `it took ${tookMs} ms`);
    const close = front.requests.find(({ path }) => path.startsWith('/close'));
    assert.equal(close?.connectionNumber, 2);
    await isFree(t, address.port, streamName);
  });

  it('waits 100 ms for each unit of the polling byte', async (t) => {
    const askedMs: number[] = [];
    const server = await startScriptedTunnel(t, (_request, { verb, body }) => {
      if (verb !== 'idle') return null;
      askedMs.push(performance.now());
      return properReply(Buffer.concat([Buffer.of(3), body.subarray(1)]));
    });
    await new HaishinKitClient(t, server).play(APP, 's');
    await server.requestsReached(server.requests.length + 3);
    const gapMs = (askedMs.at(-1) ?? 0) - (askedMs.at(-2) ?? 0);
    assert.ok(gapMs >= 295, `${gapMs} ms`);
  });
});

/** Begins to play from a server that answers something otherwise. */
async function play(cleaner: Cleaner, change: AnswerChange, limitMs?: number): Promise<HaishinKitClient> {
  const server = await startScriptedTunnel(cleaner, change);
  const client = new HaishinKitClient(cleaner, server, limitMs);
  await client.play(APP, 's');
  return client;
}

describe('HaishinKit, as it is strict', () => {
  for (const headerLines of [
    ['Content-Type: application/x-fcs; charset=utf-8'],
    ['Content-Type: Application/x-fcs'],
    ['Content-Type: text/plain'],
    [],
  ]) {
    it(`drops a body under ${headerLines[0] ?? 'no content type'} [RTMPT-NOTE 2] [tunnel point 2]`, async (t) => {
      const other = ({ body }: ProperAnswer): Buffer => replyWith('HTTP/1.1 200 OK', headerLines, body);
      await breaks(play(t, changeOnly('send', 0, other)), /needed application\/x-fcs/);
    });
  }

  it('crashes on an empty body [RTMPT-NOTE 2]', async (t) => {
    const empty = (): Buffer => properReply(Buffer.alloc(0));
    await breaks(play(t, changeOnly('send', 1, empty)), /empty body/);
  });

  it('drops what stands behind S2 [RTMPT-NOTE 8] [tunnel point 8]', async (t) => {
    const more = new ChunkWriter().control(MessageType.WindowAckSize, 2_500_000);
    const withMore = ({ body }: ProperAnswer): Buffer => properReply(Buffer.concat([body, more]));
    await breaks(play(t, changeOnly('send', 0, withMore)), /16 bytes behind S2/);
  });

  it('takes S0, S1 and S2 in two replies all the same', async (t) => {
    let kept: Buffer = Buffer.alloc(0);
    const first = changeOnly('send', 0, ({ body }) => {
      kept = body.subarray(2000);
      return properReply(body.subarray(0, 2000));
    });
    const second = changeOnly('idle', 1, () => properReply(Buffer.concat([Buffer.of(1), kept])));
    const client = await play(t, (request, proper) => first(request, proper) ?? second(request, proper));
    await client.close();
  });

  it('posts a request that broke off once more, byte for byte, and gives up at the second time [tunnel point 5]', async (t) => {
    const hangUpTimes = async (count: number): Promise<ScriptedRequest[]> => {
      let left = count;
      const change: AnswerChange = ({ body }) =>
        body.includes('createStream') && left-- > 0 ? 'hang-up' : null;
      const server = await startScriptedTunnel(t, change);
      const playing = new HaishinKitClient(t, server).play(APP, 's');
      if (count === 1) await playing;
      else await breaks(playing, /the connection ended/);
      return server.requests.filter(({ body }) => body.includes('createStream'));
    };
    for (const count of [1, 2]) {
      const [first, again, ...more] = await hangUpTimes(count);
      assert.deepEqual(again, { ...first, connectionNumber: 2 });
      assert.deepEqual(more, []);
    }
  });

  it('gives up where nothing comes within its limit, a minute, twice [RTMPT-NOTE 6] [tunnel point 6]', async (t) => {
    let isSilent = false;
    const client = await play(t, () => (isSilent ? 'silence' : null), 300);
    isSilent = true;
    assert.match((await client.received.waitForFailure()).message, /nothing came within 300 ms/);
  });

  it('needs an id, of which it cuts white space, and goes on whatever the ident is answered', async (t) => {
    const open = (body: string): AnswerChange => changeOnly('open', 0, () => properReply(Buffer.from(body)));
    await breaks(play(t, open('\n')), /needed a session id/);
    await play(t, open('A1B2C3D4E5\r\n'));
    await play(
      t,
      changeOnly('ident', 0, () => 'hang-up'),
    );
    await play(
      t,
      changeOnly('ident', 0, () => properReply(Buffer.from('127.0.0.1'))),
    );
  });

  it('goes on at any status', async (t) => {
    const odd = ({ body }: ProperAnswer): Buffer =>
      replyWith('HTTP/1.1 500 Oops', ['Content-Type: application/x-fcs'], body);
    await play(t, (_request, proper) => odd(proper));
  });
});
