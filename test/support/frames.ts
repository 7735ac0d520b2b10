// Compares a received stream with its source, frame by frame: each one there, once, in order, whole, and at its
// time. Also asks ffmpeg whether a file decodes without a complaint.

import assert from 'node:assert/strict';
import { type FlvFile, type FlvTag, readFlvFile } from './flv-file.ts';
import { type Cleaner, startProgram } from './programs.ts';

/** What a comparison forgives. Without an option it forgives nothing at the end, and a late start. */
export type ReceivedOptions = {
  /** The player was there before the publisher: the first frame of the source must be there too. */
  readonly fromStart?: boolean;
  /**
   * Frames of the source, sound and pictures together, that may be missing at the end: an ffmpeg that publishes by
   * HTTP drops what it has not sent when it closes. Infinity where the player was stopped before the end.
   */
  readonly tailFrames?: number;
  /**
   * The publisher muxed the stream anew, as GStreamer's flvmux does: frames are compared by the time they are shown
   * at, 2 ms more or less, and those of the first 100 ms may have been squeezed together at its start.
   */
  readonly isRemuxed?: boolean;
  /** At least so much stream time must have come, in ms. */
  readonly minDurationMs?: number;
};

/** What was found, for further assertions. */
export type ReceivedSummary = {
  readonly videoFrames: number;
  readonly audioFrames: number;
  /** Time in the source of the first received frame of any kind, ms. */
  readonly firstSourceMs: number;
  /** Received time less source time, the same for all frames, ms. */
  readonly baseMs: number;
  readonly firstTagIsKeyframe: boolean;
};

/** At most two packets of sound may lie on the wrong side of the keyframe that a late player starts with. */
const AUDIO_HEAD_TOLERANCE_MS = 60;

const REMUX_TOLERANCE_MS = 2;
const REMUX_HEAD_MS = 100;

type TrackType = 'audio' | 'video';

function framesOf(file: FlvFile, type: TrackType): FlvTag[] {
  return file.tags.filter((tag) => tag.type === type && tag.role === 'frame');
}

function nameOf(tag: FlvTag | undefined): string {
  if (tag === undefined) return 'nothing';
  return `${tag.isKeyframe ? 'key' : tag.type} frame ${tag.payloadHash} (${tag.payloadBytes} bytes) at ${tag.timestampMs} ms`;
}

/** Says what became of the frame where two tracks part: lost, doubled, out of order or changed. */
function explainMismatch(source: readonly FlvTag[], wantedIndex: number, got: FlvTag): string {
  const gotIndex = source.findIndex((tag) => tag.payloadHash === got.payloadHash);
  if (gotIndex < 0) return 'its bytes are those of no frame of the source';
  if (gotIndex > wantedIndex) return `${gotIndex - wantedIndex} frames before it were lost or come later`;
  return `it is frame ${gotIndex}, which has come before or was due ${wantedIndex - gotIndex} frames earlier`;
}

/** The time that is compared: that of the tag, or where it was muxed anew the one it is shown at. */
function comparedTimeMs(tag: FlvTag, isRemuxed: boolean): number {
  return isRemuxed ? tag.timestampMs + tag.compositionTimeMs : tag.timestampMs;
}

function toleranceMs(wanted: FlvTag, isRemuxed: boolean): number {
  if (!isRemuxed) return 0;
  return wanted.timestampMs < REMUX_HEAD_MS ? REMUX_HEAD_MS : REMUX_TOLERANCE_MS;
}

/** Compares one track from source frame `startIndex` on; gives how many source frames are missing at the end. */
function compareTrack(
  source: readonly FlvTag[],
  startIndex: number,
  received: readonly FlvTag[],
  baseMs: number,
  isRemuxed: boolean,
): number {
  let previousMs = Number.NEGATIVE_INFINITY;
  for (const [index, got] of received.entries()) {
    const wantedIndex = startIndex + index;
    const wanted = source[wantedIndex];
    const place = `received ${got.type} frame ${index} (byte ${got.offsetBytes}), frame ${wantedIndex} of the source`;
    if (wanted === undefined || wanted.payloadHash !== got.payloadHash) {
      const reason = explainMismatch(source, wantedIndex, got);
      assert.fail(`${place}: wanted ${nameOf(wanted)}, got ${nameOf(got)}: ${reason}`);
    }
    assert.equal(got.isKeyframe, wanted.isKeyframe, `${place}: keyframe flag`);
    if (!isRemuxed)
      assert.equal(got.compositionTimeMs, wanted.compositionTimeMs, `${place}: composition time`);
    const offMs = comparedTimeMs(got, isRemuxed) - baseMs - comparedTimeMs(wanted, isRemuxed);
    assert.ok(
      Math.abs(offMs) <= toleranceMs(wanted, isRemuxed),
      `${place}: time off by ${offMs} ms (got ${got.timestampMs}, base ${baseMs}, source ${wanted.timestampMs})`,
    );
    assert.ok(
      got.timestampMs >= previousMs,
      `${place}: its time ${got.timestampMs} goes back from ${previousMs}`,
    );
    previousMs = got.timestampMs;
  }
  return source.length - startIndex - received.length;
}

/** The sequence header of the source is there, unchanged, before the first frame of its track. */
function assertHeaderFirst(source: FlvFile, received: FlvFile, type: TrackType): void {
  const isHeader = (tag: FlvTag): boolean => tag.type === type && tag.role === 'sequence-header';
  const wanted = source.tags.find(isHeader);
  if (wanted === undefined) return;
  const headerIndex = received.tags.findIndex(isHeader);
  const frameIndex = received.tags.findIndex((tag) => tag.type === type && tag.role === 'frame');
  assert.ok(headerIndex >= 0, `no ${type} sequence header was received`);
  assert.ok(headerIndex < frameIndex, `the ${type} sequence header comes after the first ${type} frame`);
  assert.equal(
    received.tags[headerIndex]?.payloadHash,
    wanted.payloadHash,
    `the ${type} sequence header differs`,
  );
}

/** The frame that fixes the base: the first keyframe, in a stream without video the first frame. */
function findAnchor(source: FlvFile, received: FlvFile): { sourceTag: FlvTag; receivedTag: FlvTag } {
  const hasVideo = framesOf(source, 'video').length > 0;
  const isAnchor = (tag: FlvTag): boolean =>
    hasVideo ? tag.isKeyframe : tag.type === 'audio' && tag.role === 'frame';
  const receivedTag = received.tags.find(isAnchor);
  if (receivedTag === undefined) {
    const count = received.tags.filter((tag) => tag.role === 'frame').length;
    assert.fail(
      `no ${hasVideo ? 'keyframe' : 'sound'} was received: ${received.tags.length} tags, ${count} frames`,
    );
  }
  const sourceTag = source.tags.find((tag) => isAnchor(tag) && tag.payloadHash === receivedTag.payloadHash);
  if (sourceTag === undefined) assert.fail(`the first ${nameOf(receivedTag)} is no frame of the source`);
  return { sourceTag, receivedTag };
}

/**
 * Asserts that from its first keyframe on (without video: its first frame) `receivedPath` holds every frame of
 * `sourcePath` exactly once, in the order of its track, with the same bytes, flags and composition times, up to the
 * end; that all times, sound and pictures alike, differ from the source's by one number; and that the sequence
 * headers are the source's and come first.
 */
export function assertReceived(
  sourcePath: string,
  receivedPath: string,
  options: ReceivedOptions = {},
): ReceivedSummary {
  const source = readFlvFile(sourcePath);
  const received = readFlvFile(receivedPath);
  const isRemuxed = options.isRemuxed === true;
  const { sourceTag, receivedTag } = findAnchor(source, received);
  const baseMs = comparedTimeMs(receivedTag, isRemuxed) - comparedTimeMs(sourceTag, isRemuxed);
  let missingAtEnd = 0;
  let firstSourceMs = sourceTag.timestampMs;

  const counts: Record<TrackType, number> = { audio: 0, video: 0 };
  for (const type of ['video', 'audio'] as const) {
    assertHeaderFirst(source, received, type);
    const wanted = framesOf(source, type);
    const got = framesOf(received, type);
    counts[type] = got.length;
    if (wanted.length === 0) {
      assert.equal(got.length, 0, `the source has no ${type}, and ${got.length} frames of it were received`);
      continue;
    }
    const first = got[0];
    if (first === undefined) assert.fail(`no ${type} frame was received`);
    const startIndex = wanted.findIndex((tag) => tag.payloadHash === first.payloadHash);
    assert.ok(startIndex >= 0, `the first received ${nameOf(first)} is no frame of the source`);
    const startMs = wanted[startIndex]?.timestampMs ?? 0;
    if (type === 'video')
      assert.ok(first.isKeyframe, `the first received video frame is no keyframe: ${nameOf(first)}`);
    const latestStartMs = sourceTag.timestampMs + AUDIO_HEAD_TOLERANCE_MS;
    assert.ok(
      startIndex === 0 || startMs <= latestStartMs,
      `${type} begins at ${startMs} ms of the source, the stream at ${sourceTag.timestampMs} ms`,
    );
    if (options.fromStart === true) {
      assert.equal(startIndex, 0, `the first ${startIndex} ${type} frames of the source were not received`);
    }
    firstSourceMs = Math.min(firstSourceMs, startMs);
    missingAtEnd += compareTrack(wanted, startIndex, got, baseMs, isRemuxed);
  }

  const tailFrames = options.tailFrames ?? 0;
  assert.ok(
    missingAtEnd <= tailFrames,
    `${missingAtEnd} frames are missing at the end (forgiven: ${tailFrames}); received ${counts.video} of video, ${counts.audio} of audio`,
  );
  const lastMs = Math.max(
    ...received.tags.filter((tag) => tag.role === 'frame').map((tag) => tag.timestampMs),
  );
  const durationMs = lastMs - receivedTag.timestampMs;
  if (options.minDurationMs !== undefined) {
    assert.ok(
      durationMs >= options.minDurationMs,
      `only ${durationMs} ms of the stream were received, wanted ${options.minDurationMs}`,
    );
  }
  return {
    videoFrames: counts.video,
    audioFrames: counts.audio,
    firstSourceMs,
    baseMs,
    firstTagIsKeyframe:
      received.tags.find((tag) => tag.role === 'frame' && tag.type === 'video')?.isKeyframe ?? false,
  };
}

const DECODE_LIMIT_MS = 30_000;

/** Asserts that ffmpeg decodes the whole file without a word. */
export async function assertDecodesClean(cleaner: Cleaner, path: string): Promise<void> {
  const program = startProgram(cleaner, {
    title: 'decoding',
    command: 'ffmpeg',
    args: ['-nostdin', '-v', 'error', '-i', path, '-f', 'null', '-'],
    limitMs: DECODE_LIMIT_MS,
  });
  const end = await program.ended;
  assert.ok(end.exitCode === 0 && program.output() === '', program.describe());
}
