// Whether the certificate that an upstream showed is one to trust, and if not, in words: what was expected, what is in it.

import type { X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import { certificateCureFor } from './tls-cure.ts';

/** What decides. */
export type Judgement =
  /** Who signed it, its time and the name it is for. */
  | { readonly type: 'authority' }
  /** Its SHA-256 in hex with colons, alone. */
  | { readonly type: 'fingerprint'; readonly fingerprint: string }
  /** Nothing: any will do. */
  | { readonly type: 'anything' };

/** What is wrong with it. */
export type CertificateFault = {
  readonly expected: string;
  readonly found: string;
  readonly cure: string;
};

/** LIMIT: how much is told of the names in a certificate, characters: some names; a stranger wrote them. */
const MAX_SHOWN_CHARS = 200;

/** The fault in the certificate of a connection whose handshake is done; null where it may be trusted. */
export function faultIn(socket: TLSSocket, host: string, judgement: Judgement): CertificateFault | null {
  switch (judgement.type) {
    case 'anything':
      return null;
    case 'fingerprint':
      return fingerprintFault(socket.getPeerX509Certificate(), judgement.fingerprint);
    case 'authority':
      return socket.authorized ? null : authorityFault(socket, host);
  }
}

function fingerprintFault(
  certificate: X509Certificate | undefined,
  expected: string,
): CertificateFault | null {
  const found = certificate?.fingerprint256;
  if (found !== undefined && found.toUpperCase() === expected.toUpperCase()) return null;
  return {
    expected: `a certificate with the fingerprint ${expected}`,
    found: found === undefined ? 'none' : `one with ${found}`,
    cure: 'set tls.fingerprint to that where the certificate was renewed, else find out who answers there',
  };
}

function authorityFault(socket: TLSSocket, host: string): CertificateFault {
  // WHY text: Node's types call it an error, and it is the code of one.
  const code = String(socket.authorizationError);
  const certificate = socket.getPeerX509Certificate();
  return {
    expected: `a certificate that is valid for ${host}`,
    found: certificate === undefined ? 'none' : `${foundText(code, certificate)} (${code})`,
    cure: certificateCureFor(code),
  };
}

function foundText(code: string, certificate: X509Certificate): string {
  switch (code) {
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return `one for ${shown(certificate.subjectAltName ?? certificate.subject)}`;
    case 'CERT_HAS_EXPIRED':
      return `one that was valid until ${certificate.validTo}`;
    case 'CERT_NOT_YET_VALID':
      return `one that is valid from ${certificate.validFrom}`;
    default:
      return `one that nobody who is trusted signed, with the fingerprint ${certificate.fingerprint256}`;
  }
}

function shown(text: string): string {
  const line = text.replaceAll(/[^\x20-\x7e]+/g, ' ');
  return line.length > MAX_SHOWN_CHARS ? `${line.slice(0, MAX_SHOWN_CHARS)}…` : line;
}
