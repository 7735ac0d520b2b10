// Settings of the gateway that cases need to know: those that will be in force in the gateway under test, out of the
// same schema, the same file and the same environment. No number of src/ is written a second time here.

import { readFileSync } from 'node:fs';
import { perApp } from '../../src/config/app-settings.ts';
import { loadConfig, parseServeFlags } from '../../src/config/load-config.ts';

/** The application that the load program publishes to. */
const APP = 'live';

/** What cases need to know. */
export type GatewaySettings = {
  /** How long writes gather while many watch, ms. */
  readonly mergeMs: number;
  /** How long media gathers before a held poll is answered, ms. */
  readonly gatherMs: number;
};

/** Reads them. @throws ConfigError where the environment has settings that the gateway would refuse */
export function gatewaySettings(env: NodeJS.ProcessEnv = process.env): GatewaySettings {
  const readFile = (path: string): string => readFileSync(path, 'utf8');
  const { config } = loadConfig({ flags: parseServeFlags([]), env, readFile });
  const mergeMsOf = perApp(config, ({ mergeTimeMs }) => mergeTimeMs);
  return { mergeMs: mergeMsOf(APP), gatherMs: config.tunnel.gatherTimeMs };
}
