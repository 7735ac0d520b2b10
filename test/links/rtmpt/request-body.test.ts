import assert from 'node:assert/strict';
import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { describe, it } from 'node:test';
import { readRequestBody } from '../../../src/links/rtmpt/request-body.ts';
import { TunnelLink } from '../../../src/links/rtmpt/tunnel-link.ts';
import { writeFailureReply } from '../../../src/links/rtmpt/tunnel-response.ts';
import { collectGarbage, keptBytes, usedBytes } from '../../support/kept-bytes.ts';
import { splitEvery } from '../../support/splits.ts';
import { replyHead, startTunnel } from './tunnel-harness.ts';

const MIB = 1024 * 1024;
const PIECE_COUNT = 300_000;
/** What comes and goes whatever is measured. */
const NOISE_BYTES = 1024 * 1024;

/** A request whose body the test tells, piece for piece. */
class ToldRequest {
  readonly message = new IncomingMessage(new Socket());
  readonly bodies: Uint8Array[] = [];
  tooLongCount = 0;

  constructor(limitBytes: number, options: { isKept?: boolean; declaredBytes?: number } = {}) {
    const { isKept = true, declaredBytes } = options;
    if (declaredBytes !== undefined) this.message.headers['content-length'] = String(declaredBytes);
    readRequestBody(this.message, limitBytes, isKept, {
      whole: (body) => this.bodies.push(body),
      tooLong: () => {
        this.tooLongCount += 1;
      },
    });
  }

  tell(pieces: Iterable<Uint8Array>): this {
    for (const piece of pieces) this.message.emit('data', piece);
    return this;
  }

  end(): this {
    this.message.emit('end');
    return this;
  }
}

function numbered(lengthBytes: number): Buffer {
  return Buffer.from(Uint8Array.from({ length: lengthBytes }, (_, index) => index % 251));
}

describe('readRequestBody', () => {
  it('gives a body as it came, whatever its pieces, in a buffer of just its length', () => {
    const bytes = numbered(1000);
    for (const pieceBytes of [1, 3, 500, 999, 1000]) {
      for (const declaredBytes of [undefined, 1000]) {
        const options = declaredBytes === undefined ? {} : { declaredBytes };
        const request = new ToldRequest(1000, options).tell(splitEvery(bytes, pieceBytes)).end();
        const [body] = request.bodies;
        assert.deepEqual(body && Buffer.from(body), bytes);
        if (pieceBytes < 1000) assert.equal(body?.buffer.byteLength, 1000);
      }
    }
  });

  it('keeps a declared body that comes in one piece without a copy', () => {
    const piece = numbered(100);
    const request = new ToldRequest(1000, { declaredBytes: 100 }).tell([piece]).end();
    assert.equal(request.bodies[0], piece);
  });

  it('does not look again at pieces that were told, and does not write to them', () => {
    const source = numbered(100);
    const request = new ToldRequest(1000, { declaredBytes: 100 });
    for (const piece of splitEvery(source, 40)) {
      request.tell([piece]);
      piece.fill(0xff);
    }
    assert.deepEqual(Buffer.from(request.end().bodies[0] ?? []), numbered(100));
    assert.deepEqual(source, Buffer.alloc(100, 0xff));
  });

  it('gives an empty body where there is none', () => {
    assert.equal(new ToldRequest(0).end().bodies[0]?.length, 0);
    assert.equal(new ToldRequest(0, { declaredBytes: 0 }).end().bodies[0]?.length, 0);
  });

  it('takes a body at the limit and refuses one beyond it, kept or not, once', () => {
    for (const isKept of [true, false]) {
      const whole = new ToldRequest(10, { isKept }).tell(splitEvery(numbered(10), 1)).end();
      assert.deepEqual([whole.bodies.length, whole.tooLongCount], [1, 0]);
      const beyond = new ToldRequest(10, { isKept }).tell(splitEvery(numbered(20), 1)).end();
      assert.deepEqual([beyond.bodies.length, beyond.tooLongCount], [0, 1]);
      const declared = new ToldRequest(10, { isKept, declaredBytes: 11 }).tell([numbered(11)]).end();
      assert.deepEqual([declared.bodies.length, declared.tooLongCount], [0, 1]);
    }
  });

  it('holds at most twice the bytes of a body in pieces of one byte', () => {
    for (const options of [{}, { declaredBytes: 16 * MIB }]) {
      const kept = keptBytes(() =>
        new ToldRequest(16 * MIB, options).tell(splitEvery(numbered(PIECE_COUNT), 1)),
      );
      assert.ok(kept <= 2 * PIECE_COUNT + NOISE_BYTES, `${kept} bytes`);
    }
    const keptWhole = keptBytes(() =>
      new ToldRequest(16 * MIB).tell(splitEvery(numbered(PIECE_COUNT), 1)).end(),
    );
    assert.ok(keptWhole <= PIECE_COUNT + NOISE_BYTES, `${keptWhole} bytes`);
  });

  it('allocates nothing for a length that was only declared', () => {
    const kept = keptBytes(() =>
      Array.from({ length: 20 }, () =>
        new ToldRequest(16 * MIB, { declaredBytes: 16 * MIB }).tell([numbered(1)]),
      ),
    );
    assert.ok(kept <= NOISE_BYTES, `${kept} bytes`);
  });

  it('does not hold what was read together with a piece', () => {
    const kept = keptBytes(() =>
      Array.from({ length: 20 }, () => new ToldRequest(16 * MIB).tell([new Uint8Array(MIB).subarray(0, 1)])),
    );
    assert.ok(kept <= NOISE_BYTES, `${kept} bytes`);
  });

  it('holds nothing of a body that is not to be kept, and gives it as empty', () => {
    const kept = keptBytes(() => {
      const request = new ToldRequest(16 * MIB, { isKept: false, declaredBytes: 4 * MIB });
      return request.tell(splitEvery(new Uint8Array(4 * MIB), 64 * 1024)).end();
    });
    assert.ok(kept <= NOISE_BYTES, `${kept} bytes`);
    const request = new ToldRequest(16 * MIB, { isKept: false, declaredBytes: 1 }).tell([numbered(1)]).end();
    assert.equal(request.bodies[0]?.length, 0);
  });
});

describe('rtmptPlugin, bodies that are on their way', { timeout: 20_000 }, () => {
  it('keeps that of a send to an open session, and no other', async (t) => {
    const harness = await startTunnel(t, { setupHoldMs: 0, idleHoldMs: 0 });
    const client = await harness.client();
    const id = await client.open();
    const [link] = harness.links;
    assert.ok(link instanceof TunnelLink);
    const [carrier] = link.carriers;
    assert.ok(carrier);
    const body = 'x'.repeat(4 * MIB);
    const cases: readonly (readonly [path: string, statusCode: number, isKept: boolean])[] = [
      [`/send/${id}/1`, 200, true],
      [`/idle/${id}/2`, 200, false],
      ['/open/1', 200, false],
      ['/fcs/ident2', 404, false],
      ['/send/none/1', 404, false],
      ['/idle/none/1', 404, false],
      ['/open/1/2/3', 404, false],
      [`/close/${id}/3`, 200, false],
    ];
    for (const [path, statusCode, isKept] of cases) {
      collectGarbage();
      collectGarbage();
      const beforeBytes = usedBytes();
      const readBytes = carrier.bytesRead;
      client.send(`POST ${path} HTTP/1.1\r\nHost: h\r\nContent-Length: ${body.length + 1}\r\n\r\n`);
      client.send(body);
      await harness.until(() => carrier.bytesRead - readBytes > body.length);
      await harness.until(() => client.socket.writableLength === 0);
      collectGarbage();
      collectGarbage();
      const growthBytes = usedBytes() - beforeBytes;
      assert.equal(growthBytes > 3 * MIB, isKept, `${path} keeps ${growthBytes} bytes`);
      assert.equal(client.unread, '', path);
      client.send('x');
      assert.match(await client.reply(), new RegExp(`^HTTP/1\\.1 ${statusCode} `), path);
      if (isKept) assert.equal(harness.endpoints[0]?.received.pop()?.length, body.length + 1);
    }
  });

  it('takes a body of a great many chunks', async (t) => {
    const harness = await startTunnel(t);
    const client = await harness.client();
    const id = await client.open();
    client.send(`POST /send/${id}/0 HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n`);
    client.send(`${'1\r\nx\r\n'.repeat(PIECE_COUNT)}0\r\n\r\n`);
    assert.equal(await client.reply(), `${replyHead(1)}\x01`);
    assert.equal(harness.endpoints[0]?.received.join(''), 'x'.repeat(PIECE_COUNT));
  });
});

describe('writeFailureReply', () => {
  const responseOf = (): ServerResponse => new ServerResponse(new IncomingMessage(new Socket()));

  it('answers 500 where nothing was answered', () => {
    const response = responseOf();
    writeFailureReply(response);
    assert.deepEqual([response.statusCode, response.writableEnded, response.destroyed], [500, true, false]);
  });

  it('cuts off an answer that has begun', () => {
    const response = responseOf();
    response.writeHead(200, { 'Content-Length': 2 });
    writeFailureReply(response);
    assert.deepEqual([response.statusCode, response.writableEnded, response.destroyed], [200, false, true]);
    writeFailureReply(response);
  });

  it('leaves an answer alone that is whole', () => {
    const response = responseOf();
    response.writeHead(200, { 'Content-Length': 0 }).end();
    writeFailureReply(response);
    assert.deepEqual([response.statusCode, response.destroyed], [200, false]);
  });
});
