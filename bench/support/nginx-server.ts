// The peer nginx: Debian's, with libnginx-mod-rtmp, one worker, set to send every viewer everything at once.

import { spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ServerKind } from './bench-server.ts';
import { installDebianPackages } from './debian-packages.ts';
import { startPeer } from './peer-process.ts';

const NGINX = '/usr/sbin/nginx';
const MODULE = '/usr/lib/nginx/modules/ngx_rtmp_module.so';
/** LIMIT: connections of the worker, below the hard limit of descriptors on common machines, 20,000. */
const CONNECTIONS = 19_500;

/** nginx with its RTMP module. */
export const NGINX_RTMP: ServerKind = {
  name: 'nginx',
  startsAtKeyframe: false,
  hasTunnel: false,
  isPeer: true,
  version: () => {
    if (!existsSync(NGINX) || !existsSync(MODULE)) installDebianPackages(['nginx-core', 'libnginx-mod-rtmp']);
    const { stderr } = spawnSync(NGINX, ['-v'], { encoding: 'utf8' });
    return stderr.replace('nginx version:', '').trim();
  },
  start: () =>
    startPeer('nginx', (folder, port) => {
      const configPath = join(folder, 'nginx.conf');
      writeFileSync(configPath, configText(folder, port));
      return { command: NGINX, args: ['-p', folder, '-c', configPath, '-e', join(folder, 'error.log')] };
    }),
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
