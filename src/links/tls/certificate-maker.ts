// Makes certificates that vouch for themselves, and knows the names that this machine can be reached by.

import { X509Certificate } from 'node:crypto';
import { BlockList, isIP } from 'node:net';
import { hostname, networkInterfaces } from 'node:os';
import { DAY_MS } from './certificate-expiry.ts';

/** A host name, in ASCII and lower case; its first label may be an asterisk. */
const HOST_NAME =
  /^(?=.{1,253}$)(\*\.)?([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/;

/** LIMIT: names in one certificate; all of it is sent in every handshake. */
export const MAX_NAMES = 100;

/** LIMIT: of a common name. [RFC 5280 A.1] */
const MAX_COMMON_NAME_CHARS = 64;

/** WHY: the clock of a client may be behind ours. */
const START_BEFORE_MS = 60 * 60 * 1000;

/** Kinds of alternative names, as the maker of certificates numbers them. */
const DNS_NAME = 2;
const ADDRESS = 7;

/** Addresses that count on one link only. [RFC 3927 2.1] [RFC 4291 2.5.6] */
const LINK_LOCAL = new BlockList();
LINK_LOCAL.addSubnet('169.254.0.0', 16, 'ipv4');
LINK_LOCAL.addSubnet('fe80::', 10, 'ipv6');

/** What to make. */
export type SelfSignedOptions = {
  /** Host names and addresses, 1 to {@link MAX_NAMES}. */
  readonly names: readonly string[];
  /** Now, ms since 1970. */
  readonly nowMs: number;
  readonly validDays: number;
};

/** A certificate and its key, in PEM. */
export type SelfSigned = {
  readonly certificate: string;
  readonly key: string;
  readonly leaf: X509Certificate;
};

/** True for what a certificate can be made for: a host name, `*.` before it allowed, or an address. */
export function isCertifiable(name: string): boolean {
  return isIP(name) !== 0 ? !name.includes('%') : HOST_NAME.test(name);
}

/** Makes a key on the curve P-256 and a certificate that is signed with it. */
export async function makeSelfSigned({ names, nowMs, validDays }: SelfSignedOptions): Promise<SelfSigned> {
  // WHY: the maker costs a tenth of a second and 20 MB to load, which who has a certificate need not pay.
  const { generate } = await import('selfsigned');
  const commonName = names.find((name) => name.length <= MAX_COMMON_NAME_CHARS) ?? 'culvert';
  const pems = await generate([{ name: 'commonName', value: commonName }], {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    notBeforeDate: new Date(nowMs - START_BEFORE_MS),
    notAfterDate: new Date(nowMs + validDays * DAY_MS),
    extensions: [
      // WHY: no authority, so that who trusts it trusts this server and nothing else; some TLS libraries take no
      // authority for a server's certificate. And no key usage: one without the right to sign certificates keeps
      // OpenSSL before 3 from trusting a certificate that is signed by itself.
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: names.map((name) =>
          isIP(name) === 0 ? { type: DNS_NAME, value: name } : { type: ADDRESS, ip: name },
        ),
      },
    ],
  });
  return {
    certificate: endedLine(pems.cert),
    key: endedLine(pems.private),
    leaf: new X509Certificate(pems.cert),
  };
}

/** WHY: people put the two files one behind the other, as HAProxy wants them, and a text without an end glues them. */
function endedLine(pem: string): string {
  return `${pem.trimEnd()}\n`;
}

/**
 * What this machine is called, by itself and in its networks: `localhost`, its host name, its addresses. The link-local
 * ones are left out: no URL has them, and everybody who connects is told what is in a certificate.
 */
export function machineNames(): readonly string[] {
  const addresses = machineAddresses().filter((address) => !isLinkLocal(address));
  const names = ['localhost', hostname().toLowerCase(), '127.0.0.1', '::1', ...addresses];
  return [...new Set(names)].filter(isCertifiable).slice(0, MAX_NAMES);
}

/** None where the system does not tell them: a sandbox without netlink, no file left to be opened. */
function machineAddresses(): readonly string[] {
  try {
    return Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map(({ address }) => address));
  } catch (error) {
    // WHY: a certificate for this machine alone is better than no start. What it is for stands in the log.
    if (error instanceof Error && 'code' in error) return [];
    throw error;
  }
}

function isLinkLocal(address: string): boolean {
  return LINK_LOCAL.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
}
