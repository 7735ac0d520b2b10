// Bad input against a whole gateway with a viewer beside it: whatever one client sends, it is answered or closed as the
// docs say, nothing is logged as an error of ours, memory stays where it was, and the viewer misses nothing.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import type { TestContext } from 'node:test';
import { describe, it } from 'node:test';
import { TestClient } from '../support/test-client.ts';
import type { TestGateway } from '../support/test-gateway.ts';
import { startTestGateway, TEST_MEDIA } from '../support/test-gateway.ts';

const LIMIT_MS = 5000;

/** C0, a plain C1 and a C2, which nobody checks. */
const HANDSHAKE = Buffer.concat([Buffer.of(3), Buffer.alloc(1536), Buffer.alloc(1536)]);

const CONNECT_BODY = Buffer.from(
  '020007636f6e6e656374003ff00000000000000300036170700200046c697665000009',
  'hex',
);

/** One chunk with a full header. */
function chunk(chunkStreamId: number, typeId: number, lengthBytes: number, body: Buffer): Buffer {
  const header = Buffer.alloc(12);
  header[0] = chunkStreamId;
  header.writeUIntBE(lengthBytes, 4, 3);
  header[7] = typeId;
  return Buffer.concat([header, body]);
}

const CONNECT = chunk(3, 20, CONNECT_BODY.length, CONNECT_BODY);
const SET_CHUNK_SIZE = (value: number) => {
  const body = Buffer.alloc(4);
  body.writeUInt32BE(value);
  return chunk(2, 1, 4, body);
};

/** A connect whose object holds an object, and so on, `count` deep: deeper than is read. */
function nestedConnect(count: number): Buffer {
  const head = Buffer.from('020007636f6e6e656374003ff0000000000000', 'hex');
  return Buffer.concat([head, ...Array.from({ length: count }, () => Buffer.from('03000161', 'hex'))]);
}

const NESTED_CONNECT = nestedConnect(1000);

/** What a client sends behind its handshake, and the reason its session ends with; null where it must live on. */
const RTMP_CASES: readonly (readonly [string, Buffer, string])[] = [
  [
    'a message of 16 MB declared before connect',
    chunk(3, 20, 0xffffff, Buffer.alloc(0)),
    'rtmp-message-too-large',
  ],
  ['a chunk size of 0', SET_CHUNK_SIZE(0), 'rtmp-chunk-size-invalid'],
  ['a negative chunk size', SET_CHUNK_SIZE(0x80000000), 'rtmp-chunk-size-invalid'],
  ['a continuation of nothing', Buffer.of(0xc9, 0, 0, 0), 'rtmp-chunk-header-without-start'],
  [
    'more chunk streams than anybody needs',
    Buffer.concat(
      Array.from({ length: 70 }, (_, index) =>
        Buffer.concat([Buffer.of(0, index), chunk(3, 8, 200, Buffer.alloc(128)).subarray(1)]),
      ),
    ),
    'rtmp-chunk-streams-exceeded',
  ],
  [
    'a message begun anew before it was whole',
    Buffer.concat([chunk(4, 8, 200, Buffer.alloc(128)), chunk(4, 8, 100, Buffer.alloc(100))]),
    'rtmp-chunk-message-interrupted',
  ],
  ['a connect that breaks off', chunk(3, 20, 20, CONNECT_BODY.subarray(0, 20)), 'rtmp-command-malformed'],
  [
    'a connect nested without end',
    Buffer.concat([SET_CHUNK_SIZE(65_536), chunk(3, 20, NESTED_CONNECT.length, NESTED_CONNECT)]),
    'rtmp-command-malformed',
  ],
  ['a second connect', Buffer.concat([CONNECT, CONNECT]), 'rtmp-connect-repeated'],
  [
    'a command before connect',
    chunk(3, 20, 25, Buffer.from('02000c63726561746553747265616d00400000000000000005', 'hex')),
    'rtmp-command-before-connect',
  ],
];

const HTTP_CASES: readonly (readonly [string, string, number])[] = [
  [
    'an unknown session’s send',
    'POST /send/AAAAAAAAAAAAAAAAAAAAAA/1 HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx',
    404,
  ],
  [
    'an unknown session’s idle',
    'POST /idle/AAAAAAAAAAAAAAAAAAAAAA/1 HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx',
    404,
  ],
  [
    'an unknown session’s close',
    'POST /close/AAAAAAAAAAAAAAAAAAAAAA/1 HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n',
    404,
  ],
  ['the wrong method', 'GET /open/1 HTTP/1.1\r\nHost: x\r\n\r\n', 404],
  ['an unknown path', 'POST /elsewhere HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n', 404],
  ['a path that is none', 'POST /idle/%zz/1 HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n', 404],
  [
    'a body over the cap',
    `POST /open/1 HTTP/1.1\r\nHost: x\r\nContent-Length: ${17 * 1024 * 1024}\r\n\r\n`,
    413,
  ],
  [
    'two lengths',
    'POST /open/1 HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx',
    400,
  ],
  ['no HTTP behind a capital letter', 'HELLO\r\n\r\n', 400],
];

/** Sends bytes and gives what came back until the server closed, it was enough, or `waitMs` had passed. */
async function exchange(
  port: number,
  bytes: Buffer,
  waitMs: number,
  isEnough: (reply: Buffer) => boolean = () => false,
): Promise<Buffer> {
  const socket = connect({ port, host: '127.0.0.1' });
  const received: Buffer[] = [];
  socket.on('data', (part) => {
    received.push(part);
    if (isEnough(Buffer.concat(received))) socket.destroy();
  });
  socket.on('error', () => socket.destroy());
  socket.write(bytes);
  const timer = setTimeout(() => socket.destroy(), waitMs);
  await once(socket, 'close');
  clearTimeout(timer);
  return Buffer.concat(received);
}

function isWholeReply(reply: Buffer): boolean {
  return reply.toString('latin1').includes('\r\n\r\n');
}

/** A stream with a publisher that sends a frame every 10 ms, and a viewer that checks them. */
class Witness {
  readonly #viewer: TestClient;
  readonly #timer: NodeJS.Timeout;
  #sent = 0;

  private constructor(publisher: TestClient, viewer: TestClient) {
    this.#viewer = viewer;
    this.#timer = setInterval(() => {
      const number = this.#sent++;
      publisher.session.sendVideo(number * 10, TEST_MEDIA.video(number % 10 === 0, number));
      publisher.wake();
    }, 10);
  }

  static async start(t: TestContext, port: number): Promise<Witness> {
    const viewer = await TestClient.overTcp(t, port, 'live');
    await viewer.play('witness');
    const publisher = await TestClient.overTcp(t, port, 'live');
    await publisher.publish('witness');
    return new Witness(publisher, viewer);
  }

  /** Ends it: every frame that was sent has come, once and in order. */
  async end(): Promise<void> {
    clearInterval(this.#timer);
    await this.#viewer.waitUntil(() => this.#viewer.media.length >= this.#sent);
    const numbers = this.#viewer.media.map(({ payload }) =>
      new DataView(payload.buffer, payload.byteOffset).getUint32(5),
    );
    assert.deepEqual(
      numbers,
      Array.from({ length: this.#sent }, (_, index) => index),
    );
    assert.ok(this.#sent > 0);
  }
}

function reasonsIn({ log }: TestGateway): unknown[] {
  return log
    .filter(({ message }) => message === 'session ended')
    .map(({ fields }) => ('reason' in fields ? fields.reason : null));
}

async function untilReason(gateway: TestGateway, reason: string): Promise<void> {
  const deadlineMs = performance.now() + LIMIT_MS;
  while (!reasonsIn(gateway).includes(reason)) {
    if (performance.now() > deadlineMs)
      throw new Error(`no end with ${reason}, but ${reasonsIn(gateway).join()}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

function assertNoAlarm({ log }: TestGateway): void {
  assert.deepEqual(
    log.filter(({ level }) => level === 'error'),
    [],
  );
}

describe('bad input', () => {
  for (const [what, bytes, reason] of RTMP_CASES) {
    it(`ends the session of a client that sends ${what}, and nobody else`, async (t) => {
      const gateway = await startTestGateway(t);
      const witness = await Witness.start(t, gateway.port);
      await exchange(gateway.port, Buffer.concat([HANDSHAKE, bytes]), LIMIT_MS);
      await untilReason(gateway, reason);
      await witness.end();
      assertNoAlarm(gateway);
    });
  }

  it('says of a connect nested without end how deep values may be', async (t) => {
    const gateway = await startTestGateway(t);
    const bytes = Buffer.concat([
      SET_CHUNK_SIZE(65_536),
      chunk(3, 20, NESTED_CONNECT.length, NESTED_CONNECT),
    ]);
    await exchange(gateway.port, Buffer.concat([HANDSHAKE, bytes]), LIMIT_MS);
    await untilReason(gateway, 'rtmp-command-malformed');
    assert.match(JSON.stringify(gateway.log), /64/);
  });

  it('answers each bad HTTP request with its status and hardly a word, and serves on', async (t) => {
    const gateway = await startTestGateway(t);
    const witness = await Witness.start(t, gateway.port);
    for (const [what, text, statusCode] of HTTP_CASES) {
      const reply = (await exchange(gateway.port, Buffer.from(text), LIMIT_MS, isWholeReply)).toString(
        'latin1',
      );
      assert.match(reply, new RegExp(`^HTTP/1\\.1 ${statusCode} `), what);
      const body = reply.split('\r\n\r\n')[1] ?? '';
      assert.ok(body.length < 120, `${what}: ${body}`);
      assert.doesNotMatch(reply, /\bat .*(\.ts|\.js):|Error:/, what);
    }
    await witness.end();
    assertNoAlarm(gateway);
  });

  it('drops a malformed command of a connected client and goes on with the next', async (t) => {
    const gateway = await startTestGateway(t);
    const malformed = chunk(3, 20, 5, Buffer.from('0200ff6162', 'hex'));
    const createStream = Buffer.from('02000c63726561746553747265616d00400000000000000005', 'hex');
    const bytes = Buffer.concat([
      HANDSHAKE,
      CONNECT,
      malformed,
      chunk(3, 20, createStream.length, createStream),
    ]);
    const answersBoth = (reply: Buffer): boolean => reply.toString('latin1').split('_result').length > 2;
    const reply = await exchange(gateway.port, bytes, LIMIT_MS, answersBoth);
    assert.equal(
      reply.toString('latin1').split('_result').length - 1,
      2,
      'connect and createStream are answered',
    );
  });

  it('closes bytes that are neither RTMP nor HTTP, and counts them', async (t) => {
    const gateway = await startTestGateway(t);
    const reply = await exchange(gateway.port, Buffer.from([0x80, 1, 2, 3]), LIMIT_MS);
    assert.equal(reply.length, 0);
    assert.equal(gateway.gateway.counters.get('connection-unknown-protocol'), 1);
  });

  it('closes a connection that says nothing, and one that never ends its handshake', async (t) => {
    const gateway = await startTestGateway(t, {
      listeners: { firstByteTimeoutMs: 150 },
      rtmp: { handshakeTimeoutMs: 150 },
    });
    const startedMs = performance.now();
    await exchange(gateway.port, Buffer.alloc(0), LIMIT_MS);
    await exchange(gateway.port, HANDSHAKE.subarray(0, 100), LIMIT_MS);
    assert.ok(performance.now() - startedMs < LIMIT_MS);
    await untilReason(gateway, 'rtmp-handshake-timeout');
    assert.equal(gateway.gateway.counters.get('connection-silent'), 1);
  });

  it('holds no memory for what is declared and never sent', async (t) => {
    const gateway = await startTestGateway(t);
    const connects = Buffer.concat([HANDSHAKE, CONNECT]);
    const declared = chunk(4, 9, 8_000_000, Buffer.alloc(1));
    const before = process.memoryUsage().arrayBuffers;
    const sockets = Array.from({ length: 50 }, () => connect({ port: gateway.port, host: '127.0.0.1' }));
    t.after(() => {
      for (const socket of sockets) socket.destroy();
    });
    for (const socket of sockets) {
      socket.on('error', () => socket.destroy());
      socket.on('data', () => undefined);
      socket.write(Buffer.concat([connects, declared]));
    }
    await new Promise((resolve) => setTimeout(resolve, 500));
    const grownBytes = process.memoryUsage().arrayBuffers - before;
    assert.ok(grownBytes < 50 * 256 * 1024, `${grownBytes} bytes for 50 clients that declared 400 MB`);
  });
});
