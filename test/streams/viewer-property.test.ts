import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { StreamRig, type TestViewer } from './stream-rig.ts';

/** What the publisher does next. */
type Step = {
  readonly type: 'key' | 'inter' | 'audio' | 'metadata' | 'videoHeader' | 'audioHeader';
  readonly elapsedMs: number;
  readonly payloadBytes: number;
  /** What the slow viewer takes behind it, in bytes; 0 takes nothing. */
  readonly slowBytes: number;
  readonly joins: boolean;
};

const step: fc.Arbitrary<Step> = fc.record({
  type: fc.constantFrom(
    'key',
    'inter',
    'inter',
    'inter',
    'audio',
    'audio',
    'metadata',
    'videoHeader',
    'audioHeader',
  ),
  elapsedMs: fc.integer({ min: 1, max: 14 }),
  payloadBytes: fc.integer({ min: 20, max: 12_000 }),
  slowBytes: fc.oneof(fc.constant(0), fc.constant(0), fc.integer({ min: 1, max: 40_000 })),
  joins: fc.boolean(),
});
const steps = fc.array(step, { minLength: 1, maxLength: 200, size: 'max' });

/** What was published, as the lines that a viewer reads, and the headers in force at each keyframe. */
class Published {
  readonly lines: string[] = [];
  readonly headersAt = new Map<number, string[]>();
  readonly #rig: StreamRig;
  readonly #inForce: { metadata?: string; videoHeader?: string; audioHeader?: string } = {};
  #nowMs = 0;
  #newestMs = 0;
  #number = 0;

  constructor(rig: StreamRig) {
    this.#rig = rig;
    rig.stream.beginPublish();
    this.#putHeader('videoHeader');
  }

  publish({ type, elapsedMs, payloadBytes }: Step): void {
    if (type === 'metadata' || type === 'videoHeader' || type === 'audioHeader') {
      this.#putHeader(type);
      return;
    }
    // The first frame is at 0, where the stream's time begins.
    if (this.#newestMs > 0 || this.lines.some((line) => /^(key|inter|audio) /.test(line)))
      this.#nowMs += elapsedMs;
    this.#newestMs = this.#nowMs;
    const number = this.#number++;
    if (type === 'key') {
      const { metadata, videoHeader, audioHeader } = this.#inForce;
      const kept = [metadata, videoHeader, audioHeader].filter((text) => text !== undefined);
      this.headersAt.set(
        this.lines.length,
        kept.map((text) => `${text} @${text === metadata ? 0 : this.#nowMs}`),
      );
    }
    this.lines.push(`${type} ${number} @${this.#nowMs}`);
    this.#rig[type](this.#nowMs, number, payloadBytes);
  }

  #putHeader(type: 'metadata' | 'videoHeader' | 'audioHeader'): void {
    const number = this.#number++;
    const name = { metadata: '', videoHeader: 'video-header', audioHeader: 'audio-header' }[type];
    const text = type === 'metadata' ? `data "onMetaData" [title: "${number}"]` : `${name} ${number}`;
    this.#inForce[type] = text;
    this.lines.push(`${text} @${this.#newestMs}`);
    if (type === 'metadata') this.#rig.metadata(this.#newestMs, `${number}`);
    else this.#rig[type](this.#newestMs, number);
  }
}

/** Places where a viewer's lines leave the published ones, to go on at a keyframe with its headers in front. */
function jumpsOf(heard: readonly string[], published: Published): number[] {
  const jumps: number[] = [];
  let next = -1;
  for (let at = 0; at < heard.length; ) {
    // Metadata is stamped 0 wherever it stands: that which comes next may also be the first header of a jump.
    const goesOn = next >= 0 && heard[at] === published.lines[next];
    const isSure = !heard[at]?.startsWith('data ') || heard[at + 1] === published.lines[next + 1];
    if (goesOn && isSure) {
      next++;
      at++;
      continue;
    }
    // Headers may come alone, where the keyframe did not fit, and the viewer may jump before it takes that.
    const places = [...published.headersAt].filter(
      ([index, headers]) => index > next && headers.every((line, i) => heard[at + i] === line),
    );
    const key =
      places.find(([index, headers]) => heard[at + headers.length] === published.lines[index]) ?? places[0];
    if (key === undefined && goesOn) {
      next++;
      at++;
      continue;
    }
    assert.ok(key !== undefined, `${heard[at]} is neither what comes next nor in front of a keyframe`);
    const [index, headers] = key;
    jumps.push(index);
    next = index;
    at += headers.length;
  }
  if (jumps.length > 0) assert.equal(next, published.lines.length, 'nothing is missing at the end');
  return jumps;
}

function run(sequence: readonly Step[], lag: { lagMs: number; lagBytes: number }): void {
  const rig = new StreamRig({ ...lag, gopCacheBytes: 256 * 1024 });
  const published = new Published(rig);
  const slow = rig.viewer();
  const inStep: TestViewer[] = [];
  for (const one of sequence) {
    published.publish(one);
    if (one.joins && inStep.length < 5) inStep.push(rig.viewer());
    for (const viewer of inStep) viewer.takeAll();
    if (one.slowBytes > 0) slow.take(one.slowBytes);
  }
  slow.takeAll(5000);
  const slowJumps = jumpsOf(slow.heard, published);
  assert.ok(slow.viewer.skips <= slowJumps.length);
  for (const viewer of inStep) {
    const jumps = jumpsOf(viewer.heard, published);
    assert.ok(jumps.length <= 1, 'a viewer in step gets exactly what was published, from its entry on');
    assert.equal(viewer.viewer.skips, 0);
  }
  const { heldBytes } = rig.stream.stats;
  // Twice, for a slab may stay half empty where the next message does not fit.
  const mostBytes = 2 * Math.max(lag.lagBytes, 256 * 1024) + 3 * 64 * 1024;
  assert.ok(heldBytes <= mostBytes, `${heldBytes}`);
}

describe('Viewer, any sequence of messages, takes and pauses', () => {
  it('in step: exactly what was published; slow: with gaps in front of keyframes only', () => {
    fc.assert(
      fc.property(steps, (sequence) => run(sequence, { lagMs: 300, lagBytes: 64 * 1024 })),
      { numRuns: 300 },
    );
  });

  it('slow, but within the limits: no gaps', () => {
    fc.assert(
      fc.property(steps, (sequence) => {
        const rig = new StreamRig();
        const published = new Published(rig);
        const slow = rig.viewer();
        for (const one of sequence) {
          published.publish(one);
          if (one.slowBytes > 0) slow.take(one.slowBytes);
        }
        slow.takeAll(5000);
        assert.ok(jumpsOf(slow.heard, published).length <= 1);
        assert.equal(slow.viewer.skips, 0);
      }),
      { numRuns: 100 },
    );
  });
});
