// Media of codecs that ffmpeg cannot send over FLV: encoded by it to a file, and read back packet by packet through
// ffprobe, with the configuration record that the container held.

import { readFileSync } from 'node:fs';
import { type Cleaner, newFilePath, runProgram } from './programs.ts';

/** FourCCs that Enhanced RTMP has and Debian's ffmpeg encodes. */
export type EncodedCodec =
  | 'avc1'
  | 'hvc1'
  | 'av01'
  | 'vp08'
  | 'vp09'
  | 'Opus'
  | 'fLaC'
  | 'ac-3'
  | 'ec-3'
  | 'mp4a'
  | '.mp3';

/** One coded frame. */
export type EncodedPacket = {
  readonly dtsMs: number;
  /** Presentation time minus `dtsMs`. */
  readonly compositionTimeMs: number;
  readonly isKeyframe: boolean;
  readonly data: Buffer;
};

/** A stream of one codec. */
export type EncodedMedia = {
  readonly codec: EncodedCodec;
  readonly isVideo: boolean;
  /** What the container holds to configure a decoder; empty where the codec needs nothing. */
  readonly config: Buffer;
  readonly packets: readonly EncodedPacket[];
};

/** Pictures are 192 by 108, 25 a second, with a keyframe every 25. */
export const PICTURE = { width: 192, height: 108, framesPerGroup: 25 } as const;

const MAKE_LIMIT_MS = 30_000;
const DURATION_S = 4;
const GROUP = `${PICTURE.framesPerGroup}`;
const VIDEO_INPUT = ['-f', 'lavfi', '-i', `testsrc2=size=${PICTURE.width}x${PICTURE.height}:rate=25`];
const AUDIO_INPUT = ['-f', 'lavfi', '-i', 'anoisesrc=seed=7:amplitude=0.2:sample_rate=48000'];
const X265 = `log-level=error:keyint=${GROUP}:min-keyint=${GROUP}:scenecut=0:open-gop=0:bframes=2`;

/** How each is encoded; the last word is the file's extension. MP4 keeps decoding times where frames are reordered. */
const RECIPES: Readonly<Record<EncodedCodec, readonly string[]>> = {
  avc1: ['libx264', '-preset', 'ultrafast', '-bf', '2', '-g', GROUP, '-sc_threshold', '0', 'mp4'],
  hvc1: ['libx265', '-preset', 'ultrafast', '-x265-params', X265, 'mp4'],
  av01: ['libsvtav1', '-preset', '12', '-g', GROUP, 'mkv'],
  vp08: ['libvpx', '-deadline', 'realtime', '-cpu-used', '16', '-g', GROUP, 'mkv'],
  vp09: ['libvpx-vp9', '-deadline', 'realtime', '-cpu-used', '8', '-g', GROUP, 'mkv'],
  Opus: ['libopus', '-b:a', '64k', 'mkv'],
  fLaC: ['flac', '-ar', '16000', 'mkv'],
  'ac-3': ['ac3', '-b:a', '64k', 'mkv'],
  'ec-3': ['eac3', '-b:a', '64k', 'mkv'],
  mp4a: ['aac', '-b:a', '64k', 'mkv'],
  '.mp3': ['libmp3lame', '-b:a', '64k', 'mkv'],
};

const VIDEO_CODECS: readonly EncodedCodec[] = ['avc1', 'hvc1', 'av01', 'vp08', 'vp09'];

type ProbedPacket = {
  readonly pts_time: string;
  readonly dts_time: string;
  readonly flags: string;
  readonly data: string;
};
type Probed = {
  readonly streams: readonly [{ readonly extradata?: string }];
  readonly packets: ProbedPacket[];
};

/** Four seconds of generated pictures or noise in `codec`; the first packet decodes at 0. */
export async function encodeMedia(cleaner: Cleaner, codec: EncodedCodec): Promise<EncodedMedia> {
  const isVideo = VIDEO_CODECS.includes(codec);
  const recipe = RECIPES[codec];
  const path = newFilePath(`encoded-${codec.replace('.', '')}.${recipe.at(-1)}`);
  const input = isVideo ? VIDEO_INPUT : AUDIO_INPUT;
  const how = isVideo ? ['-pix_fmt', 'yuv420p', '-c:v'] : ['-c:a'];
  await runProgram(cleaner, {
    title: `encoding ${codec}`,
    command: 'ffmpeg',
    args: [
      ...['-nostdin', '-v', 'error', '-y', ...input, '-t', `${DURATION_S}`],
      ...[...how, ...recipe.slice(0, -1), path],
    ],
    limitMs: MAKE_LIMIT_MS,
  });
  const probePath = `${path}.json`;
  await runProgram(cleaner, {
    title: `reading ${codec}`,
    command: 'ffprobe',
    args: [
      '-v',
      'error',
      '-show_streams',
      '-show_packets',
      '-show_data',
      '-of',
      'json',
      '-o',
      probePath,
      path,
    ],
    limitMs: MAKE_LIMIT_MS,
  });
  const { streams, packets } = JSON.parse(readFileSync(probePath, 'utf8')) as Probed;
  const firstMs = msOf(packets[0]?.dts_time);
  return {
    codec,
    isVideo,
    config: bytesOfDump(streams[0].extradata ?? ''),
    packets: packets.map(({ pts_time, dts_time, flags, data }) => ({
      dtsMs: msOf(dts_time) - firstMs,
      compositionTimeMs: msOf(pts_time) - msOf(dts_time),
      isKeyframe: flags.startsWith('K'),
      data: bytesOfDump(data),
    })),
  };
}

function msOf(seconds: string | undefined): number {
  return Math.round(Number(seconds) * 1000);
}

/** The bytes of a dump: lines of an offset, a colon, 16 bytes as hex in pairs, and the same as text. */
function bytesOfDump(dump: string): Buffer {
  const lines = dump.split('\n').filter((line) => line !== '');
  return Buffer.from(lines.map((line) => line.slice(10, 50).replaceAll(' ', '')).join(''), 'hex');
}
