// The case `floor`: tiny programs that do the least a server can do, alone, some of them in TLS too. Other cases run them
// beside the gateway; here they show what this machine can do at all.

import { parseArgs } from 'node:util';
import { wholeNumber } from '../load/load-options.ts';
import type { Scheme } from '../load/scheme.ts';
import { STREAMING_SCHEMES } from '../load/scheme.ts';
import type { BenchCase } from '../support/bench-case.ts';
import type { ServerKind } from '../support/bench-server.ts';
import { BARE_PIPE, BARE_READER, bareFastify, bareWrite, bytesIn } from '../support/floor-server.ts';
import { gatewaySettings } from '../support/gateway-settings.ts';
import type { Stretch } from '../support/measure.ts';
import { roundsCase } from '../support/rounds.ts';
import type { StretchOptions } from '../support/stretch-flags.ts';
import {
  numberList,
  positiveNumber,
  readStretchFlags,
  STRETCH_FLAGS,
  STRETCH_USAGE,
} from '../support/stretch-flags.ts';

const MAX_CLIENTS = 9000;
const DEFAULT_KBPS = 1130;
const MAX_MS = 10_000;
const PUBLISHER_KBPS = 628;
/** A long merging time, as broadcasts to many set it. */
const LONG_TICK_MS = 350;

type FloorOptions = StretchOptions & {
  readonly clients: number;
  readonly pipes: number;
  readonly publishers: number;
  readonly tickMs: readonly number[];
  readonly pollMs: number;
};

/** The least that a server can do. */
export const FLOOR_CASE: BenchCase = roundsCase(
  `floor [options]
  --clients N           connections of the bare writes and of the bare Fastify routes (1000)
  --pipes N             connections of the bare pipe (300)
  --publishers N        connections of the bare reader, of ${PUBLISHER_KBPS} kbit/s each (500)
  --tick-ms LIST        ticks of the bare write; the first is that of held replies too, and of the writes in TLS and as
                        WebSocket messages (the gateway's streams.mergeTime, and ${LONG_TICK_MS})
  --poll-ms N           pause between polls (100)
${STRETCH_USAGE}
  --kbps N              bit rate of a viewer (${DEFAULT_KBPS})
  --smoke               four connections each, one second: shows that it works, measures nothing`,
  (argv) => {
    const options = readFloorOptions(argv);
    const stretches = stretchesOf(options);
    const { runs } = options;
    return { name: 'floor', stretches, runs, profileFolder: null, client: 'client', aims: () => [] };
  },
);

function readFloorOptions(argv: readonly string[]): FloorOptions {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      ...STRETCH_FLAGS,
      clients: { type: 'string' },
      pipes: { type: 'string' },
      publishers: { type: 'string' },
      'tick-ms': { type: 'string' },
      'poll-ms': { type: 'string', default: '100' },
    },
  });
  const count = (name: string, text: string | undefined, usual: string): number => {
    return wholeNumber(name, text ?? (values.smoke ? '4' : usual), MAX_CLIENTS);
  };
  return {
    ...readStretchFlags(values, DEFAULT_KBPS),
    clients: count('--clients', values.clients, '1000'),
    pipes: count('--pipes', values.pipes, '300'),
    publishers: count('--publishers', values.publishers, '500'),
    tickMs: numberList('--tick-ms', values['tick-ms'] ?? usualTicks(), MAX_MS).map((ms) => Math.max(1, ms)),
    pollMs: positiveNumber('--poll-ms', values['poll-ms'], MAX_MS),
  };
}

function usualTicks(): string {
  return `${gatewaySettings().mergeMs},${LONG_TICK_MS}`;
}

function stretchesOf({
  clients,
  pipes,
  publishers,
  tickMs,
  pollMs,
  kbps,
  loadArgs,
}: FloorOptions): Stretch[] {
  const stretch = (server: ServerKind, mode: string, count: number, what: string, more: string[] = []) => {
    const [scheme = 'rtmp'] = server.schemes;
    const args = ['--mode', mode, `--${scheme}`, String(count), ...loadArgs, ...more];
    return { server, group: `${count} ${what}`, clientCount: count, loadArgs: args };
  };
  const written = (ms: number, scheme: Scheme) =>
    stretch(bareWrite(ms, bytesIn(kbps, ms), scheme), 'bare-read', clients, `at a tick of ${ms} ms`);
  const polled = (scheme: Scheme) =>
    stretch(
      bareFastify(0, bytesIn(kbps, pollMs), scheme),
      'bare-poll',
      clients,
      `polling every ${pollMs} ms`,
      ['--poll-ms', String(pollMs)],
    );
  const heldMs = tickMs[0] ?? 1;
  const held = bareFastify(heldMs, bytesIn(kbps, heldMs));
  const stretches = [
    ...STREAMING_SCHEMES.map((scheme) => written(heldMs, scheme)),
    ...tickMs.slice(1).map((ms) => written(ms, 'rtmp')),
    polled('rtmpt'),
    polled('rtmpts'),
    stretch(held, 'bare-poll', clients, `held to a tick of ${heldMs} ms`),
    stretch(BARE_PIPE, 'bare-pipe', pipes, 'piped, 73 messages a second'),
    stretch(BARE_READER, 'bare-send', publishers, `publishers of ${PUBLISHER_KBPS} kbit/s`, [
      '--kbps',
      String(PUBLISHER_KBPS),
    ]),
  ];
  return stretches.filter(({ clientCount }) => clientCount > 0);
}
