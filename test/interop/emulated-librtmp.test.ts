// librtmp's emulation beside rtmpdump and rtmpsink: they break at the same replies, and say the same until then.

import { describe, it } from 'node:test';
import { LibrtmpPlayer, LibrtmpPublisher } from '../support/clients/librtmp-client.ts';
import { numberedPicture } from '../support/clients/numbered-media.ts';
import type { Address } from '../support/clients/raw-http.ts';
import { ChunkWriter } from '../support/clients/rtmp-bytes.ts';
import { type AnswerChange, type ProperAnswer, properReply } from '../support/clients/scripted-tunnel.ts';
import { mediaFile } from '../support/media.ts';
import { newFilePath, type RunningProgram, startProgram } from '../support/programs.ts';
import { publishWithRtmpsink } from '../support/publishers.ts';
import { assertLike, onlyIn, type Peculiarity, playToTheEnd, withStatus } from './emulation.ts';

const PROGRAM_LIMIT_MS = 20_000;
const RTMPDUMP_TIMEOUT_S = 1;
const BUFFER_BYTES = 16_383;
const NO_BODY = Buffer.alloc(0);
/** Requests up to publish. */
const PUBLISH_REQUESTS = 8;
/** The number of SetBufferLength, with which a player has asked for all it wants. */
const LAST_SETUP_NUMBER = 8;

/**
 * No answer to idles, and none to the goodbye, which librtmp does not wait for: a server that answers finds the
 * connection reset, and what it has not read by then is lost.
 */
const quiet: AnswerChange = ({ path }, { verb }) => {
  const isGoodbye = verb === 'close' || Number(path.split('/')[3]) > LAST_SETUP_NUMBER;
  return verb === 'idle' || isGoodbye ? 'silence' : null;
};

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

/** Of four requests that come at once, the third gets a reply without a body, the fourth one's right behind it. */
function emptyReply(): AnswerChange {
  return (request, proper) => {
    if (request.path === '/send/A1B2C3D4E5/5') return 'silence';
    if (request.path !== '/send/A1B2C3D4E5/6') return quiet(request, proper);
    return Buffer.concat([properReply(NO_BODY), proper.reply]);
  };
}

const only = onlyIn(quiet);

const BREAKS_AT: readonly Peculiarity[] = [
  { title: 'a server that is silent', change: () => quiet },
  { title: 'HTTP/1.0', change: only('send', 2, withStatus('HTTP/1.0 200 OK')) },
  { title: '204', change: only('send', 2, withStatus('HTTP/1.1 204 No Content')) },
  { title: '404', change: only('send', 2, withStatus('HTTP/1.1 404 Not Found')) },
  { title: 'content-length', change: only('open', 0, withLength('content-length: ')) },
  { title: 'a length without a space', change: only('open', 0, withLength('Content-Length:')) },
  { title: 'an id without LF', change: only('open', 0, () => properReply(Buffer.from('A1B2C3D4E5'))) },
  {
    title: 'an id with CR LF',
    change: only('open', 0, () => properReply(Buffer.from('A1B2C3D4E5\r\n'))),
  },
  { title: 'an empty body, and a reply behind it', change: emptyReply },
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

describe('rtmpdump and the emulated librtmp', { concurrency: true }, () => {
  for (const peculiarity of BREAKS_AT) {
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
    await assertLike(t, { title: 'a good server', change: () => quiet }, PUBLISH_REQUESTS, emulate, start);
  });
});
