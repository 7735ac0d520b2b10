import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { StreamLog } from '../../src/streams/stream-log.ts';
import { appendTo, KEY } from './log-rig.ts';
import { headersAt, OPTIONS, PAYLOAD, StreamRig, TestViewer } from './stream-rig.ts';

function startedRig(): { rig: StreamRig; viewer: TestViewer } {
  const rig = new StreamRig();
  rig.begin();
  rig.key(0, 0);
  const viewer = rig.viewer();
  viewer.takeAll();
  return { rig, viewer };
}

describe('Viewer, filters', () => {
  it('gives nothing while paused, and goes on at the next keyframe with the headers in front [item 69]', () => {
    const { rig, viewer } = startedRig();
    viewer.viewer.setFilter({ audio: true, video: true, isPaused: true });
    rig.inter(40, 1);
    assert.deepEqual(viewer.takeAll(), []);
    viewer.viewer.setFilter({ audio: true, video: true, isPaused: false });
    rig.inter(80, 2);
    assert.deepEqual(viewer.takeAll(), []);
    rig.key(120, 3);
    rig.inter(160, 4);
    assert.deepEqual(viewer.takeAll(), [...headersAt(120), 'key 3 @120', 'inter 4 @160']);
    assert.equal(viewer.viewer.skips, 0);
  });

  it('goes on at the newest keyframe where some came during the pause', () => {
    const { rig, viewer } = startedRig();
    viewer.viewer.setFilter({ audio: true, video: true, isPaused: true });
    for (const n of [1, 2, 3]) rig.key(n * 40, n);
    rig.inter(160, 4);
    viewer.viewer.setFilter({ audio: true, video: true, isPaused: false });
    assert.deepEqual(viewer.takeAll(), [...headersAt(120), 'key 3 @120', 'inter 4 @160']);
  });

  it('hears of the end of a publish while paused, and starts with the next one when it goes on', () => {
    const { rig, viewer } = startedRig();
    viewer.viewer.setFilter({ audio: true, video: true, isPaused: true });
    rig.inter(40, 1);
    rig.stream.endPublish();
    assert.deepEqual(viewer.takeAll(), ['ended']);
    rig.begin();
    rig.key(0, 2);
    assert.deepEqual(viewer.takeAll(), ['started']);
    viewer.viewer.setFilter({ audio: true, video: true, isPaused: false });
    assert.deepEqual(viewer.takeAll(), [...headersAt(140), 'key 2 @140']);
  });

  it('begins as ever where it was paused before it began', () => {
    const rig = new StreamRig();
    rig.begin();
    rig.key(0, 0);
    const viewer = rig.viewer();
    viewer.viewer.setFilter({ audio: true, video: true, isPaused: true });
    assert.deepEqual(viewer.takeAll(), []);
    viewer.viewer.setFilter({ audio: true, video: true, isPaused: false });
    assert.deepEqual(viewer.takeAll(), [...headersAt(0), 'key 0 @0']);
  });

  it('leaves out sound that is not wanted, and takes it up again at once', () => {
    const { rig, viewer } = startedRig();
    viewer.viewer.setFilter({ audio: false, video: true, isPaused: false });
    rig.audio(20, 1);
    rig.inter(40, 1);
    rig.audio(60, 2);
    assert.deepEqual(viewer.takeAll(), ['inter 1 @40']);
    viewer.viewer.setFilter({ audio: true, video: true, isPaused: false });
    rig.audio(80, 3);
    rig.inter(80, 2);
    assert.deepEqual(viewer.takeAll(), ['audio 3 @80', 'inter 2 @80']);
  });

  it('leaves out pictures that are not wanted, and takes them up again at a keyframe, with no gap in the sound [item 69]', () => {
    const { rig, viewer } = startedRig();
    viewer.viewer.setFilter({ audio: true, video: false, isPaused: false });
    rig.audio(20, 1);
    rig.inter(40, 1);
    rig.key(80, 2);
    assert.deepEqual(viewer.takeAll(), ['audio 1 @20']);
    viewer.viewer.setFilter({ audio: true, video: true, isPaused: false });
    rig.inter(120, 3);
    rig.audio(120, 2);
    assert.deepEqual(viewer.takeAll(), ['audio 2 @120']);
    rig.audio(140, 3);
    rig.key(160, 4);
    rig.inter(200, 5);
    assert.deepEqual(viewer.takeAll(), ['audio 3 @140', 'video-header 1 @160', 'key 4 @160', 'inter 5 @200']);
    rig.inter(240, 6);
    assert.deepEqual(viewer.takeAll(), ['inter 6 @240']);
  });

  it('gets the headers once where it began with sound after its pictures were off', () => {
    const rig = new StreamRig();
    const viewer = rig.viewer();
    for (const video of [false, true]) viewer.viewer.setFilter({ audio: true, video, isPaused: false });
    rig.stream.beginPublish();
    rig.audioHeader(0, 1);
    rig.audio(0, 1);
    rig.key(20, 2);
    assert.deepEqual(viewer.takeAll(), ['started', 'audio-header 1 @0', 'audio 1 @0', 'key 2 @20']);
  });

  it('gets all headers in front whatever it wants, so that what it turns on later can be decoded', () => {
    const rig = new StreamRig();
    rig.begin();
    rig.key(0, 0);
    rig.audio(20, 1);
    const deaf = rig.viewer();
    deaf.viewer.setFilter({ audio: false, video: true, isPaused: false });
    assert.deepEqual(deaf.takeAll(), [...headersAt(0), 'key 0 @0']);
    const blind = rig.viewer();
    blind.viewer.setFilter({ audio: true, video: false, isPaused: false });
    assert.deepEqual(blind.takeAll(), [...headersAt(0), 'audio 1 @20']);
    for (const { viewer } of [deaf, blind]) viewer.setFilter({ audio: true, video: true, isPaused: false });
    rig.audio(30, 2);
    rig.key(40, 3);
    assert.deepEqual(deaf.takeAll(), ['audio 2 @30', 'key 3 @40']);
    assert.deepEqual(blind.takeAll(), ['audio 2 @30', 'video-header 1 @40', 'key 3 @40']);
  });

  it('gets headers that change while what they belong to is off', () => {
    const { rig, viewer } = startedRig();
    viewer.viewer.setFilter({ audio: false, video: false, isPaused: false });
    rig.audioHeader(20, 2);
    rig.audio(20, 1);
    rig.videoHeader(20, 2);
    rig.key(40, 1);
    assert.deepEqual(viewer.takeAll(), ['audio-header 2 @0', 'video-header 2 @20']);
    viewer.viewer.setFilter({ audio: true, video: true, isPaused: false });
    rig.inter(60, 2);
    rig.audio(60, 2);
    rig.key(80, 3);
    assert.deepEqual(viewer.takeAll(), ['audio 2 @60', 'video-header 2 @80', 'key 3 @80']);
  });

  it('begins anew at the last keyframe when it seeks, with the headers in front [item 69]', () => {
    const { rig, viewer } = startedRig();
    rig.inter(40, 1);
    assert.deepEqual(viewer.takeAll(), ['inter 1 @40']);
    viewer.viewer.restart();
    rig.audio(50, 1);
    const again = [...headersAt(0), 'key 0 @0', 'inter 1 @40', 'audio 1 @50'];
    assert.deepEqual(viewer.takeAll(), again);
    rig.key(80, 2);
    assert.deepEqual(viewer.takeAll(), ['key 2 @80']);
  });

  it('waits for the next keyframe when it seeks where nothing of the past is kept', () => {
    const rig = new StreamRig({ gopCacheBytes: 0 });
    rig.begin();
    const viewer = rig.viewer();
    rig.key(0, 0);
    viewer.takeAll();
    viewer.viewer.restart();
    rig.inter(40, 1);
    assert.deepEqual(viewer.takeAll(), []);
    rig.key(80, 2);
    assert.deepEqual(viewer.takeAll(), [...headersAt(80), 'key 2 @80']);
  });

  it('seeks without effect where nobody publishes, and while it is paused gives nothing', () => {
    const early = new StreamRig().viewer();
    early.viewer.restart();
    assert.deepEqual(early.takeAll(), []);
    const { rig, viewer } = startedRig();
    viewer.viewer.setFilter({ audio: true, video: true, isPaused: true });
    viewer.viewer.restart();
    rig.inter(40, 1);
    assert.deepEqual(viewer.takeAll(), []);
    viewer.viewer.setFilter({ audio: true, video: true, isPaused: false });
    assert.deepEqual(viewer.takeAll(), [...headersAt(0), 'key 0 @0', 'inter 1 @40']);
  });

  it('takes nothing that is longer than asked for where that is not wanted, headers in front included', () => {
    const rig = new StreamRig();
    rig.begin();
    rig.key(0, 0, 1000);
    const viewer = rig.viewer();
    viewer.viewer.setFilter({ audio: false, video: true, isPaused: false });
    assert.deepEqual(viewer.take(50, false), []);
    assert.deepEqual(viewer.take(1012, false), headersAt(0));
    assert.deepEqual(viewer.take(1011, false), []);
    assert.deepEqual(viewer.take(1012, false), ['key 0 @0']);
    rig.audio(20, 1, 500);
    rig.inter(40, 1, 88);
    assert.deepEqual(viewer.take(99, false), [], 'behind one that it leaves out, too');
    assert.deepEqual(viewer.take(100, false), ['inter 1 @40']);
  });

  it('writes headers that are too long to be taken once, not at each asking', () => {
    let reads = 0;
    const payload = PAYLOAD.videoHeader(1);
    const message = {
      ...{ typeId: 9, chunkStreamId: 6, messageStreamId: 1, timestampMs: 0 },
      get payload(): Uint8Array {
        reads++;
        return payload;
      },
    };
    const scope = { trackIds: [0], isPart: false, isReset: false };
    const log = new StreamLog(OPTIONS);
    appendTo(log, { ...KEY, sticky: [{ key: 'video', ...scope, message }] }, 0, PAYLOAD.key(1));
    const viewer = new TestViewer(new StreamRig().stream);
    viewer.viewer.follow(log, false);
    assert.deepEqual(viewer.take(20, false), []);
    const readsOnce = reads;
    for (let times = 0; times < 5; times++) assert.deepEqual(viewer.take(20, false), []);
    assert.equal(reads, readsOnce);
    assert.deepEqual(viewer.take(28, false), ['video-header 1 @0']);
    assert.deepEqual(viewer.takeAll(), ['key 1 @0']);
  });

  it('ends a take of so many bytes on a message boundary, and gives at least one message', () => {
    const { rig, viewer } = startedRig();
    viewer.viewer.setFilter({ audio: false, video: true, isPaused: false });
    for (let n = 1; n <= 5; n++) {
      rig.inter(n * 40, n, 88);
      rig.audio(n * 40, n, 500);
    }
    assert.deepEqual(viewer.take(250), ['inter 1 @40', 'inter 2 @80']);
    assert.deepEqual(viewer.take(1), ['inter 3 @120']);
    assert.deepEqual(viewer.take(99, false), []);
    assert.deepEqual(viewer.take(1000), ['inter 4 @160', 'inter 5 @200']);
    assert.deepEqual(viewer.take(1000), []);
  });

  it('hears of the end behind messages that it does not want', () => {
    const { rig, viewer } = startedRig();
    viewer.viewer.setFilter({ audio: false, video: true, isPaused: false });
    rig.audio(20, 1);
    rig.stream.endPublish();
    assert.deepEqual(viewer.takeAll(), ['ended']);
  });

  it('re-addresses the bytes for another message stream id, in a copy of its own', () => {
    const rig = new StreamRig({ chunkSizeBytes: 128 });
    rig.begin();
    rig.key(0, 0, 300);
    const other = rig.viewer({ messageStreamId: 0x01020304 });
    const ordinary = rig.viewer();
    const on = ` on ${0x01020304}`;
    assert.deepEqual(
      other.takeAll(),
      [...headersAt(0), 'key 0 @0'].map((line) => line + on),
    );
    rig.inter(40, 1, 300);
    rig.audio(40, 1);
    assert.deepEqual(other.takeAll(), [`inter 1 @40${on}`, `audio 1 @40${on}`]);
    assert.deepEqual(ordinary.takeAll(), [...headersAt(0), 'key 0 @0', 'inter 1 @40', 'audio 1 @40']);
  });
});
