// The peer node-media-server: the package of the bench's own folder, run by this Node as a process of its own, with RTMP
// alone, or RTMPS beside it: no HTTP, no dashboard, no recording, no authentication.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { NodeMediaServer } from '../core/node-media-server.ts';
import { BENCH_FOLDER, installBenchPackages } from './bench-packages.ts';
import type { ServerKind } from './bench-server.ts';
import type { PeerPlace } from './peer-process.ts';
import { startPeer } from './peer-process.ts';

const PROGRAM = join(BENCH_FOLDER, 'node_modules', 'node-media-server', 'bin', 'app.js');

/** node-media-server over RTMP. */
export const NODE_MEDIA_SERVER: ServerKind = nodeMediaServer(false);

/** node-media-server over RTMPS; its publisher comes over RTMP. */
export const NODE_MEDIA_SERVER_RTMPS: ServerKind = nodeMediaServer(true);

function nodeMediaServer(isSecure: boolean): ServerKind {
  return {
    name: 'node-media-server',
    startsAtKeyframe: true,
    schemes: [isSecure ? 'rtmps' : 'rtmp'],
    isPeer: true,
    version: () => {
      installBenchPackages();
      return NodeMediaServer.version().replace('node-media-server ', '');
    },
    start: () =>
      startPeer('node-media-server', isSecure, (place) => {
        const configPath = join(place.folder, 'config.json');
        writeFileSync(configPath, JSON.stringify(configOf(place)));
        return { command: process.execPath, args: [PROGRAM, '--config', configPath, '--no-admin'] };
      }),
  };
}

function configOf({ folder, port, secure }: PeerPlace): object {
  return {
    bind: '127.0.0.1',
    rtmp: { port },
    ...(secure === null
      ? {}
      : { rtmps: { port: secure.port, key: secure.keyPath, cert: secure.certificatePath } }),
    http: {},
    auth: { play: false, publish: false, secret: 'unused' },
    store: { path: join(folder, 'data') },
    record: { auto: false, path: join(folder, 'record') },
  };
}
