// What breaks FFmpeg, and what does not: the emulated client is shown replies that the real one was seen to fail on.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FfmpegPlayer, FfmpegPublisher } from '../../support/clients/ffmpeg-client.ts';
import { numberedMessage } from '../../support/clients/numbered-media.ts';
import { ChunkWriter, MessageType } from '../../support/clients/rtmp-bytes.ts';
import type { ScriptedRequest } from '../../support/clients/scripted-server.ts';
import {
  type AnswerChange,
  changeOnly,
  PROPER_HEADER_LINES,
  type ProperAnswer,
  properReply,
  replyWith,
  startScriptedTunnel,
} from '../../support/clients/scripted-tunnel.ts';
import type { Cleaner } from '../../support/programs.ts';
import { breaks } from './scene.ts';

const FLUSHED_PACKETS = 10;
const PAUSE_MS = 50;
const NOT_FOUND = replyWith('HTTP/1.1 404 Not Found', PROPER_HEADER_LINES, Buffer.alloc(0));
const SERVER_ERROR = replyWith('HTTP/1.1 500 Internal Server Error', PROPER_HEADER_LINES, Buffer.alloc(0));
/** Sends before the media of a publisher: C0 and C1, C2 and connect, createStream, publish. */
const SETUP_SENDS = 4;
/** And /open in front of them. */
const SETUP_REQUESTS = 1 + SETUP_SENDS;

/** Begins to play from a server that answers one thing otherwise. */
async function play(cleaner: Cleaner, change: AnswerChange, sessionId?: string): Promise<FfmpegPlayer> {
  const player = new FfmpegPlayer(cleaner, await startScriptedTunnel(cleaner, change, sessionId));
  await player.play('app', 's');
  return player;
}

/** The proper reply with other header lines, or another status line. */
function withHead(headerLines: readonly string[], statusLine = 'HTTP/1.1 200 OK') {
  return ({ body }: ProperAnswer): Buffer => replyWith(statusLine, headerLines, body);
}

describe('FFmpeg, as it is strict', { concurrency: true }, () => {
  it('ends with the first Connection: close [RTMPT-NOTE 2] [tunnel point 2]', async (t) => {
    const closing = withHead(['Connection: close']);
    await breaks(play(t, changeOnly('send', 1, closing)), /Connection: close or HTTP\/1\.0/);
    await play(t, changeOnly('send', 1, withHead(['Connection: Close'])));
  });

  it('ends with a status line of HTTP/1.0 [tunnel point 14]', async (t) => {
    const old = withHead(['Connection: keep-alive'], 'HTTP/1.0 200 OK');
    await breaks(play(t, changeOnly('open', 0, old)), /Connection: close or HTTP\/1\.0/);
  });

  it('takes an id and its LF of 63 bytes, and not of 64 [RTMPT-NOTE 1] [tunnel point 1]', async (t) => {
    await play(t, () => null, 'i'.repeat(62));
    await breaks(
      play(t, () => null, 'i'.repeat(63)),
      /an id of 64 bytes/,
    );
  });

  it('ends with a reply without a body [RTMPT-NOTE 7] [tunnel point 7]', async (t) => {
    const empty = changeOnly('send', 0, () => properReply(Buffer.alloc(0)));
    await breaks(play(t, empty), /empty body/);
  });

  it('does not look at the type, the case of names, the polling byte or what ends the id, and takes chunks [tunnel point 2]', async (t) => {
    const player = await play(t, (_request, { verb, body }) => {
      if (verb === 'open') return replyWith('HTTP/1.1 200 OK', [], Buffer.from('A1B2C3D4E5\r\n'));
      body[0] = 0x21;
      const chunk = [Buffer.from(`${body.length.toString(16)}\r\n`), body, Buffer.from('\r\n0\r\n\r\n')];
      return Buffer.concat([Buffer.from('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n'), ...chunk]);
    });
    await player.close();
    assert.equal(player.received.failure, null);
  });

  it('asks again 50 ms after a reply that brought nothing [RTMPT-NOTE 6]', async (t) => {
    const timesMs: number[] = [];
    const server = await startScriptedTunnel(t, (_request, { verb }) => {
      if (verb === 'idle') timesMs.push(performance.now());
      return null;
    });
    const player = new FfmpegPlayer(t, server);
    await player.play('app', 's');
    await server.requestsReached(SETUP_REQUESTS + 4);
    const pausesMs = timesMs.slice(1).map((timeMs, index) => timeMs - (timesMs[index] ?? 0));
    assert.ok(
      pausesMs.every((pauseMs) => pauseMs >= PAUSE_MS - 1),
      pausesMs.join(),
    );
    await player.close();
  });

  for (const reply of [NOT_FOUND, SERVER_ERROR]) {
    const status = reply.toString('latin1', 9, 12);
    it(`answers ${status} for an idle with a new connection and the idle's zero as RTMP, and goes on [RTMPT-NOTE 10]`, async (t) => {
      const { server, player } = await playOnePicture(t, (index) => (index === 1 ? reply : null));
      await server.requestsReached(SETUP_REQUESTS + 4);
      assert.deepEqual(saidFrom(server.requests, SETUP_REQUESTS + 1, 3), [
        `1 /idle/A1B2C3D4E5/5 00`,
        `2 /send/A1B2C3D4E5/6 00`,
        `2 /idle/A1B2C3D4E5/7 00`,
      ]);
      await player.close();
    });
  }

  it('tries five more times where every answer is 404, each on a new connection, and closes [RTMPT-NOTE 10]', async (t) => {
    const { server, player } = await playOnePicture(t, () => NOT_FOUND);
    assert.match((await player.received.waitForFailure()).message, /status 404/);
    assert.deepEqual(saidFrom(server.requests, SETUP_REQUESTS + 1), [
      `1 /idle/A1B2C3D4E5/5 00`,
      ...[2, 3, 4, 5, 6].map((connection) => `${connection} /send/A1B2C3D4E5/${connection + 4} 00`),
      '7 /close/A1B2C3D4E5/11 00',
    ]);
  });

  it('ends with the first error status while nothing has come to play, and closes [RTMPT-NOTE 10]', async (t) => {
    const server = await startScriptedTunnel(
      t,
      changeOnly('idle', 0, () => NOT_FOUND),
    );
    const player = new FfmpegPlayer(t, server);
    await player.play('app', 's');
    assert.match((await player.received.waitForFailure()).message, /status 404/);
    assert.deepEqual(saidFrom(server.requests, SETUP_REQUESTS), [
      '1 /idle/A1B2C3D4E5/4 00',
      '2 /close/A1B2C3D4E5/5 00',
    ]);
  });

  it('ends with the first error status where it publishes, and closes [RTMPT-NOTE 10]', async (t) => {
    const change = changeOnly('send', SETUP_SENDS, () => NOT_FOUND);
    const server = await startScriptedTunnel(t, change);
    const publisher = new FfmpegPublisher(t, server);
    await publisher.publish('app', 's');
    await breaks(sendPackets(publisher, FLUSHED_PACKETS), /status 404/);
    assert.deepEqual(saidFrom(server.requests, SETUP_REQUESTS + 1), ['2 /close/A1B2C3D4E5/5 00']);
  });

  it('as a player checks the signatures of a server whose version is 3 or more, as a publisher none', async (t) => {
    const change = changeOnly('send', 0, ({ body }) => {
      body[2 + 4] = 3;
      return properReply(body);
    });
    await breaks(play(t, change), /validating failed/);
    const again = changeOnly('send', 0, ({ body }) => {
      body[2 + 4] = 3;
      return properReply(body);
    });
    await new FfmpegPublisher(t, await startScriptedTunnel(t, again)).publish('app', 's');
  });
});

describe('FFmpeg that publishes, as it waits', { concurrency: true }, () => {
  it('reads one message a flush and sends nothing while a reply has bytes left [tunnel point 9]', async (t) => {
    const chatter = new ChunkWriter().control(MessageType.Acknowledgement, 1);
    const change = changeOnly('send', SETUP_SENDS, ({ body }) =>
      properReply(Buffer.concat([body, chatter, chatter, chatter])),
    );
    const server = await startScriptedTunnel(t, change);
    const publisher = new FfmpegPublisher(t, server);
    await publisher.publish('app', 's');
    const postsAfter: number[] = [];
    for (let flush = 0; flush < 6; flush++) {
      await sendPackets(publisher, FLUSHED_PACKETS);
      postsAfter.push(server.requests.length - 1 - SETUP_SENDS);
    }
    assert.deepEqual(postsAfter, [1, 1, 1, 1, 2, 3]);
  });

  it('asks for the rest of a message before anything else [RTMPT-NOTE 9] [tunnel point 9]', async (t) => {
    const message = new ChunkWriter().control(MessageType.Acknowledgement, 1);
    const change: AnswerChange = (request, { verb, body }) => {
      const half = verb === 'idle' && request.path.endsWith('/7') ? message.subarray(5) : Buffer.alloc(0);
      if (verb === 'idle') return properReply(Buffer.concat([body, half]));
      const isFirstMedia = request.path.endsWith(`/${SETUP_SENDS}`);
      return isFirstMedia ? properReply(Buffer.concat([body, message.subarray(0, 5)])) : null;
    };
    const server = await startScriptedTunnel(t, change);
    const publisher = new FfmpegPublisher(t, server);
    await publisher.publish('app', 's');
    await sendPackets(publisher, 2 * FLUSHED_PACKETS);
    const verbs = server.requests.slice(1 + SETUP_SENDS).map(({ path }) => path.split('/')[1]);
    assert.deepEqual(verbs, ['send', 'send', 'idle', 'idle']);
  });

  it('waits for the reply to its POST, however long that is held [RTMPT-NOTE 6] [tunnel point 6]', async (t) => {
    const server = await startScriptedTunnel(
      t,
      changeOnly('send', SETUP_SENDS, () => 'silence'),
    );
    const publisher = new FfmpegPublisher(t, server);
    await publisher.publish('app', 's');
    let isTaken = false;
    const held = sendPackets(publisher, FLUSHED_PACKETS).then(
      () => {
        isTaken = true;
      },
      () => undefined,
    );
    await server.requestsReached(2 + SETUP_SENDS);
    await new Promise(setImmediate);
    assert.equal(isTaken, false);
    server.hangUp();
    await held;
    assert.equal(isTaken, false);
  });
});

/** Plays a picture, which comes with the first idle; `answerTo` changes the answers to what follows, from 1 on. */
async function playOnePicture(cleaner: Cleaner, answerTo: (idle: number) => Buffer | null) {
  let requests = 0;
  const server = await startScriptedTunnel(cleaner, (_request, { body }) => {
    if (++requests <= SETUP_REQUESTS) return null;
    const index = requests - SETUP_REQUESTS - 1;
    if (index > 0) return answerTo(index);
    const picture = { chunkStreamId: 6, messageStreamId: 1, ...numberedMessage(0) };
    return properReply(Buffer.concat([body, server.tunnel.writer.message(picture)]));
  });
  const player = new FfmpegPlayer(cleaner, server);
  await player.play('app', 's');
  return { server, player };
}

/** What was said, from the request with this index on: connection, path and body. */
function saidFrom(
  requests: readonly ScriptedRequest[],
  index: number,
  count = Number.POSITIVE_INFINITY,
): string[] {
  return requests
    .slice(index, index + count)
    .map(({ path, body, connectionNumber }) => `${connectionNumber} ${path} ${body.toString('hex')}`);
}

async function sendPackets(publisher: FfmpegPublisher, count: number): Promise<void> {
  for (let number = 0; number < count; number++) await publisher.sendMedia(numberedMessage(number));
}
