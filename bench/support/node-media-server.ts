// The peer node-media-server: the package of the bench's own folder, run by this Node as a process of its own, with RTMP
// alone: no HTTP, no dashboard, no recording, no authentication.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { NodeMediaServer } from '../core/node-media-server.ts';
import { BENCH_FOLDER, installBenchPackages } from './bench-packages.ts';
import type { ServerKind } from './bench-server.ts';
import { startPeer } from './peer-process.ts';

const PROGRAM = join(BENCH_FOLDER, 'node_modules', 'node-media-server', 'bin', 'app.js');

/** node-media-server over RTMP. */
export const NODE_MEDIA_SERVER: ServerKind = {
  name: 'node-media-server',
  startsAtKeyframe: true,
  hasTunnel: false,
  isPeer: true,
  version: () => {
    installBenchPackages();
    return NodeMediaServer.version().replace('node-media-server ', '');
  },
  start: () =>
    startPeer('node-media-server', (folder, port) => {
      const configPath = join(folder, 'config.json');
      const config = {
        bind: '127.0.0.1',
        rtmp: { port },
        http: {},
        auth: { play: false, publish: false, secret: 'unused' },
        store: { path: join(folder, 'data') },
        record: { auto: false, path: join(folder, 'record') },
      };
      writeFileSync(configPath, JSON.stringify(config));
      return { command: process.execPath, args: [PROGRAM, '--config', configPath, '--no-admin'] };
    }),
};
