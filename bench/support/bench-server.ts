// A server under test, whoever made it: where it listens, what it costs, and how it is stopped. Culvert is one; others
// are peers, started with a configuration of their own in a folder that is removed afterwards, and the floors.

import type { Scheme } from '../load/scheme.ts';
import type { PinnedProcess } from './pinned-process.ts';

/** A running server. */
export type BenchServer = {
  readonly port: number;
  /** Where it speaks TLS; null where it does not. */
  readonly securePort: number | null;
  readonly process: PinnedProcess;
  /** Where this one stands in front of another: that one, on the load program's core. The publisher goes there. */
  readonly behind?: Pick<BenchServer, 'port' | 'process'>;
  /** Stops it and removes what it left behind. */
  stop(): Promise<void>;
};

/** A kind of server. */
export type ServerKind = {
  /** Its name in tables and on the command line. */
  readonly name: string;
  /** True where viewers get headers and a keyframe first. */
  readonly startsAtKeyframe: boolean;
  /** What viewers may come over. */
  readonly schemes: readonly Scheme[];
  /** True for another's server: its faults are told, and make no run wrong. */
  readonly isPeer: boolean;
  /** Its version, for the record. @throws Error with the command to run where it is not installed and may not be */
  version(): string;
  /** Starts it on a free port of the loopback. */
  start(): Promise<BenchServer>;
  /** The same server writing a CPU profile to `path` when it stops, where it can. */
  profiled?(path: string): ServerKind;
};
