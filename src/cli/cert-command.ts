// `culvert cert`: makes a certificate that vouches for itself, and its key, for those who want one with names and a
// life of their own choice. It is of the same kind as the development certificate that `serve` makes.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { domainToASCII } from 'node:url';
import { parseArgs } from 'node:util';
import { writePairFiles } from '../links/tls/certificate-files.ts';
import { isCertifiable, MAX_NAMES, machineNames, makeSelfSigned } from '../links/tls/certificate-maker.ts';
import type { CommandIo } from './config-command.ts';
import { ExitCode } from './exit-code.ts';

const DEFAULT_DAYS = 365;
const DEFAULT_FOLDER = 'certs';

/** LIMIT: ten years; a certificate that nobody renews outlives everybody who knows of its key. */
const MAX_DAYS = 3650;

const HELP = `culvert cert [FLAGS]

Makes a self-signed certificate (cert.pem) and its key (key.pem).

  --name NAME   A host name, *.HOST.NAME or an address that it is for; may be given up to ${MAX_NAMES} times. Without it: localhost, this machine's host name and its addresses, but for link-local ones.
  --out FOLDER  Where to put the files: ${DEFAULT_FOLDER}, where it is not given.
  --days N      How long it is valid, 1 to ${MAX_DAYS} days: ${DEFAULT_DAYS}, where it is not given.
  --force       Write over files that are there.
  --help        Print this help (also -h).
`;

/** A command line that cannot be followed. */
class FlagError extends Error {
  override readonly name = 'FlagError';
}

type CertFlags = {
  /** Host names in ASCII and lower case, and addresses. */
  readonly names: readonly string[];
  readonly folder: string;
  readonly validDays: number;
  readonly isForced: boolean;
};

/**
 * Runs the command with what follows its name in `argv`. Gives the exit code: 0, 2 for a wrong flag, 1 where files are
 * in the way or cannot be written.
 */
export async function runCertCommand(
  argv: readonly string[],
  io: Pick<CommandIo, 'stdout' | 'stderr'>,
): Promise<number> {
  if (argv.includes('--help') || argv.includes('-h')) {
    io.stdout.write(HELP);
    return ExitCode.Done;
  }
  try {
    return await makeCertificate(parseCertFlags(argv), io);
  } catch (error) {
    if (!(error instanceof FlagError)) throw error;
    io.stderr.write(`${error.message}\n`);
    return ExitCode.WrongSetting;
  }
}

async function makeCertificate(flags: CertFlags, io: Pick<CommandIo, 'stdout' | 'stderr'>): Promise<number> {
  const { names, folder, validDays, isForced } = flags;
  const certificatePath = join(folder, 'cert.pem');
  const keyPath = join(folder, 'key.pem');
  const inTheWay = [certificatePath, keyPath].filter((path) => existsSync(path));
  if (inTheWay.length > 0 && !isForced) {
    const are = inTheWay.length > 1 ? 'are' : 'is';
    io.stderr.write(
      `culvert cert: ${inTheWay.join(' and ')} ${are} there already: --force writes over, --out takes another folder\n`,
    );
    return ExitCode.Failed;
  }
  const { certificate, key, leaf } = await makeSelfSigned({ names, nowMs: Date.now(), validDays });
  try {
    await writePairFiles(folder, { certificatePath, keyPath, certificate, key });
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
    io.stderr.write(
      `culvert cert: expected a folder that can be written, found ${folder} (${error.message})\n`,
    );
    return ExitCode.Failed;
  }
  const rows = [
    ['certificate', certificatePath],
    ['key', keyPath],
    ['names', names.join(' ')],
    ['valid until', leaf.validToDate.toISOString()],
    ['SHA-256', leaf.fingerprint256],
  ];
  io.stdout.write(rows.map(([title = '', text]) => `${title.padEnd(12)} ${text}\n`).join(''));
  return ExitCode.Done;
}

function parseCertFlags(argv: readonly string[]): CertFlags {
  const { name: given = [], out = DEFAULT_FOLDER, days = `${DEFAULT_DAYS}`, force = false } = valuesOf(argv);
  const names = [...new Set(given.map(readName))];
  if (names.length > MAX_NAMES) throw wrong('--name', `at most ${MAX_NAMES} of them`, `${names.length}`);
  const validDays = /^\d{1,4}$/.test(days) ? Number(days) : 0;
  if (validDays < 1 || validDays > MAX_DAYS)
    throw wrong('--days', `a number of 1 to ${MAX_DAYS}`, quoted(days));
  if (out === '') throw wrong('--out', 'a folder', 'nothing');
  return { names: names.length > 0 ? names : machineNames(), folder: out, validDays, isForced: force };
}

function valuesOf(argv: readonly string[]) {
  try {
    const options = {
      name: { type: 'string', multiple: true },
      out: { type: 'string' },
      days: { type: 'string' },
      force: { type: 'boolean' },
    } as const;
    return parseArgs({ args: [...argv], options }).values;
  } catch (error) {
    // What parseArgs says of a mistake, without its advice on arguments that look like flags.
    if (!(error instanceof TypeError)) throw error;
    throw new FlagError(`culvert cert: ${error.message.split(/\. |\n/, 1)[0]} (see culvert cert --help)`);
  }
}

/** A name as certificates have it: in ASCII and lower case. */
function readName(written: string): string {
  // WHY: what is ASCII already would be changed: 1.2 to 1.0.0.2.
  const isAscii = /^[ -~]*$/.test(written);
  const name = (isAscii ? written : domainToASCII(written)).toLowerCase();
  if (isCertifiable(name)) return name;
  throw wrong('--name', 'a host name, *.HOST.NAME or an address', quoted(written));
}

function wrong(flag: string, expected: string, found: string): FlagError {
  return new FlagError(`${flag}: expected ${expected}, found ${found}`);
}

function quoted(text: string): string {
  return JSON.stringify(text);
}
