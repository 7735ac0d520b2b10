import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { AmfObject } from '../../src/protocol/amf/amf-value.ts';
import { parseDataMessage } from '../../src/protocol/rtmp/data-message.ts';
import { ENTRY_BYTES } from '../../src/streams/limits.ts';
import { amf, WireEcmaArray } from '../support/amf-wire.ts';
import { headersAt, PAYLOAD, StreamRig } from './stream-rig.ts';

describe('LiveStream, publishing', () => {
  it('has one publish at a time', () => {
    const rig = new StreamRig();
    assert.equal(rig.stream.isPublished, false);
    rig.stream.beginPublish();
    assert.equal(rig.stream.isPublished, true);
    assert.throws(() => rig.stream.beginPublish(), /live\/s is published already/);
    rig.stream.endPublish();
    rig.stream.endPublish();
    assert.equal(rig.stream.isPublished, false);
    assert.throws(() => rig.audio(0, 1), /live\/s is not published/);
  });

  it('is idle when nobody publishes and nobody watches', () => {
    const rig = new StreamRig();
    assert.equal(rig.stream.isIdle, true);
    const viewer = rig.viewer();
    assert.equal(rig.stream.isIdle, false);
    rig.stream.beginPublish();
    rig.stream.removeViewer(viewer.viewer);
    assert.equal(rig.stream.isIdle, false);
    rig.stream.endPublish();
    assert.equal(rig.stream.isIdle, true);
  });

  it('counts messages and bytes over its publishes, and lets go of the log at the end', () => {
    const rig = new StreamRig();
    for (const _ of [1, 2]) {
      rig.stream.beginPublish();
      rig.key(0, 1, 1000);
      rig.audio(0, 1, 500);
      assert.equal(rig.stream.stats.heldBytes, 4 * 1024 + 2 * ENTRY_BYTES);
      rig.stream.endPublish();
    }
    assert.deepEqual(rig.stream.stats, {
      viewers: 0,
      isPublished: false,
      messagesIn: 4,
      droppedMessages: 0,
      copiedBytes: 3000,
      heldBytes: 0,
    });
  });

  it('forwards every message of the publisher in order, with its distance in time [item 78]', () => {
    const rig = new StreamRig();
    const viewer = rig.viewer();
    rig.stream.beginPublish();
    rig.audioHeader(5_000_000, 1);
    rig.audio(5_000_000, 1);
    rig.videoHeader(5_000_010, 1);
    rig.key(5_000_010, 1);
    rig.stream.publishData(5_000_030, { kind: 'send', handler: 'onCuePoint', values: [7] });
    rig.audio(5_000_021, 2);
    rig.inter(5_000_050, 2);
    assert.deepEqual(viewer.takeAll(), [
      'started',
      'audio-header 1 @1000',
      'audio 1 @1000',
      'video-header 1 @1000',
      'key 1 @1010',
      'data "onCuePoint" 7 @1030',
      'audio 2 @1021',
      'inter 2 @1050',
    ]);
  });

  it('passes on bodies that are empty, cut short or unknown, and begins at none of them [item 81]', () => {
    const rig = new StreamRig();
    rig.begin();
    rig.key(0, 1);
    for (const body of [[], [0x17], [0x17, 1], [0x57, 0], [0x17, 2, 0, 0, 0], [0x80], [0x0f, 0xff, 0xff]]) {
      rig.stream.publishVideo(20, Uint8Array.from(body));
      rig.stream.publishAudio(20, Uint8Array.from(body));
    }
    assert.equal(rig.stream.stats.messagesIn, 4 + 14);
    const viewer = rig.viewer();
    const bytes = Buffer.concat(viewer.viewer.take(100_000));
    assert.equal(
      bytes.length,
      rig
        .viewer()
        .viewer.take(100_000)
        .reduce((sum, { length }) => sum + length, 0),
    );
    const empties = bytes.subarray(-2 * (12 + 3));
    assert.deepEqual([...empties.subarray(4, 8)], [0, 0, 3, 9]);
  });

  it('keeps headers of every track, and colour information, for late joiners', () => {
    const rig = new StreamRig();
    rig.stream.beginPublish();
    const hevcTrack = (packetType: number, trackId: number) =>
      Uint8Array.of(0x96, packetType, 0x68, 0x76, 0x63, 0x31, trackId, 1, 2, 3);
    const colours = Uint8Array.of(0x94, 0x68, 0x76, 0x63, 0x31, 2, 0, 9, ...Buffer.from('colorInfo'), 5);
    rig.stream.publishVideo(0, hevcTrack(0, 0));
    rig.stream.publishVideo(0, hevcTrack(0, 1));
    rig.stream.publishVideo(0, colours);
    rig.stream.publishVideo(0, hevcTrack(0, 1));
    rig.key(0, 1);
    const bytes = Buffer.concat(rig.viewer().viewer.take(100_000));
    const lengths = [10, 10, colours.length, PAYLOAD.key(1).length].map((length) => length + 12);
    assert.equal(
      bytes.length,
      lengths.reduce((sum, length) => sum + length, 0),
    );
  });
});

describe('LiveStream, data messages', () => {
  it('cleans metadata that players choke on, before any viewer sees it', () => {
    const rig = new StreamRig();
    rig.stream.beginPublish();
    const viewer = rig.viewer();
    const dirty = new WireEcmaArray({ width: 640, broken: undefined, ['k'.repeat(128)]: 1, duration: 60 });
    const message = parseDataMessage(amf('@setDataFrame', 'onMetaData', dirty));
    assert.ok(message !== null);
    rig.stream.publishData(0, message);
    rig.key(0, 1);
    const expected = ['data "onMetaData" [width: 640] @0', 'key 1 @0'];
    assert.deepEqual(viewer.takeAll(), expected, 'in front of the keyframe, where it was in force');
    assert.deepEqual(rig.viewer().takeAll(), expected);
  });

  it('drops and counts what cannot be cleaned', () => {
    const rig = new StreamRig();
    rig.begin();
    rig.key(0, 1);
    const viewer = rig.viewer();
    viewer.takeAll();
    rig.stream.publishData(0, { kind: 'set', handler: 'onMetaData', values: ['no object'] });
    rig.stream.publishData(0, { kind: 'send', handler: 'n'.repeat(64), values: [] });
    assert.deepEqual(viewer.takeAll(), []);
    assert.equal(rig.stream.stats.droppedMessages, 2);
    assert.deepEqual(
      rig.viewer().takeAll().slice(0, 1),
      headersAt(0).slice(0, 1),
      'the metadata before is kept',
    );
  });

  it('keeps what was set for late joiners, and nothing that was only sent [item 75]', () => {
    const rig = new StreamRig();
    rig.begin();
    rig.stream.publishData(0, { kind: 'set', handler: '|RtmpSampleAccess', values: [true, true] });
    rig.stream.publishData(0, { kind: 'send', handler: 'onChat', values: ['hello'] });
    rig.key(0, 1);
    const [metadata = '', ...others] = headersAt(0);
    assert.deepEqual(rig.viewer().takeAll(), [
      metadata,
      'data "|RtmpSampleAccess" true true @0',
      ...others,
      'key 1 @0',
    ]);
  });

  it('keeps apart a handler that is named like a header', () => {
    const rig = new StreamRig();
    rig.begin();
    rig.stream.publishData(0, { kind: 'clear', handler: 'video sequence-header 0', values: [] });
    rig.key(0, 1);
    assert.deepEqual(rig.viewer().takeAll(), [...headersAt(0), 'key 1 @0']);
  });

  it('passes on a header that is too large to be kept, and counts it', () => {
    const rig = new StreamRig();
    rig.stream.beginPublish();
    const viewer = rig.viewer();
    rig.key(0, 1);
    viewer.takeAll();
    rig.stream.publishVideo(
      0,
      Uint8Array.from({ length: 65_537 }, (_, index) => [0x17][index] ?? 0),
    );
    assert.equal(rig.stream.stats.droppedMessages, 1);
    assert.deepEqual(viewer.takeAll(), ['video-header 0 @0']);
    rig.key(40, 2);
    assert.deepEqual(rig.viewer().takeAll(), ['key 2 @40']);
  });

  it('keeps headers however many names of data are set', () => {
    const rig = new StreamRig();
    rig.stream.beginPublish();
    for (let n = 0; n < 40; n++)
      rig.stream.publishData(0, { kind: 'set', handler: `on${n}`, values: [true] });
    rig.audioHeader(0, 1);
    rig.videoHeader(0, 1);
    rig.key(0, 1);
    assert.equal(rig.stream.stats.droppedMessages, 32, 'counted, as not kept');
    const lines = rig.viewer().takeAll();
    assert.deepEqual(lines.slice(7), ['data "on7" true @0', ...headersAt(0).slice(1), 'key 1 @0']);
  });

  it('takes metadata that is an object or an ECMA array [item 75]', () => {
    const rig = new StreamRig();
    rig.stream.beginPublish();
    const values = [AmfObject.of({ a: 1 })];
    rig.stream.publishData(0, { kind: 'set', handler: 'onMetaData', values });
    rig.key(0, 1);
    assert.deepEqual(rig.viewer().takeAll(), ['data "onMetaData" [a: 1] @0', 'key 1 @0']);
  });
});
