// What a configuration that was read again, while the gateway runs, changes of the one in force.

import type { Config } from './schema.ts';

/** True where `changed` differs from `inForce` in more than what a reload heeds: which upstreams are drained. */
export function needsRestart(inForce: Config, changed: Config): boolean {
  return JSON.stringify(withoutDrain(inForce)) !== JSON.stringify(withoutDrain(changed));
}

function withoutDrain(config: Config): object {
  const upstreams = Object.entries(config.upstreams).map(([name, { drain: _, ...rest }]) => [name, rest]);
  return { ...config, upstreams };
}
