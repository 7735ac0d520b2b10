// A gateway in front of a server, byte by byte: what either side says arrives at the other as it was.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { sha256Hex } from '../protocol/rtmp/handshake/handshake-vectors.ts';
import { readAmf } from '../support/amf-wire.ts';
import { chunk, filled, join, setChunkSize } from '../support/chunk-wire.ts';
import { ClientMessages, clientHandshake } from '../support/client-messages.ts';
import { ClientWireReader, serverHandshake } from '../support/client-wire.ts';
import { Scope } from '../support/programs.ts';
import { RawClient, RawTunnel } from '../support/raw-client.ts';
import { type RawUpstream, startRawUpstream } from '../support/raw-upstream.ts';
import { RtmpeClient } from '../support/rtmpe-client.ts';
import { mixedTraffic } from '../support/splice-traffic.ts';
import { splitEvery } from '../support/splits.ts';
import { startTestGateway } from '../support/test-gateway.ts';

const ANSWER = new ClientMessages().call('_result', 1);
const UP = mixedTraffic(1);
const DOWN = mixedTraffic(2);

describe('a splice', () => {
  const scope = new Scope();
  let upstream: RawUpstream;
  let port = 0;
  let served = 0;

  before(async () => {
    upstream = await startRawUpstream(scope, { onConnect: ({ socket }) => socket.write(ANSWER) });
    ({ port } = await startTestGateway(scope, { upstream: [upstream.url] }));
  });
  after(() => scope.close());

  const next = () => upstream.connection(served++);

  it('answers the handshake of a tunnel client that says its connect in the same request', async (t) => {
    const connect = new ClientMessages().connect('live');
    const client = await RawTunnel.open(t, port, join([clientHandshake(), connect]));
    const connection = await next();
    assert.deepEqual(await connection.waitForBytes(connect.length), Buffer.from(connect));
    assert.deepEqual(await client.pollFor(ANSWER.length), Buffer.from(ANSWER));
  });

  for (const pieceBytes of [137, 4096, 1_000_000]) {
    it(`passes every byte both ways over RTMP, in pieces of ${pieceBytes}`, async (t) => {
      const connect = new ClientMessages().connect('live');
      const client = await RawClient.open(t, port);
      for (const piece of splitEvery(join([connect, UP]), pieceBytes)) client.send(piece);
      const connection = await next();
      const said = await connection.waitForBytes(connect.length + UP.length);
      assert.equal(sha256Hex(said), sha256Hex(join([connect, UP])));
      for (const piece of splitEvery(DOWN, pieceBytes)) await connection.send(piece);
      const heard = await client.waitForBytes(ANSWER.length + DOWN.length);
      assert.equal(sha256Hex(heard), sha256Hex(join([ANSWER, DOWN])));
    });

    it(`passes every byte both ways over RTMPT, in pieces of ${pieceBytes}`, async (t) => {
      const connect = new ClientMessages().connect('live');
      const client = await RawTunnel.open(t, port);
      for (const piece of splitEvery(join([connect, UP]), Math.max(pieceBytes, 2000)))
        await client.send(piece);
      const connection = await next();
      const said = await connection.waitForBytes(connect.length + UP.length);
      assert.equal(sha256Hex(said), sha256Hex(join([connect, UP])));
      const sending = (async () => {
        for (const piece of splitEvery(DOWN, Math.max(pieceBytes, 2000))) await connection.send(piece);
      })();
      const heard = await client.pollFor(ANSWER.length + DOWN.length);
      await sending;
      assert.equal(sha256Hex(heard), sha256Hex(join([ANSWER, DOWN])));
    });
  }

  it('passes every byte both ways for a client of RTMPE', async (t) => {
    const connect = new ClientMessages().connect('live');
    const rtmpe = new RtmpeClient();
    const client = await RawClient.open(t, port, rtmpe.c0c1);
    client.send(rtmpe.answer(await client.serverHandshake()));
    client.send(rtmpe.encrypt(connect));
    for (const piece of splitEvery(UP, 3001)) client.send(rtmpe.encrypt(piece));
    const connection = await next();
    const said = await connection.waitForBytes(connect.length + UP.length);
    assert.equal(sha256Hex(said), sha256Hex(join([connect, UP])));
    for (const piece of splitEvery(DOWN, 7001)) await connection.send(piece);
    const heard = await client.waitForBytes(ANSWER.length + DOWN.length);
    assert.equal(sha256Hex(rtmpe.decrypt(heard)), sha256Hex(join([ANSWER, DOWN])));
  });

  it('tells a client of RTMPE that the server behind has ended, encrypted as all else', async (t) => {
    const rtmpe = new RtmpeClient();
    const client = await RawClient.open(t, port, rtmpe.c0c1);
    client.send(rtmpe.answer(await client.serverHandshake()));
    client.send(rtmpe.encrypt(new ClientMessages().connect('live')));
    const connection = await next();
    await client.waitForBytes(ANSWER.length);
    connection.socket.end();
    const heard = rtmpe.decrypt(await client.waitForEnd());
    assert.match(Buffer.from(heard).toString('latin1'), /NetConnection\.Connect\.Closed/);
  });

  it('ends every reply of a tunnel where a message ends, with chunks of many messages between each other', async (t) => {
    const client = await RawTunnel.open(t, port);
    await client.send(new ClientMessages().connect('live'));
    const connection = await next();
    await client.pollFor(ANSWER.length);
    const group = interleaved();
    const whole = join([setChunkSize(1000), ...Array.from({ length: 40 }, () => group)]);
    const sending = (async () => {
      for (const piece of splitEvery(whole, 777)) await connection.send(piece);
    })();
    await client.pollFor(ANSWER.length + whole.length);
    await sending;
    const startBytes = ANSWER.length + setChunkSize(1000).length;
    let lengthBytes = 0;
    for (const reply of client.replies) {
      lengthBytes += reply.length;
      const insideBytes = lengthBytes - startBytes;
      if (insideBytes > 0) assert.equal(insideBytes % group.length, 0, 'a reply ends inside of a message');
    }
    assert.ok(client.replies.length > 2);
    assert.equal(sha256Hex(client.heard), sha256Hex(join([ANSWER, whole])));
  });

  it('passes a message of 16 MB on to a tunnel and to a socket', async (t) => {
    const big = join([
      setChunkSize(0xffffff),
      chunk({ format: 0, chunkStreamId: 6, payload: filled(0xffffff) }),
    ]);
    const bytes = ANSWER.length + big.length;
    const tunnel = await RawTunnel.open(t, port);
    await tunnel.send(new ClientMessages().connect('live'));
    const first = await next();
    await tunnel.pollFor(ANSWER.length);
    const sent = first.send(big);
    assert.equal(sha256Hex((await tunnel.pollFor(bytes)).subarray(ANSWER.length)), sha256Hex(big));
    await sent;
    const client = await RawClient.open(t, port);
    client.send(new ClientMessages().connect('live'));
    const second = await next();
    await client.waitForBytes(ANSWER.length);
    await second.send(big);
    assert.equal(sha256Hex((await client.waitForBytes(bytes)).subarray(ANSWER.length)), sha256Hex(big));
  });

  it('loses nothing that a client sends right behind its connect, in one piece with the handshake', async (t) => {
    const messages = new ClientMessages();
    const said = join([
      messages.connect('live'),
      messages.call('createStream', 2),
      messages.call('FCPublish', 3, 's'),
    ]);
    await RawClient.open(t, port, join([clientHandshake(), said]));
    assert.equal(sha256Hex(await (await next()).waitForBytes(said.length)), sha256Hex(said));
  });

  it('loses nothing of an upstream that answers in many pieces', async (t) => {
    const client = await RawClient.open(t, port);
    client.send(new ClientMessages().connect('live'));
    const connection = await next();
    await client.waitForBytes(ANSWER.length);
    for (const byte of DOWN.subarray(0, 500)) await connection.send(Uint8Array.of(byte));
    const heard = await client.waitForBytes(ANSWER.length + 500);
    assert.equal(sha256Hex(heard), sha256Hex(join([ANSWER, DOWN.subarray(0, 500)])));
  });
});

describe('a splice whose upstream speaks first', () => {
  it('passes on what it says behind its handshake, in pieces, and loses nothing of the connect', async (t) => {
    const early = DOWN.subarray(0, 40);
    const upstream = await startRawUpstream(t, {
      handshake: () => join([serverHandshake(), early.subarray(0, 5)]),
      onConnect: ({ socket }) => socket.write(early.subarray(5)),
    });
    const { port } = await startTestGateway(t, { upstream: [upstream.url] });
    const connect = new ClientMessages().connect('live', { pageUrl: 'x'.repeat(20_000) });
    const client = await RawClient.open(t, port);
    client.send(connect);
    assert.equal(sha256Hex(await client.waitForBytes(early.length)), sha256Hex(early));
    const said = await (await upstream.connection()).waitForBytes(connect.length);
    assert.equal(sha256Hex(said), sha256Hex(connect));
  });
});

describe('a splice that changes the connect', () => {
  it('changes what is set of it, and not a byte behind it', async (t) => {
    const upstream = await startRawUpstream(t, { onConnect: ({ socket }) => socket.write(ANSWER) });
    const { port } = await startTestGateway(t, {
      upstreams: {
        one: { url: `${upstream.url}/other?key=1`, addressProperty: 'realIp', addressParameter: 'ip' },
      },
      routes: [{ action: 'splice', upstreams: ['one'] }],
    });
    const client = await RawClient.open(t, port);
    client.send(join([new ClientMessages().connect('live', { flashVer: 'X 1' }), UP]));
    const connection = await upstream.connection();
    const [first] = new ClientWireReader().read(join([clientHandshake(), await firstMessage(connection)]));
    const [, , properties] = readAmf(first?.payload ?? new Uint8Array(0));
    assert.deepEqual(properties, {
      app: 'other?key=1',
      tcUrl: `${upstream.url}/other?key=1&ip=127.0.0.1`,
      flashVer: 'X 1',
      realIp: '127.0.0.1',
    });
    const connectBytes = (await firstMessage(connection)).length;
    const said = await connection.waitForBytes(connectBytes + UP.length);
    assert.equal(sha256Hex(said.subarray(connectBytes)), sha256Hex(UP));
  });
});

/** Two messages with their chunks between each other, of 2,500 bytes each. */
function interleaved(): Uint8Array {
  const parts: Uint8Array[] = [];
  for (const index of [0, 1, 2]) {
    for (const chunkStreamId of [5, 6]) {
      const payload = filled(2500, chunkStreamId).subarray(1000 * index, 1000 * (index + 1));
      const format = index === 0 ? 0 : 3;
      parts.push(chunk({ format, chunkStreamId, lengthBytes: 2500, payload }));
    }
  }
  return join(parts);
}

/** The bytes of the message that came first, in chunks of 128 bytes. */
async function firstMessage(connection: {
  waitForBytes(countBytes: number): Promise<Buffer>;
}): Promise<Buffer> {
  const head = await connection.waitForBytes(12);
  const lengthBytes = head.readUIntBE(4, 3);
  const wireBytes = 12 + lengthBytes + Math.ceil(lengthBytes / 128) - 1;
  return (await connection.waitForBytes(wireBytes)).subarray(0, wireBytes);
}
