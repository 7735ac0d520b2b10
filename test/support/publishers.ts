// Real programs that publish: each sends an FLV file of media.ts to a URL at its own speed, and ends with the file.

import { type Cleaner, type RunningProgram, startProgram } from './programs.ts';

const PUBLISH_LIMIT_MS = 40_000;

/** Frames that an ffmpeg publishing by HTTP may drop at its close: what it holds back for the next request. */
export const FFMPEG_RTMPT_TAIL_FRAMES = 12;

/** What an ffmpeg that publishes may be told. */
export type PublisherOptions = {
  /** It is killed after this time; 40 s where nothing is said. */
  readonly limitMs?: number;
  /** Variables of its environment: `http_proxy`. */
  readonly env?: Readonly<Record<string, string>>;
  /** Words in front of the URL. */
  readonly urlWords?: readonly string[];
};

/** ffmpeg, which copies the frames as they are; `url` is of any of its schemes. */
export function publishWithFfmpeg(
  cleaner: Cleaner,
  sourcePath: string,
  url: string,
  { limitMs = PUBLISH_LIMIT_MS, env = {}, urlWords = [] }: PublisherOptions = {},
): RunningProgram {
  return startProgram(cleaner, {
    title: 'ffmpeg publishing',
    command: 'ffmpeg',
    args: [
      '-nostdin',
      '-hide_banner',
      '-v',
      'info',
      '-nostats',
      '-re',
      '-i',
      sourcePath,
      '-c',
      'copy',
      ...urlWords,
      '-f',
      'flv',
      url,
    ],
    limitMs,
    env,
  });
}

/**
 * GStreamer's rtmp2sink, by rtmp:// or rtmps:// of whatever certificate. The source must have video and AAC. Its flvmux starts the stream
 * at the first picture shown, squeezes what comes before into time 0, and sends its metadata twice.
 */
export function publishWithGstreamer(cleaner: Cleaner, sourcePath: string, url: string): RunningProgram {
  return publishWithSink(cleaner, sourcePath, 'rtmp2sink', [`location=${url}`, 'tls-validation-flags=0']);
}

/**
 * GStreamer's rtmpsink, which is librtmp, by any of its schemes, rtmpe:// among them; muxed as by rtmp2sink. It reads
 * no reply to its media and so ends with a reset: by HTTP its last requests may be lost.
 */
export function publishWithRtmpsink(cleaner: Cleaner, sourcePath: string, url: string): RunningProgram {
  return publishWithSink(cleaner, sourcePath, 'rtmpsink', [`location=${url} live=1`]);
}

function publishWithSink(
  cleaner: Cleaner,
  sourcePath: string,
  element: 'rtmp2sink' | 'rtmpsink',
  properties: readonly string[],
): RunningProgram {
  const source = `filesrc location=${sourcePath} ! flvdemux name=demux flvmux name=mux streamable=true !`;
  const tracks = 'demux.video ! queue ! mux.video demux.audio ! queue ! mux.audio';
  return startProgram(cleaner, {
    title: `${element} publishing`,
    command: 'gst-launch-1.0',
    args: ['-q', '-e', ...source.split(' '), element, ...properties, ...tracks.split(' ')],
    limitMs: PUBLISH_LIMIT_MS,
  });
}
