// Debian's nginx with its RTMP module, as a peer that is none of ours: one process in the foreground, on a free port of
// the loopback, with a folder of its own for what it writes.

import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { type Cleaner, type RunningProgram, sleep, startProgram, testFolder } from './programs.ts';

const NGINX = '/usr/sbin/nginx';
const MODULE = '/usr/lib/nginx/modules/ngx_rtmp_module.so';
const READY_LIMIT_MS = 10_000;
const READY_STEP_MS = 25;
const LIFE_LIMIT_MS = 60_000;

/** A running nginx. */
export type Nginx = {
  readonly port: number;
  readonly program: RunningProgram;
  /** URL of `path` (app/stream). */
  rtmpUrl(path: string): string;
};

/** What it is told, as directives of its configuration. */
export type NginxOptions = {
  /** Directives of the server, beside where it listens and its chunk size of 4,096. */
  readonly server?: string;
  /** Directives of the application `live`, beside `live on`. */
  readonly live?: string;
};

/** Starts nginx and waits until it listens; `cleaner` ends it at the latest. */
export async function startNginx(cleaner: Cleaner, options: NginxOptions = {}): Promise<Nginx> {
  for (const path of [NGINX, MODULE]) {
    if (!existsSync(path))
      throw new Error(`${path} is missing: apt-get install nginx-core libnginx-mod-rtmp`);
  }
  const folder = mkdtempSync(join(testFolder(), 'nginx-'));
  cleaner.after(() => rmSync(folder, { recursive: true, force: true }));
  const port = await freePort();
  const configPath = join(folder, 'nginx.conf');
  writeFileSync(configPath, configText(folder, port, options));
  const program = startProgram(cleaner, {
    title: 'nginx',
    command: NGINX,
    args: ['-p', folder, '-c', configPath, '-e', 'stderr'],
    limitMs: LIFE_LIMIT_MS,
  });
  await untilListening(port, program);
  return { port, program, rtmpUrl: (path) => `rtmp://127.0.0.1:${port}/${path}` };
}

function configText(folder: string, port: number, { server = '', live = '' }: NginxOptions): string {
  return `load_module ${MODULE};
daemon off;
master_process off;
pid ${folder}/nginx.pid;
error_log stderr info;
events { worker_connections 64; }
rtmp {
  access_log off;
  server {
    listen 127.0.0.1:${port};
    chunk_size 4096;
    ${server}
    application live {
      live on;
      ${live}
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
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}

async function untilListening(port: number, program: RunningProgram): Promise<void> {
  for (let waitedMs = 0; waitedMs < READY_LIMIT_MS; waitedMs += READY_STEP_MS) {
    if (await canConnect(port)) return;
    await sleep(READY_STEP_MS);
  }
  throw new Error(`nginx does not listen. ${program.describe()}`);
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
