// What a client session does for the connection itself: acknowledgements, windows, pings, chunk sizes.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MAX_WAITING_ANSWERS } from '../../../../src/protocol/rtmp/client/client-options.ts';
import { joinBytes, serverControl, serverMessage } from '../../../support/client-wire.ts';
import { ClientHarness, names } from './client-harness.ts';

/** An unknown message of type 99, one chunk of at most 60,012 bytes at chunk size 65,536. */
function filler(lengthBytes: number): Uint8Array {
  const payload = new Uint8Array(lengthBytes - 12);
  return serverMessage(99, payload, { chunkSizeBytes: 65_536, chunkStreamId: 6 });
}

const BIG_CHUNKS = serverControl(1, '00010000');

/** Sums of the acknowledgements that came while the server sent so many bytes in pieces of 10,000. */
function acksFor(harness: ClientHarness, totalBytes: number): string[] {
  const acks: string[] = [];
  for (let sent = 0; sent < totalBytes; sent += 10_000) {
    harness.receive(filler(10_000));
    for (const [typeId, payload] of harness.said()) if (typeId === 3) acks.push(String(payload));
  }
  return acks;
}

describe('ClientSession, acknowledgements', () => {
  it('acknowledges at half of 2,500,000 bytes though no window was announced, the handshake included', () => {
    const harness = new ClientHarness().connect();
    harness.receive(BIG_CHUNKS);
    const acks = acksFor(harness, 3_800_000).map((hex) => Number.parseInt(hex, 16));
    assert.equal(acks.length, 3);
    const [first = 0, second = 0, third = 0] = acks;
    assert.ok(first >= 1_250_000 && first < 1_260_000, `${first}`);
    assert.equal(second - first, 1_250_000);
    assert.equal(third - second, 1_250_000);
  });

  it('acknowledges at half of the window that the server announced', () => {
    const harness = new ClientHarness().connect();
    harness.receive(BIG_CHUNKS, serverControl(5, '000186a0'));
    const acks = acksFor(harness, 200_000).map((hex) => Number.parseInt(hex, 16));
    assert.equal(acks.length, 4);
    assert.equal((acks[1] ?? 0) - (acks[0] ?? 0), 50_000);
  });

  it('acknowledges no more than once for each read, however small the window', () => {
    const harness = new ClientHarness().connect();
    harness.receive(BIG_CHUNKS, serverControl(5, '00000001'));
    harness.messages();
    harness.receive(filler(60_000), filler(60_000));
    assert.equal(harness.said().length, 1);
    harness.receive(filler(100));
    assert.deepEqual(harness.said(), []);
  });

  it('ignores a window of 0 and one that is cut short', () => {
    const harness = new ClientHarness().connect();
    harness.receive(BIG_CHUNKS, serverControl(5, '00000000'), serverControl(5, '0001'));
    assert.deepEqual(acksFor(harness, 100_000), []);
    assert.equal(harness.session.droppedMessages, 11);
  });

  it('takes acknowledgements of the server as a hint, whatever they say', () => {
    const harness = new ClientHarness().publish();
    for (const hex of ['00000100', '00000000', 'ffffffff', '00000001']) {
      assert.deepEqual(harness.receive(serverControl(3, hex)), []);
      assert.equal(harness.session.acknowledgedBytes, Number.parseInt(hex, 16));
      assert.equal(harness.session.sendVideo(0, new Uint8Array(10)), true);
    }
  });
});

describe('ClientSession, windows and pings', () => {
  it('answers Set Peer Bandwidth with its window, where it changed', () => {
    const harness = new ClientHarness().connect();
    harness.receive(
      serverControl(6, '004c4b4002'),
      serverControl(6, '004c4b4000'),
      serverControl(6, '0000ffff01'),
    );
    assert.deepEqual(harness.said(), [
      [5, '004c4b40'],
      [5, '0000ffff'],
    ]);
  });

  it('answers none of 0, none that peers take for negative, and none cut short', () => {
    const harness = new ClientHarness().connect();
    harness.receive(serverControl(6, '0000000002'), serverControl(6, '8000000002'), serverControl(6, '0000'));
    assert.deepEqual(harness.said(), []);
  });

  it('answers a ping with the same four bytes, before connect too', () => {
    const harness = new ClientHarness().connect();
    harness.receive(serverControl(4, '0006deadbeef'));
    assert.deepEqual(harness.said(), [[4, '0007deadbeef']]);
  });

  it('ignores user control that is short, unknown or asks for what it has not', () => {
    const harness = new ClientHarness().connect();
    for (const hex of [
      '',
      '00',
      '0006',
      '0006dead',
      '0001',
      '00210000',
      '001a01',
      '001f00000001',
      '0007deadbeef',
    ]) {
      assert.deepEqual(harness.receive(serverControl(4, hex)), []);
    }
    assert.deepEqual(harness.said(), []);
    assert.equal(harness.session.state, 'connected');
  });

  it('ends where the server pings without reading the answers', () => {
    const harness = new ClientHarness().connect();
    const ping = serverControl(4, '000600000001');
    for (let i = 0; i < MAX_WAITING_ANSWERS; i++) harness.receive(ping);
    assert.throws(() => harness.receive(ping), { code: 'rtmp-peer-not-reading' });
    assert.deepEqual(names(harness.session.drainEvents()), ['closed']);
  });

  it('answers pings without end where they are taken', () => {
    const harness = new ClientHarness().connect();
    const pings = joinBytes(
      ...Array.from({ length: MAX_WAITING_ANSWERS }, () => serverControl(4, '000600000001')),
    );
    for (let i = 0; i < 3; i++) {
      harness.receive(pings);
      assert.equal(harness.messages().length, MAX_WAITING_ANSWERS);
    }
  });
});

describe('ClientSession, chunk sizes', () => {
  it('reads on in the chunk size that the server sets', () => {
    const harness = new ClientHarness().play();
    const payload = Uint8Array.from({ length: 5000 }, (_, i) => i);
    for (const [announcement, chunkSizeBytes] of [
      [new Uint8Array(0), 128],
      [serverControl(1, '00001000'), 4096],
      [serverControl(1, '00000001'), 1],
    ] as const) {
      const [event] = harness.receive(
        announcement,
        serverMessage(9, payload, { messageStreamId: 1, chunkSizeBytes }),
      );
      assert.ok(event?.type === 'media');
      assert.deepEqual(event.payload, payload);
    }
  });

  it('ends on a chunk size of 0, and on one with the top bit set', () => {
    for (const hex of ['00000000', '80000000']) {
      const harness = new ClientHarness().connect();
      assert.throws(() => harness.receive(serverControl(1, hex)), { code: 'rtmp-chunk-size-invalid' });
      assert.equal(harness.session.state, 'closed');
    }
  });

  for (const outChunkSizeBytes of [128, 4096, 60_000]) {
    it(`writes in chunks of ${outChunkSizeBytes} bytes`, () => {
      const harness = new ClientHarness({ outChunkSizeBytes }).publish();
      harness.session.sendVideo(0, new Uint8Array(60_000));
      const continuations = Math.ceil(60_000 / outChunkSizeBytes) - 1;
      assert.equal(harness.session.waitingOutputBytes, 12 + 60_000 + continuations);
      assert.equal(harness.messages()[0]?.payload.length, 60_000);
    });
  }
});
