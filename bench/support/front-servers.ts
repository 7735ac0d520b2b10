// Servers in front of nginx-rtmp: the gateway, which splices or relays, and the bare pipe; and nginx with nobody in front of
// it. What is in front has the server's core to itself. nginx is on the load program's, and the publisher goes to it.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BenchServer, ServerKind } from './bench-server.ts';
import { CULVERT, culvertWith } from './culvert-server.ts';
import { BARE_PIPE, barePipeTo } from './floor-server.ts';
import { NGINX_BEHIND } from './nginx-server.ts';

/** Makes what stands in front of a port of the loopback. */
type FrontAt = (port: number) => ServerKind;

/** The gateway, which splices each client; with `mergeMs` what nginx sends gathers for so long. */
export function spliceFront(mergeMs: number | null): ServerKind {
  const merge = mergeMs === null ? {} : { CULVERT_SPLICE_MERGE_TIME: `${mergeMs}ms` };
  const frontAt = (port: number): ServerKind =>
    culvertWith({ env: { CULVERT_UPSTREAM: urlOf(port), ...merge } });
  return inFront(CULVERT, frontAt);
}

/** The gateway without a profile. */
const { profiled: _profiled, ...CULVERT_PLAIN } = CULVERT;

/** The gateway, which takes the one stream from nginx once and serves all viewers itself; it writes no profile. */
export const RELAY_FRONT: ServerKind = inFront(CULVERT_PLAIN, relayAt);

/** The bare pipe, a connection of its own for each client. */
export const PIPE_FRONT: ServerKind = inFront(BARE_PIPE, barePipeTo);

/** nginx itself, where it is behind others: clients go to it directly, over RTMP. */
export const DIRECT: ServerKind = {
  ...NGINX_BEHIND,
  start: async () => {
    const server = await NGINX_BEHIND.start();
    return { ...server, behind: server };
  },
};

/** A kind like `front`, with an nginx of its own behind it. */
function inFront(front: ServerKind, frontAt: FrontAt): ServerKind {
  const { name, schemes, profiled } = front;
  return {
    name,
    schemes,
    // WHY: what nginx begins with comes through as it is, and a relay has it from nginx too.
    startsAtKeyframe: false,
    isPeer: false,
    version: () => {
      // WHY: asking nginx installs it where it is missing.
      NGINX_BEHIND.version();
      return front.version();
    },
    start: () => startInFront(frontAt),
    ...(profiled === undefined
      ? {}
      : { profiled: (path: string) => inFront(profiled(path), (port) => profiledAt(frontAt, port, path)) }),
  };
}

async function startInFront(frontAt: FrontAt): Promise<BenchServer> {
  const behind = await NGINX_BEHIND.start();
  try {
    const front = await frontAt(behind.port).start();
    const stop = async (): Promise<void> => {
      try {
        await front.stop();
      } finally {
        await behind.stop();
      }
    };
    return { ...front, behind, stop };
  } catch (error) {
    await behind.stop();
    throw error;
  }
}

function profiledAt(frontAt: FrontAt, port: number, path: string): ServerKind {
  const front = frontAt(port);
  return front.profiled?.(path) ?? front;
}

/**
 * Relays stand in no variable: the gateway gets a file, which it has read when it is ready.
 * WHY: a pull that is there before the publisher has the stream from its first keyframe on. One that begins with the first
 * viewer has it from wherever nginx is, and viewers get no picture before the next keyframe.
 */
function relayAt(port: number): ServerKind {
  return {
    ...CULVERT_PLAIN,
    start: async () => {
      const folder = mkdtempSync(join(tmpdir(), 'culvert-bench-relay-'));
      const path = join(folder, 'culvert.yaml');
      writeFileSync(path, relayText(port));
      try {
        return await culvertWith({ env: { CULVERT_CONFIG: path } }).start();
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    },
  };
}

function relayText(port: number): string {
  return `upstreams:
  nginx:
    url: ${urlOf(port)}
relays:
  - direction: pull
    app: live
    stream: bench
    upstreams: [nginx]
`;
}

function urlOf(port: number): string {
  return `rtmp://127.0.0.1:${port}`;
}
