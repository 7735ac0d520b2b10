// Everything on one port: of each kind of listener, every transport that fits it at the same time, by real programs.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { assertDecodesClean, assertReceived } from '../support/frames.ts';
import { type GatewayProcess, startGateway } from '../support/gateway-process.ts';
import { mediaFile } from '../support/media.ts';
import { playWithFfmpeg, playWithRtmpdump } from '../support/players.ts';
import { type RunningProgram, Scope, sleep } from '../support/programs.ts';
import { publishWithFfmpeg } from '../support/publishers.ts';
import { startWebSocketBridge } from '../support/websocket-bridge.ts';
import { assertEndedWell, endByItself } from './pairing.ts';

const DURATION_S = 5;
const JOIN_DELAY_MS = 700;
const END_LIMIT_MS = 8000;
const MIN_MISSED_MS = 2500;
const PATH = 'live/one-port';

type Scene = {
  readonly listen: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly publishScheme: string;
  /** What plays, by the schemes of the port: `ws` and `wss` by ffmpeg through a bridge. */
  readonly ffmpeg: readonly string[];
  readonly rtmpdump: readonly string[];
  readonly pages: readonly string[];
  /** Transports that the log tells of. */
  readonly transports: readonly string[];
};

const SCENES: readonly Scene[] = [
  {
    listen: 'tls:127.0.0.1:0',
    env: { CULVERT_TLS_MAX_VERSION: 'TLSv1.2' },
    publishScheme: 'rtmps',
    ffmpeg: ['rtmps', 'rtmpts', 'wss'],
    rtmpdump: ['rtmps', 'rtmpts'],
    pages: ['https'],
    transports: ['rtmps', 'rtmpts', 'wss'],
  },
  {
    listen: '127.0.0.1:0',
    publishScheme: 'rtmp',
    ffmpeg: ['rtmp', 'rtmpt', 'ws'],
    rtmpdump: ['rtmp', 'rtmpt'],
    pages: ['http'],
    transports: ['rtmp', 'rtmpt', 'ws'],
  },
  {
    listen: 'any:127.0.0.1:0',
    publishScheme: 'rtmpts',
    ffmpeg: ['rtmp', 'rtmps', 'rtmpt', 'rtmpts', 'ws', 'wss'],
    rtmpdump: ['rtmp', 'rtmpt'],
    pages: ['http', 'https'],
    transports: ['rtmp', 'rtmps', 'rtmpt', 'rtmpts', 'ws', 'wss'],
  },
];

const run = promisify(execFile);

for (const scene of SCENES) {
  describe(`One port, listened to as ${scene.listen}`, () => {
    const scope = new Scope();
    let sourcePath = '';
    let gateway: GatewayProcess;
    let publisher: RunningProgram;
    const players = new Map<string, RunningProgram>();
    const pages = new Map<string, string>();

    before(async () => {
      gateway = await startGateway(scope, { listen: [scene.listen], ...(scene.env && { env: scene.env }) });
      sourcePath = await mediaFile(scope, 'h264-aac', DURATION_S);
      publisher = publishWithFfmpeg(scope, sourcePath, gateway.url(scene.publishScheme, PATH));
      await sleep(JOIN_DELAY_MS);
      for (const scheme of scene.ffmpeg) {
        const url = scheme.startsWith('ws')
          ? `rtmp://127.0.0.1:${await startWebSocketBridge(scope, gateway.url(scheme, 'rtmp'))}/${PATH}`
          : gateway.url(scheme, PATH);
        players.set(`ffmpeg by ${scheme}`, playWithFfmpeg(scope, url));
      }
      for (const scheme of scene.rtmpdump) {
        const url = gateway.url(scheme, PATH);
        players.set(`rtmpdump by ${scheme}`, playWithRtmpdump(scope, url, { live: true }));
      }
      for (const scheme of scene.pages) {
        const { stdout } = await run('curl', ['-sSik', '--max-time', '5', gateway.url(scheme, '')]);
        pages.set(scheme, stdout);
      }
      await publisher.ended;
      // WHY: settled, so that the failure of one player fails its own test only.
      await Promise.allSettled([...players.values()].map((program) => endByItself(program, END_LIMIT_MS)));
    });
    after(() => scope.close());

    it(`takes what ffmpeg publishes by ${scene.publishScheme} to its end`, async () => {
      assertEndedWell(publisher, await publisher.ended);
    });

    const names = [
      ...scene.ffmpeg.map((scheme) => `ffmpeg by ${scheme}`),
      ...scene.rtmpdump.map((scheme) => `rtmpdump by ${scheme}`),
    ];
    for (const name of names) {
      it(`reaches ${name} whole, in order and in time`, async (t) => {
        const program = players.get(name) ?? assert.fail('the player was not started');
        assertEndedWell(program, await program.ended);
        const isByHttp = scene.publishScheme.startsWith('rtmpt');
        assertReceived(sourcePath, program.outputPath, {
          minDurationMs: DURATION_S * 1000 - MIN_MISSED_MS,
          tailFrames: isByHttp ? 12 : 0,
        });
        await assertDecodesClean(t, program.outputPath);
      });
    }

    for (const scheme of scene.pages) {
      it(`gives curl a page by ${scheme} meanwhile, with the headers of one`, () => {
        const page = pages.get(scheme) ?? '';
        assert.match(page, /^HTTP\/1\.1 200 OK\r\n/);
        assert.match(page, /^Content-Security-Policy: default-src 'none'/im);
        assert.match(page, /^X-Content-Type-Options: nosniff/im);
        assert.match(page, /<h1>Culvert<\/h1>/);
      });
    }

    it('tells each transport in the log, and alarms of nothing', () => {
      const connected = gateway.lines.filter(({ msg }) => msg === 'session connected');
      const transports = new Set(connected.map((line) => String(line['transport'])));
      assert.deepEqual([...transports].sort(), [...scene.transports].sort());
      for (const line of connected) {
        const isTls = String(line['transport']).endsWith('s') && line['transport'] !== 'ws';
        assert.equal(line['tls'] !== undefined, isTls, JSON.stringify(line));
      }
      assert.deepEqual(gateway.alarms(), []);
      assert.equal(gateway.output(), '');
    });
  });
}
