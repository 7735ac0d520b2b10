// Reads the settings of the environment: every variable that begins with CULVERT_, a list by commas. A variable
// that is set to nothing counts as not set.

import type { ConfigProblem } from './config-error.ts';
import { ENVIRONMENT_PREFIX, type FixedKey } from './key.ts';
import { nearest } from './nearest.ts';
import type { Reading, Readings } from './source.ts';
import type { ValueChecker } from './value-checker.ts';

/** Variables by name, as `process.env` has them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Names the configuration file where no flag does. */
export const CONFIG_FILE_VARIABLE = 'CULVERT_CONFIG';

/**
 * WHY: Kubernetes and Docker links set variables for every service in sight; one whose name begins with
 * "culvert" brings CULVERT_SERVICE_HOST, CULVERT_PORT_1935_TCP_ADDR and the like, which are no settings.
 */
const SERVICE_LINK = /_(?:SERVICE_HOST|SERVICE_PORT(?:_\w+)?|PORT_\d+_(?:TCP|UDP|SCTP)(?:_\w+)?)$/;
const SERVICE_LINK_URL = /^(?:tcp|udp|sctp):\/\//;

function isServiceLink(name: string, value: string): boolean {
  return SERVICE_LINK.test(name) || (name.endsWith('_PORT') && SERVICE_LINK_URL.test(value));
}

/** Reads the settings out of `environment`. */
export function readEnvironmentSettings(
  environment: Environment,
  keys: readonly FixedKey[],
  checker: ValueChecker,
): Readings {
  const readings: Reading[] = [];
  const problems: ConfigProblem[] = [];
  for (const [name, text] of Object.entries(environment)) {
    if (!name.startsWith(ENVIRONMENT_PREFIX) || text === undefined || text.trim() === '') continue;
    const key = keys.find((candidate) => candidate.environmentName === name);
    if (key === undefined) {
      if (name === CONFIG_FILE_VARIABLE || isServiceLink(name, text)) continue;
      const names = keys.map((candidate) => candidate.environmentName);
      const kind = 'environment variable';
      problems.push({ type: 'unknown', at: name, kind, key: null, nearest: nearest(name, names) });
      continue;
    }
    const raw = key.setting.type === 'array' ? text.split(',').map((entry) => entry.trim()) : text.trim();
    const checked = checker.checkText(key, raw, () => name);
    if (checked.isValid) {
      readings.push({ key, value: checked.value, source: { type: 'environment', name } });
    } else {
      problems.push(...checked.problems);
    }
  }
  return { readings, problems };
}
