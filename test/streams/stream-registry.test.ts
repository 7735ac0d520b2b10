import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { perApp } from '../../src/config/app-settings.ts';
import { configWith } from '../../src/config/load-config.ts';
import { FULLY_MERGED_VIEWERS, MAX_LIVE_STREAMS } from '../../src/streams/limits.ts';
import { LiveStream } from '../../src/streams/live-stream.ts';
import { StreamRegistry } from '../../src/streams/stream-registry.ts';
import { FakeScheduler, OPTIONS, PAYLOAD, TestViewer } from './stream-rig.ts';

function newRegistry(): StreamRegistry {
  return new StreamRegistry(() => OPTIONS, new FakeScheduler());
}

function streamOf(found: LiveStream | string): LiveStream {
  assert.ok(found instanceof LiveStream);
  return found;
}

describe('StreamRegistry', () => {
  it('has one publisher a name', () => {
    const registry = newRegistry();
    const stream = streamOf(registry.publish('live', 'a'));
    assert.equal(stream.isPublished, true);
    assert.equal(registry.publish('live', 'a'), 'name-in-use');
    assert.notEqual(streamOf(registry.publish('live', 'b')), stream);
    assert.notEqual(streamOf(registry.publish('other', 'a')), stream);
    stream.endPublish();
    registry.release(stream);
    assert.notEqual(streamOf(registry.publish('live', 'a')), stream);
  });

  it('keeps apart names that read alike when joined', () => {
    const registry = newRegistry();
    streamOf(registry.publish('live/a', 'b'));
    streamOf(registry.publish('live', 'a/b'));
    assert.equal(registry.size, 2);
  });

  it('gives the one who waits and the one who publishes the same stream, whoever comes first', () => {
    const registry = newRegistry();
    const waited = streamOf(registry.watch('live', 'a'));
    assert.equal(waited.isPublished, false);
    assert.equal(registry.publish('live', 'a'), waited);
    assert.equal(registry.watch('live', 'a'), waited);
    assert.equal(registry.size, 1);
  });

  it('forgets a stream when it is released and nobody publishes or watches it any more', () => {
    const registry = newRegistry();
    const stream = streamOf(registry.publish('live', 'a'));
    const { viewer } = new TestViewer(stream);
    registry.release(stream);
    assert.equal(registry.size, 1);
    stream.endPublish();
    registry.release(stream);
    assert.equal(registry.size, 1, 'somebody watches still');
    stream.removeViewer(viewer);
    registry.release(stream);
    assert.equal(registry.size, 0);
  });

  it('does not forget a new stream in the place of one that is released late', () => {
    const registry = newRegistry();
    const old = streamOf(registry.watch('live', 'a'));
    registry.release(old);
    const now = streamOf(registry.publish('live', 'a'));
    registry.release(old);
    assert.equal(registry.watch('live', 'a'), now);
  });

  it('asks for the options of a stream when it makes it, by application and instance', () => {
    const asked: string[] = [];
    const scheduler = new FakeScheduler();
    const registry = new StreamRegistry((app) => {
      asked.push(app);
      return OPTIONS;
    }, scheduler);
    const stream = streamOf(registry.watch('live/eu', 'a'));
    assert.equal(registry.publish('live/eu', 'a'), stream);
    streamOf(registry.watch('live/eu', 'a'));
    streamOf(registry.publish('live', 'b'));
    assert.deepEqual(asked, ['live/eu', 'live']);
  });

  it('gathers writes as the settings of each application say', () => {
    const config = configWith({
      streams: { mergeTimeMs: 40 },
      apps: { live: { mergeTimeMs: 400 }, auction: { mergeTimeMs: 0 } },
    });
    const scheduler = new FakeScheduler();
    const optionsFor = perApp(config, ({ mergeTimeMs }) => ({ ...OPTIONS, mergeMs: mergeTimeMs }));
    const registry = new StreamRegistry(optionsFor, scheduler);
    const delayOf = (app: string): number | undefined => {
      const stream = streamOf(registry.publish(app, 'a'));
      for (let n = 0; n < FULLY_MERGED_VIEWERS; n++) new TestViewer(stream);
      // What comes behind a pause is told at once; what comes upon it gathers.
      stream.publishVideo(0, PAYLOAD.key(0));
      scheduler.run();
      stream.publishVideo(40, PAYLOAD.inter(1));
      scheduler.run();
      return scheduler.delaysMs.at(-1);
    };
    assert.deepEqual(['live', 'live/eu', 'auction', 'other'].map(delayOf), [500, 500, 0, 50]);
  });

  it('carries so many streams and none more', () => {
    const registry = newRegistry();
    for (let n = 0; n < MAX_LIVE_STREAMS; n++) streamOf(registry.watch('live', `${n}`));
    assert.equal(registry.watch('live', 'one more'), 'too-many-streams');
    assert.equal(registry.publish('live', 'one more'), 'too-many-streams');
    streamOf(registry.publish('live', '7'));
    const idle = streamOf(registry.watch('live', '8'));
    registry.release(idle);
    streamOf(registry.publish('live', 'one more'));
  });
});
