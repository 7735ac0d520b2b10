// Test streams as FLV files, made by ffmpeg from generated pictures and noise: once a test run, then reused.
// Every frame differs from every other one, so that a hash tells which frame of the source it is.

import { existsSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { newFilePath, runProgram, type Scope, testFolder } from './programs.ts';

/** What a test stream carries. */
export type MediaKind = 'h264-aac' | 'h264-mp3' | 'aac' | 'h264';

/** Frames of video a second in every test stream; a keyframe comes once a second. */
const FRAMES_PER_SECOND = 30;

const MAKE_LIMIT_MS = 60_000;
const WITH_VIDEO: readonly MediaKind[] = ['h264-aac', 'h264-mp3', 'h264'];
const AUDIO_ARGS: Readonly<Record<MediaKind, readonly string[]>> = {
  'h264-aac': ['-c:a', 'aac', '-ar', '48000', '-b:a', '64k'],
  'h264-mp3': ['-c:a', 'libmp3lame', '-ar', '44100', '-b:a', '64k'],
  aac: ['-c:a', 'aac', '-ar', '48000', '-b:a', '64k'],
  h264: [],
};

/**
 * Path of an FLV file of `kind`: 640x360 H.264 with two B-frames in a row, a keyframe every 30 frames, sound as the
 * kind says, about 0.7 Mbit/s together.
 */
export async function mediaFile(
  scope: Pick<Scope, 'after'>,
  kind: MediaKind,
  durationS: number,
): Promise<string> {
  const path = join(testFolder(), `source-${kind}-${durationS}s.flv`);
  if (existsSync(path)) return path;
  const args = ['-nostdin', '-v', 'error', '-y'];
  const hasVideo = WITH_VIDEO.includes(kind);
  if (hasVideo) args.push('-f', 'lavfi', '-i', `testsrc2=size=640x360:rate=${FRAMES_PER_SECOND}`);
  if (kind !== 'h264') args.push('-f', 'lavfi', '-i', 'anoisesrc=seed=7:amplitude=0.2:sample_rate=48000');
  if (hasVideo) {
    args.push('-c:v', 'libx264', '-preset', 'veryfast', '-bf', '2', '-g', `${FRAMES_PER_SECOND}`);
    args.push('-sc_threshold', '0', '-pix_fmt', 'yuv420p', '-b:v', '600k');
  }
  args.push(...AUDIO_ARGS[kind], '-t', `${durationS}`, '-flvflags', 'no_duration_filesize', '-f', 'flv');
  // WHY: two test files may make the same stream at the same time; each writes its own file, and the last name wins.
  const madePath = newFilePath(`making-${kind}.flv`);
  await runProgram(scope, {
    title: `making a ${kind} stream of ${durationS} s`,
    command: 'ffmpeg',
    args: [...args, madePath],
    limitMs: MAKE_LIMIT_MS,
  });
  renameSync(madePath, path);
  return path;
}
