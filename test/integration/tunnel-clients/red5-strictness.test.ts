// What breaks Red5's Java client: the emulated one is shown replies that the real one was read to fail on.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { numberedMedia } from '../../support/clients/numbered-media.ts';
import { Red5Client } from '../../support/clients/red5-client.ts';
import { ChunkWriter, MessageType, PACKET_BYTES } from '../../support/clients/rtmp-bytes.ts';
import {
  type AnswerChange,
  changeOnly,
  PROPER_HEADER_LINES,
  properReply,
  replyWith,
  startScriptedTunnel,
} from '../../support/clients/scripted-tunnel.ts';
import type { Cleaner } from '../../support/programs.ts';
import { breaks } from './scene.ts';

const SHORT_TIMEOUT_MS = 300;
const POLLING_BYTE = Buffer.of(1);
/** Polling byte, S0 and S1. */
const S1_END = 2 + PACKET_BYTES;

/** Plays from a server that answers something otherwise, and gives what it got. */
async function play(cleaner: Cleaner, change: AnswerChange, timeoutMs?: number) {
  const server = await startScriptedTunnel(cleaner, change);
  const client = new Red5Client(cleaner, server, timeoutMs);
  return { server, client, playing: client.play('app', 's') };
}

describe("Red5's client, as it is strict about the handshake", { concurrency: true }, () => {
  it('breaks where S0 and S1 are not in the reply to C0 and C1 [RTMPT-NOTE 8] [tunnel point 8]', async (t) => {
    const { playing } = await play(
      t,
      changeOnly('send', 0, () => properReply(POLLING_BYTE)),
    );
    await breaks(playing, /came 1 bytes in the handshake; Red5: BufferUnderflowException/);
  });

  it('breaks where S1 is not whole in it [RTMPT-NOTE 8] [tunnel point 8]', async (t) => {
    const cut = changeOnly('send', 0, ({ body }) => properReply(body.subarray(0, S1_END - 1)));
    await breaks((await play(t, cut)).playing, /BufferUnderflowException/);
  });

  it('breaks where S2 is missing, and the next reply is short [RTMPT-NOTE 8] [tunnel point 8]', async (t) => {
    const cut = changeOnly('send', 0, ({ body }) => properReply(body.subarray(0, S1_END)));
    await breaks((await play(t, cut)).playing, /BufferUnderflowException/);
  });

  it('reads an S2 that comes later with the polling byte as its first, and does not mind', async (t) => {
    let s2: Buffer = Buffer.alloc(0);
    let sends = 0;
    const { playing, client } = await play(t, (_request, { verb, body }) => {
      if (verb !== 'send') return null;
      sends++;
      if (sends === 1) {
        s2 = body.subarray(S1_END);
        return properReply(body.subarray(0, S1_END));
      }
      return sends === 2 ? properReply(Buffer.concat([body, s2])) : null;
    });
    await playing;
    await client.close();
  });

  it('loses what stands behind S2 [RTMPT-NOTE 8] [tunnel point 8]', async (t) => {
    const behind = new ChunkWriter().control(MessageType.Acknowledgement, 7);
    const late = changeOnly('send', 0, ({ body }) => properReply(Buffer.concat([body, behind])));
    const { playing, client } = await play(t, late);
    await playing;
    const { messages } = client.received;
    assert.ok(!messages.some(({ typeId }) => typeId === MessageType.Acknowledgement));
    await client.close();
  });

  it('breaks at an S1 that says it is signed, and is not', async (t) => {
    const unsigned = changeOnly('send', 0, ({ body }) => {
      body[2 + 4] = 3;
      return properReply(body);
    });
    await breaks((await play(t, unsigned)).playing, /Handshake failed on S0S1 processing/);
  });
});

describe("Red5's client, as it is strict about replies", { concurrency: true }, () => {
  for (const statusLine of ['HTTP/1.1 204 No Content', 'HTTP/1.1 302 Found', 'HTTP/1.1 404 Not Found']) {
    it(`breaks at ${statusLine}, and posts no /close [RTMPT-NOTE 10] [tunnel point 2]`, async (t) => {
      const bad = changeOnly('send', 1, ({ body }) => replyWith(statusLine, PROPER_HEADER_LINES, body));
      const { playing, server } = await play(t, bad);
      await breaks(playing, /Bad HTTP status returned/);
      assert.ok(!server.requests.some(({ path }) => path.startsWith('/close')));
    });
  }

  for (const [end, title] of [
    ['', 'no LF'],
    ['\r\n', 'CR LF'],
  ] as const) {
    it(`cuts the last character off the id: with ${title} behind it, it asks for another one [RTMPT-NOTE 1] [tunnel point 1]`, async (t) => {
      const body = Buffer.from(`A1B2C3D4E5${end}`, 'latin1');
      const { playing, server } = await play(
        t,
        changeOnly('open', 0, () => properReply(body)),
      );
      await breaks(playing, /Bad HTTP status returned, line: HTTP\/1\.1 404/);
      assert.equal(server.requests[1]?.path, `/send/${body.toString('latin1').slice(0, -1)}/1`);
    });
  }

  it('breaks without an id [tunnel point 1]', async (t) => {
    const empty = changeOnly('open', 0, () => properReply(Buffer.alloc(0)));
    await breaks((await play(t, empty)).playing, /came no id/);
  });

  it('waits for a reply as long as its socket does, 7 s of itself [RTMPT-NOTE 6] [tunnel point 6]', async (t) => {
    const silent = changeOnly('idle', 0, () => 'silence');
    const { playing, client } = await play(t, silent, SHORT_TIMEOUT_MS);
    await playing;
    assert.match((await client.received.waitForFailure()).message, /nothing came within 300 ms/);
  });

  it('takes chunks, another type, any case, an empty body and a connection that ends [tunnel point 4]', async (t) => {
    const { playing, server, client } = await play(t, (_request, { verb, body }) => {
      if (verb === 'idle') return properReply(Buffer.alloc(0));
      if (verb === 'open') return { last: replyWith('HTTP/1.1 200 OK', ['connection: close'], body) };
      const chunk = [Buffer.from(`${body.length.toString(16)}\r\n`), body, Buffer.from('\r\n0\r\n\r\n')];
      return Buffer.concat([Buffer.from('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n'), ...chunk]);
    });
    await playing;
    const idlesAfter = server.requests.length + 1;
    await server.requestsReached(idlesAfter);
    await client.close();
    assert.equal(client.received.failure, null);
    assert.deepEqual([...new Set(server.requests.map(({ connectionNumber }) => connectionNumber))], [1, 2]);
  });

  it('cuts by the chunk size of the server without a word of it, and announces its own in front of media', async (t) => {
    const server = await startScriptedTunnel(t);
    const client = new Red5Client(t, server);
    await client.publish('app', 's');
    const { heard } = server.tunnel;
    assert.ok(!heard.some(({ typeId }) => typeId === MessageType.SetChunkSize));
    for (const message of numberedMedia(2)) await client.sendMedia(message);
    await client.received.waitUntil(
      () => heard.at(-1)?.typeId === MessageType.Audio,
      'the media at the server',
    );
    const types = heard.slice(-3).map(({ typeId }) => typeId);
    assert.deepEqual(types, [MessageType.SetChunkSize, MessageType.Video, MessageType.Audio]);
    assert.equal(Buffer.from(heard.at(-3)?.payload ?? []).readUInt32BE(0), 1024);
    await client.close();
  });

  it('says who it is, and not that it were Flash [RTMPT-NOTE 14] [tunnel point 14]', async (t) => {
    const { playing, server, client } = await play(t, () => null);
    await playing;
    await client.close();
    const common = [
      'Connection: Keep-Alive',
      'Cache-Control: no-cache',
      'Content-Type: application/x-fcs',
      'Content-Length: 1537',
      `Host: 127.0.0.1:${server.port}`,
      'User-Agent: Mozilla/4.0 (compatible; Red5 Server)',
      'Accept-Encoding: gzip,deflate',
    ];
    assert.deepEqual(server.requests[1]?.headerLines, common);
    assert.equal(server.requests[1]?.requestLine, 'POST /send/A1B2C3D4E5/1 HTTP/1.1');
    assert.match(server.requests.at(-1)?.path ?? '', /^\/close\/A1B2C3D4E5\/\d+$/);
  });
});
