// A stretch whose gateway writes a CPU profile, and the functions that its time went to while it was measured. A server
// that cannot write one is measured as it is.

import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Measurement, Stretch } from './measure.ts';
import { measure } from './measure.ts';
import { profileFigures, profileText, readProfile } from './profile.ts';

/** The flag, for parseArgs. */
export const PROFILE_FLAG = { profile: { type: 'string' } } as const;

/** How it is described. */
export const PROFILE_USAGE = `  --profile FOLDER      the gateway writes CPU profiles there, and its longest functions are told; figures do not count`;

/** The folder that --profile names, from where the command was given; null where it is not there. */
export function profileFolderOf(text: string | undefined): string | null {
  if (text === '') throw new Error('expected --profile FOLDER, got nothing');
  return text === undefined ? null : resolve(text);
}

/** Measures with a profile in `folder`, which is made where it is missing. @throws Error where none was written */
export async function measureProfiled(
  stretch: Stretch,
  folder: string,
  runName: string,
  print: (text: string) => void,
): Promise<Measurement> {
  const name = `${stretch.group} ${runName}`.replace(/\W+/g, '-');
  const path = join(folder, `${name}.cpuprofile`);
  const server = stretch.server.profiled?.(path);
  if (server === undefined) return measure(stretch);
  const measurement = await measure({ ...stretch, server });
  if (!existsSync(path)) throw new Error(`the gateway wrote no profile to ${path}`);
  const { startedAtMs, measuredMs } = measurement;
  const window = { fromMs: startedAtMs, toMs: startedAtMs + measuredMs };
  print(`${path}\n${profileText(profileFigures(readProfile(path), window))}`);
  return measurement;
}
