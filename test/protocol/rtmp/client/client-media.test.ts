// What a playing client session makes of data messages and aggregates.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ClientEvent } from '../../../../src/protocol/rtmp/client/client-events.ts';
import { amf, WireEcmaArray } from '../../../support/amf-wire.ts';
import { joinBytes, serverMessage, serverStatus } from '../../../support/client-wire.ts';
import { ClientHarness, names } from './client-harness.ts';

/** A media message on message stream 1. */
function media(typeId: number, timestampMs: number, ...payload: number[]): Uint8Array {
  return serverMessage(typeId, Uint8Array.from(payload), { messageStreamId: 1, timestampMs });
}

/** Media events as [kind, time, ...payload]. */
function mediaOf(events: readonly ClientEvent[]): unknown[] {
  return events.map((event) =>
    event.type === 'media' ? [event.kind, event.timestampMs, ...event.payload] : event.type,
  );
}

/** An FLV tag as it stands in an aggregate. */
function tag(typeId: number, timestampMs: number, payload: Uint8Array): Uint8Array {
  const head = Buffer.alloc(11);
  head[0] = typeId;
  head.writeUIntBE(payload.length, 1, 3);
  head.writeUIntBE(timestampMs & 0xffffff, 4, 3);
  head[7] = timestampMs >>> 24;
  const tail = Buffer.alloc(4);
  tail.writeUInt32BE(11 + payload.length);
  return joinBytes(head, payload, tail);
}

describe('ClientSession, data messages', () => {
  it('hands on name, values and the body as it came', () => {
    const harness = new ClientHarness().play();
    const payload = amf('onMetaData', new WireEcmaArray({ width: 1280 }), 'more');
    const [event] = harness.receive(serverMessage(18, payload, { messageStreamId: 1, timestampMs: 7 }));
    assert.ok(event?.type === 'data');
    assert.equal(event.name, 'onMetaData');
    assert.equal(event.timestampMs, 7);
    assert.deepEqual(event.payload, payload);
    assert.equal((event.values[0] as { get(key: string): unknown }).get('width'), 1280);
    assert.equal(event.values[1], 'more');
  });

  it('reads type 15 with and without its leading byte', () => {
    const harness = new ClientHarness().play();
    const payload = amf('onCuePoint', 1);
    for (const body of [payload, joinBytes(Uint8Array.of(0), payload)]) {
      const [event] = harness.receive(serverMessage(15, body, { messageStreamId: 1 }));
      assert.ok(event?.type === 'data');
      assert.deepEqual([event.name, event.values], ['onCuePoint', [1]]);
      assert.deepEqual(new Uint8Array(event.payload), payload);
    }
  });

  it('drops what does not decode or has no name, and stays', () => {
    const harness = new ClientHarness().play();
    const bodies = [[0xff], [], [0x02, 0xff, 0xff, 1], [...amf(5)], [...amf(null, 'x')]];
    for (const body of bodies) assert.deepEqual(harness.receive(media(18, 0, ...body)), []);
    assert.equal(harness.session.droppedMessages, bodies.length);
    assert.equal(harness.session.state, 'connected');
  });

  it('tells that playing stopped when onPlayStatus says Complete, once', () => {
    const harness = new ClientHarness().play();
    const complete = amf('onPlayStatus', { level: 'status', code: 'NetStream.Play.Complete' });
    const events = harness.receive(
      serverMessage(18, complete, { messageStreamId: 1 }),
      serverStatus(1, 'NetStream.Play.Stop'),
    );
    assert.deepEqual(names(events), [
      'data',
      'play-stopped NetStream.Play.Complete',
      'status NetStream.Play.Stop',
    ]);
  });

  it('leaves other onPlayStatus messages at the data they are', () => {
    const harness = new ClientHarness().play();
    const payload = amf('onPlayStatus', { level: 'status', code: 'NetStream.Play.Switch' });
    assert.deepEqual(names(harness.receive(serverMessage(18, payload, { messageStreamId: 1 }))), ['data']);
  });
});

describe('ClientSession, aggregates', () => {
  it('takes them apart, with times that count from the first [item 80]', () => {
    const harness = new ClientHarness().play();
    const body = joinBytes(
      tag(9, 0x1000000, Uint8Array.of(0x17, 1)),
      tag(8, 0x1000017, Uint8Array.of(0xaf)),
      tag(18, 0x1000020, amf('onCuePoint', 1)),
      tag(8, 0xfffff6, new Uint8Array(0)),
    );
    assert.deepEqual(
      mediaOf(harness.receive(serverMessage(22, body, { messageStreamId: 1, timestampMs: 5000 }))),
      [['video', 5000, 0x17, 1], ['audio', 5023, 0xaf], 'data', ['audio', 4990]],
    );
    assert.equal(harness.session.droppedMessages, 0);
  });

  it('takes one whose last tag has no length behind it, and an empty one', () => {
    const harness = new ClientHarness().play();
    const body = tag(8, 9, Uint8Array.of(1)).subarray(0, 12);
    assert.deepEqual(mediaOf(harness.receive(media(22, 3, ...body), media(22, 0))), [['audio', 3, 1]]);
    assert.equal(harness.session.droppedMessages, 0);
  });

  it('keeps what stands around a tag that is cut off, nested or of no known type [item 80]', () => {
    const good = tag(8, 0, Uint8Array.of(1));
    const bad = [
      tag(9, 5, Uint8Array.of(1, 2, 3)).subarray(0, 13),
      tag(9, 5, new Uint8Array(0)).subarray(0, 10),
      joinBytes(tag(22, 5, good), good),
      joinBytes(tag(20, 5, amf('close', 0, null)), good),
    ];
    for (const rest of bad) {
      const harness = new ClientHarness().play();
      const whole = [good, ...(rest.length > good.length + 10 ? [good] : [])];
      const received = mediaOf(harness.receive(media(22, 1, ...good, ...rest)));
      assert.deepEqual(
        received,
        whole.map(() => ['audio', 1, 1]),
      );
      assert.equal(harness.session.droppedMessages, 1);
      assert.deepEqual(mediaOf(harness.receive(media(8, 2, 5))), [['audio', 2, 5]]);
    }
  });
});
