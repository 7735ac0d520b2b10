// Reading up to connect: what is taken in front of it, what is given back of it and behind it, and what is refused.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ConnectReader, type IncomingConnect } from '../../../../src/protocol/rtmp/splice/connect-reader.ts';
import { MAX_BYTES_BEFORE_CONNECT } from '../../../../src/protocol/rtmp/splice/limits.ts';
import { amf } from '../../../support/amf-wire.ts';
import { abort, chunk, control, filled, join, setChunkSize } from '../../../support/chunk-wire.ts';
import { ClientMessages, userControl } from '../../../support/client-messages.ts';
import { everyTwoWaySplit, splitEvery } from '../../../support/splits.ts';
import { vectorOf } from '../../../support/vectors.ts';

function read(pieces: Iterable<Uint8Array>): IncomingConnect | null {
  const reader = new ConnectReader();
  const all = [...pieces];
  for (const [index, piece] of all.entries()) {
    const incoming = reader.receive(piece);
    if (incoming !== null) return { ...incoming, rest: join([incoming.rest, ...all.slice(index + 1)]) };
  }
  return null;
}

/** Reads a connect from bytes whole, byte by byte and cut in two anywhere. */
function connectOf(bytes: Uint8Array): IncomingConnect {
  const whole = read([bytes]);
  assert.ok(whole);
  for (const pieces of [splitEvery(bytes, 1), ...everyTwoWaySplit(bytes)])
    assert.deepEqual(read(pieces), whole);
  return whole;
}

function refuses(bytes: Uint8Array, code: string): void {
  for (const pieces of [[bytes], splitEvery(bytes, 1)]) {
    assert.throws(() => read(pieces), { name: 'RtmpError', code });
  }
}

const CONNECT = new ClientMessages().connect('live/room?token=x', { flashVer: 'LNX 9', objectEncoding: 3 });
const CREATE = new ClientMessages().call('createStream', 2);

describe('ConnectReader', () => {
  it('gives what connect says, the bytes up to its end, and what came behind it', () => {
    const incoming = connectOf(join([CONNECT, CREATE]));
    const { connect, message } = incoming;
    assert.deepEqual([connect.app, connect.instance, connect.query], ['live', 'room', 'token=x']);
    assert.deepEqual([connect.tcUrl, connect.flashVersion], ['rtmp://localhost/live/room?token=x', 'LNX 9']);
    assert.equal(connect.objectEncoding, 3);
    assert.equal(incoming.transactionId, 1);
    assert.deepEqual([message.chunkStreamId, message.timestampMs, message.typeId], [3, 0, 20]);
    assert.equal(incoming.chunkSizeBytes, 128);
    assert.deepEqual(incoming.rawBytes, CONNECT);
    assert.deepEqual(incoming.rest, CREATE);
  });

  it('reads what OBS sends: a chunk size of 4096, then connect in one chunk', () => {
    const { bytes } = vectorOf('M-1');
    const client = new ClientMessages();
    const wire = join([client.setChunkSize(4096), client.message(20, bytes, { timestampMs: 77 })]);
    const incoming = connectOf(wire);
    assert.deepEqual([incoming.chunkSizeBytes, incoming.message.timestampMs], [4096, 77]);
    assert.deepEqual(incoming.message.payload, bytes);
    assert.deepEqual(incoming.rawBytes, wire);
    assert.deepEqual(incoming.chunks, [{ startBytes: 16, payloadStartBytes: 28, endBytes: wire.length }]);
  });

  it('takes windows, acknowledgements, bandwidth and user control in front of connect, and keeps their bytes', () => {
    const bandwidth = chunk({
      format: 0,
      chunkStreamId: 2,
      typeId: 6,
      messageStreamId: 0,
      payload: filled(5),
    });
    const front = [control(5, 2_500_000), control(3, 0), bandwidth, userControl(3, 0, 3000)];
    const wire = join([...front, CONNECT]);
    assert.deepEqual(connectOf(wire).rawBytes, wire);
  });

  it('reads connect as type 17 on a far chunk stream at a late time', () => {
    const address = { chunkStreamId: 320, timestampMs: 0x1000000 };
    const wire = new ClientMessages().commandAmf3(address, 'connect', 7, { app: 'live' });
    const { connect, transactionId, message } = connectOf(join([wire, CREATE]));
    assert.deepEqual([connect.app, transactionId], ['live', 7]);
    assert.deepEqual([message.typeId, message.chunkStreamId, message.timestampMs], [17, 320, 0x1000000]);
  });

  it('ends exactly at connect where extended timestamps are left out, though bytes ahead were looked at', () => {
    const payload = amf('connect', 1, { app: 'a'.repeat(100) });
    const wire = join([
      chunk({
        format: 0,
        chunkStreamId: 3,
        extendedMs: 0x1000000,
        lengthBytes: payload.length,
        typeId: 20,
        messageStreamId: 0,
        payload: payload.subarray(0, 128),
      }),
      chunk({ format: 3, chunkStreamId: 3, payload: payload.subarray(128) }),
    ]);
    assert.equal(payload.length - 128 < 4, true);
    const { rawBytes, rest } = connectOf(join([wire, CREATE]));
    assert.deepEqual(rawBytes, wire);
    assert.deepEqual(rest, CREATE);
  });

  it('finds the chunks of connect between those of others, without those of one that was given up', () => {
    const payload = amf('connect', 1, { app: 'a'.repeat(150) });
    const head = { chunkStreamId: 3, lengthBytes: payload.length, typeId: 20, messageStreamId: 0 };
    const first = chunk({ format: 0, ...head, payload: payload.subarray(0, 128) });
    const last = chunk({ format: 3, ...head, payload: payload.subarray(128) });
    const { chunks } = connectOf(join([first, abort(3), first, control(5, 9), last]));
    const start = first.length + 16;
    assert.deepEqual(
      chunks.map(({ startBytes, endBytes }) => [startBytes, endBytes]),
      [
        [start, start + first.length],
        [start + first.length + 16, start + first.length + 16 + last.length],
      ],
    );
  });

  it('has nothing to give while connect is not whole', () => {
    assert.equal(read([CONNECT.subarray(0, -1)]), null);
  });

  it('keeps nothing of bytes that are written to afterwards', () => {
    // In one chunk, whose payload the decoder gives as a view.
    const wire = join([setChunkSize(4096), new ClientMessages(4096).connect('live')]);
    const bytes = Uint8Array.from(wire);
    const incoming = new ConnectReader().receive(bytes);
    bytes.fill(0);
    assert.ok(incoming);
    assert.deepEqual(incoming.rawBytes, wire);
    assert.deepEqual(incoming.message.payload, connectOf(wire).message.payload);
  });
});

describe('what ConnectReader refuses', () => {
  it('is any other command first', () => refuses(CREATE, 'rtmp-command-before-connect'));

  for (const typeId of [8, 9, 18, 19, 22, 99]) {
    it(`is a message of type ${typeId} first`, () => {
      refuses(new ClientMessages().message(typeId, filled(10)), 'rtmp-command-before-connect');
    });
  }

  it('is a connect without properties, and one that is no AMF', () => {
    refuses(new ClientMessages().call('connect', 1), 'rtmp-connect-invalid');
    refuses(new ClientMessages().message(20, Uint8Array.of(2, 0, 99)), 'rtmp-command-malformed');
  });

  it('is a 17th control message, and not the 16th', () => {
    const windows = (count: number) => join(Array.from({ length: count }, () => control(5, 9)));
    assert.ok(read([join([windows(16), CONNECT])]));
    refuses(windows(17), 'rtmp-flood');
  });

  it('is a byte more than MAX_BYTES_BEFORE_CONNECT up to the end of connect, and not that many', () => {
    // In chunks of a byte each, every byte costs two.
    const wireOf = (appBytes: number) => {
      const client = new ClientMessages();
      return join([client.setChunkSize(1), client.connect('', { app: 'a'.repeat(appBytes), tcUrl: '' })]);
    };
    const spareBytes = MAX_BYTES_BEFORE_CONNECT - wireOf(1000).length;
    const longest = wireOf(1000 + Math.floor(spareBytes / 2));
    assert.ok(longest.length > MAX_BYTES_BEFORE_CONNECT - 2);
    assert.ok(read([longest]));
    refuses(wireOf(1001 + Math.floor(spareBytes / 2)), 'rtmp-flood');
  });

  it('is a message that declares more than 64 KiB', () => {
    refuses(
      chunk({ format: 0, chunkStreamId: 3, typeId: 20, messageStreamId: 0, lengthBytes: 65_537 }),
      'rtmp-message-too-large',
    );
  });

  it('is no number of bytes behind connect', () => {
    const behind = new Uint8Array(4 * MAX_BYTES_BEFORE_CONNECT).fill(0xff);
    assert.equal(
      read([join([setChunkSize(65_536), new ClientMessages(65_536).connect('a'), behind])])?.rest.length,
      behind.length,
    );
  });
});
