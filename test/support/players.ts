// Real programs that play: each writes what it receives to an FLV file of its own, and ends by itself when the
// stream ends. ffmpeg writes the file anew, the others as the bytes came.

import { type Cleaner, newFilePath, type RunningProgram, startProgram } from './programs.ts';

const PLAY_LIMIT_MS = 40_000;

/** What a player may be told. */
export type PlayerOptions = {
  /** It is killed after this time; 40 s where nothing is said. */
  readonly limitMs?: number;
  /** Variables of its environment: `http_proxy`. */
  readonly env?: Readonly<Record<string, string>>;
};

function startPlayer(
  cleaner: Cleaner,
  title: string,
  command: string,
  argsFor: (outputPath: string) => readonly string[],
  options: PlayerOptions,
): RunningProgram {
  const outputPath = newFilePath(`${title.replaceAll(/\W+/g, '-')}.flv`);
  return startProgram(cleaner, {
    title,
    command,
    args: argsFor(outputPath),
    limitMs: options.limitMs ?? PLAY_LIMIT_MS,
    outputPath,
    env: options.env ?? {},
  });
}

/** Unbuffered, so that the file of a player that is killed lacks nothing. */
function fileSink(outputPath: string): string[] {
  return ['filesink', `location=${outputPath}`, 'buffer-mode=unbuffered'];
}

/**
 * ffmpeg by rtmp:// or rtmpt://, to the end of the stream or for `durationS` of it. Says "Sending play command" once
 * it asked for the stream.
 */
export function playWithFfmpeg(
  cleaner: Cleaner,
  url: string,
  options: PlayerOptions & {
    readonly durationS?: number;
    /** Words in front of the URL. */
    readonly urlWords?: readonly string[];
  } = {},
): RunningProgram {
  const argsFor = (outputPath: string): string[] => {
    const length = options.durationS === undefined ? [] : ['-t', `${options.durationS}`];
    const words = ['-nostdin', '-hide_banner', '-v', 'debug', '-nostats', ...(options.urlWords ?? [])];
    return [...words, '-i', url, '-c', 'copy', ...length, outputPath];
  };
  return startPlayer(cleaner, 'ffmpeg playing', 'ffmpeg', argsFor, options);
}

/**
 * rtmpdump by rtmp:// or rtmpt://. It ends with code 0 for a stream that was complete, 2 for one that may not be.
 * It does not heed SIGTERM: `kill` it.
 */
export function playWithRtmpdump(
  cleaner: Cleaner,
  url: string,
  options: PlayerOptions & { readonly live?: boolean; readonly stopAfterS?: number } = {},
): RunningProgram {
  const argsFor = (outputPath: string): string[] => {
    const args = ['--rtmp', url, '--flv', outputPath, '--timeout', '15'];
    if (options.live === true) args.push('--live');
    if (options.stopAfterS !== undefined) args.push('--stop', `${options.stopAfterS}`);
    return args;
  };
  return startPlayer(
    cleaner,
    options.live === true ? 'rtmpdump --live' : 'rtmpdump',
    'rtmpdump',
    argsFor,
    options,
  );
}

/** GStreamer's own rtmp2src, by rtmp:// or rtmps:// of whatever certificate. */
export function playWithRtmp2src(cleaner: Cleaner, url: string, options: PlayerOptions = {}): RunningProgram {
  const argsFor = (outputPath: string): string[] => {
    return ['-q', 'rtmp2src', `location=${url}`, 'tls-validation-flags=0', '!', ...fileSink(outputPath)];
  };
  return startPlayer(cleaner, 'rtmp2src playing', 'gst-launch-1.0', argsFor, options);
}

/** GStreamer's rtmpsrc, which is librtmp, by rtmp:// or rtmpt://. */
export function playWithRtmpsrc(cleaner: Cleaner, url: string, options: PlayerOptions = {}): RunningProgram {
  const argsFor = (outputPath: string): string[] => {
    return ['-q', 'rtmpsrc', `location=${url} live=1`, '!', ...fileSink(outputPath)];
  };
  return startPlayer(cleaner, 'rtmpsrc playing', 'gst-launch-1.0', argsFor, options);
}
