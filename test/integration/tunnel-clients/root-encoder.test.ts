// RootEncoder, emulated: against a gateway, and against replies that break the real one. It publishes only.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { HaishinKitClient } from '../../support/clients/haishinkit-client.ts';
import { assertSameMedia, numberedMedia } from '../../support/clients/numbered-media.ts';
import { RootEncoderClient } from '../../support/clients/root-encoder-client.ts';
import { ChunkWriter } from '../../support/clients/rtmp-bytes.ts';
import { type ScriptedServer, startScriptedServer } from '../../support/clients/scripted-server.ts';
import {
  type AnswerChange,
  changeOnly,
  type ProperAnswer,
  properReply,
  replyWith,
  ScriptedTunnel,
  startScriptedTunnel,
} from '../../support/clients/scripted-tunnel.ts';
import { type Cleaner, sleep } from '../../support/programs.ts';
import { startAlteredGateway } from './altered-gateway.ts';
import { APP, breaks, isFree, mediaOfEvents, newStreamName, SENT, startScene, watch } from './scene.ts';

const FLUSHED_MESSAGES = 11;
/** Time in which a slow server answers an idle. */
const STEP_MS = 120;
const ONE = Buffer.of(1);

/** Requests without the id: verb, number and length of the body. */
function shapesOf({ requests }: ScriptedServer): string[] {
  return requests.map(
    ({ path, body }) => `${path.replace(/^\/(send|idle|close)\/[^/]+/, '/$1')} ${body.length}`,
  );
}

describe('RootEncoder through the tunnel', () => {
  it('publishes every message to the byte, what it had not flushed too, and its /close without a number ends the publish [RTMPT-NOTE 12] [tunnel point 12]', async (t) => {
    const { address } = await startScene(t);
    const streamName = newStreamName();
    const client = new RootEncoderClient(t, address);
    await client.publish(APP, streamName);
    const watcher = await watch(t, address.port, streamName);
    for (const message of SENT) await client.sendMedia(message);
    await client.close();
    await watcher.waitFor(({ type }) => type === 'play-stopped');
    assertSameMedia(mediaOfEvents(watcher.events), SENT);
    await isFree(t, address.port, streamName);
  });

  it('is played by a HaishinKit, whose polls wait for its bursts [tunnel point 6]', async (t) => {
    const { address } = await startScene(t);
    const streamName = newStreamName();
    const [client, player] = [new RootEncoderClient(t, address), new HaishinKitClient(t, address)];
    await client.publish(APP, streamName);
    await player.play(APP, streamName);
    for (const message of SENT) await client.sendMedia(message);
    await client.close();
    await player.received.waitForStatus('NetStream.Play.UnpublishNotify');
    assertSameMedia(player.received.media, SENT);
    await player.close();
  });

  it('opens a connection for each request, and one session for all of them [RTMPT-NOTE 4] [tunnel point 4]', async (t) => {
    const { address, log } = await startScene(t);
    const front = await startAlteredGateway(t, address);
    const client = new RootEncoderClient(t, front);
    await client.publish(APP, newStreamName());
    for (const message of SENT) await client.sendMedia(message);
    await client.close();
    const connections = new Set(front.requests.map(({ connectionNumber }) => connectionNumber));
    assert.equal(connections.size, front.requests.length);
    assert.equal(client.socket.connectionCount, front.requests.length);
    assert.equal(log.filter(({ message }) => message === 'session connected').length, 1);
  });

  it('says 0 in its first idle and 1 in its first send, with empty bodies but there, and /close has no number [RTMPT-NOTE 5] [tunnel point 3] [tunnel point 5]', async (t) => {
    const { address } = await startScene(t);
    const front = await startAlteredGateway(t, address);
    const client = new RootEncoderClient(t, front);
    await client.publish(APP, newStreamName());
    await client.close();
    const shapes = shapesOf(front);
    assert.deepEqual(shapes.slice(0, 5), [
      '/fcs/ident2 1',
      '/open/1 0',
      '/idle/0 1',
      '/send/1 1537',
      '/send/2 1536',
    ]);
    assert.equal(shapes.at(-1), '/close 1');
    const numbers = shapes.slice(2, -1).map((shape) => Number(shape.split(/[/ ]/)[2]));
    assert.deepEqual(
      numbers,
      numbers.map((_, index) => index),
    );
    for (const shape of shapes.slice(3)) if (shape.startsWith('/idle')) assert.match(shape, / 0$/);
    assert.deepEqual(front.requests[1]?.headerLines, [
      'Content-Type: application/x-fcs',
      'User-Agent: Shockwave Flash',
      `Host: 127.0.0.1:${front.port}`,
      'Connection: Keep-Alive',
      'Accept-Encoding: gzip',
      'Content-Length: 0',
    ]);
  });

  it('polls little before it publishes, and never after: each eleventh message is a request [RTMPT-NOTE 6] [RTMPT-NOTE 11] [tunnel point 11]', async (t) => {
    const { address } = await startScene(t);
    const streamName = newStreamName();
    const front = await startAlteredGateway(t, address);
    const client = new RootEncoderClient(t, front);
    await client.publish(APP, streamName);
    const watcher = await watch(t, address.port, streamName);
    const setup = shapesOf(front);
    const idles = setup.filter((shape) => shape.startsWith('/idle'));
    assert.ok(idles.length <= 5, setup.join(', '));
    const sent = numberedMedia(10 * FLUSHED_MESSAGES);
    for (const message of sent) await client.sendMedia(message);
    await watcher.waitUntil(() => watcher.media.length === sent.length);
    const verbs = shapesOf(front)
      .slice(setup.length)
      .map((shape) => shape.split('/')[1]);
    assert.deepEqual(
      verbs,
      Array.from({ length: 10 }, () => 'send'),
    );
    await client.close();
  });

  it('has gone without a /close: its publish ends a while after its last connection [RTMPT-NOTE 11] [tunnel point 11]', async (t) => {
    const { address } = await startScene(t, { tunnel: { detachedTimeoutMs: 300 } });
    const streamName = newStreamName();
    const client = new RootEncoderClient(t, address);
    await client.publish(APP, streamName);
    const watcher = await watch(t, address.port, streamName);
    await client.sendMedia(SENT[0] ?? assert.fail());
    await watcher.waitFor(({ type }) => type === 'play-stopped');
    await isFree(t, address.port, streamName);
  });
});

/** Begins to publish to a server that answers something otherwise. */
async function publish(cleaner: Cleaner, change: AnswerChange, limitMs?: number): Promise<void> {
  const server = await startScriptedTunnel(cleaner, change);
  await new RootEncoderClient(cleaner, server, limitMs).publish(APP, 's');
}

/** The proper reply with more behind it. */
function withMore(more: Uint8Array): (proper: ProperAnswer) => Buffer {
  return ({ body }) => properReply(Buffer.concat([body, more]));
}

describe('RootEncoder, as it is strict', () => {
  it('cannot put a message together from two replies [RTMPT-NOTE 9] [tunnel point 9]', async (t) => {
    const cut = changeOnly('send', 2, ({ body }) => properReply(body.subarray(0, -20)));
    await breaks(publish(t, cut), /End of stream: came \d+ of \d+ bytes in one reply/);
  });

  it('loses what it had not read to a reply of more than one byte: S2 to that of C2 [RTMPT-NOTE 8] [tunnel point 8]', async (t) => {
    const ping = new ChunkWriter().userControl(6, 1);
    await breaks(publish(t, changeOnly('send', 1, withMore(ping))), /End of stream: came 18 of 1536 bytes/);
  });

  it('loses the answer to connect to the reply to its window [tunnel point 6]', async (t) => {
    const { address } = await startScene(t);
    // Its sends: C0 and C1, C2, connect, and the answer to the peer bandwidth, which comes before `_result`.
    const change = changeOnly('send', 3, withMore(new ChunkWriter().userControl(6, 1)));
    const front = await startAlteredGateway(t, address, change);
    const client = new RootEncoderClient(t, front, 700);
    await breaks(client.publish(APP, 's'), /replies have overwritten [1-9]\d* bytes/);
  });

  it('takes the text of an ident for S0 where the handshake comes late [tunnel point 8]', async (t) => {
    const text = changeOnly('ident', 0, () => properReply(Buffer.from('198.51.100.7')));
    const late = changeOnly('send', 0, () => properReply(ONE));
    const change: AnswerChange = (request, proper) => text(request, proper) ?? late(request, proper);
    await breaks(publish(t, change), /came 57 as S0; needed 3/);
    // The reply to C0 and C1 overwrites it where it has S0, S1 and S2.
    await publish(
      t,
      changeOnly('ident', 0, () => properReply(Buffer.from('198.51.100.7'))),
    );
  });

  it('gives up after five seconds without a reply, or with replies that bring nothing [RTMPT-NOTE 6] [tunnel point 6]', async (t) => {
    await breaks(
      publish(
        t,
        changeOnly('send', 0, () => 'silence'),
        300,
      ),
      /nothing came within 300 ms/,
    );
    const nothing: AnswerChange = (_request, { verb }) => (verb === 'open' ? null : properReply(ONE));
    await breaks(publish(t, nothing, 300), /couldn't receive a valid packet/);
  });

  it('counts the five seconds over successive idles: a reply that comes behind them is too late [RTMPT-NOTE 6] [tunnel point 6]', async (t) => {
    const bringThirdIdle = (): Promise<ScriptedServer> => {
      const tunnel = new ScriptedTunnel('A1B2C3D4E5');
      let greeting: Buffer | null = null;
      let idles = 0;
      return startScriptedServer(t, async (request) => {
        const { verb, body, reply } = tunnel.answer(request);
        if (verb === 'send' && greeting === null) {
          greeting = body;
          return properReply(ONE);
        }
        // The first one is of the opening.
        if (verb !== 'idle' || idles++ === 0 || greeting === null) return reply;
        await sleep(STEP_MS);
        return idles === 4 ? properReply(greeting) : properReply(ONE);
      });
    };
    const late = new RootEncoderClient(t, await bringThirdIdle(), 2.5 * STEP_MS);
    await breaks(late.publish(APP, 's'), /couldn't receive a valid packet/);
    await new RootEncoderClient(t, await bringThirdIdle()).publish(APP, 's');
  });

  for (const statusLine of ['HTTP/1.1 404 Not Found', 'HTTP/1.1 500 Oops', 'HTTP/1.1 204 No Content']) {
    it(`is broken by ${statusLine.slice(9, 12)} to a send, an idle or /open, and not to the ident [RTMPT-NOTE 10]`, async (t) => {
      const other = ({ body }: ProperAnswer): Buffer => replyWith(statusLine, [], body);
      for (const verb of ['open', 'idle', 'send']) {
        await breaks(publish(t, changeOnly(verb, 0, other)), /needed 200/);
      }
      await publish(t, changeOnly('ident', 0, other));
    });
  }

  it('needs an id, of which it cuts white space', async (t) => {
    const open = (body: string): AnswerChange => changeOnly('open', 0, () => properReply(Buffer.from(body)));
    await breaks(publish(t, open('')), /needed a session id/);
    await publish(t, open('A1B2C3D4E5\r\n'));
  });

  it('fails at a refused publish', async (t) => {
    const { address } = await startScene(t);
    const streamName = newStreamName();
    const first = new RootEncoderClient(t, address);
    await first.publish(APP, streamName);
    await breaks(
      new RootEncoderClient(t, address).publish(APP, streamName),
      /came NetStream.Publish.BadName/,
    );
    await first.close();
  });
});
