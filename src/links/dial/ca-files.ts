// The files of `tls.ca`. They are read at each dial, so that a new one counts from the next connection on, with nothing to
// watch and nothing to reload. They are parsed only where the text is another one: to parse all public authorities takes
// this thread 9 ms, to read them 0.7.

import { X509Certificate } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { createSecureContext, type SecureContext } from 'node:tls';
import { DialError, systemCodeOf } from './dial-error.ts';

/** LIMIT: all public authorities together are a twentieth of this; what is larger is some other file. */
const MAX_CA_BYTES = 4 * 1024 * 1024;

const CERTIFICATE_BLOCK = /-----BEGIN ((?:X509 |TRUSTED )?CERTIFICATE)-----[^-]*-----END \1-----/g;

type Parsed = { readonly pem: string; readonly context: SecureContext };

/** Reads them. Made once; keeps what was parsed, one file a path. */
export class CaFiles {
  readonly #parsed = new Map<string, Parsed>();

  /**
   * The context of connections whose certificate must be signed by one of the file's; `description` is what errors call
   * the upstream.
   * @throws DialError of code 'setting' where the file is missing, cannot be read, or is none
   */
  async contextOf(path: string, description: string): Promise<SecureContext> {
    return (await this.#read(path, description)).context;
  }

  /** Its text. @throws DialError as above */
  async pemOf(path: string, description: string): Promise<string> {
    return (await this.#read(path, description)).pem;
  }

  async #read(path: string, description: string): Promise<Parsed> {
    const pem = await readPem(path, description);
    const known = this.#parsed.get(path);
    if (known?.pem === pem) return known;
    const parsed = { pem, context: contextFrom(pem, path, description) };
    this.#parsed.set(path, parsed);
    return parsed;
  }
}

async function readPem(path: string, description: string): Promise<string> {
  try {
    const stats = await stat(path);
    if (!stats.isFile()) throw faultOf(path, description, 'no regular file');
    if (stats.size > MAX_CA_BYTES) throw faultOf(path, description, `a file of ${stats.size} bytes`);
    return await readFile(path, 'latin1');
  } catch (error) {
    const code = systemCodeOf(error);
    if (error instanceof DialError || code === '') throw error;
    const isMissing = code === 'ENOENT' || code === 'ENOTDIR';
    throw faultOf(path, description, isMissing ? 'no such file' : `that it cannot be read, ${code}`, error);
  }
}

function contextFrom(pem: string, path: string, description: string): SecureContext {
  const blocks = pem.match(CERTIFICATE_BLOCK) ?? [];
  if (blocks.length === 0) throw faultOf(path, description, 'none in it');
  try {
    // WHY: Node passes over what it cannot parse, and then trusts nobody, or fewer than the file names.
    for (const block of blocks) new X509Certificate(block);
    return createSecureContext({ ca: blocks });
  } catch (error) {
    throw faultOf(path, description, 'one that cannot be parsed', error);
  }
}

function faultOf(path: string, description: string, found: string, cause?: unknown): DialError {
  return new DialError({
    code: 'setting',
    expected: `a PEM file with certificates at ${path} for ${description}`,
    found,
    cure: 'put it there, or correct tls.ca of this upstream',
    cause,
  });
}
