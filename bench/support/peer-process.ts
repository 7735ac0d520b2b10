// Starting a peer: a folder of its own for its configuration and what it writes, free ports of the loopback, and all
// given back when it stops.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CertificateFiles } from './bench-certificate.ts';
import { benchCertificate } from './bench-certificate.ts';
import type { BenchServer } from './bench-server.ts';
import type { PinnedProcess } from './pinned-process.ts';
import { SERVER_CORE, startPinned } from './pinned-process.ts';
import { freePort, untilListening } from './ports.ts';

/** Where a peer is to be. */
export type PeerPlace = {
  /** A folder of its own. */
  readonly folder: string;
  readonly port: number;
  /** Where it is to speak TLS, and with what; null where it is not to. */
  readonly secure: (CertificateFiles & { readonly port: number }) | null;
};

/** What starts it. */
export type PeerCommand = { readonly command: string; readonly args: readonly string[] };

/** Starts a peer and waits until it listens. `prepare` writes its configuration and gives its command line. */
export async function startPeer(
  name: string,
  isSecure: boolean,
  prepare: (place: PeerPlace) => PeerCommand,
  core: number = SERVER_CORE,
): Promise<BenchServer> {
  const folder = mkdtempSync(join(tmpdir(), `culvert-bench-${name}-`));
  const port = await freePort();
  const secure = isSecure ? { port: await freePort(), ...(await benchCertificate()) } : null;
  const { command, args } = prepare({ folder, port, secure });
  const running: PinnedProcess = startPinned(core, command, args);
  // WHY: what it writes for people is read and dropped, or it would wait for a full pipe one day.
  running.child.stdout?.resume();
  const stop = async (): Promise<void> => {
    await running.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    for (const each of secure === null ? [port] : [port, secure.port])
      await untilListening(each, running.ended, () => running.errorOutput());
  } catch (error) {
    await stop();
    throw error;
  }
  return { port, securePort: secure?.port ?? null, process: running, stop };
}
