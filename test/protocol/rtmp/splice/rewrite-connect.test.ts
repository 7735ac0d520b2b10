// A connect that is rewritten on its way to an upstream, and what follows it on the same chunk stream.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ConnectReader, type IncomingConnect } from '../../../../src/protocol/rtmp/splice/connect-reader.ts';
import { type ConnectChanges, rewriteConnect } from '../../../../src/protocol/rtmp/splice/rewrite-connect.ts';
import { amf } from '../../../support/amf-wire.ts';
import { readPieces } from '../../../support/chunk-reading.ts';
import { chunk, control, filled, join, type WireChunk } from '../../../support/chunk-wire.ts';
import { ClientMessages } from '../../../support/client-messages.ts';
import { everyTwoWaySplit, splitEvery } from '../../../support/splits.ts';

const LATE_MS = 0x1000000;
const CHANGES: ConnectChanges = {
  app: 'far',
  tcUrl: 'rtmp://upstream/far',
  properties: { forwardedFor: '192.0.2.1' },
};
const BEFORE = amf('connect', 1, { app: 'live', tcUrl: 'rtmp://here/live' }, 'argument');
const AFTER = amf(
  'connect',
  1,
  { app: 'far', tcUrl: 'rtmp://upstream/far', forwardedFor: '192.0.2.1' },
  'argument',
);

function incomingOf(bytes: Uint8Array): IncomingConnect {
  const incoming = new ConnectReader().receive(bytes);
  assert.ok(incoming);
  return incoming;
}

/** A connect of a type 0 chunk on chunk stream 3 and what follows, after the rewrite; whole, byte by byte, cut in two. */
function passed(
  following: Uint8Array,
  head: Partial<WireChunk> = {},
): { bytes: Uint8Array; isDone: boolean } {
  const start = chunk({
    format: 0,
    chunkStreamId: 3,
    typeId: 20,
    messageStreamId: 0,
    payload: BEFORE,
    ...head,
  });
  const pass = (pieces: Iterable<Uint8Array>) => {
    const rewritten = rewriteConnect(incomingOf(start), CHANGES);
    const fixer = rewritten.following;
    assert.ok(fixer);
    const fixed = [...pieces].map((piece) => fixer.fix(piece));
    return { bytes: join([rewritten.bytes, ...fixed]), isDone: fixer.isDone };
  };
  const whole = pass([following]);
  for (const pieces of [splitEvery(following, 1), ...everyTwoWaySplit(following)]) {
    assert.deepEqual(pass(pieces), whole);
  }
  return whole;
}

/** The connect that an upstream gets. */
function rewrittenStart(head: Partial<WireChunk> = {}): Uint8Array {
  return chunk({ format: 0, chunkStreamId: 3, typeId: 20, messageStreamId: 0, payload: AFTER, ...head });
}

describe('rewriteConnect', () => {
  it('passes the very bytes where nothing is changed', () => {
    const incoming = incomingOf(join([control(5, 9), new ClientMessages().connect('live')]));
    for (const changes of [{}, { app: 'live' }, { tcUrl: 'rtmp://localhost/live', properties: {} }]) {
      const { bytes, following } = rewriteConnect(incoming, changes);
      assert.equal(bytes, incoming.rawBytes);
      assert.equal(following, null);
    }
  });

  it('cuts connect by the chunk size that the client announced, behind what came in front of it', () => {
    const client = new ClientMessages();
    const front = join([control(5, 9), client.setChunkSize(60)]);
    const { bytes } = rewriteConnect(incomingOf(join([front, client.message(20, BEFORE)])), CHANGES);
    const other = new ClientMessages(60);
    assert.deepEqual(bytes, join([front, other.message(20, AFTER)]));
  });

  it('keeps the chunk stream, also a far one in its long form, and the time', () => {
    const address = { chunkStreamId: 100, basicHeaderBytes: 3, timeMs: 4711 } as const;
    const start = chunk({ format: 0, typeId: 20, messageStreamId: 0, payload: BEFORE, ...address });
    const client = join([new ClientMessages().setChunkSize(4096), start]);
    const expected = join([new ClientMessages().setChunkSize(4096), rewrittenStart(address)]);
    assert.deepEqual(rewriteConnect(incomingOf(client), CHANGES).bytes, expected);
  });

  it('repeats an extended timestamp in every chunk, as the client does', () => {
    const size = new ClientMessages().setChunkSize(30);
    const wire = (payload: Uint8Array) =>
      join([size, new ClientMessages(30).message(20, payload, { timestampMs: LATE_MS })]);
    assert.deepEqual(rewriteConnect(incomingOf(wire(BEFORE)), CHANGES).bytes, wire(AFTER));
  });

  it('leaves it out where the client does', () => {
    const parts = (payload: Uint8Array) =>
      splitEvery(payload, 30).map((piece, index) =>
        index === 0
          ? chunk({
              format: 0,
              chunkStreamId: 3,
              extendedMs: LATE_MS,
              lengthBytes: payload.length,
              typeId: 20,
              messageStreamId: 0,
              payload: piece,
            })
          : chunk({ format: 3, chunkStreamId: 3, payload: piece }),
      );
    const size = new ClientMessages().setChunkSize(30);
    const ack = control(3, 7);
    const { bytes } = rewriteConnect(incomingOf(join([size, ...parts(BEFORE), ack])), CHANGES);
    assert.deepEqual(bytes, join([size, ...parts(AFTER)]));
  });

  it('puts connect behind what stood between its chunks', () => {
    const [first, last] = splitEvery(BEFORE, 50);
    assert.ok(first && last);
    const size = new ClientMessages().setChunkSize(50);
    const head = { chunkStreamId: 3, lengthBytes: BEFORE.length, typeId: 20, messageStreamId: 0 };
    const wire = join([
      size,
      chunk({ format: 0, ...head, payload: first }),
      control(5, 9),
      chunk({ format: 3, ...head, payload: BEFORE.subarray(50) }),
    ]);
    const { bytes } = rewriteConnect(incomingOf(wire), CHANGES);
    assert.deepEqual(bytes, join([size, control(5, 9), new ClientMessages(50).message(20, AFTER)]));
  });

  it('leaves connect a type 1 chunk where it was one', () => {
    const front = chunk({
      format: 0,
      chunkStreamId: 2,
      typeId: 5,
      messageStreamId: 0,
      timeMs: 40,
      payload: filled(4),
    });
    const start = (payload: Uint8Array) =>
      chunk({ format: 1, chunkStreamId: 2, typeId: 20, timeMs: 2, payload });
    const size = new ClientMessages().setChunkSize(4096);
    const { bytes } = rewriteConnect(incomingOf(join([size, front, start(BEFORE)])), CHANGES);
    assert.deepEqual(bytes, join([size, front, start(AFTER)]));
    assert.equal(readPieces([bytes]).at(-1)?.ts, 42);
  });

  it('gives no fixer where connect is as long as it was', () => {
    const { bytes, following } = rewriteConnect(incomingOf(new ClientMessages().connect('live')), {
      app: 'evil',
    });
    assert.equal(following, null);
    assert.deepEqual(
      bytes,
      new ClientMessages().command({}, 'connect', 1, { app: 'evil', tcUrl: 'rtmp://localhost/live' }),
    );
  });
});

describe('FollowingHeaders', () => {
  const sameLength = filled(BEFORE.length);

  for (const format of [0, 1] as const) {
    it(`is done with a type ${format} chunk on connect’s chunk stream, which passes as it is`, () => {
      const next = chunk({
        format,
        chunkStreamId: 3,
        typeId: 20,
        messageStreamId: 0,
        timeMs: 5,
        payload: filled(9),
      });
      assert.deepEqual(passed(next), { bytes: join([rewrittenStart(), next]), isDone: true });
    });
  }

  it('makes a type 2 chunk that inherits the length say it', () => {
    const next = chunk({ format: 2, chunkStreamId: 3, timeMs: 5, payload: sameLength });
    const fixed = chunk({ format: 1, chunkStreamId: 3, timeMs: 5, typeId: 20, payload: sameLength });
    assert.deepEqual(passed(next), { bytes: join([rewrittenStart(), fixed]), isDone: true });
  });

  it('makes a type 3 chunk that inherits the length say it, with the delta that it inherits', () => {
    const next = chunk({ format: 3, chunkStreamId: 3, payload: sameLength });
    const fixed = chunk({ format: 1, chunkStreamId: 3, timeMs: 33, typeId: 20, payload: sameLength });
    const late = { timeMs: 33 };
    assert.deepEqual(passed(next, late), { bytes: join([rewrittenStart(late), fixed]), isDone: true });
  });

  for (const repeatedMs of [LATE_MS, undefined]) {
    const how = repeatedMs === undefined ? 'leaves out' : 'repeats';
    it(`writes the extended timestamp where a type 3 chunk ${how} it`, () => {
      const next = chunk({ format: 3, chunkStreamId: 3, extendedMs: repeatedMs, payload: sameLength });
      const fixed = chunk({
        format: 1,
        chunkStreamId: 3,
        extendedMs: LATE_MS,
        typeId: 20,
        payload: sameLength,
      });
      const late = { extendedMs: LATE_MS };
      assert.deepEqual(passed(next, late), { bytes: join([rewrittenStart(late), fixed]), isDone: true });
    });
  }

  it('keeps the long form of a chunk stream id', () => {
    const address = { chunkStreamId: 100, basicHeaderBytes: 3 } as const;
    const next = chunk({ format: 2, ...address, timeMs: 5, payload: sameLength });
    const fixed = chunk({ format: 1, ...address, timeMs: 5, typeId: 20, payload: sameLength });
    assert.deepEqual(passed(next, address).bytes, join([rewrittenStart(address), fixed]));
  });

  it('passes what is on other chunk streams, and waits on', () => {
    const others = join([
      control(3, 7),
      chunk({ format: 0, chunkStreamId: 4, payload: filled(300).subarray(0, 100) }),
    ]);
    assert.deepEqual(passed(others), { bytes: join([rewrittenStart(), others]), isDone: false });
  });

  it('changes nothing behind that one header, whatever it is', () => {
    const next = chunk({ format: 2, chunkStreamId: 3, timeMs: 5, payload: sameLength });
    const fixed = chunk({ format: 1, chunkStreamId: 3, timeMs: 5, typeId: 20, payload: sameLength });
    const garbage = new Uint8Array(300).fill(0xff);
    assert.deepEqual(passed(join([next, garbage])).bytes, join([rewrittenStart(), fixed, garbage]));
  });

  it('holds back a header that is not whole, and nothing else', () => {
    const incoming = incomingOf(
      chunk({ format: 0, chunkStreamId: 3, typeId: 20, messageStreamId: 0, payload: BEFORE }),
    );
    const { following } = rewriteConnect(incoming, CHANGES);
    assert.ok(following);
    const ack = control(3, 7);
    assert.deepEqual(following.fix(join([ack, Uint8Array.of(0x83, 0)])), ack);
    const fixed = Uint8Array.of(0x43, 0, 0, 5, 0, 0, BEFORE.length, 20, 99);
    assert.deepEqual(following.fix(Uint8Array.of(0, 5, 99)), fixed);
    assert.equal(following.isDone, true);
    const later = filled(10);
    assert.equal(following.fix(later), later);
  });

  it('refuses what is no chunk stream, as the decoder does', () => {
    const incoming = incomingOf(
      chunk({ format: 0, chunkStreamId: 3, typeId: 20, messageStreamId: 0, payload: BEFORE }),
    );
    const { following } = rewriteConnect(incoming, CHANGES);
    assert.throws(() => following?.fix(Uint8Array.of(0xc9)), { code: 'rtmp-chunk-header-without-start' });
  });
});
