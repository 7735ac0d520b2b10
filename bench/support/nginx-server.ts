// The peer nginx: Debian's, with libnginx-mod-rtmp, one worker, set to send every viewer everything at once.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ServerKind } from './bench-server.ts';
import { installDebianPackages } from './debian-packages.ts';
import type { PinnedProcess } from './pinned-process.ts';
import { SERVER_CORE, startPinned } from './pinned-process.ts';

const NGINX = '/usr/sbin/nginx';
const MODULE = '/usr/lib/nginx/modules/ngx_rtmp_module.so';
const READY_LIMIT_MS = 10_000;
const READY_STEP_MS = 50;
/** LIMIT: connections of the worker, below the hard limit of descriptors on common machines, 20,000. */
const CONNECTIONS = 19_500;

/** nginx with its RTMP module. */
export const NGINX_RTMP: ServerKind = {
  name: 'nginx',
  startsAtKeyframe: false,
  hasTunnel: false,
  version: () => {
    if (!existsSync(NGINX) || !existsSync(MODULE)) installDebianPackages(['nginx-core', 'libnginx-mod-rtmp']);
    const { stderr } = spawnSync(NGINX, ['-v'], { encoding: 'utf8' });
    return stderr.replace('nginx version:', '').trim();
  },
  start: async () => {
    const folder = mkdtempSync(join(tmpdir(), 'culvert-bench-nginx-'));
    const port = await freePort();
    const configPath = join(folder, 'nginx.conf');
    writeFileSync(configPath, configText(folder, port));
    const running = startPinned(SERVER_CORE, NGINX, [
      '-p',
      folder,
      '-c',
      configPath,
      '-e',
      join(folder, 'error.log'),
    ]);
    const stop = async (): Promise<void> => {
      await running.stop();
      rmSync(folder, { recursive: true, force: true });
    };
    try {
      await untilListening(port, running);
    } catch (error) {
      await stop();
      throw error;
    }
    return { port, process: running, stop };
  },
};

function configText(folder: string, port: number): string {
  return `load_module ${MODULE};
daemon off;
worker_processes 1;
worker_rlimit_nofile 20000;
pid ${folder}/nginx.pid;
error_log ${folder}/error.log error;
events { worker_connections ${CONNECTIONS}; }
rtmp {
  access_log off;
  server {
    listen 127.0.0.1:${port};
    chunk_size 4096;
    max_connections ${CONNECTIONS};
    application live {
      live on;
      wait_key off;
      wait_video off;
    }
  }
}
`;
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

async function untilListening(port: number, running: PinnedProcess): Promise<void> {
  let hasEnded = false;
  void running.ended.then(() => {
    hasEnded = true;
  });
  for (let waitedMs = 0; waitedMs < READY_LIMIT_MS && !hasEnded; waitedMs += READY_STEP_MS) {
    if (await canConnect(port)) return;
    await sleep(READY_STEP_MS);
  }
  throw new Error(`nginx does not listen: ${running.errorOutput()}`);
}

function canConnect(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
