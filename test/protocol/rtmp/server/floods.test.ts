// What a client may send so often and no oftener: at the limit it is served, one over it the connection ends.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { FloodKind } from '../../../../src/protocol/rtmp/flood-limits.ts';
import { FLOOD_RATES } from '../../../../src/protocol/rtmp/limits.ts';
import { amf } from '../../../support/amf-wire.ts';
import { chunk, filled, join } from '../../../support/chunk-wire.ts';
import { userControl } from '../../../support/client-messages.ts';
import { assertRefused, connected, playing, publishing, type ServerBench } from './server-bench.ts';

type Flood = { readonly bench: ServerBench; readonly send: () => Uint8Array };

function calls(name: string, ...args: readonly string[]): Flood {
  const bench = connected();
  return { bench, send: () => bench.client.call(name, 7, ...args) };
}

function messages(bench: ServerBench, typeId: number, payload: Uint8Array): Flood {
  return { bench, send: () => bench.client.message(typeId, payload) };
}

const u32 = (value: number): Uint8Array =>
  Uint8Array.from(Buffer.from(value.toString(16).padStart(8, '0'), 'hex'));

/** What is sent once, and which limit it meets. */
const FLOODS: readonly (readonly [string, FloodKind, () => Flood])[] = [
  ['pings', 'pings', () => ({ bench: connected(), send: () => userControl(6, 1) })],
  ['unknown commands', 'unknown commands', () => calls('nobody')],
  ['known commands', 'commands', () => calls('getStreamLength', 'key')],
  ['answers to nothing', 'commands', () => calls('_result')],
  ['acknowledgements', 'acknowledgements', () => messages(playing(), 3, u32(1))],
  ['chunk sizes', 'control messages', () => messages(publishing(), 1, u32(128))],
  ['windows', 'control messages', () => messages(publishing(), 5, u32(1))],
  ['buffer lengths', 'control messages', () => ({ bench: playing(), send: () => userControl(3, 1, 300) })],
  [
    'unknown user controls',
    'control messages',
    () => ({ bench: connected(), send: () => userControl(33, 1) }),
  ],
  ['controls that are cut short', 'malformed messages', () => messages(connected(), 5, filled(3))],
  ['captions', 'data messages', () => messages(publishing(), 18, amf('onCaption', 'x'))],
  ['aggregates of nothing', 'malformed messages', () => messages(publishing(), 22, filled(9))],
  ['sound that nobody publishes', 'stray messages', () => messages(connected(), 8, filled(9))],
  ['messages of no known type', 'stray messages', () => messages(publishing(), 99, filled(9))],
];

describe('RtmpServerSession, against floods', () => {
  for (const [name, kind, begin] of FLOODS) {
    const { atOnce, perSecond } = FLOOD_RATES[kind];
    it(`takes ${atOnce} ${name} at once, ${perSecond} a second from then on, and ends the connection at one more`, () => {
      const { bench, send } = begin();
      // What the way here has spent is filled up again.
      bench.nowMs += 100_000;
      const flood = (count: number): void => {
        for (let sent = 0; sent < count; sent++) bench.receive(send());
      };
      flood(atOnce);
      bench.nowMs += 1000;
      flood(perSecond);
      assert.equal(bench.session.state, 'connected');
      const { message } = bench.refuses('rtmp-flood', send());
      assert.equal(message, `expected at most ${perSecond} ${kind} a second and ${atOnce} at once, got more`);
      assert.equal(bench.session.state, 'closed');
    });
  }

  it('takes 100 createStream calls at once, where the NetStreams are given back, and ends at one more', () => {
    const bench = connected();
    const { client } = bench;
    const create = (id: number): Uint8Array =>
      join([client.call('createStream', 1), client.call('deleteStream', 0, id)]);
    for (let id = 1; id <= FLOOD_RATES['createStream calls'].atOnce; id++) bench.receive(create(id));
    assert.equal(bench.replies().length, 100);
    bench.refuses('rtmp-flood', create(101));
  });

  it('takes a message of 250 KiB in chunks of one byte, and not one of 512 KiB', () => {
    const inBytes = (lengthBytes: number): Uint8Array[] => {
      const header = chunk({ format: 0, chunkStreamId: 6, typeId: 9, messageStreamId: 1, lengthBytes });
      const rest = new Uint8Array(2 * lengthBytes - 1).map((_, index) => (index % 2 === 0 ? 7 : 0xc6));
      return [header, rest];
    };
    const publisher = publishing();
    publisher.receive(publisher.client.message(1, u32(1), { chunkStreamId: 2 }));
    publisher.receive(...inBytes(250 * 1024));
    const [event] = publisher.takeEvents();
    assert.ok(event?.type === 'video' && event.payload.length === 250 * 1024);
    publisher.refuses('rtmp-flood', ...inBytes(512 * 1024));
  });

  it('takes whole messages of 16 bytes at any rate, and shorter ones at that of tiny chunks', () => {
    const { atOnce } = FLOOD_RATES['tiny chunks'];
    for (const lengthBytes of [15, 16]) {
      const bench = publishing();
      const payload = filled(lengthBytes);
      bench.receive(chunk({ format: 0, chunkStreamId: 4, typeId: 8, messageStreamId: 1, payload }));
      const next = join([Uint8Array.of(0xc4), payload]);
      const rest = new Uint8Array(next.length * (atOnce + 1)).map(
        (_, index) => next[index % next.length] ?? 0,
      );
      if (lengthBytes < 16) bench.refuses('rtmp-flood', rest);
      else assert.equal(bench.receive(rest).takeEvents().length, atOnce + 2);
    }
  });

  it('charges ten times for data that nobody can use, and nothing for such media', () => {
    const bench = publishing();
    const usable = FLOOD_RATES['data messages'].atOnce;
    const broken = (): Uint8Array => bench.client.message(18, Uint8Array.of(2, 0, 9), { messageStreamId: 1 });
    for (let count = 0; count < usable / 20; count++) bench.session.refuse('data');
    // One for having come, and ten for being of no use.
    for (let count = 0; count < Math.floor(usable / 22); count++) bench.receive(broken());
    for (let count = 0; count < usable; count++) bench.session.refuse('video');
    assert.equal(bench.session.counters.malformedMedia, usable);
    assertRefused('rtmp-flood', () => bench.session.refuse('data'));
  });

  it('forgives an aggregate without end one part of no use beside good ones', () => {
    const bench = publishing();
    const part = (typeId: number): number[] => [typeId, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0xaf, 1, 0, 0, 0, 13];
    const aggregate = Uint8Array.from([...part(8), ...part(20)]);
    for (let count = 0; count < 1000; count++) {
      bench.receive(bench.client.message(22, aggregate, { messageStreamId: 1 }));
    }
    assert.equal(bench.session.counters.malformedMedia, 1000);
    assert.equal(bench.takeEvents().length, 1000);
  });

  it('charges an aggregate for each tiny part', () => {
    const bench = publishing({ chunkSizeBytes: 65_536 });
    bench.receive(bench.client.setChunkSize(65_536));
    const part = [8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 11];
    const aggregate = Uint8Array.from(Array.from({ length: 1000 }, () => part).flat());
    const message = bench.client.message(22, aggregate, { messageStreamId: 1 });
    const times = Math.floor(FLOOD_RATES['tiny chunks'].atOnce / 1000);
    for (let count = 0; count < times; count++) bench.receive(message).takeEvents();
    bench.refuses('rtmp-flood', message);
  });

  it('takes empty sound, of one byte on the wire, at the rate of tiny chunks', () => {
    const bench = publishing();
    const { atOnce } = FLOOD_RATES['tiny chunks'];
    const header = chunk({ format: 0, chunkStreamId: 4, typeId: 8, messageStreamId: 1, lengthBytes: 0 });
    bench.receive(header, new Uint8Array(atOnce - 1).fill(0xc4));
    assert.equal(bench.takeEvents().length, atOnce);
    bench.refuses('rtmp-flood', new Uint8Array(1000).fill(0xc4));
  });

  it('takes a hundred thousand Aborts, for they cost next to nothing [item 24]', () => {
    const bench = publishing();
    const aborts = join(
      Array.from({ length: 1000 }, () => bench.client.message(2, u32(4), { chunkStreamId: 2 })),
    );
    for (let round = 0; round < 100; round++) bench.receive(aborts);
    assert.equal(bench.session.state, 'connected');
  });
});
