// The command line of the load program.

import { parseArgs } from 'node:util';
import type { PerScheme } from './scheme.ts';
import { perScheme } from './scheme.ts';

/** Kinds of load, each of them one file *-run.ts or a few lines of one. */
export const LoadMode = {
  /** One publisher and viewers who stay. */
  Play: 'play',
  /** One publisher and viewers who come, see the first frame, and leave. */
  Join: 'join',
  /** One publisher, and viewers who come and go for as long as the stretch lasts. */
  Churn: 'churn',
  /** Publishers, and viewers of some of them. */
  FanIn: 'fanin',
  /** One publisher, two viewers, and a flood of hostile requests. */
  Hostile: 'hostile',
  /** Connections that read, for the bare write. */
  BareRead: 'bare-read',
  /** Connections that poll by HTTP, for the bare Fastify route. */
  BarePoll: 'bare-poll',
  /** Connections that read what this program sends by way of the bare pipe. */
  BarePipe: 'bare-pipe',
  /** Connections that send publishers' bytes, for the bare reader. */
  BareSend: 'bare-send',
  /** A publisher alone, for players of other programs. */
  Publish: 'publish',
} as const;
export type LoadMode = (typeof LoadMode)[keyof typeof LoadMode];

/** What a load run does. Of each scheme: how many viewers, publishers of a fan-in, or clients of a floor are carried so. */
export type LoadOptions = PerScheme<number> & {
  readonly mode: LoadMode;
  readonly host: string;
  readonly port: number;
  /** Where TLS is spoken. */
  readonly securePort: number;
  /** Where the one publisher of a run goes: another port than the viewers' where a server stands in front of its own. */
  readonly publishPort: number;
  readonly app: string;
  readonly streamName: string;
  /** How many publishers of a fan-in have a viewer. */
  readonly checked: number;
  /** How many join at a time; 0 for one of few, ten of many. */
  readonly atOnce: number;
  /** True where viewers connect and never play. */
  readonly isIdle: boolean;
  /** True where the publisher sends its first frame, and then nothing. */
  readonly isQuiet: boolean;
  /** What carries the one publisher of a run. */
  readonly publishOver: 'rtmp' | 'rtmpt';
  /** Hostile requests of a flood. */
  readonly requests: number;
  /** What the flood's chance begins with. */
  readonly seed: number;
  /** Between the flood's end and the last weighing, ms: the gateway's longest time of life of what was left behind. */
  readonly calmMs: number;
  /** Length of the measured stretch; of mode `publish` of all, and 0 is until a signal. */
  readonly seconds: number;
  /** Between the last viewer's first frame and the measured stretch. */
  readonly settleMs: number;
  /** Audio and video together, kbit/s. */
  readonly kbps: number;
  /** Video frames a second; below 30 there is no audio, so that thousands of viewers stay light. */
  readonly fps: number;
  /** Jump of the publisher's timestamps after its first group of pictures, ms; 0 for none. */
  readonly startMs: number;
  /** Pause between a tunnel's reply and the next poll, ms; 0 polls back to back. */
  readonly pollMs: number;
  /** False for servers whose viewers begin wherever the stream is. */
  readonly startsAtKeyframe: boolean;
  /** An FLV file to publish; null for synthetic media. */
  readonly flvPath: string | null;
};

/** How the load program is called. */
export const LOAD_USAGE = `node bench/load.ts --url rtmp://HOST:PORT/APP/STREAM [options]

  --mode NAME           play, join, churn, fanin, hostile, bare-read, bare-poll, bare-pipe, bare-send (play)
  --rtmp N, --rtmpt N, --rtmps N, --rtmpts N, --ws N, --wss N
                        viewers, publishers of a fan-in, or clients of a floor, by what carries them (0)
  --secure-port N       where TLS is spoken (the port of --url)
  --publish-port N      where the one publisher goes (the port of --url)
  --checked N           publishers of a fan-in that have a viewer (10)
  --at-once N           joins at a time; 0 for one of up to 50 viewers, ten of more (0)
  --idle                viewers connect and never play
  --quiet               the publisher sends its first frame, and then nothing
  --publish-over NAME   rtmp or rtmpt: what carries the one publisher (rtmp)
  --requests N          hostile requests of a flood (1000000)
  --seed N              what the flood's chance begins with (1)
  --calm-ms N           time between the flood's end and the last weighing (17000)
  --seconds N           length of the measured stretch (10)
  --settle-ms N         time between the last join and the measured stretch (1000)
  --kbps N              bit rate of the stream (1130)
  --fps N               video frames a second, 1 to 30; below 30 there is no audio (30)
  --start-ms N          timestamps jump up by N behind the first group of pictures; half of the viewers join before
  --poll-ms N           pause of a tunnel's viewer between two polls; 0 polls back to back (0)
  --start-anywhere      viewers may begin without headers and keyframe
  --publish-only        mode publish: publish and nothing else; --seconds 0 is until a signal
  --flv FILE            with --publish-only: publish this file, looped, instead of synthetic media
`;

/** LIMIT: publisher and viewers stay below the hard limit of descriptors, 20,000 on common machines. */
const MAX_VIEWERS = 19_000;
const MAX_SECONDS = 86_400;
const MAX_FPS = 30;
const MAX_PORT = 65_535;
const MAX_REQUESTS = 100_000_000;
const MAX_SEED = 1_000_000;

/** Reads the command line. @throws Error with what was expected */
export function parseLoadOptions(argv: readonly string[]): LoadOptions {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      url: { type: 'string' },
      mode: { type: 'string', default: LoadMode.Play },
      checked: { type: 'string', default: '10' },
      'at-once': { type: 'string', default: '0' },
      idle: { type: 'boolean', default: false },
      quiet: { type: 'boolean', default: false },
      'publish-over': { type: 'string', default: 'rtmp' },
      requests: { type: 'string', default: '1000000' },
      seed: { type: 'string', default: '1' },
      'calm-ms': { type: 'string', default: '17000' },
      fps: { type: 'string', default: '30' },
      ...perScheme(() => ({ type: 'string', default: '0' }) as const),
      'secure-port': { type: 'string' },
      'publish-port': { type: 'string' },
      seconds: { type: 'string', default: '10' },
      'settle-ms': { type: 'string', default: '1000' },
      kbps: { type: 'string', default: '1130' },
      'start-ms': { type: 'string', default: '0' },
      'poll-ms': { type: 'string', default: '0' },
      'start-anywhere': { type: 'boolean', default: false },
      'publish-only': { type: 'boolean', default: false },
      flv: { type: 'string' },
    },
  });
  const target = /^rtmp:\/\/([^/:]+):(\d+)\/([^/]+)\/([^/]+)$/.exec(values.url ?? '');
  const [, host = '', port = '', app = '', streamName = ''] = target ?? [];
  if (target === null) throw new Error(`expected --url rtmp://HOST:PORT/APP/STREAM, got ${values.url}`);
  if (values.flv !== undefined && !values['publish-only']) throw new Error('--flv goes with --publish-only');
  return {
    mode: values['publish-only'] ? LoadMode.Publish : modeOf(values.mode),
    host,
    port: Number(port),
    securePort: wholeNumber('--secure-port', values['secure-port'] ?? port, MAX_PORT),
    publishPort: wholeNumber('--publish-port', values['publish-port'] ?? port, MAX_PORT),
    app,
    streamName,
    ...perScheme((scheme) => wholeNumber(`--${scheme}`, values[scheme], MAX_VIEWERS)),
    checked: wholeNumber('--checked', values.checked, MAX_VIEWERS),
    atOnce: wholeNumber('--at-once', values['at-once'], MAX_VIEWERS),
    isIdle: values.idle,
    isQuiet: values.quiet,
    publishOver: publishOverOf(values['publish-over']),
    requests: wholeNumber('--requests', values.requests, MAX_REQUESTS),
    seed: wholeNumber('--seed', values.seed, MAX_SEED),
    calmMs: wholeNumber('--calm-ms', values['calm-ms'], MAX_SECONDS * 1000),
    seconds: wholeNumber('--seconds', values.seconds, MAX_SECONDS),
    settleMs: wholeNumber('--settle-ms', values['settle-ms'], MAX_SECONDS * 1000),
    kbps: wholeNumber('--kbps', values.kbps, 1_000_000),
    fps: wholeNumber('--fps', values.fps, MAX_FPS),
    startMs: wholeNumber('--start-ms', values['start-ms'], 0xffffffff),
    pollMs: wholeNumber('--poll-ms', values['poll-ms'], 10_000),
    startsAtKeyframe: !values['start-anywhere'],
    flvPath: values.flv ?? null,
  };
}

function modeOf(text: string): LoadMode {
  const mode = Object.values(LoadMode).find((known) => known === text);
  if (mode === undefined)
    throw new Error(`expected --mode ${Object.values(LoadMode).join('|')}, got ${text}`);
  return mode;
}

function publishOverOf(text: string): 'rtmp' | 'rtmpt' {
  if (text !== 'rtmp' && text !== 'rtmpt') throw new Error(`expected --publish-over rtmp|rtmpt, got ${text}`);
  return text;
}

/** Reads a number of the command line, 0 to `max`. @throws Error with what was expected */
export function wholeNumber(name: string, text: string, max: number): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value > max) throw new Error(`expected ${name} 0 to ${max}, got ${text}`);
  return value;
}
