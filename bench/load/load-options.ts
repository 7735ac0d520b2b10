// The command line of the load program.

import { parseArgs } from 'node:util';

/** What a load run does. */
export type LoadOptions = {
  readonly host: string;
  readonly port: number;
  readonly app: string;
  readonly streamName: string;
  /** Viewers over RTMP and over RTMPT. */
  readonly rtmp: number;
  readonly rtmpt: number;
  /** Length of the measured stretch; with `publishOnly` of all, and 0 is until a signal. */
  readonly seconds: number;
  /** Between the last viewer's first frame and the measured stretch. */
  readonly settleMs: number;
  /** Audio and video together, kbit/s. */
  readonly kbps: number;
  /** Jump of the publisher's timestamps after its first group of pictures, ms; 0 for none. */
  readonly startMs: number;
  /** Pause between a tunnel's reply and the next poll, ms; 0 polls back to back. */
  readonly pollMs: number;
  /** False for servers whose viewers begin wherever the stream is. */
  readonly startsAtKeyframe: boolean;
  readonly publishOnly: boolean;
  /** An FLV file to publish; null for synthetic media. */
  readonly flvPath: string | null;
};

/** How the load program is called. */
export const LOAD_USAGE = `node bench/load.ts --url rtmp://HOST:PORT/APP/STREAM [options]

  --rtmp N, --rtmpt N   viewers over RTMP and over RTMPT (0)
  --seconds N           length of the measured stretch (10)
  --settle-ms N         time between the last join and the measured stretch (1000)
  --kbps N              bit rate of the stream (1130)
  --start-ms N          timestamps jump up by N behind the first group of pictures; half of the viewers join before
  --poll-ms N           pause of a tunnel's viewer between two polls; 0 polls back to back (0)
  --start-anywhere      viewers may begin without headers and keyframe
  --publish-only        publish and nothing else; --seconds 0 is until a signal
  --flv FILE            with --publish-only: publish this file, looped, instead of synthetic media
`;

/** LIMIT: publisher and viewers stay below the hard limit of descriptors, 20,000 on common machines. */
const MAX_VIEWERS = 19_000;
const MAX_SECONDS = 86_400;

/** Reads the command line. @throws Error with what was expected */
export function parseLoadOptions(argv: readonly string[]): LoadOptions {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      url: { type: 'string' },
      rtmp: { type: 'string', default: '0' },
      rtmpt: { type: 'string', default: '0' },
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
    host,
    port: Number(port),
    app,
    streamName,
    rtmp: wholeNumber('--rtmp', values.rtmp, MAX_VIEWERS),
    rtmpt: wholeNumber('--rtmpt', values.rtmpt, MAX_VIEWERS),
    seconds: wholeNumber('--seconds', values.seconds, MAX_SECONDS),
    settleMs: wholeNumber('--settle-ms', values['settle-ms'], MAX_SECONDS * 1000),
    kbps: wholeNumber('--kbps', values.kbps, 1_000_000),
    startMs: wholeNumber('--start-ms', values['start-ms'], 0xffffffff),
    pollMs: wholeNumber('--poll-ms', values['poll-ms'], 10_000),
    startsAtKeyframe: !values['start-anywhere'],
    publishOnly: values['publish-only'],
    flvPath: values.flv ?? null,
  };
}

/** Reads a number of the command line, 0 to `max`. @throws Error with what was expected */
export function wholeNumber(name: string, text: string, max: number): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value > max) throw new Error(`expected ${name} 0 to ${max}, got ${text}`);
  return value;
}
