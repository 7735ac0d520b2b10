// What breaks librtmp: the emulated client is shown replies that the real one was seen, or read, to fail on.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LibrtmpPlayer, LibrtmpPublisher } from '../../support/clients/librtmp-client.ts';
import { numberedPicture } from '../../support/clients/numbered-media.ts';
import { ChunkWriter } from '../../support/clients/rtmp-bytes.ts';
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

const SHORT_TIMEOUT_MS = 300;
const BUFFER_BYTES = 16_383;
/** Sends of a player up to connect, and the one of play, which SetBufferLength follows at once. */
const CONNECT_SEND = 2;
const PLAY_SEND = 7;
const NO_BODY = Buffer.alloc(0);

/** Plays from a server that answers something otherwise, and gives what it got. */
async function play(cleaner: Cleaner, change: AnswerChange, timeoutMs?: number) {
  const server = await startScriptedTunnel(cleaner, change);
  const player = new LibrtmpPlayer(cleaner, server, timeoutMs);
  const playing = player.play('app', 's');
  return { server, player, playing };
}

/** The proper body under another status line, or with other header lines in front of its length. */
function withHead(statusLine: string, headerLines = PROPER_HEADER_LINES) {
  return ({ body }: ProperAnswer): Buffer => replyWith(statusLine, headerLines, body);
}

/** The proper body, its length named in this way and nothing else in the head. */
function withLength(header: string) {
  return ({ body }: ProperAnswer): Buffer =>
    Buffer.concat([Buffer.from(`HTTP/1.1 200 OK\r\n${header}${body.length}\r\n\r\n`, 'latin1'), body]);
}

describe('librtmp, as it is strict about heads', { concurrency: true }, () => {
  const statusLines = [
    'HTTP/1.0 200 OK',
    'HTTP/1.1 204 No Content',
    'HTTP/1.1 302 Found',
    'HTTP/1.1 404 Not Found',
  ];
  for (const statusLine of [...statusLines, 'HTTP/1.1 500 Internal Server Error', 'HTTP/2 200']) {
    it(`ends with ${statusLine}, and still posts its /close [RTMPT-NOTE 2] [tunnel point 2]`, async (t) => {
      const { server, playing } = await play(t, changeOnly('send', CONNECT_SEND, withHead(statusLine)));
      await breaks(playing, /librtmp needs "HTTP\/1\.1 200 "/);
      await server.requestsReached(CONNECT_SEND + 3);
      assert.match(server.requests.at(-1)?.path ?? '', /^\/close\/A1B2C3D4E5\/\d+$/);
    });
  }

  for (const header of ['content-length: ', 'CONTENT-LENGTH: ', 'content-Length: ']) {
    it(`ends with ${header.trim()} in just this case [RTMPT-NOTE 2] [tunnel point 2]`, async (t) => {
      const { playing } = await play(t, changeOnly('open', 0, withLength(header)));
      await breaks(playing, /a head without "Content-Length: "/);
    });
  }

  for (const header of [
    'Content-Length: ',
    'Content-length: ',
    'Content-LENGTH: ',
    'Content-Type: a\r\nContent-Length: ',
  ]) {
    it(`takes ${JSON.stringify(header)} [tunnel point 2]`, async (t) => {
      const { playing, player } = await play(t, (_request, proper) => withLength(header)(proper));
      await playing;
      await player.close();
      assert.equal(player.received.failure, null);
    });
  }

  it('reads the length one place behind the colon: without a space it misses a digit [RTMPT-NOTE 2] [tunnel point 2]', async (t) => {
    const { server, playing } = await play(t, changeOnly('open', 0, withLength('Content-Length:')));
    await breaks(playing, /404/);
    assert.equal(server.requests[1]?.path, '/send//0');
  });

  it('ends with a chunked reply [RTMPT-NOTE 2] [tunnel point 2]', async (t) => {
    const chunked = Buffer.from(
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nb\r\nA1B2C3D4E5\n\r\n0\r\n\r\n',
    );
    const { playing } = await play(
      t,
      changeOnly('open', 0, () => chunked),
    );
    await breaks(playing, /a head without "Content-Length: "/);
  });

  it('does not connect anew where the server closed [tunnel point 2]', async (t) => {
    const closing = changeOnly('idle', 0, ({ reply }) => ({ last: reply }));
    const { server, playing, player } = await play(t, closing);
    await playing;
    assert.match((await player.received.waitForFailure()).message, /does not connect anew/);
    assert.ok(server.requests.every(({ connectionNumber }) => connectionNumber === 1));
  });

  it('spins where the server leaves instead of an id [tunnel point 11]', async (t) => {
    const { playing } = await play(
      t,
      changeOnly('open', 0, () => 'hang-up'),
    );
    await breaks(playing, /spins for ever/);
  });

  it('needs a head that its buffer holds [tunnel point 2]', async (t) => {
    const long = withHead('HTTP/1.1 200 OK', [`X-Filler: ${'x'.repeat(BUFFER_BYTES)}`]);
    const { playing } = await play(t, changeOnly('send', 0, long));
    await breaks(playing, /does not fit/);
  });

  it('has 511 bytes for its own heads, the id among them [RTMPT-NOTE 1] [tunnel point 1]', async (t) => {
    const server = await startScriptedTunnel(t, () => null, 'i'.repeat(340));
    await breaks(new LibrtmpPlayer(t, server).play('app', 's'), /librtmp has 511/);
  });
});

describe('librtmp, as it is strict about bodies', { concurrency: true }, () => {
  for (const [end, title] of [
    ['', 'no LF'],
    ['\r\n', 'CR LF'],
  ] as const) {
    it(`cuts the last byte off the id: with ${title} behind it, it asks for another one [RTMPT-NOTE 1] [tunnel point 1]`, async (t) => {
      const body = Buffer.from(`A1B2C3D4E5${end}`, 'latin1');
      const { server, playing } = await play(
        t,
        changeOnly('open', 0, () => properReply(body)),
      );
      await breaks(playing, /404/);
      assert.equal(server.requests[1]?.path, `/send/${body.toString('latin1').slice(0, -1)}/0`);
    });
  }

  it('ends with a reply without a body, when the next one comes [RTMPT-NOTE 7] [tunnel point 7]', async (t) => {
    const { playing } = await play(
      t,
      changeOnly('send', CONNECT_SEND + 1, () => properReply(NO_BODY)),
    );
    await breaks(playing, /read -1 bytes of a reply/);
  });

  it('does not look at the polling byte [RTMPT-NOTE 7]', async (t) => {
    const { playing, player } = await play(t, (_request, { verb, body }) => {
      if (verb !== 'open') body[0] = 0x41;
      return properReply(body);
    });
    await playing;
    await player.close();
    assert.equal(player.received.failure, null);
  });

  it('takes the connection for ended where its buffer stops in the head of a second reply [RTMPT-NOTE 9]', async (t) => {
    const secondBytesInBuffer = 50;
    const long = (headBytes: number): Buffer => {
      const lengthBytes = BUFFER_BYTES - secondBytesInBuffer - headBytes;
      const picture = numberedPicture(0, lengthBytes, true);
      const writer = new ChunkWriter();
      writer.chunkSizeBytes = 65_536;
      const setChunkSize = writer.setChunkSize(65_536);
      const bytes = writer.message({ chunkStreamId: 6, messageStreamId: 1, ...picture });
      return Buffer.concat([setChunkSize, bytes]);
    };
    // The reply to play waits for the one behind it, so that both are there when the client looks.
    let first: Buffer = NO_BODY;
    let seen = 0;
    const { playing, player } = await play(t, (_request, { verb, body, reply }) => {
      if (verb !== 'send') return null;
      seen++;
      if (seen === PLAY_SEND) {
        const fillerBytes = properReply(body).length + 16 + 12 + 3;
        first = properReply(Buffer.concat([body, long(fillerBytes)]));
        return 'silence';
      }
      return seen === PLAY_SEND + 1 ? Buffer.concat([first, reply]) : null;
    });
    await Promise.allSettled([playing]);
    assert.match(
      (await player.received.waitForFailure()).message,
      /a reply's head does not fit behind byte 163\d\d/,
    );
  });

  it('asks no more where one of its requests has no answer, and gives up [RTMPT-NOTE 4] [tunnel point 4]', async (t) => {
    const unanswered = changeOnly('send', 1, () => 'silence');
    const { server, playing, player } = await play(t, unanswered, SHORT_TIMEOUT_MS);
    await playing;
    assert.match((await player.received.waitForFailure()).message, /failed to read RTMP packet header/);
    assert.ok(!server.requests.some(({ path }) => path.startsWith('/idle')));
  });

  it('is not held longer than its timeout [RTMPT-NOTE 6] [tunnel point 6]', async (t) => {
    const { playing, player } = await play(
      t,
      changeOnly('idle', 0, () => 'silence'),
      SHORT_TIMEOUT_MS,
    );
    await playing;
    assert.match((await player.received.waitForFailure()).message, /nothing came within 300 ms/);
  });

  it('ends where the stream is not found, and where the server says close', async (t) => {
    const saying = async (...command: Parameters<ChunkWriter['command']>): Promise<Error> => {
      const bytes = new ChunkWriter().command(...command);
      const say = changeOnly('idle', 0, ({ body }) => properReply(Buffer.concat([body, bytes])));
      const { playing, player } = await play(t, say);
      await playing;
      return player.received.waitForFailure();
    };
    const info = { level: 'error', code: 'NetStream.Play.StreamNotFound' };
    assert.match((await saying('onStatus', 0, [null, info])).message, /StreamNotFound/);
    assert.match((await saying('close', 0, [null])).message, /came close/);
  });

  it('reads nothing once it publishes, not even an error [tunnel point 11]', async (t) => {
    const broken = changeOnly('send', 7, () => Buffer.from('HTTP/1.1 500 No\r\n\r\n'));
    const server = await startScriptedTunnel(t, broken);
    const publisher = new LibrtmpPublisher(t, server);
    await publisher.publish('app', 's');
    for (let number = 0; number < 5; number++) await publisher.sendMedia(numberedPicture(number, 64));
    await publisher.close();
    await server.requestsReached(1 + 7 + 5 + 3);
    const verbs = server.requests.map(({ path }) => path.split('/')[1]);
    assert.deepEqual(verbs, ['open', ...Array.from({ length: 14 }, () => 'send'), 'close']);
    assert.equal(publisher.received.failure, null);
  });
});
