// The programs of docs/websocket.md, as the page has them: ffmpeg publishes and plays through the bridge, and what stands
// there for pages in a browser runs on the WebSocket of Node, which is the same.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';
import { freePort, untilListening } from '../../bench/support/ports.ts';
import { assertReceived } from '../support/frames.ts';
import { ROOT_FOLDER, startGateway } from '../support/gateway-process.ts';
import { mediaFile } from '../support/media.ts';
import { readBlock } from '../support/page-blocks.ts';
import { playWithFfmpeg } from '../support/players.ts';
import { newFilePath, sleep, startProgram } from '../support/programs.ts';
import { publishWithFfmpeg } from '../support/publishers.ts';
import { assertEndedWell, endByItself } from './pairing.ts';

const DURATION_S = 4;
const JOIN_DELAY_MS = 700;
const END_LIMIT_MS = 8000;
const MIN_RECEIVED_MS = 2000;
const BRIDGE_LIMIT_MS = 30_000;
const SKETCH_LIMIT_MS = 10_000;
const PATH = 'live/bridged';

const BRIDGE = {
  page: 'websocket.md',
  heading: 'A local RTMP port, for programs that have no WebSocket',
  language: 'js',
};
const SKETCH = { page: 'websocket.md', heading: 'From JavaScript', language: 'js' };
const PAGE_URL = 'wss://live.example.com/rtmp';

const run = promisify(execFile);

/** Writes a program of the page into a folder where it finds the packages of the project. */
function writeProgram(name: string, text: string): string {
  const folder = newFilePath('page');
  mkdirSync(folder);
  symlinkSync(join(ROOT_FOLDER, 'node_modules'), join(folder, 'node_modules'));
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

describe('The programs of docs/websocket.md', () => {
  it('carry what ffmpeg publishes and plays, every frame of it', async (t) => {
    const gateway = await startGateway(t);
    const port = await freePort();
    const bridge = startProgram(t, {
      title: 'the bridge',
      command: process.execPath,
      args: [writeProgram('bridge.mjs', readBlock(BRIDGE)), gateway.url('ws', 'rtmp'), `${port}`],
      limitMs: BRIDGE_LIMIT_MS,
    });
    await untilListening(port, bridge.ended, () => bridge.describe());
    const sourcePath = await mediaFile(t, 'h264-aac', DURATION_S);
    const publisher = publishWithFfmpeg(t, sourcePath, `rtmp://127.0.0.1:${port}/${PATH}`);
    await sleep(JOIN_DELAY_MS);
    const player = playWithFfmpeg(t, `rtmp://127.0.0.1:${port}/${PATH}`);
    assertEndedWell(publisher, await publisher.ended);
    await endByItself(player, END_LIMIT_MS);
    assertReceived(sourcePath, player.outputPath, { minDurationMs: MIN_RECEIVED_MS });
    const connected = gateway.lines.filter(({ app }) => app === 'live');
    assert.ok(connected.length > 0);
    for (const line of connected) assert.equal(line['transport'], 'ws');
    assert.deepEqual(gateway.alarms(), []);
  });

  it('shake hands from JavaScript, and hear why it ended', async (t) => {
    const gateway = await startGateway(t, { env: { CULVERT_RTMP_HANDSHAKE_TIMEOUT: '500ms' } });
    const path = writeProgram('page.mjs', readBlock(SKETCH, { [PAGE_URL]: gateway.url('ws', 'rtmp') }));
    const { stdout } = await run(process.execPath, [path], { timeout: SKETCH_LIMIT_MS });
    assert.equal(stdout, '3073 bytes of RTMP\n1002 rtmp-handshake-timeout\n');
  });
});
