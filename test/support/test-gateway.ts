// A whole gateway in the test's own process, on free ports of the loopback.

import type { Admission } from '../../src/auth/admission.ts';
import { PROCESS_CLOCK, PROCESS_SCHEDULER } from '../../src/cli/process-clock.ts';
import type { Overrides } from '../../src/config/config-type.ts';
import { configWith } from '../../src/config/load-config.ts';
import type { Config } from '../../src/config/schema.ts';
import type { Gateway } from '../../src/gateway.ts';
import { createGateway } from '../../src/gateway.ts';
import type { Cleaner } from './programs.ts';

/** One line of the log. */
export type LogEntry = {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly fields: object;
  readonly message: string;
};

/** A started gateway, its ports, the first of them, and what it logged. */
export type TestGateway = {
  readonly gateway: Gateway;
  readonly ports: readonly number[];
  readonly port: number;
  readonly log: LogEntry[];
};

/** Starts a gateway, with one plain listener where nothing else is said; it is stopped by `cleaner` at the latest. */
export async function startTestGateway(
  cleaner: Cleaner,
  overrides: Overrides<Config> = {},
  admissions: ReadonlyMap<string, Admission> = new Map(),
): Promise<TestGateway> {
  const log: LogEntry[] = [];
  const write =
    (level: LogEntry['level']) =>
    (fields: object, message: string): void => {
      log.push({ level, fields, message });
    };
  const gateway = createGateway(
    configWith({ listen: ['127.0.0.1:0'], shutdown: { drainTimeoutMs: 500 }, ...overrides }),
    {
      log: { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') },
      clock: PROCESS_CLOCK,
      scheduler: PROCESS_SCHEDULER,
      epochMs: Date.now,
      maxOpenFiles: null,
      admissions,
    },
  );
  const opened = await gateway.start(false);
  cleaner.after(() => gateway.stop());
  const ports = opened.map(({ address }) => Number(address.split(':').at(-1)));
  return { gateway, ports, port: ports[0] ?? 0, log };
}

/** AVC and AAC messages as an encoder sends them: headers, then frames that carry their number. */
export const TEST_MEDIA = {
  videoHeader: Uint8Array.of(0x17, 0, 0, 0, 0, 1, 0x64, 0, 0x1f, 0xff),
  audioHeader: Uint8Array.of(0xaf, 0, 0x12, 0x10),
  video: (isKeyframe: boolean, number: number, lengthBytes = 64): Uint8Array => {
    const payload = new Uint8Array(lengthBytes).fill(number & 0xff);
    payload.set([isKeyframe ? 0x17 : 0x27, 1, 0, 0, 0]);
    new DataView(payload.buffer).setUint32(5, number);
    return payload;
  },
  audio: (number: number): Uint8Array => {
    const payload = new Uint8Array(32).fill(number & 0xff);
    payload.set([0xaf, 1]);
    new DataView(payload.buffer).setUint32(2, number);
    return payload;
  },
};
