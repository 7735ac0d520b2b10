// The peer nginx: Debian's, with libnginx-mod-rtmp, one worker, set to send every viewer everything at once. It has no RTMPS
// of its own: its stream module stands in front, ends TLS in the same worker, and speaks RTMP to the other.

import { spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ServerKind } from './bench-server.ts';
import { installDebianPackages } from './debian-packages.ts';
import type { PeerPlace } from './peer-process.ts';
import { startPeer } from './peer-process.ts';
import { LOAD_CORE, SERVER_CORE } from './pinned-process.ts';

const NGINX = '/usr/sbin/nginx';
const RTMP_MODULE = '/usr/lib/nginx/modules/ngx_rtmp_module.so';
const STREAM_MODULE = '/usr/lib/nginx/modules/ngx_stream_module.so';
/** LIMIT: connections of the worker, below the hard limit of descriptors on common machines, 20,000. */
const CONNECTIONS = 19_500;

/** nginx with its RTMP module. */
export const NGINX_RTMP: ServerKind = nginx(false);

/** The same behind its stream module, for viewers over RTMPS. */
export const NGINX_RTMPS: ServerKind = nginx(true);

/** The first one on the load program's core, behind a server under test. */
export const NGINX_BEHIND: ServerKind = nginx(false, LOAD_CORE);

function nginx(isSecure: boolean, core: number = SERVER_CORE): ServerKind {
  return {
    name: 'nginx',
    startsAtKeyframe: false,
    schemes: [isSecure ? 'rtmps' : 'rtmp'],
    isPeer: true,
    version: () => {
      if (![NGINX, RTMP_MODULE].every(existsSync)) installDebianPackages(['nginx-core', 'libnginx-mod-rtmp']);
      if (isSecure && !existsSync(STREAM_MODULE)) installDebianPackages(['libnginx-mod-stream']);
      const { stderr } = spawnSync(NGINX, ['-v'], { encoding: 'utf8' });
      const version = stderr.replace('nginx version:', '').trim();
      return isSecure ? `${version}, TLS by its stream module` : version;
    },
    start: () =>
      startPeer(
        'nginx',
        isSecure,
        (place) => {
          const { folder } = place;
          const configPath = join(folder, 'nginx.conf');
          writeFileSync(configPath, configText(place));
          return { command: NGINX, args: ['-p', folder, '-c', configPath, '-e', join(folder, 'error.log')] };
        },
        core,
      ),
  };
}

function configText({ folder, port, secure }: PeerPlace): string {
  return `load_module ${RTMP_MODULE};
${secure === null ? '' : `load_module ${STREAM_MODULE};`}
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
${secure === null ? '' : streamText(secure, port)}`;
}

function streamText(
  { port, certificatePath, keyPath }: NonNullable<PeerPlace['secure']>,
  rtmpPort: number,
): string {
  return `stream {
  server {
    listen 127.0.0.1:${port} ssl;
    ssl_certificate ${certificatePath};
    ssl_certificate_key ${keyPath};
    ssl_protocols TLSv1.2 TLSv1.3;
    proxy_pass 127.0.0.1:${rtmpPort};
  }
}
`;
}
