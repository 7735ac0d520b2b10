// Debian's nginx with its RTMP module behind the gateway, which splices every client to it. Players are there before their
// publisher, so that each has to get every frame from the first on; every frame is compared by the hash of its bytes.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { freePort } from '../../bench/support/ports.ts';
import { assertDecodesClean, assertReceived } from '../support/frames.ts';
import type { GatewayProcess } from '../support/gateway-process.ts';
import { mediaFile } from '../support/media.ts';
import type { Nginx } from '../support/nginx.ts';
import { playWithFfmpeg, playWithRtmp2src, playWithRtmpdump } from '../support/players.ts';
import { type Cleaner, type RunningProgram, Scope } from '../support/programs.ts';
import { FFMPEG_RTMPT_TAIL_FRAMES, publishWithFfmpeg } from '../support/publishers.ts';
import { type NginxClient, startFrontByFlag, startPageNginx, waitForClients } from './front-scene.ts';
import { assertEndedWell, endByItself, RTMP2SRC_TAIL_FRAMES, withOutputOf } from './pairing.ts';

const DURATION_S = 10;
const NGINX_LIFE_MS = 90_000;
/** Players end by themselves within this time of the end of their stream. */
const END_LIMIT_MS = 6000;
const LOG_LIMIT_MS = 5000;
/** Where the gateway seems to be, as everybody on the loopback. */
const GATEWAY_ADDRESS = '127.0.0.1';

/** Where a player may find the stream. */
type Places = { readonly gateway: GatewayProcess; readonly nginx: Nginx };

/** Who plays, and where. */
type Player = {
  readonly name: string;
  /** Frames that the program itself loses at the end of a stream. */
  readonly tailFrames?: number;
  start(cleaner: Cleaner, places: Places, path: string): RunningProgram;
};

/** Who publishes, and who plays that. */
type Scene = {
  readonly publisher: string;
  readonly scheme: string;
  readonly streamName: string;
  readonly tailFrames: number;
  readonly players: readonly Player[];
};

const FFMPEG_RTMP: Player = {
  name: 'ffmpeg by RTMP',
  start: (cleaner, { gateway }, path) => playWithFfmpeg(cleaner, gateway.rtmpUrl(path)),
};
const RTMP2SRC_RTMP: Player = {
  name: "GStreamer's rtmp2src by RTMP",
  tailFrames: RTMP2SRC_TAIL_FRAMES,
  start: (cleaner, { gateway }, path) => playWithRtmp2src(cleaner, gateway.rtmpUrl(path)),
};

const SCENES: readonly Scene[] = [
  {
    publisher: 'ffmpeg by RTMPTS',
    scheme: 'rtmpts',
    streamName: 'tunnelled',
    tailFrames: FFMPEG_RTMPT_TAIL_FRAMES,
    players: [
      {
        name: 'rtmpdump from nginx itself',
        start: (cleaner, { nginx }, path) => playWithRtmpdump(cleaner, nginx.rtmpUrl(path)),
      },
      {
        name: 'rtmpdump by RTMPT',
        start: (cleaner, { gateway }, path) => playWithRtmpdump(cleaner, gateway.rtmptUrl(path)),
      },
      FFMPEG_RTMP,
      RTMP2SRC_RTMP,
    ],
  },
  {
    publisher: 'ffmpeg by RTMP',
    scheme: 'rtmp',
    streamName: 'plain',
    tailFrames: 0,
    players: [
      {
        name: 'ffmpeg from nginx itself',
        start: (cleaner, { nginx }, path) => playWithFfmpeg(cleaner, nginx.rtmpUrl(path)),
      },
      {
        name: 'ffmpeg by RTMPT',
        start: (cleaner, { gateway }, path) => playWithFfmpeg(cleaner, gateway.rtmptUrl(path)),
      },
      {
        name: 'ffmpeg by RTMPS',
        start: (cleaner, { gateway }, path) => playWithFfmpeg(cleaner, gateway.url('rtmps', path)),
      },
      RTMP2SRC_RTMP,
    ],
  },
];

for (const scene of SCENES) {
  describe(`What ${scene.publisher} publishes to nginx through the gateway`, () => {
    const scope = new Scope();
    const players = new Map<Player, RunningProgram>();
    let gateway: GatewayProcess | undefined;
    let url = '';
    let publisher: RunningProgram | undefined;
    let clients: readonly NginxClient[] = [];
    let sourcePath = '';

    before(async () => {
      const { streamName, scheme } = scene;
      const path = `live/${streamName}`;
      const [open, proxied] = [await freePort(), await freePort()];
      const nginx = await startPageNginx(scope, { open, proxied }, { limitMs: NGINX_LIFE_MS });
      url = `rtmp://127.0.0.1:${open}`;
      const started = await startFrontByFlag(scope, url);
      gateway = started;
      sourcePath = await mediaFile(scope, 'h264-aac', DURATION_S);
      for (const player of scene.players) {
        players.set(player, player.start(scope, { gateway: started, nginx }, path));
      }
      await waitForClients(nginx, streamName, scene.players.length);
      const program = publishWithFfmpeg(scope, sourcePath, started.url(scheme, path));
      publisher = program;
      clients = await waitForClients(nginx, streamName, scene.players.length + 1);
      await program.ended;
      // WHY: settled, so that the failure of one player fails its own test only.
      await Promise.allSettled([...players.values()].map((player) => endByItself(player, END_LIMIT_MS)));
    });
    after(() => scope.close());

    it('is taken to its end', async () => {
      assert.ok(publisher !== undefined, 'the publisher was not started');
      assertEndedWell(publisher, await publisher.ended);
    });

    for (const player of scene.players) {
      it(`reaches ${player.name}, every frame from the first on`, async (t) => {
        const program = players.get(player);
        assert.ok(program !== undefined, 'the player was not started');
        assertEndedWell(program, await program.ended);
        withOutputOf(program, () => {
          const tailFrames = scene.tailFrames + (player.tailFrames ?? 0);
          assertReceived(sourcePath, program.outputPath, { fromStart: true, tailFrames });
        });
        await assertDecodesClean(t, program.outputPath);
      });
    }

    it("comes to nginx from the gateway's address, where no PROXY header is set", () => {
      assert.deepEqual([...new Set(clients.map(({ address }) => address))], [GATEWAY_ADDRESS]);
    });

    it('has a line for each client that names the upstream, and leaves nothing above info', async () => {
      assert.ok(gateway !== undefined);
      const own = scene.players.filter(({ name }) => !name.includes('nginx')).length + 1;
      const ended = () => gateway?.lines.filter(({ msg }) => msg === 'session ended') ?? [];
      await gateway.waitForLine(() => ended().length >= own, LOG_LIMIT_MS);
      assert.equal(ended().length, own);
      for (const line of ended()) assert.equal(line['upstream'], url, JSON.stringify(line));
      assert.deepEqual(gateway.alarms(), []);
    });
  });
}
