// Protocol control and user control: acknowledgements, windows, pings, and what is let pass. [RTMP 5.4, 6.2]

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { abort, control, filled } from '../../../support/chunk-wire.ts';
import { ClientMessages, userControl } from '../../../support/client-messages.ts';
import { CONNECT_REPLIES, connected, greeted, publishing, type ServerBench } from './server-bench.ts';

const HANDSHAKE_BYTES = 3073;

/** Feeds sound until `lengthBytes` more have come, in reads of at most 1,000 bytes, and gives the acks with their reads. */
function acksOver(bench: ServerBench, lengthBytes: number): { acks: number[]; reads: number } {
  const message = bench.client.audio(1, 0, filled(960));
  const acks: number[] = [];
  const reads = Math.ceil(lengthBytes / message.length);
  for (let read = 0; read < reads; read++) {
    bench.session.receive(message, 0);
    for (const line of bench.replies()) acks.push(Number(/^ack (\d+)$/.exec(line)?.[1]));
    bench.session.drainEvents();
  }
  return { acks, reads };
}

/** A control message with any payload. */
function rawControl(typeId: number, hex: string): Uint8Array {
  return new ClientMessages().message(typeId, Uint8Array.from(Buffer.from(hex, 'hex')), { chunkStreamId: 2 });
}

describe('RtmpServerSession, acknowledging', () => {
  it('acknowledges every half of its own window, without being asked, counting every byte [item 37]', () => {
    const bench = publishing();
    const { acks } = acksOver(bench, 9_900_000);
    assert.equal(acks.length, 7);
    for (const [index, count] of acks.entries()) {
      assert.ok(count - (acks[index - 1] ?? 0) < 2_500_000, String(count));
    }
    assert.ok((acks[0] ?? 0) >= 1_250_000 && (acks[0] ?? 0) < 1_252_000);
  });

  it('counts the handshake and what came before connect', () => {
    const bench = greeted({ options: { ackWindowBytes: 8192 } });
    const connect = bench.client.connect('live');
    const silence = bench.client.audio(0, 0, filled(4000));
    bench.receive(silence, silence, connect);
    const total = HANDSHAKE_BYTES + 2 * silence.length + connect.length;
    assert.deepEqual(bench.replies(), [
      'window 8192',
      'bandwidth 8192 dynamic',
      CONNECT_REPLIES[2],
      CONNECT_REPLIES[3],
      `ack ${total}`,
    ]);
  });

  it('says no acknowledgement before connect was accepted', () => {
    const bench = greeted({ options: { ackWindowBytes: 8192 } });
    bench.receive(bench.client.audio(0, 0, filled(60_000)));
    assert.deepEqual(bench.replies(), []);
  });

  it('acknowledges what waits behind a decision', () => {
    const bench = connected({ decisions: 'left to the test', options: { ackWindowBytes: 8192 } });
    bench.receive(bench.client.onStream(1, 'play', 'key'), bench.client.audio(1, 0, filled(5000)));
    assert.match(bench.replies().join(), /^ack \d+$/);
  });

  it('keeps a smaller window of the peer [item 37]', () => {
    const bench = publishing();
    bench.receive(control(5, 100_000));
    const { acks } = acksOver(bench, 1_000_000);
    assert.equal(acks.length, 19);
  });

  it('acknowledges at once where the new window was passed already', () => {
    const bench = publishing();
    acksOver(bench, 500_000);
    bench.receive(control(5, 100_000));
    assert.match(bench.replies().join(), /^ack 50\d{4}$/);
  });

  for (const windowBytes of [0, 2_500_000, 5_000_000, 0x7fffffff, 0xffffffff]) {
    it(`keeps its own window where the peer announces ${windowBytes} [item 37]`, () => {
      const bench = publishing();
      bench.receive(control(5, windowBytes));
      assert.deepEqual(bench.replies(), []);
      assert.equal(acksOver(bench, 4_900_000).acks.length, 3);
    });
  }

  for (const windowBytes of [1, 100, 8192]) {
    it(`makes no storm of acks of a window of ${windowBytes} [item 37]`, () => {
      const bench = publishing();
      bench.receive(control(5, windowBytes)).forget();
      const { acks, reads } = acksOver(bench, 400_000);
      assert.ok(acks.length >= 78 && acks.length <= 98, `${acks.length} acks for ${reads} reads`);
    });
  }

  it('acknowledges once for a read, however large', () => {
    const bench = publishing();
    bench.receive(control(5, 1)).forget();
    bench.receive(bench.client.audio(1, 0, filled(1_000_000)));
    assert.match(bench.replies().join(), /^ack \d+$/);
  });

  it('lets acknowledgements that jump, repeat and go back pass [item 39]', () => {
    const bench = publishing();
    for (const count of [5, 5, 0xffffffff, 0, 1]) bench.receive(control(3, count));
    bench.receive(bench.client.audio(1, 7, Uint8Array.of(0xaf)));
    assert.deepEqual(bench.events(), ['audio 1 @7 af']);
    assert.deepEqual(bench.replies(), []);
  });
});

describe('RtmpServerSession, controlled', () => {
  const BANDWIDTHS: readonly (readonly [string, readonly string[], readonly string[]])[] = [
    ['a hard limit', ['000f424000'], ['window 1000000']],
    ['the limit in force', ['002625a000'], []],
    ['a hard limit that repeats', ['000f424000', '000f424000'], ['window 1000000']],
    ['hard limits that differ', ['000f424000', '001e848000'], ['window 1000000', 'window 2000000']],
    ['a soft limit below the one in force', ['000f424001'], ['window 1000000']],
    ['a soft limit above the one in force', ['0040000001'], []],
    ['a dynamic limit alone', ['000f424002'], []],
    ['a dynamic limit behind a hard one', ['000f424000', '001e848002'], ['window 1000000', 'window 2000000']],
    ['a dynamic limit behind a soft one', ['000f424001', '001e848002'], ['window 1000000']],
    ['a limit without its type', ['000f4240'], []],
    ['a limit of unknown type', ['000f424007'], []],
    ['a limit of 0', ['0000000000'], []],
    ['a limit with the top bit set', ['8000000000', 'ffffffff00'], []],
    ['the smallest limit', ['0000000100'], ['window 1']],
    ['the largest limit', ['7fffffff00'], ['window 2147483647']],
  ];
  for (const [name, payloads, replies] of BANDWIDTHS) {
    it(`answers Set Peer Bandwidth with ${name} [item 40]`, () => {
      const bench = connected();
      for (const payload of payloads) bench.receive(rawControl(6, payload));
      assert.deepEqual(bench.replies(), replies);
    });
  }

  it('lets Set Peer Bandwidth before connect pass: the answer announces its own window', () => {
    const bench = greeted();
    bench.receive(rawControl(6, '000f424000'), bench.client.connect('live'));
    assert.deepEqual(bench.replies(), CONNECT_REPLIES);
    bench.receive(rawControl(6, '000f424000'));
    assert.deepEqual(bench.replies(), ['window 1000000']);
  });

  it('answers pings with their own bytes, before and after connect [item 41]', () => {
    const bench = greeted();
    bench.receive(userControl(6, 0xfedcba98), bench.client.connect('live'), userControl(6, 0));
    assert.deepEqual(bench.replies(), [`pong ${0xfedcba98}`, ...CONNECT_REPLIES, 'pong 0']);
    bench.receive(rawControl(4, '00060000002a99'));
    assert.deepEqual(bench.replies(), ['pong 42']);
  });

  const IGNORED = [
    '0000000000ff',
    '000100000001',
    '000200000001',
    '000400000001',
    '000500000001',
    '000700000001',
    '0008',
    '001a01',
    '001a',
    `001b${'01'.repeat(42)}`,
    '001f00000001',
    '002000000001',
    '0021',
    '002100000001',
    'ffff',
    'ffff0102030405060708',
  ];
  it('ignores the other user control events, known or not [item 42]', () => {
    const bench = connected();
    for (const payload of IGNORED) bench.receive(rawControl(4, payload));
    assert.deepEqual([bench.events(), bench.replies()], [[], []]);
    assert.equal(bench.session.counters.malformedControls, 0);
  });

  it('drops and counts user control that is too short [item 42]', () => {
    const bench = connected();
    const short = ['', '00', '0000', '000000000001'.slice(0, 10), '0003000000010000', '0006000000', '001b00'];
    for (const payload of short) bench.receive(rawControl(4, payload));
    assert.deepEqual([bench.events(), bench.replies()], [[], []]);
    assert.equal(bench.session.counters.malformedControls, short.length);
  });

  it('tolerates any buffer length for any id [item 43]', () => {
    const bench = connected();
    for (const messageStreamId of [0, 1, 77, 0xffffffff]) {
      for (const bufferMs of [0, 300, 0xffffffff]) bench.receive(userControl(3, messageStreamId, bufferMs));
    }
    assert.deepEqual([bench.events(), bench.replies()], [[], []]);
    assert.equal(bench.session.counters.malformedControls, 0);
  });

  it('drops and counts control messages that are too short [item 36]', () => {
    const bench = connected();
    for (const typeId of [1, 2, 3, 5, 6]) bench.receive(rawControl(typeId, '000010'));
    assert.equal(bench.session.counters.malformedControls, 5);
    bench.receive(rawControl(2, '0000000500'));
    assert.equal(bench.session.counters.malformedControls, 6);
    assert.equal(bench.session.state, 'connected');
  });

  for (const chunkSizeBytes of [0, 0x80000000, 0xffffffff]) {
    it(`closes at a chunk size of ${chunkSizeBytes} [item 36]`, () => {
      connected().refuses('rtmp-chunk-size-invalid', control(1, chunkSizeBytes));
    });
  }

  for (const chunkSizeBytes of [1, 0xffffff, 0x7fffffff]) {
    it(`reads on with a chunk size of ${chunkSizeBytes} [item 36]`, () => {
      const bench = publishing();
      bench.receive(bench.client.setChunkSize(chunkSizeBytes), bench.client.audio(1, 3, filled(1000)));
      assert.deepEqual(bench.events(), [`audio 1 @3 ${Buffer.from(filled(1000)).toString('hex')}`]);
    });
  }

  it('gives a message up that the client aborts, and reads on', () => {
    const bench = publishing();
    const begun = bench.client.audio(1, 0, filled(300)).subarray(0, 12 + 128);
    bench.receive(begun, abort(4), bench.client.audio(1, 5, Uint8Array.of(0xaf)));
    assert.deepEqual(bench.events(), ['audio 1 @5 af']);
    for (let index = 0; index < 1000; index++) bench.receive(abort(index));
    assert.deepEqual([bench.events(), bench.replies()], [[], []]);
  });

  it('takes control messages on other chunk streams and message streams than they belong to', () => {
    const bench = connected();
    const payload = Uint8Array.of(0, 6, 0, 0, 0, 9);
    bench.receive(bench.client.message(4, payload, { chunkStreamId: 7, messageStreamId: 5, timestampMs: 1 }));
    assert.deepEqual(bench.replies(), ['pong 9']);
  });
});
