// Whether somebody else than the user that Culvert runs as can have the key of a certificate that this machine made
// for itself. Key files of an operator's own are not looked at: who may read them is the operator's choice.

import { stat } from 'node:fs/promises';
import { platform, userInfo } from 'node:os';
import type { PairPlace } from './certificate-reader.ts';

/** Bits of a mode for the group and for all others. */
const MODE_OF_OTHERS = 0o077;
const MODE_BITS = 0o777;

/** A file that lets others at the key, and how it does. */
export type Exposure = {
  readonly file: string;
  readonly found: string;
};

/**
 * Finds a file of another user than `ownUserId`, or a key whose mode lets others at it. Null where there is none, and
 * where the files cannot be looked at. Null for `ownUserId` leaves the owners out.
 */
export async function exposureOf(place: PairPlace, ownUserId: number | null): Promise<Exposure | null> {
  // WHY: Windows has neither; what Node gives there says nothing.
  if (platform() === 'win32') return null;
  const { keyPath, certificatePath } = place;
  for (const file of [keyPath, certificatePath]) {
    const stats = await statsOf(file);
    if (stats === null) continue;
    if (ownUserId !== null && stats.uid !== ownUserId) {
      return { file, found: `that it belongs to the user ${stats.uid}` };
    }
    if (file === keyPath && (stats.mode & MODE_OF_OTHERS) !== 0) {
      return { file, found: `mode ${(stats.mode & MODE_BITS).toString(8)}` };
    }
  }
  return null;
}

/**
 * Number of the user that Culvert runs as; null where the system knows no user of that number, as in containers. A key
 * of mode 600 that such a user could read is its own.
 */
export function ownUserId(): number | null {
  try {
    return userInfo().uid;
  } catch (error) {
    if (error instanceof Error && 'code' in error) return null;
    throw error;
  }
}

async function statsOf(path: string): Promise<{ readonly uid: number; readonly mode: number } | null> {
  try {
    return await stat(path);
  } catch (error) {
    if (error instanceof Error && 'code' in error) return null;
    throw error;
  }
}
