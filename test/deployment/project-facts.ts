// What the files of the deployment have to agree with, read from where it is decided: the manifest, the schema, the
// defaults.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CONFIG_FILE_VARIABLE } from '../../src/config/environment-reader.ts';
import { listKeys } from '../../src/config/key.ts';
import { parseListener } from '../../src/config/listener.ts';
import { defaultConfig } from '../../src/config/load-config.ts';
import { configSchema } from '../../src/config/schema.ts';

/** The root of the work tree. */
export const ROOT_FOLDER: string = join(import.meta.dirname, '..', '..');

/** The text of a file of the project. */
export function readProjectFile(path: string): string {
  return readFileSync(join(ROOT_FOLDER, path), 'utf8');
}

/** What package.json says, as far as it matters here. */
export type Manifest = {
  readonly version: string;
  readonly license: string;
  readonly engines: { readonly node: string };
  readonly scripts: Readonly<Record<string, string>>;
  readonly optionalDependencies: Readonly<Record<string, string>>;
};

/** package.json. */
export const MANIFEST = JSON.parse(readProjectFile('package.json')) as Manifest;

/** The Node that the lock file pins for every platform: one exact version. */
export function pinnedNodeVersion(): string {
  const versions = new Set(
    Object.entries(MANIFEST.optionalDependencies)
      .filter(([name]) => name.startsWith('node-linux-'))
      .map(([, version]) => version),
  );
  const [version, ...others] = versions;
  if (version === undefined || others.length > 0) throw new Error('expected one version of Node');
  return version;
}

/** The configuration that is in force where nothing is set. */
export const DEFAULTS = defaultConfig();

/** Ports of the default listeners, as texts. */
export const DEFAULT_PORTS: readonly string[] = DEFAULTS.listen.map((text) =>
  String(parseListener(text).portNumber),
);

/** Those of them that HTTP is spoken on without TLS. */
export const PLAIN_PORTS: readonly string[] = DEFAULTS.listen
  .map(parseListener)
  .filter(({ kind }) => kind === 'plain')
  .map(({ portNumber }) => String(portNumber));

const VARIABLES = new Set([
  CONFIG_FILE_VARIABLE,
  ...listKeys(configSchema).map(({ environmentName }) => environmentName),
]);

/** Words of `text` that look like settings of the environment and are none: the gateway would not start with them. */
export function unknownVariables(text: string): string[] {
  return [...text.matchAll(/\bCULVERT_[A-Z0-9_]+/g)]
    .map(([name]) => name)
    .filter((name) => !VARIABLES.has(name));
}

/** Milliseconds of "20s" or "2m30s", as Compose and systemd write them. */
export function durationMs(text: string): number {
  const parts = [...text.matchAll(/(\d+)(ms|s|m|min|h)(?![a-z])/g)];
  if (parts.length === 0 || parts.map(([part]) => part).join('') !== text) {
    throw new Error(`expected a duration such as 20s, found ${text}`);
  }
  const factors: Record<string, number> = { ms: 1, s: 1000, m: 60_000, min: 60_000, h: 3_600_000 };
  return parts.reduce(
    (sumMs, [, amount, unit]) => sumMs + Number(amount) * (factors[unit ?? ''] ?? Number.NaN),
    0,
  );
}
