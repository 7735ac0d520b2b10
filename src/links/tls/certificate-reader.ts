// Reads the PEM files of a certificate and its key, and says what is wrong with them in words that help to mend it.

import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { CertificateError, type CertificateProblem } from './certificate-error.ts';
import { CertificatePair } from './certificate-pair.ts';

/** Where a certificate and its key are. */
export type PairPlace = {
  /** Path of the group of settings that names them: `tls`, `certificates.live.example.com`. */
  readonly label: string;
  readonly certificatePath: string;
  /** The same path where the key is in the same file. */
  readonly keyPath: string;
};

/** LIMIT: a chain of a dozen certificates is a tenth of this; what is larger is some other file. */
const MAX_PEM_BYTES = 1024 * 1024;

const CERTIFICATE_BLOCK = /-----BEGIN ((?:X509 |TRUSTED )?CERTIFICATE)-----[^-]*-----END \1-----/g;
// WHY: the header lines of an old encrypted key have hyphens in them.
const KEY_BLOCK = /-----BEGIN ((?:[A-Z]+ )?PRIVATE KEY)-----[\s\S]*?-----END \1-----/;

/** First byte of an ASN.1 sequence, which everything in DER begins with; no text does. */
const DER_SEQUENCE = 0x30;
const DER_LONG_LENGTH = 0x80;

/**
 * Reads and checks one certificate with its key.
 * @throws CertificateError where a file is missing or cannot be read, holds no certificate or no usable key, or where
 * the key is not that of the certificate
 */
export async function readCertificatePair(place: PairPlace): Promise<CertificatePair> {
  const { label, certificatePath: file, keyPath } = place;
  const certificateFile = await PemFile.read(`${label}.certificate`, file, 'a PEM file with a certificate');
  const blocks = certificatesIn(certificateFile);
  const [leaf, ...rest] = blocks.map((block) => parseCertificate(block, certificateFile));
  if (leaf === undefined) throw certificateFile.error(whatInstead(certificateFile));
  const keyFile =
    keyPath === file
      ? certificateFile
      : await PemFile.read(`${label}.key`, keyPath, 'a PEM file with a private key');
  const { pem: key, parsed } = keyIn(keyFile, label, keyPath === file);
  if (!leaf.checkPrivateKey(parsed)) {
    const place = rest.findIndex((certificate) => certificate.checkPrivateKey(parsed)) + 2;
    throw place > 1 ? wrongOrder(certificateFile, place) : otherKey(keyFile, file);
  }
  return new CertificatePair({ label, file, leaf, chain: `${blocks.join('\n')}\n`, key });
}

/** A file that was read, and what it was read for. */
class PemFile {
  readonly setting: string;
  readonly path: string;
  readonly expected: string;
  readonly bytes: Buffer;
  readonly text: string;

  private constructor(setting: string, path: string, expected: string, bytes: Buffer) {
    this.setting = setting;
    this.path = path;
    this.expected = expected;
    this.bytes = bytes;
    this.text = bytes.toString('latin1');
  }

  static async read(setting: string, path: string, expected: string): Promise<PemFile> {
    const wrong = (found: string, cure: string, options?: ErrorOptions) =>
      new CertificateError({ setting, file: path, expected, found, cure }, options);
    try {
      const stats = await stat(path);
      if (!stats.isFile()) throw wrong('no regular file', `set ${setting} to the path of a file`);
      if (stats.size > MAX_PEM_BYTES) {
        throw wrong(`a file of ${stats.size} bytes`, `set ${setting} to a file of at most ${MAX_PEM_BYTES}`);
      }
      return new PemFile(setting, path, expected, await readFile(path));
    } catch (error) {
      if (!(error instanceof Error) || !('code' in error)) throw error;
      const isMissing = error.code === 'ENOENT' || error.code === 'ENOTDIR';
      throw isMissing
        ? wrong('no such file', `put the file there, or correct ${setting}`, { cause: error })
        : wrong(`that it cannot be read, ${String(error.code)}`, cureFor(error.code), { cause: error });
    }
  }

  error(said: Partial<CertificateProblem> & Pick<CertificateProblem, 'found' | 'cure'>): CertificateError {
    return new CertificateError({
      setting: this.setting,
      file: this.path,
      expected: this.expected,
      ...said,
    });
  }
}

/** What to do about a file that is there and cannot be read. */
function cureFor(systemCode: unknown): string {
  switch (systemCode) {
    case 'EMFILE':
      return 'allow more open files: LimitNOFILE under systemd, ulimit -n elsewhere';
    case 'ENFILE':
      return 'allow the whole machine more open files';
    case 'EACCES':
    case 'EPERM':
      return 'let the user that Culvert runs as read it';
    default:
      return 'mend what keeps the system from reading it';
  }
}

function certificatesIn(file: PemFile): string[] {
  return [...file.text.matchAll(CERTIFICATE_BLOCK)].map(([block]) => block);
}

function parseCertificate(block: string, file: PemFile): X509Certificate {
  try {
    return new X509Certificate(block);
  } catch (error) {
    const found = `one that cannot be parsed (${messageOf(error)})`;
    throw file.error({ found, cure: 'get the file again from whoever issued it' });
  }
}

/** What is in a file that should have a certificate in it, and has none. */
function whatInstead({ bytes, text, path }: PemFile): Pick<CertificateProblem, 'found' | 'cure'> {
  const cure = 'give the file with the certificate and its chain, often called fullchain.pem';
  if (bytes.length === 0) return { found: 'an empty file', cure };
  if (bytes[0] === DER_SEQUENCE && ((bytes[1] ?? 0) & DER_LONG_LENGTH) !== 0) {
    const outPath = `${path.replace(/\.(der|cer|crt)$/, '')}.pem`;
    const convert = `openssl x509 -inform der -in ${path} -out ${outPath}`;
    return { found: 'DER', cure: `convert it: ${convert}` };
  }
  if (KEY_BLOCK.test(text)) return { found: 'a private key and no certificate', cure };
  if (text.includes('CERTIFICATE REQUEST-----')) return { found: 'a certificate request', cure };
  return { found: 'none in it', cure };
}

/** The first private key of a file, as it was written and parsed. */
function keyIn(file: PemFile, label: string, isInCertificate: boolean): { pem: string; parsed: KeyObject } {
  const [pem, kind] = KEY_BLOCK.exec(file.text) ?? [];
  if (pem === undefined) {
    throw isInCertificate
      ? file.error({
          expected: 'a private key in the file of the certificate',
          found: 'none',
          cure: `set ${label}.key to the path of the key`,
        })
      : file.error({ found: 'none in it', cure: 'give the file with the key, often called privkey.pem' });
  }
  if (kind === 'ENCRYPTED PRIVATE KEY' || pem.includes('Proc-Type: 4,ENCRYPTED')) {
    throw file.error({
      expected: 'a private key that is not encrypted',
      found: 'an encrypted one',
      cure: `decrypt it: openssl pkey -in ${file.path} -out KEYFILE`,
    });
  }
  try {
    return { pem: `${pem}\n`, parsed: createPrivateKey(pem) };
  } catch (error) {
    const found = `one that cannot be parsed (${messageOf(error)})`;
    throw file.error({ found, cure: 'get the file again from where the key was made' });
  }
}

function wrongOrder(file: PemFile, place: number): CertificateError {
  return file.error({
    expected: 'the certificate of the server first, then those that vouch for it',
    found: `the one that the key belongs to in place ${place}`,
    cure: 'put it first',
  });
}

function otherKey(file: PemFile, certificatePath: string): CertificateError {
  return file.error({
    expected: `the private key of the certificate in ${certificatePath}`,
    found: 'that of another',
    cure: 'give the two that were made together',
  });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
