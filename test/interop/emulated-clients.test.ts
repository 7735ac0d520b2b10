// The emulated clients of test/support/clients beside the programs that they emulate: shown the same server, which does
// everything right but for one thing, both say the same, request for request and byte for byte.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FfmpegPlayer, FfmpegPublisher } from '../support/clients/ffmpeg-client.ts';
import { LibrtmpPlayer, LibrtmpPublisher } from '../support/clients/librtmp-client.ts';
import { numberedPicture } from '../support/clients/numbered-media.ts';
import type { Address } from '../support/clients/raw-http.ts';
import { ChunkWriter } from '../support/clients/rtmp-bytes.ts';
import type { ScriptedRequest } from '../support/clients/scripted-server.ts';
import {
  type AnswerChange,
  changeOnly,
  PROPER_HEADER_LINES,
  type ProperAnswer,
  properReply,
  replyWith,
  startScriptedTunnel,
} from '../support/clients/scripted-tunnel.ts';
import type { PlayingClient } from '../support/clients/tunnel-client.ts';
import { mediaFile } from '../support/media.ts';
import { playWithFfmpeg } from '../support/players.ts';
import { type Cleaner, newFilePath, type RunningProgram, startProgram } from '../support/programs.ts';
import { publishWithFfmpeg, publishWithRtmpsink } from '../support/publishers.ts';

const PROGRAM_LIMIT_MS = 20_000;
const RTMPDUMP_TIMEOUT_S = 1;
const BUFFER_BYTES = 16_383;
const NO_BODY = Buffer.alloc(0);
/** Requests of a player up to its first idle, and of publishers up to publish. */
const FFMPEG_PLAY_REQUESTS = 6;
const FFMPEG_PUBLISH_REQUESTS = 5;
const LIBRTMP_PUBLISH_REQUESTS = 8;

/** A server's peculiarity, made anew for each client; idles stay without an answer where nothing else is said. */
type Peculiarity = {
  readonly title: string;
  readonly sessionId?: string;
  readonly change: () => AnswerChange;
};

const quiet: AnswerChange = (_request, { verb }) => (verb === 'idle' ? 'silence' : null);

function only(verb: string, index: number, change: (proper: ProperAnswer) => Buffer): () => AnswerChange {
  return () => {
    const changed = changeOnly(verb, index, change);
    return (request, proper) => changed(request, proper) ?? quiet(request, proper);
  };
}

function withStatus(statusLine: string, headerLines = PROPER_HEADER_LINES): (proper: ProperAnswer) => Buffer {
  return ({ body }) => replyWith(statusLine, headerLines, body);
}

function withLength(header: string): (proper: ProperAnswer) => Buffer {
  return ({ body }) =>
    Buffer.concat([Buffer.from(`HTTP/1.1 200 OK\r\n${header}${body.length}\r\n\r\n`), body]);
}

/** A reply to play that, with the next one right behind it, fills librtmp's buffer but for so many bytes of that one. */
function longReply(secondBytesInBuffer: number): () => AnswerChange {
  return () => {
    let first: Buffer = NO_BODY;
    let sends = 0;
    return (request, proper) => {
      if (proper.verb !== 'send' || ++sends < 8 || sends > 9) return quiet(request, proper);
      if (sends === 9) return Buffer.concat([first, proper.reply]);
      const writer = new ChunkWriter();
      const start = [proper.body, writer.setChunkSize(65_536)];
      const fillerBytes = properReply(Buffer.concat(start)).length + 12 + 2;
      const picture = numberedPicture(0, BUFFER_BYTES - secondBytesInBuffer - fillerBytes, true);
      const bytes = writer.message({ chunkStreamId: 6, messageStreamId: 1, ...picture });
      first = properReply(Buffer.concat([...start, bytes]));
      return 'silence';
    };
  };
}

/** One request as text, without what differs from run to run: the port, the bytes of C1, the version of FFmpeg. */
function textOf({ requestLine, headerLines, body, path }: ScriptedRequest, port: number): string {
  const isC1 = /^\/send\/[^/]*\/0$/.test(path);
  const said = isC1 ? Buffer.concat([body.subarray(0, 1), body.subarray(5, 9)]) : body;
  const text = [requestLine, ...headerLines, body.length, said.toString('latin1')].join('\n');
  // A chunk may end in the middle of the port.
  const digits = new RegExp([...String(port)].join('\xc3?'), 'g');
  return text.replaceAll(digits, 'PORT').replaceAll(/Lavf[\d.]+/g, 'Lavf');
}

/** What is compared: the first so many requests, or all of them, to the end of the connections. */
type Extent = number | 'to the end';

/** The requests of something that talks to a server with this peculiarity, as text. */
async function saidTo(
  cleaner: Cleaner,
  { sessionId, change }: Peculiarity,
  extent: Extent,
  talk: (address: Address) => Promise<unknown>,
): Promise<string[]> {
  const server = await startScriptedTunnel(cleaner, change(), sessionId);
  await talk(server);
  if (extent === 'to the end') await server.connectionsOver();
  else await server.requestsReached(extent);
  const count = extent === 'to the end' ? server.requests.length : extent;
  return server.requests.slice(0, count).map((request) => textOf(request, server.port));
}

/** Asserts that a program says what its emulation says. */
async function assertLike(
  cleaner: Cleaner,
  peculiarity: Peculiarity,
  extent: Extent,
  emulate: (address: Address) => Promise<unknown>,
  start: (url: string) => RunningProgram,
): Promise<void> {
  const emulated = await saidTo(cleaner, peculiarity, extent, emulate);
  const real = await saidTo(cleaner, peculiarity, extent, async ({ port }) => {
    const program = start(`rtmpt://127.0.0.1:${port}/app/s`);
    if (extent === 'to the end') await program.ended;
  });
  assert.deepEqual(emulated, real);
}

/** Plays until something breaks the player, before the server says that it plays or later. */
async function playToTheEnd(player: PlayingClient): Promise<void> {
  const isPlaying = await player.play('app', 's').then(
    () => true,
    () => false,
  );
  if (isPlaying) await player.received.waitForFailure();
}

const GOOD_SERVER: Peculiarity = { title: 'a good server', change: () => quiet };

const RTMPDUMP_BREAKS_AT: readonly Peculiarity[] = [
  { title: 'a server that is silent', change: () => quiet },
  { title: 'HTTP/1.0', change: only('send', 2, withStatus('HTTP/1.0 200 OK')) },
  { title: '204', change: only('send', 2, withStatus('HTTP/1.1 204 No Content')) },
  { title: '404', change: only('send', 2, withStatus('HTTP/1.1 404 Not Found')) },
  { title: 'content-length', change: only('open', 0, withLength('content-length: ')) },
  { title: 'a length without a space', change: only('open', 0, withLength('Content-Length:')) },
  { title: 'an id without LF', change: only('open', 0, () => properReply(Buffer.from('A1B2C3D4E5'))) },
  { title: 'an id with CR LF', change: only('open', 0, () => properReply(Buffer.from('A1B2C3D4E5\r\n'))) },
  { title: 'an empty body', change: only('send', 3, () => properReply(NO_BODY)) },
  {
    title: 'a head that is too long',
    change: only('send', 0, withStatus('HTTP/1.1 200 OK', [`X: ${'x'.repeat(BUFFER_BYTES)}`])),
  },
  {
    title: 'a request without an answer',
    change: () => (request, proper) =>
      request.path === '/send/A1B2C3D4E5/1' ? 'silence' : quiet(request, proper),
  },
  ...[50, 5, 100].map((bytes) => ({
    title: `${bytes} bytes of a reply behind a long one`,
    change: longReply(bytes),
  })),
];

const FFMPEG_BREAKS_AT: readonly Peculiarity[] = [
  {
    title: 'Connection: close',
    change: only('send', 1, withStatus('HTTP/1.1 200 OK', ['Connection: close'])),
  },
  { title: 'HTTP/1.0', change: only('open', 0, withStatus('HTTP/1.0 200 OK', ['Connection: keep-alive'])) },
  { title: 'an id that is too long', sessionId: 'i'.repeat(63), change: () => quiet },
  { title: 'an empty body', change: only('send', 0, () => properReply(NO_BODY)) },
  {
    title: '404 for its first idle',
    change: only('idle', 0, () => replyWith('HTTP/1.1 404 Not Found', [], NO_BODY)),
  },
  {
    title: 'an S1 that is not signed and says so',
    change: only('send', 0, ({ body }) => {
      body[2 + 4] = 3;
      return properReply(body);
    }),
  },
];

describe('rtmpdump and the emulated librtmp', { concurrency: true }, () => {
  for (const peculiarity of RTMPDUMP_BREAKS_AT) {
    it(`say the same to the end, shown ${peculiarity.title}`, async (t) => {
      const emulate = (address: Address): Promise<void> =>
        playToTheEnd(new LibrtmpPlayer(t, address, RTMPDUMP_TIMEOUT_S * 1000));
      const start = (url: string): RunningProgram => {
        const args = ['--rtmp', url, '--live', '--timeout', `${RTMPDUMP_TIMEOUT_S}`];
        return startProgram(t, {
          title: 'rtmpdump',
          command: 'rtmpdump',
          args: [...args, '--flv', newFilePath('dumped.flv')],
          limitMs: PROGRAM_LIMIT_MS,
        });
      };
      await assertLike(t, peculiarity, 'to the end', emulate, start);
    });
  }
});

describe('rtmpsink and the emulated librtmp', () => {
  it('say the same until they publish', async (t) => {
    const sourcePath = await mediaFile(t, 'h264-aac', 2);
    const emulate = (address: Address): Promise<void> => new LibrtmpPublisher(t, address).publish('app', 's');
    const start = (url: string): RunningProgram => publishWithRtmpsink(t, sourcePath, url);
    await assertLike(t, GOOD_SERVER, LIBRTMP_PUBLISH_REQUESTS, emulate, start);
  });
});

describe('ffmpeg and its emulation', { concurrency: true }, () => {
  for (const peculiarity of FFMPEG_BREAKS_AT) {
    it(`say the same to the end, shown ${peculiarity.title}`, async (t) => {
      const emulate = (address: Address): Promise<void> => playToTheEnd(new FfmpegPlayer(t, address));
      await assertLike(t, peculiarity, 'to the end', emulate, (url) => playWithFfmpeg(t, url));
    });
  }

  it('say the same until they ask for media', async (t) => {
    const emulate = (address: Address): Promise<void> => new FfmpegPlayer(t, address).play('app', 's');
    await assertLike(t, GOOD_SERVER, FFMPEG_PLAY_REQUESTS, emulate, (url) => playWithFfmpeg(t, url));
  });

  it('say the same until they publish', async (t) => {
    const sourcePath = await mediaFile(t, 'h264-aac', 2);
    const emulate = (address: Address): Promise<void> => new FfmpegPublisher(t, address).publish('app', 's');
    const start = (url: string): RunningProgram => publishWithFfmpeg(t, sourcePath, url);
    await assertLike(t, GOOD_SERVER, FFMPEG_PUBLISH_REQUESTS, emulate, start);
  });
});
