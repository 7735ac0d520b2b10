// One scene of the pairing matrix: a program publishes a few seconds, the others play them from soon after its start
// to its end. The scene runs once, in a `before` hook; each pairing then is a test of its own over what came out.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { assertDecodesClean, assertReceived, type ReceivedOptions } from '../support/frames.ts';
import { startGateway, startTestServer, type TestServer } from '../support/gateway-process.ts';
import { type MediaKind, mediaFile } from '../support/media.ts';
import { playWithFfmpeg, playWithRtmp2src, playWithRtmpdump, playWithRtmpsrc } from '../support/players.ts';
import { type Cleaner, type RunningProgram, Scope, sleep } from '../support/programs.ts';

/** A player of the matrix, by the name that its test bears. */
export type MatrixPlayer = {
  readonly name: string;
  /** Frames that the program itself loses at the end of a stream. */
  readonly tailFrames?: number;
  /** It does not end with its stream: it connects again and waits for the next one. */
  readonly staysForNext?: boolean;
  start(cleaner: Cleaner, server: TestServer, path: string): RunningProgram;
};

/** rtmp2src drops what it has received and not yet handed on when the stream ends, from every server. */
export const RTMP2SRC_TAIL_FRAMES = 3;

/** Players by RTMP and by RTMPT. */
export const PLAYERS = {
  ffmpegRtmp: {
    name: 'ffmpeg by RTMP',
    start: (cleaner, server, path) => playWithFfmpeg(cleaner, server.rtmpUrl(path)),
  },
  ffmpegRtmpt: {
    name: 'ffmpeg by RTMPT',
    start: (cleaner, server, path) => playWithFfmpeg(cleaner, server.rtmptUrl(path)),
  },
  rtmpdumpRtmp: {
    name: 'rtmpdump by RTMP',
    start: (cleaner, server, path) => playWithRtmpdump(cleaner, server.rtmpUrl(path)),
  },
  rtmpdumpLiveRtmp: {
    name: 'rtmpdump --live by RTMP',
    start: (cleaner, server, path) => playWithRtmpdump(cleaner, server.rtmpUrl(path), { live: true }),
  },
  rtmpdumpRtmpt: {
    name: 'rtmpdump --live by RTMPT',
    start: (cleaner, server, path) => playWithRtmpdump(cleaner, server.rtmptUrl(path), { live: true }),
  },
  rtmp2srcRtmp: {
    name: "GStreamer's rtmp2src by RTMP",
    tailFrames: RTMP2SRC_TAIL_FRAMES,
    start: (cleaner, server, path) => playWithRtmp2src(cleaner, server.rtmpUrl(path)),
  },
  rtmpsrcRtmp: {
    name: "GStreamer's rtmpsrc by RTMP",
    staysForNext: true,
    start: (cleaner, server, path) => playWithRtmpsrc(cleaner, server.rtmpUrl(path)),
  },
  rtmpsrcRtmpt: {
    name: "GStreamer's rtmpsrc by RTMPT",
    staysForNext: true,
    start: (cleaner, server, path) => playWithRtmpsrc(cleaner, server.rtmptUrl(path)),
  },
} as const satisfies Record<string, MatrixPlayer>;

/** Players by RTMPS, RTMPTS and plain RTMP, for a listener that speaks TLS and all else. */
export const TLS_PLAYERS: readonly MatrixPlayer[] = [
  {
    name: 'ffmpeg by RTMPS',
    start: (cleaner, server, path) => playWithFfmpeg(cleaner, server.url('rtmps', path)),
  },
  {
    name: 'ffmpeg by RTMPTS',
    start: (cleaner, server, path) => playWithFfmpeg(cleaner, server.url('rtmpts', path)),
  },
  {
    name: "GStreamer's rtmp2src by RTMPS",
    tailFrames: RTMP2SRC_TAIL_FRAMES,
    start: (cleaner, server, path) => playWithRtmp2src(cleaner, server.url('rtmps', path)),
  },
  PLAYERS.ffmpegRtmp,
];

/** The scene of one publisher. */
export type PublisherScene = {
  /** Begins the names of its tests. */
  readonly publisher: string;
  readonly kind: MediaKind;
  readonly durationS: number;
  readonly players: readonly MatrixPlayer[];
  readonly received?: ReceivedOptions;
  /** Its listener, where it is not a plain one. */
  readonly listen?: string;
  publish(cleaner: Cleaner, server: TestServer, sourcePath: string, path: string): RunningProgram;
};

/** Players come this long after the publisher, so that they join a running stream. */
const JOIN_DELAY_MS = 700;
/** Players end by themselves within this time of the publisher's end. */
const END_LIMIT_MS = 6000;
/** What was sent has reached a player this long after the end of its stream. */
const DRAIN_MS = 1500;
/** What a player may miss at most: it comes late, and then begins with a keyframe. */
const MIN_MISSED_MS = 2500;

/** Fails where a player did not end by itself, or ended as programs do that were not content. */
export function assertEndedWell(program: RunningProgram, end: { exitCode: number | null }): void {
  assert.equal(end.exitCode, 0, program.describe());
}

/** Waits for a program's own end, and kills it where it does not come within `limitMs`. */
export async function endByItself(program: RunningProgram, limitMs: number): Promise<void> {
  const late = setTimeout(() => void program.kill(), limitMs);
  const end = await program.ended;
  clearTimeout(late);
  assertEndedWell(program, end);
}

/**
 * Ends a player whose stream has ended. librtmp in GStreamer connects again when its stream ends, unless the end
 * falls on the border of its 4,096 byte blocks, and then does not always heed SIGINT: it is given time to write what
 * came, and killed.
 */
export async function endWhenDrained(program: RunningProgram): Promise<void> {
  await sleep(DRAIN_MS);
  await program.kill();
}

/** Adds the output of a program to whatever an assertion about it says. */
export function withOutputOf<T>(program: RunningProgram, check: () => T): T {
  try {
    return check();
  } catch (error) {
    if (error instanceof Error) error.message += `\n${program.describe()}`;
    throw error;
  }
}

/** Declares the tests of a scene: one for the publisher, one for each player. */
export function describeScene(scene: PublisherScene): void {
  describe(`A stream that ${scene.publisher} publishes`, () => {
    const scope = new Scope();
    let sourcePath = '';
    let server: TestServer | undefined;
    let publisher: RunningProgram | undefined;
    const players = new Map<MatrixPlayer, RunningProgram>();

    before(async () => {
      const { listen } = scene;
      const startedServer =
        listen === undefined ? await startTestServer(scope) : await startGateway(scope, { listen: [listen] });
      server = startedServer;
      sourcePath = await mediaFile(scope, scene.kind, scene.durationS);
      const path = `live/${scene.publisher.replaceAll(/\W+/g, '-')}-${scene.kind}`;
      const started = scene.publish(scope, startedServer, sourcePath, path);
      publisher = started;
      await sleep(JOIN_DELAY_MS);
      for (const player of scene.players) players.set(player, player.start(scope, startedServer, path));
      await started.ended;
      // WHY: settled, so that the failure of one player fails its own test only.
      await Promise.allSettled(
        [...players].map(([player, program]) =>
          player.staysForNext === true ? endWhenDrained(program) : endByItself(program, END_LIMIT_MS),
        ),
      );
    });
    after(() => scope.close());

    it(`is taken to its end from ${scene.publisher}`, async () => {
      assert.ok(publisher !== undefined, 'the publisher was not started');
      assertEndedWell(publisher, await publisher.ended);
    });

    for (const player of scene.players) {
      it(`reaches ${player.name} whole, in order and in time [item 74] [item 78]`, async (t) => {
        const program = players.get(player);
        assert.ok(program !== undefined, 'the player was not started');
        const end = await program.ended;
        if (player.staysForNext !== true) assertEndedWell(program, end);
        withOutputOf(program, () => {
          assertReceived(sourcePath, program.outputPath, {
            minDurationMs: scene.durationS * 1000 - MIN_MISSED_MS,
            ...scene.received,
            tailFrames: (scene.received?.tailFrames ?? 0) + (player.tailFrames ?? 0),
          });
        });
        await assertDecodesClean(t, program.outputPath);
      });
    }

    it('leaves nothing above info in the log', () => {
      assert.deepEqual(server?.alarms(), []);
    });
  });
}
