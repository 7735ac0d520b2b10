// OpenVCX (VSX), emulated: against a gateway, and against replies that break the real one. It plays only.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { amf } from '../../support/amf-wire.ts';
import { OpenVcxClient } from '../../support/clients/openvcx-client.ts';
import { OpenVcxConnection } from '../../support/clients/openvcx-connection.ts';
import type { Address } from '../../support/clients/raw-http.ts';
import { ChunkWriter, c0c1, MessageType, PACKET_BYTES } from '../../support/clients/rtmp-bytes.ts';
import type { ScriptedServer } from '../../support/clients/scripted-server.ts';
import {
  type AnswerChange,
  changeOnly,
  properReply,
  replyWith,
  startScriptedTunnel,
} from '../../support/clients/scripted-tunnel.ts';
import { type Cleaner, Scope } from '../../support/programs.ts';
import { startAlteredGateway } from './altered-gateway.ts';
import { APP, breaks, newStreamName, playsEverything, startScene } from './scene.ts';

const NOTHING = Buffer.alloc(0);
const DECIMAL_ID = '4294967311';
const IDLE_STEP_MS = 500;

/** What it waits for before it takes media: the first bytes of a stream by Adobe's servers. */
const DATA_START = new ChunkWriter().message({
  chunkStreamId: 7,
  typeId: MessageType.Data,
  messageStreamId: 1,
  timestampMs: 0,
  payload: amf('onStatus', { code: 'NetStream.Data.Start' }),
});

/** A gateway that gives decimal ids, and says NetStream.Data.Start behind Play.Start. */
async function startFittingGateway(
  cleaner: Cleaner,
  gateway: Address,
  change: AnswerChange = () => null,
): Promise<ScriptedServer> {
  let sessionId = '';
  const fitting: AnswerChange = (request, proper) => {
    const { verb, body } = proper;
    if (verb === 'open') sessionId = body.toString('latin1').trim();
    const changed = change(request, proper);
    if (changed !== null) return changed;
    if (verb === 'open') return properReply(Buffer.from(`${DECIMAL_ID}\n`));
    return body.includes('NetStream.Play.Start') ? properReply(Buffer.concat([body, DATA_START])) : null;
  };
  return startAlteredGateway(cleaner, gateway, fitting, (path) => path.replace(DECIMAL_ID, sessionId));
}

describe('OpenVCX through the tunnel', () => {
  it('cannot use an id that is no decimal number, which ours are not, for it could be guessed [tunnel point 1]', async (t) => {
    const { address } = await startScene(t);
    await breaks(new OpenVcxClient(t, address).play(APP, newStreamName()), /needed a decimal number|404/);
  });

  it('plays every message to the byte where its id is a number and NetStream.Data.Start is said [RTMPT-NOTE 9] [tunnel point 9]', async (t) => {
    const { address } = await startScene(t);
    const front = await startFittingGateway(t, address);
    await playsEverything(t, new OpenVcxClient(t, front), address.port);
    assert.ok(front.requests.every(({ connectionNumber }) => connectionNumber === 1));
  });

  it('counts from 0 over idles and sends, C2 in one with connect, and ends its connection without a /close [RTMPT-NOTE 5] [tunnel point 5]', async (t) => {
    const { address } = await startScene(t);
    const front = await startFittingGateway(t, address);
    const client = new OpenVcxClient(t, front);
    await client.play(APP, newStreamName());
    await client.close();
    const shapes = front.requests.map(({ path }) => path.replace(`/${DECIMAL_ID}`, ''));
    assert.deepEqual(shapes.slice(0, 4), ['/fcs/ident2', '/open/1', '/idle/0', '/send/1']);
    const numbers = shapes.slice(2).map((shape) => Number(shape.split('/')[2]));
    assert.deepEqual(
      numbers,
      numbers.map((_, index) => index),
    );
    assert.ok(!shapes.some((shape) => shape.startsWith('/close')));
    const c2AndConnect = front.requests.find(({ body }) => body.includes('connect', PACKET_BYTES));
    assert.ok((c2AndConnect?.body.length ?? 0) > PACKET_BYTES);
    assert.deepEqual(c2AndConnect?.headerLines, [
      `Host: 127.0.0.1:${front.port}`,
      'User-Agent: Shockwave Flash',
      'Content-Type: application/x-fcs',
      'Accept: */*',
      `Content-Length: ${c2AndConnect?.body.length}`,
      'Connection: Keep-Alive',
    ]);
  });

  it('lets half a second pass between idles that bring nothing, which no hold makes longer [RTMPT-NOTE 6] [tunnel point 6]', async (t) => {
    const { address } = await startScene(t, { tunnel: { idleHoldMs: 300 } });
    const repliedMs: number[] = [];
    const front = await startFittingGateway(t, address, (_request, { verb, body }) => {
      if (verb === 'idle' && body.length === 1) repliedMs.push(performance.now());
      return null;
    });
    const client = new OpenVcxClient(t, front);
    await client.play(APP, newStreamName());
    const from = repliedMs.length;
    await front.requestsReached(front.requests.length + 3);
    await client.close();
    const [first = 0, second = Number.POSITIVE_INFINITY] = repliedMs.slice(from);
    assert.ok(
      second - first >= IDLE_STEP_MS - 20 && second - first < 2 * IDLE_STEP_MS,
      `${second - first} ms`,
    );
  });
});

describe('OpenVCX, as it is strict', () => {
  const scope = new Scope();
  let gateway: Address;

  before(async () => {
    gateway = (await startScene(scope, { tunnel: { setupHoldMs: 20 } })).address;
  });
  after(() => scope.close());

  /** Plays from a gateway that fits it, but for one reply. */
  const play = async (cleaner: Cleaner, change: AnswerChange): Promise<void> => {
    const client = new OpenVcxClient(cleaner, await startFittingGateway(cleaner, gateway, change));
    await client.play(APP, newStreamName());
    await client.close();
  };

  it('needs 404 to the ident, and no body with it [tunnel point 2]', async (t) => {
    const found = changeOnly('ident', 0, () => replyWith('HTTP/1.1 200 OK', [], Buffer.from('198.51.100.7')));
    await breaks(play(t, found), /expecting 404 to \/fcs\/ident2 but got 200/);
    const page = changeOnly('ident', 0, () => replyWith('HTTP/1.1 404 Not Found', [], Buffer.from('none')));
    await breaks(play(t, page), /4 bytes behind a reply in one read, which are lost/);
  });

  it('reads the id as a decimal number but 0 [tunnel point 1]', async (t) => {
    for (const id of ['A1B2C3D4E5\n', '0\n', '\n']) {
      const other = changeOnly('open', 0, () => properReply(Buffer.from(id)));
      await breaks(play(t, other), /invalid session id .*; needed a decimal number/);
    }
    // Of this one it takes the digits.
    const cut = changeOnly('open', 0, () => properReply(Buffer.from('12AB\n')));
    await breaks(play(t, cut), /got 404 response to the first idle/);
    await play(t, () => null);
  });

  it('needs 200 to /open and to the first idle, and no error behind them [RTMPT-NOTE 10]', async (t) => {
    const busy = (): Buffer => replyWith('HTTP/1.1 503 Service Unavailable', [], NOTHING);
    await breaks(play(t, changeOnly('open', 0, busy)), /got 503 response to \/open\/1/);
    await breaks(play(t, changeOnly('idle', 0, busy)), /got 503 response to the first idle/);
    await breaks(play(t, changeOnly('send', 1, busy)), /Error Status code 503/);
  });

  it('needs a body, and a length in the head [RTMPT-NOTE 2] [tunnel point 2]', async (t) => {
    const empty = changeOnly('send', 0, () => properReply(NOTHING));
    await breaks(play(t, empty), /Content-Length not found in response/);
    const chunked = changeOnly('send', 0, () => {
      return Buffer.from(
        'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n\x01\r\n0\r\n\r\n',
        'latin1',
      );
    });
    await breaks(play(t, chunked), /Content-Length not found in response/);
  });

  it('loses a reply that comes in one read with the one before it [RTMPT-NOTE 4] [tunnel point 4]', async (t) => {
    const replies: Buffer[] = [];
    const server = await startScriptedTunnel(
      t,
      (_request, { verb, reply }) => {
        if (verb !== 'send') return null;
        replies.push(reply);
        return replies.length === 2 ? Buffer.concat(replies) : 'silence';
      },
      DECIMAL_ID,
    );
    const connection = await OpenVcxConnection.open(t, server);
    const greeting = c0c1();
    connection.send(greeting.subarray(0, 100));
    connection.send(greeting.subarray(100));
    await breaks(connection.read(1), /bytes behind a reply in one read, which are lost: "HTTP\/1\.1 200 OK/);
  });

  it('takes a head of 2,048 bytes and not more', async (t) => {
    const long = (padding: number): AnswerChange =>
      changeOnly('send', 0, ({ body }) => replyWith('HTTP/1.1 200 OK', [`X: ${'x'.repeat(padding)}`], body));
    await play(t, long(1900));
    await breaks(play(t, long(2100)), /a head of more than 2048 bytes/);
  });

  it('needs S0 of 3', async (t) => {
    const other = changeOnly('send', 0, ({ body }) => {
      body[1] = 6;
      return properReply(body);
    });
    await breaks(play(t, other), /Invalid server handshake header byte 6/);
  });

  it('takes no media before NetStream.Data.Start, which the gateway does not say', async (t) => {
    const early = changeOnly('send', 3, ({ body }) => {
      const header = { chunkStreamId: 7, typeId: MessageType.Audio, messageStreamId: 1, timestampMs: 0 };
      const sound = new ChunkWriter().message({ ...header, payload: Buffer.from('af001210', 'hex') });
      return properReply(Buffer.concat([body, sound]));
    });
    await breaks(play(t, early), /came media before NetStream\.Data\.Start/);
  });
});
