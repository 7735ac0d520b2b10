import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { headersAt, StreamRig } from './stream-rig.ts';

describe('Viewer, where it begins', () => {
  it('begins at the last keyframe with metadata, video header and audio header in front, stamped with its time [item 74]', () => {
    const rig = new StreamRig();
    rig.begin();
    for (const n of [0, 1, 2, 3, 4, 5]) {
      if (n % 3 === 0) rig.key(n * 40, n);
      else rig.inter(n * 40, n);
      rig.audio(n * 40 + 5, n);
    }
    const viewer = rig.viewer();
    assert.deepEqual(viewer.takeAll(), [
      ...headersAt(120),
      'key 3 @120',
      'audio 3 @125',
      'inter 4 @160',
      'audio 4 @165',
      'inter 5 @200',
      'audio 5 @205',
    ]);
    rig.inter(240, 6);
    assert.deepEqual(viewer.takeAll(), ['inter 6 @240']);
    assert.deepEqual(viewer.takeAll(), []);
  });

  it('gets the headers that were in force at the keyframe, and later ones where they came [item 76]', () => {
    const rig = new StreamRig();
    rig.begin();
    rig.key(0, 0);
    rig.inter(40, 1);
    rig.metadata(60, 'two');
    rig.videoHeader(60, 2);
    rig.audioHeader(60, 2);
    rig.inter(80, 2);
    assert.deepEqual(rig.viewer().takeAll(), [
      ...headersAt(0),
      'key 0 @0',
      'inter 1 @40',
      'data "onMetaData" [title: "two"] @40',
      'video-header 2 @40',
      'audio-header 2 @40',
      'inter 2 @80',
    ]);
    rig.key(120, 3);
    assert.deepEqual(rig.viewer().takeAll(), [...headersAt(120, 2, 'two'), 'key 3 @120']);
  });

  it('gets no metadata that was cleared, and none of an earlier publish [item 75]', () => {
    const rig = new StreamRig();
    rig.begin();
    rig.stream.publishData(0, { kind: 'clear', handler: 'onMetaData', values: [] });
    rig.key(0, 0);
    assert.deepEqual(rig.viewer().takeAll(), ['video-header 1 @0', 'audio-header 1 @0', 'key 0 @0']);
    rig.stream.endPublish();
    rig.stream.beginPublish();
    rig.key(0, 1);
    assert.deepEqual(rig.viewer().takeAll(), ['key 1 @100']);
  });

  it('gets all from the start where it was there before the publisher', () => {
    const rig = new StreamRig();
    const viewer = rig.viewer();
    assert.deepEqual(viewer.takeAll(), []);
    rig.begin();
    rig.key(0, 0);
    rig.inter(40, 1);
    rig.key(80, 2);
    assert.deepEqual(viewer.takeAll(), ['started', ...headersAt(0), 'key 0 @0', 'inter 1 @40', 'key 2 @80']);
  });

  it('waits where the log holds no keyframe', () => {
    const rig = new StreamRig();
    rig.begin();
    rig.inter(0, 1);
    rig.inter(40, 2);
    const viewer = rig.viewer();
    assert.deepEqual(viewer.takeAll(), []);
    rig.inter(80, 3);
    assert.deepEqual(viewer.takeAll(), []);
    rig.key(120, 4);
    rig.inter(160, 5);
    assert.deepEqual(viewer.takeAll(), [...headersAt(120), 'key 4 @120', 'inter 5 @160']);
  });

  it('waits for the next keyframe where it does not start in the past', () => {
    const rig = new StreamRig();
    rig.begin();
    rig.key(0, 0);
    const viewer = rig.viewer({ startsInPast: false });
    rig.inter(40, 1);
    assert.deepEqual(viewer.takeAll(), []);
    rig.key(80, 2);
    rig.inter(120, 3);
    rig.key(160, 4);
    const expected = [...headersAt(80), 'key 2 @80', 'inter 3 @120', 'key 4 @160'];
    assert.deepEqual(viewer.takeAll(), expected);
  });

  it('begins with the first keyframe of a publish that it waited for, whatever came before it is woken', () => {
    const rig = new StreamRig();
    const viewer = rig.viewer({ startsInPast: false });
    rig.begin();
    rig.key(0, 0);
    rig.inter(40, 1);
    rig.scheduler.run();
    assert.equal(viewer.wakes, 1);
    assert.deepEqual(viewer.takeAll(), ['started', ...headersAt(0), 'key 0 @0', 'inter 1 @40']);
  });

  for (const [limit, options] of [
    ['bytes', { gopCacheBytes: 64 * 1024 }],
    ['media time', { gopCacheMs: 1000 }],
  ] as const) {
    it(`waits for the next keyframe where the group of pictures is past the bound of ${limit}`, () => {
      const rig = new StreamRig(options);
      rig.begin();
      rig.key(0, 0);
      for (let n = 1; n <= 30; n++) rig.inter(n * 40, n, 4000);
      const viewer = rig.viewer();
      assert.deepEqual(viewer.takeAll(), []);
      rig.key(1240, 31, 100_000);
      assert.deepEqual(
        viewer.takeAll(),
        [...headersAt(1240), 'key 31 @1240'],
        'one that is past it alone, too',
      );
      rig.inter(1280, 32);
      assert.deepEqual(viewer.takeAll(), ['inter 32 @1280']);
    });
  }

  it('begins about a second back in a stream of sound alone [item 74]', () => {
    const rig = new StreamRig();
    rig.stream.beginPublish();
    rig.audioHeader(0, 1);
    for (let n = 0; n <= 200; n++) rig.audio(n * 20, n);
    const lines = rig.viewer().takeAll();
    assert.deepEqual(lines.slice(0, 2), ['audio-header 1 @3000', 'audio 150 @3000']);
    assert.equal(lines.length, 52);
    assert.equal(lines.at(-1), 'audio 200 @4000');
  });

  it('begins at the next sound where it does not start in the past', () => {
    const rig = new StreamRig();
    rig.stream.beginPublish();
    for (let n = 0; n <= 10; n++) rig.audio(n * 20, n);
    const viewer = rig.viewer({ startsInPast: false });
    assert.deepEqual(viewer.takeAll(), []);
    rig.audio(220, 11);
    rig.audio(240, 12);
    assert.deepEqual(viewer.takeAll(), ['audio 11 @220', 'audio 12 @240']);
  });

  it('begins in a stream of pictures alone [item 74]', () => {
    const rig = new StreamRig();
    rig.stream.beginPublish();
    rig.videoHeader(0, 1);
    rig.key(0, 0);
    rig.inter(40, 1);
    assert.deepEqual(rig.viewer().takeAll(), ['video-header 1 @0', 'key 0 @0', 'inter 1 @40']);
  });

  it('begins in a stream of data alone', () => {
    const rig = new StreamRig();
    rig.stream.beginPublish();
    const viewer = rig.viewer();
    rig.metadata(0, 'one');
    assert.deepEqual(viewer.takeAll(), []);
    rig.stream.publishData(0, { kind: 'send', handler: 'onChat', values: ['hello'] });
    assert.deepEqual(viewer.takeAll(), ['data "onMetaData" [title: "one"] @0', 'data "onChat" "hello" @0']);
    rig.videoHeader(0, 1);
    rig.inter(0, 1);
    rig.stream.publishData(0, { kind: 'send', handler: 'onChat', values: ['again'] });
    assert.deepEqual(
      viewer.takeAll(),
      ['video-header 1 @0', 'data "onChat" "again" @0'],
      'no picture without a keyframe',
    );
  });

  it('begins at sound again once the pictures are gone for a while', () => {
    const rig = new StreamRig();
    rig.begin();
    rig.key(0, 0);
    for (let n = 1; n <= 300; n++) rig.audio(n * 20, n);
    const viewer = rig.viewer();
    const lines = viewer.takeAll();
    assert.deepEqual(lines.slice(0, 4), [...headersAt(5000), 'audio 250 @5000']);
    rig.inter(6020, 7);
    rig.audio(6020, 301);
    assert.deepEqual(
      viewer.takeAll(),
      ['audio 301 @6020'],
      'a picture that needs those before it is left out',
    );
    rig.key(6060, 8);
    rig.inter(6100, 9);
    assert.deepEqual(viewer.takeAll(), ['key 8 @6060', 'inter 9 @6100']);
  });

  it('takes the sound in front of the first keyframe, and no picture in front of it', () => {
    const rig = new StreamRig();
    const viewer = rig.viewer();
    rig.stream.beginPublish();
    rig.audio(0, 1);
    rig.videoHeader(0, 1);
    rig.inter(10, 1);
    rig.audio(20, 2);
    assert.deepEqual(viewer.takeAll(), ['started', 'audio 1 @0', 'video-header 1 @0', 'audio 2 @20']);
    rig.key(40, 2);
    rig.inter(60, 3);
    assert.deepEqual(viewer.takeAll(), ['key 2 @40', 'inter 3 @60']);
  });

  it('takes the headers alone where the keyframe does not fit with them', () => {
    const rig = new StreamRig();
    rig.begin();
    rig.key(0, 0, 5000);
    rig.inter(40, 1, 5000);
    const viewer = rig.viewer();
    assert.deepEqual(viewer.take(5000), headersAt(0));
    assert.deepEqual(viewer.take(5000), ['key 0 @0'], 'the first one however long');
    assert.deepEqual(viewer.take(5000, false), [], 'unless that is not wanted');
    assert.deepEqual(viewer.take(5012, false), ['inter 1 @40']);
    const another = rig.viewer();
    assert.deepEqual(another.take(50, false), []);
    assert.deepEqual(another.take(6000), [...headersAt(0), 'key 0 @0']);
  });
});
