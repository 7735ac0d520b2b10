// Debian's nginx, as a peer that is none of ours: with its RTMP module, or as a proxy of HTTP. One process in the
// foreground, on free ports of the loopback, with a folder of its own for what it writes.

import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort, untilListening } from '../../bench/support/ports.ts';
import { type Cleaner, type RunningProgram, startProgram, testFolder } from './programs.ts';

const NGINX = '/usr/sbin/nginx';
const MODULE = '/usr/lib/nginx/modules/ngx_rtmp_module.so';
const LIFE_LIMIT_MS = 60_000;

/** Where it writes bodies that are too large, seen from its folder; Debian's own places are root's. */
const TEMPORARY_FOLDERS = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  .map((name) => `${name}_temp_path ${name};`)
  .join('\n');

/** A running nginx. */
export type Nginx = {
  readonly port: number;
  readonly program: RunningProgram;
  /** URL of `path` (app/stream). */
  rtmpUrl(path: string): string;
  /** Its page of statistics, as XML. @throws Error where it was started without */
  statistics(): Promise<string>;
};

/** What it is told, as directives of its configuration. */
export type NginxOptions = {
  /** Directives of the server, beside where it listens and its chunk size of 4,096. */
  readonly server?: string;
  /** Directives of the application `live`, beside `live on`. */
  readonly live?: string;
  /** The port that it listens on; a free one where nothing is said. */
  readonly port?: number;
  /** Its whole rtmp block, in place of what the others say; it listens on `port`. */
  readonly rtmp?: string;
  /** It tells at an HTTP port of its own who publishes and plays. */
  readonly hasStatistics?: boolean;
  /** It is killed after this time; a minute where nothing is said. */
  readonly limitMs?: number;
};

/** Starts nginx as an RTMP server and waits until it listens; `cleaner` ends it at the latest. */
export async function startNginx(cleaner: Cleaner, options: NginxOptions = {}): Promise<Nginx> {
  const port = options.port ?? (await freePort());
  const statisticsPort = options.hasStatistics === true ? await freePort() : null;
  const text = (options.rtmp ?? rtmpText(port, options)) + statisticsText(statisticsPort);
  const program = runNginx(cleaner, [MODULE], text, options.limitMs ?? LIFE_LIMIT_MS);
  await untilListening(port, program.ended, () => program.describe());
  return {
    port,
    program,
    rtmpUrl: (path) => `rtmp://127.0.0.1:${port}/${path}`,
    statistics: async () => {
      if (statisticsPort === null) throw new Error('This nginx was started without statistics.');
      const response = await fetch(`http://127.0.0.1:${statisticsPort}/`);
      return response.text();
    },
  };
}

/**
 * Starts nginx with `http`, the directives of its http block, and waits until it listens on `port`; `cleaner` ends it at
 * the latest, or `limitMs` do.
 */
export async function startHttpNginx(
  cleaner: Cleaner,
  port: number,
  http: string,
  limitMs: number = LIFE_LIMIT_MS,
): Promise<RunningProgram> {
  const program = runNginx(cleaner, [], `http {\n${TEMPORARY_FOLDERS}\n${http}\n}\n`, limitMs);
  await untilListening(port, program.ended, () => program.describe());
  return program;
}

function runNginx(
  cleaner: Cleaner,
  modules: readonly string[],
  text: string,
  limitMs: number,
): RunningProgram {
  for (const path of [NGINX, ...modules]) {
    if (!existsSync(path))
      throw new Error(`${path} is missing: apt-get install nginx-core libnginx-mod-rtmp`);
  }
  const folder = mkdtempSync(join(testFolder(), 'nginx-'));
  cleaner.after(() => rmSync(folder, { recursive: true, force: true }));
  const configPath = join(folder, 'nginx.conf');
  const load = modules.map((path) => `load_module ${path};\n`).join('');
  writeFileSync(configPath, `${load}${processText(folder)}${text}`);
  return startProgram(cleaner, {
    title: 'nginx',
    command: NGINX,
    args: ['-p', folder, '-c', configPath, '-e', 'stderr'],
    limitMs,
  });
}

function processText(folder: string): string {
  return `daemon off;
master_process off;
pid ${folder}/nginx.pid;
error_log stderr info;
events { worker_connections 64; }
`;
}

function rtmpText(port: number, { server = '', live = '' }: NginxOptions): string {
  return `rtmp {
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

function statisticsText(port: number | null): string {
  if (port === null) return '';
  return `http {
  ${TEMPORARY_FOLDERS}
  access_log off;
  server {
    listen 127.0.0.1:${port};
    location / {
      rtmp_stat all;
    }
  }
}
`;
}
