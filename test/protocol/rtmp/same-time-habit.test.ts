// Type 3 chunks that begin a message, from senders that keep to the text and from such as mean the same time by them.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import '../../support/property-sizes.ts';
import { ChunkDecoder } from '../../../src/protocol/rtmp/chunk-decoder.ts';
import { SameTimeHabit } from '../../../src/protocol/rtmp/same-time-habit.ts';
import { readPieces, WIDE_LIMITS } from '../../support/chunk-reading.ts';
import { chunk, filled, join } from '../../support/chunk-wire.ts';
import { splitEvery } from '../../support/splits.ts';
import { vectorsOf } from '../../support/vectors.ts';

const AUDIO = 8;
const VIDEO = 9;

/** One message: its type, its time, and as many bytes as its number says. */
type Step = { readonly typeId: number; readonly timeMs: number; readonly lengthBytes: number };

/** How a sender chooses the header of a message, given the one before on its chunk stream. */
type Sender = (step: Step, last: (Step & { readonly deltaMs: number }) | undefined) => 0 | 1 | 2 | 3;

/** By the text: type 3 where the delta goes on, and the timestamp of a type 0 chunk is a delta, as FMLE has it. */
const BY_THE_TEXT: Sender = (step, last) => {
  if (last === undefined || step.timeMs < last.timeMs) return 0;
  if (step.lengthBytes !== last.lengthBytes) return 1;
  return step.timeMs - last.timeMs === last.deltaMs ? 3 : 2;
};

/** As old librtmp: type 3 where the time is the same as before. */
const SAME_TIME: Sender = (step, last) => {
  if (last === undefined || step.timeMs < last.timeMs) return 0;
  if (step.lengthBytes !== last.lengthBytes) return 1;
  return step.timeMs === last.timeMs ? 3 : 2;
};

/** The bytes of a sender: audio on chunk stream 4, video on 6, the rest on 5. */
function bytesOf(sender: Sender, steps: readonly Step[]): Uint8Array {
  const sent = new Map<number, Step & { deltaMs: number }>();
  const chunks = steps.map((step) => {
    const { typeId, timeMs, lengthBytes } = step;
    const last = sent.get(typeId);
    const format = sender(step, last);
    const deltaMs = format === 0 ? timeMs : timeMs - (last?.timeMs ?? 0);
    sent.set(typeId, { ...step, deltaMs });
    const chunkStreamId = typeId === AUDIO ? 4 : typeId === VIDEO ? 6 : 5;
    return chunk({ format, chunkStreamId, typeId, timeMs: deltaMs, payload: filled(lengthBytes) });
  });
  return join(chunks);
}

/** The times that are read from `bytes`. */
function timesOf(bytes: Uint8Array, habit: SameTimeHabit | null): number[] {
  return readPieces([bytes], new ChunkDecoder(WIDE_LIMITS, habit)).map(({ ts }) => ts);
}

function audio(timeMs: number, lengthBytes = 7): Step {
  return { typeId: AUDIO, timeMs, lengthBytes };
}

function video(timeMs: number, lengthBytes = 9): Step {
  return { typeId: VIDEO, timeMs, lengthBytes };
}

/** Sound and pictures in step for `durationMs`; pictures differ in length, sound does not. */
function inStep(startMs: number, durationMs: number, soundMs: number, pictureMs: number): Step[] {
  const steps: Step[] = [];
  for (let at = 0; at < durationMs; at += soundMs) steps.push(audio(startMs + at));
  for (let at = 0; at < durationMs; at += pictureMs) steps.push(video(startMs + at, 10 + (at % 3)));
  return steps.sort((left, right) => left.timeMs - right.timeMs);
}

/** What old librtmp sends of an encoder that gives two packets of sound one time. */
function inPairs(startMs: number, durationMs: number): Step[] {
  return inStep(startMs, durationMs, 40, 40).flatMap((step) =>
    step.typeId === AUDIO ? [step, step] : [step],
  );
}

describe('SameTimeHabit behind a type 0 chunk', () => {
  it('reads every vector as it is read without: FMLE begins with 26, then 52 [item 13]', () => {
    for (const vector of vectorsOf('CHUNK')) {
      const decoder = new ChunkDecoder(WIDE_LIMITS, new SameTimeHabit());
      assert.deepEqual(readPieces([vector.bytes], decoder), vector.msgs, vector.id);
    }
  });

  it('reads a start by the text, and the deltas that go on from it', () => {
    const steps = [video(23), audio(26), audio(52), audio(78), video(56), audio(104)];
    const bytes = bytesOf(BY_THE_TEXT, steps);
    assert.deepEqual(
      timesOf(bytes, new SameTimeHabit()),
      steps.map(({ timeMs }) => timeMs),
    );
  });

  it('reads no delta where the time would double', () => {
    const steps = [audio(3_600_000), video(3_600_010), audio(3_600_000), audio(3_600_000), audio(3_600_021)];
    const bytes = bytesOf(SAME_TIME, steps);
    assert.deepEqual(timesOf(bytes, null), [3_600_000, 3_600_010, 7_200_000, 10_800_000, 10_800_021]);
    assert.deepEqual(
      timesOf(bytes, new SameTimeHabit()),
      steps.map(({ timeMs }) => timeMs),
    );
  });

  for (const [firstMs, secondMs] of [
    [250, 500],
    [251, 251],
  ] as const) {
    it(`adds to a track that is alone ${secondMs - firstMs} ms behind ${firstMs} ms`, () => {
      const bytes = join([
        chunk({ format: 0, chunkStreamId: 4, timeMs: firstMs, typeId: AUDIO, payload: filled(2) }),
        chunk({ format: 3, chunkStreamId: 4, payload: filled(2) }),
      ]);
      assert.deepEqual(timesOf(bytes, new SameTimeHabit()), [firstMs, secondMs]);
    });
  }

  it('reads the second of a pair at 250 ms or less late, and what goes on from it', () => {
    const steps = [audio(40), audio(40), audio(80)];
    assert.deepEqual(timesOf(bytesOf(SAME_TIME, steps), new SameTimeHabit()), [40, 80, 120]);
  });

  it('adds seconds where the other track is there already, as with pictures every two seconds', () => {
    const steps = [...inStep(0, 4000, 20, 4000).slice(2), video(2000), video(4000), audio(4000), video(6000)];
    steps.sort((left, right) => left.timeMs - right.timeMs);
    const bytes = bytesOf(BY_THE_TEXT, steps);
    assert.deepEqual(
      timesOf(bytes, new SameTimeHabit()),
      steps.map(({ timeMs }) => timeMs),
    );
  });

  it('judges data by the track of pictures, and by that of sound where there are none', () => {
    const data = (timeMs: number): Step => ({ typeId: 18, timeMs, lengthBytes: 5 });
    for (const track of [audio, video]) {
      for (const [sender, steps] of [
        [BY_THE_TEXT, [track(0), data(5000), track(9900), data(10_000)]],
        [SAME_TIME, [track(0), data(5000), track(5020), data(5000)]],
      ] as const) {
        assert.deepEqual(
          timesOf(bytesOf(sender, steps), new SameTimeHabit()),
          steps.map(({ timeMs }) => timeMs),
        );
      }
    }
  });

  it('reads no delta from a type 3 chunk that repeats the extended timestamp either', () => {
    const startMs = 20_000_000;
    const bytes = join([
      chunk({ format: 0, chunkStreamId: 4, extendedMs: startMs, typeId: AUDIO, payload: filled(3) }),
      chunk({
        format: 3,
        chunkStreamId: 4,
        payload: join([Uint8Array.of(1, 0x31, 0x2d, 0), filled(3)]),
      }),
      chunk({ format: 1, chunkStreamId: 4, timeMs: 21, typeId: AUDIO, payload: filled(4) }),
    ]);
    assert.deepEqual(timesOf(bytes, new SameTimeHabit()), [startMs, startMs, startMs + 21]);
  });
});

describe('SameTimeHabit behind other headers', () => {
  it('follows the text for any sender that keeps to it, however its tracks are woven', () => {
    fc.assert(
      fc.property(
        fc.nat(100_000),
        fc.constantFrom(10, 20, 23, 60),
        fc.constantFrom(17, 33, 40, 200, 1000),
        fc.constantFrom(1, 100, 400, 1000),
        fc.integer({ min: -800, max: 800 }),
        (startMs, soundMs, pictureMs, weaveMs, skewMs) => {
          const steps = inStep(startMs + 800, 12_000, soundMs, pictureMs)
            .map((step) => (step.typeId === AUDIO ? audio(step.timeMs + skewMs) : step))
            .map((step) => ({ step, at: Math.floor((step.timeMs - startMs) / weaveMs) }))
            .sort((left, right) => left.at - right.at || left.step.typeId - right.step.typeId)
            .map(({ step }) => step);
          const bytes = bytesOf(BY_THE_TEXT, steps);
          assert.deepEqual(timesOf(bytes, new SameTimeHabit()), timesOf(bytes, null));
        },
      ),
    );
  });

  it('follows the text where pictures stop for a while and come back, late or in step', () => {
    const start = inStep(0, 5000, 20, 40);
    const soundOnly = inStep(5000, 4000, 20, 10_000);
    const inTime = inStep(9000, 5000, 20, 40);
    const late = inStep(5040, 3900, 10_000, 40).filter(({ typeId }) => typeId === VIDEO);
    for (const steps of [
      [...start, ...soundOnly, ...inTime],
      [...start, ...soundOnly, ...late, ...inTime],
    ]) {
      const bytes = bytesOf(BY_THE_TEXT, steps);
      assert.deepEqual(timesOf(bytes, new SameTimeHabit()), timesOf(bytes, null));
    }
  });

  it('reads the same time from then on where sound runs away from pictures in three stretches', () => {
    const steps = inPairs(0, 20_000);
    const bytes = bytesOf(SAME_TIME, steps);
    const wanted = steps.map(({ timeMs }) => timeMs);
    const offMs = timesOf(bytes, new SameTimeHabit()).map((timeMs, index) => timeMs - (wanted[index] ?? 0));
    const offSoundMs = offMs.filter((_, index) => steps[index]?.typeId === AUDIO);
    assert.equal(Math.max(...offMs), 1560);
    assert.ok(
      offSoundMs.slice(200).every((off) => off === 1560),
      'it runs on',
    );
    assert.equal(timesOf(bytes, null).at(-2), 2 * 19_960);
  });

  it('never judges a track that is alone, though it runs away', () => {
    const steps = inPairs(0, 60_000).filter(({ typeId }) => typeId === AUDIO);
    const bytes = bytesOf(SAME_TIME, steps);
    assert.deepEqual(timesOf(bytes, new SameTimeHabit()), timesOf(bytes, null));
    assert.deepEqual([steps.at(-1)?.timeMs, timesOf(bytes, new SameTimeHabit()).at(-1)], [59_960, 119_920]);
  });

  it('is right again behind the next type 0 chunk', () => {
    const later = 60_000;
    const bytes = join([bytesOf(SAME_TIME, inPairs(0, 20_000)), bytesOf(SAME_TIME, inPairs(later, 1000))]);
    const steps = inPairs(later, 1000);
    const habit = new SameTimeHabit();
    assert.deepEqual(
      timesOf(bytes, habit).slice(-steps.length),
      steps.map(({ timeMs }) => timeMs),
    );
  });

  it('comes back to the text where sound falls behind in three stretches', () => {
    const bytes = join([
      bytesOf(SAME_TIME, inPairs(0, 5000)),
      bytesOf(BY_THE_TEXT, inStep(10_000, 10_000, 20, 40)),
    ]);
    const times = timesOf(bytes, new SameTimeHabit());
    const pace = (times.at(-4) ?? 0) - (times.at(-304) ?? 0);
    assert.ok(Math.abs(pace - 4000) <= 40, `${pace} ms for 300 messages, of which 100 are pictures`);
  });

  it('finds the same times however the bytes are cut', () => {
    const bytes = bytesOf(SAME_TIME, inPairs(0, 4000));
    const whole = timesOf(bytes, new SameTimeHabit());
    const decoder = new ChunkDecoder(WIDE_LIMITS, new SameTimeHabit());
    assert.deepEqual(
      readPieces(splitEvery(bytes, 1), decoder).map(({ ts }) => ts),
      whole,
    );
  });
});
