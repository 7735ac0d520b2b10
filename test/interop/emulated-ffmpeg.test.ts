// FFmpeg's emulation beside ffmpeg: they break at the same replies, and say the same until then.

import { describe, it } from 'node:test';
import { FfmpegPlayer, FfmpegPublisher } from '../support/clients/ffmpeg-client.ts';
import type { Address } from '../support/clients/raw-http.ts';
import { type AnswerChange, properReply, replyWith } from '../support/clients/scripted-tunnel.ts';
import { mediaFile } from '../support/media.ts';
import { playWithFfmpeg } from '../support/players.ts';
import type { RunningProgram } from '../support/programs.ts';
import { publishWithFfmpeg } from '../support/publishers.ts';
import { assertLike, onlyIn, type Peculiarity, playToTheEnd, withStatus } from './emulation.ts';

const NO_BODY = Buffer.alloc(0);
/** Requests of a player up to its first idle, and of a publisher up to publish. */
const PLAY_REQUESTS = 6;
const PUBLISH_REQUESTS = 5;

const quiet: AnswerChange = (_request, { verb }) => (verb === 'idle' ? 'silence' : null);

const GOOD_SERVER: Peculiarity = { title: 'a good server', change: () => quiet };

const only = onlyIn(quiet);

const BREAKS_AT: readonly Peculiarity[] = [
  {
    title: 'Connection: close',
    change: only('send', 1, withStatus('HTTP/1.1 200 OK', ['Connection: close'])),
  },
  {
    title: 'HTTP/1.0',
    change: only('open', 0, withStatus('HTTP/1.0 200 OK', ['Connection: keep-alive'])),
  },
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

describe('ffmpeg and its emulation', { concurrency: true }, () => {
  for (const peculiarity of BREAKS_AT) {
    it(`say the same to the end, shown ${peculiarity.title}`, async (t) => {
      const emulate = (address: Address): Promise<void> => playToTheEnd(new FfmpegPlayer(t, address));
      await assertLike(t, peculiarity, 'to the end', emulate, (url) => playWithFfmpeg(t, url));
    });
  }

  it('say the same until they ask for media', async (t) => {
    const emulate = (address: Address): Promise<void> => new FfmpegPlayer(t, address).play('app', 's');
    await assertLike(t, GOOD_SERVER, PLAY_REQUESTS, emulate, (url) => playWithFfmpeg(t, url));
  });

  it('say the same until they publish', async (t) => {
    const sourcePath = await mediaFile(t, 'h264-aac', 2);
    const emulate = (address: Address): Promise<void> => new FfmpegPublisher(t, address).publish('app', 's');
    const start = (url: string): RunningProgram => publishWithFfmpeg(t, sourcePath, url);
    await assertLike(t, GOOD_SERVER, PUBLISH_REQUESTS, emulate, start);
  });
});
