// Shumway's rtmp.js, emulated: against a gateway, and against replies that break the real one. It plays only.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { MEDIA_START, numberedPicture } from '../../support/clients/numbered-media.ts';
import type { Address } from '../../support/clients/raw-http.ts';
import { ChunkWriter, PACKET_BYTES } from '../../support/clients/rtmp-bytes.ts';
import type { ScriptedServer } from '../../support/clients/scripted-server.ts';
import {
  type AnswerChange,
  changeOnly,
  properReply,
  replyWith,
  startScriptedTunnel,
} from '../../support/clients/scripted-tunnel.ts';
import { ShumwayClient } from '../../support/clients/shumway-client.ts';
import { type Cleaner, Scope, sleep } from '../../support/programs.ts';
import { TestClient } from '../../support/test-client.ts';
import type { LogEntry } from '../../support/test-gateway.ts';
import { startAlteredGateway } from './altered-gateway.ts';
import { APP, breaks, newStreamName, playsEverything, sendAll, startScene } from './scene.ts';

const NOTHING = Buffer.alloc(0);
const LOOK_AGAIN_MS = 20;
const WHOLE_HEADER_BYTES = 12;
/** The largest size of its buffer, which begins with 4,092 bytes and doubles. */
const BUFFER_BYTES = 523_776;

/** The reason for which the only session of the tunnel ended, when it has. */
async function tunnelEnd(log: readonly LogEntry[]): Promise<unknown> {
  for (;;) {
    const ended = log.find(
      ({ message, fields }) =>
        message === 'session ended' && 'transport' in fields && fields.transport === 'rtmpt',
    );
    if (ended !== undefined) return (ended.fields as { reason?: unknown }).reason;
    await sleep(LOOK_AGAIN_MS);
  }
}

function pathsOf({ requests }: ScriptedServer): string[] {
  return requests.map(({ path }) => path.replace(/^\/(send|idle)\/[^/]+/, '/$1'));
}

describe('Shumway through the tunnel', () => {
  it('plays every message to the byte and hears of the end [RTMPT-NOTE 7] [tunnel point 7]', async (t) => {
    const { address } = await startScene(t);
    await playsEverything(t, new ShumwayClient(t, address), address.port);
  });

  it('asks the ident, idles before its first send, counts from 0, one request at a time [RTMPT-NOTE 5] [tunnel point 5]', async (t) => {
    const { address } = await startScene(t);
    const front = await startAlteredGateway(t, address);
    const client = new ShumwayClient(t, front);
    await client.play(APP, newStreamName());
    await client.close();
    const paths = pathsOf(front);
    assert.deepEqual(paths.slice(0, 4), ['/fcs/ident2', '/open/1', '/idle/0', '/send/1']);
    const numbers = paths.slice(2, -1).map((path) => Number(path.split('/')[2]));
    assert.deepEqual(
      numbers,
      numbers.map((_, index) => index),
    );
    assert.deepEqual(new Set(front.requests.map(({ connectionNumber }) => connectionNumber)), new Set([1]));
    assert.deepEqual(front.requests[1]?.body, Buffer.of(0));
  });

  it('closes by /close/2, which names nothing and harms nothing: its session ends a while after its connection [RTMPT-NOTE 11] [tunnel point 11]', async (t) => {
    const { address, log } = await startScene(t, { tunnel: { detachedTimeoutMs: 200 } });
    let answer = '';
    const front = await startAlteredGateway(t, address, (_request, { verb, reply }) => {
      if (verb === 'close') answer = reply.toString('latin1');
      return null;
    });
    const client = new ShumwayClient(t, front);
    await client.play(APP, newStreamName());
    await client.close();
    assert.equal(front.requests.at(-1)?.path, '/close/2');
    assert.match(answer, /^HTTP\/1\.1 404 /);
    assert.match(answer, /Content-Length: 0\r\n\r\n$/);
    // It is the front that keeps the gateway's connection: the scene's end closes it.
    assert.equal(
      log.some(({ message }) => message === 'session ended'),
      false,
    );

    const direct = await startScene(t, { tunnel: { detachedTimeoutMs: 200 } });
    const leaving = new ShumwayClient(t, direct.address);
    await leaving.play(APP, newStreamName());
    await leaving.close();
    assert.equal(await tunnelEnd(direct.log), 'tunnel-detached');
  });

  it('takes a late joiner’s backlog, no reply of which is longer than its buffer [RTMPT-NOTE 9] [tunnel point 9]', async (t) => {
    const { address } = await startScene(t);
    const streamName = newStreamName();
    const publisher = await TestClient.overTcp(t, address.port, APP);
    await publisher.publish(streamName);
    const witness = await TestClient.overTcp(t, address.port, APP);
    await witness.play(streamName);
    const frames = Array.from({ length: 31 }, (_, number) =>
      numberedPicture(number, 64 * 1024, number === 0),
    );
    sendAll(publisher, [...MEDIA_START, ...frames]);
    await witness.waitUntil(() => witness.media.length === MEDIA_START.length - 1 + frames.length);

    const client = new ShumwayClient(t, address);
    await client.play(APP, streamName);
    await client.received.waitForMedia(MEDIA_START.length + frames.length);
    await client.close();
  });

  it('waits 16 ms for each unit of the polling byte [RTMPT-NOTE 7] [tunnel point 7]', async (t) => {
    const askedMs: number[] = [];
    const server = await startScriptedTunnel(t, (_request, { verb, body }) => {
      if (verb !== 'idle') return null;
      askedMs.push(performance.now());
      return properReply(Buffer.concat([Buffer.of(0x05), body.subarray(1)]));
    });
    const client = new ShumwayClient(t, server);
    // The scripted server does not know AMF3, in which it calls createStream: it polls for ever.
    const playing = breaks(client.play(APP, 's'), /ended before/);
    await server.requestsReached(8);
    await Promise.all([client.close(), playing]);
    const gapMs = (askedMs[1] ?? 0) - (askedMs[0] ?? 0);
    assert.ok(gapMs >= 5 * 16 - 2, `${gapMs} ms`);
  });
});

describe('Shumway, as it is strict', () => {
  const scope = new Scope();
  let gateway: Address;

  before(async () => {
    gateway = (await startScene(scope, { tunnel: { setupHoldMs: 20 } })).address;
  });
  after(() => scope.close());

  /** Plays from a gateway of which one reply is another one. */
  const play = async (cleaner: Cleaner, change: AnswerChange): Promise<void> => {
    const client = new ShumwayClient(cleaner, await startAlteredGateway(cleaner, gateway, change));
    await client.play(APP, newStreamName());
    await client.close();
  };

  it('needs 404 to the ident [tunnel point 2]', async (t) => {
    const found = changeOnly('ident', 0, () => replyWith('HTTP/1.1 200 OK', [], NOTHING));
    await breaks(play(t, found), /came 200 to the ident; needed 404/);
  });

  it('cuts the last byte off the id, whatever it is: without a LF it asks for another session [RTMPT-NOTE 1] [tunnel point 1]', async (t) => {
    const withoutEnd = changeOnly('open', 0, ({ body }) => properReply(body.subarray(0, -1)));
    await breaks(play(t, withoutEnd), /came 404 to idle; needed 200/);
    const withTwo = changeOnly('open', 0, ({ body }) => {
      return properReply(Buffer.concat([body.subarray(0, -1), Buffer.from('\r\n')]));
    });
    await breaks(play(t, withTwo), /the connection ended|came 4\d\d to idle/);
  });

  for (const [verb, index] of [
    ['idle', 0],
    ['send', 1],
  ] as const) {
    it(`needs 200 to its ${verb} [RTMPT-NOTE 10]`, async (t) => {
      const other = changeOnly(verb, index, ({ body }) => replyWith('HTTP/1.1 203 Other', [], body));
      await breaks(play(t, other), new RegExp(`came 203 to ${verb}; needed 200`));
    });
  }

  it('needs a polling byte to wait by [RTMPT-NOTE 7] [tunnel point 7]', async (t) => {
    const empty = changeOnly('idle', 0, () => properReply(NOTHING));
    await breaks(play(t, empty), /empty body/);
  });

  it('needs S0 of 3, and an S2 that repeats C1 [RTMPT-NOTE 8] [tunnel point 8]', async (t) => {
    const changed = (at: number, byte: number): AnswerChange =>
      changeOnly('send', 0, ({ body }) => {
        body[at] = byte;
        return properReply(body);
      });
    await breaks(play(t, changed(1, 6)), /came 6 as S0/);
    await breaks(play(t, changed(2 + PACKET_BYTES + 100, 0)), /Random data do not match @100/);
  });

  it('overflows at a reply of more than half a MiB [tunnel point 9]', async (t) => {
    const filledTo = (lengthBytes: number): AnswerChange =>
      changeOnly('send', 1, ({ body }) => {
        const writer = new ChunkWriter();
        const chunkSize = writer.setChunkSize(lengthBytes);
        const restBytes = lengthBytes - (body.length - 1) - chunkSize.length - WHOLE_HEADER_BYTES;
        const filler = { chunkStreamId: 7, messageStreamId: 0, ...numberedPicture(0, restBytes) };
        return properReply(Buffer.concat([body, chunkSize, writer.message(filler)]));
      });
    await play(t, filledTo(BUFFER_BYTES));
    await breaks(play(t, filledTo(BUFFER_BYTES + 1)), /Buffer overflow: came 523777 bytes/);
  });

  it('needs the answer to createStream before anything of that stream [tunnel point 9]', async (t) => {
    const early = new ChunkWriter().command('onStatus', 0, [null], { messageStreamId: 1, chunkStreamId: 5 });
    const change = changeOnly('send', 2, ({ body }) => {
      return properReply(Buffer.concat([Buffer.of(1), early, body.subarray(1)]));
    });
    await breaks(play(t, change), /came a message on stream 1; needed createStream's answer before/);
  });
});
