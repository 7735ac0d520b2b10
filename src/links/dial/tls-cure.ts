// What to do about TLS that did not come about, by the code that Node gives: for the operator who set the upstream.

const NO_TLS = 'what answers there speaks no TLS: give the port that does, or a URL without TLS';
const NOT_TRUSTED =
  'name the file of who signed it in tls.ca, or, where it is the right one, its fingerprint in tls.fingerprint';
const EXPIRED = 'have it renewed there';
const NOT_YET = 'set the clocks of both machines right';

/** Of handshakes. */
const HANDSHAKE_CURES: Readonly<Record<string, string>> = {
  ERR_SSL_WRONG_VERSION_NUMBER: NO_TLS,
  ERR_SSL_PACKET_LENGTH_TOO_LONG: NO_TLS,
  ERR_SSL_UNEXPECTED_MESSAGE: NO_TLS,
  EPROTO: NO_TLS,
  ERR_SSL_TLSV1_UNRECOGNIZED_NAME: 'set tls.serverName to a name that it knows',
  ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: 'have it speak TLS 1.2 or 1.3',
  ERR_SSL_UNSUPPORTED_PROTOCOL: 'have it speak TLS 1.2 or 1.3',
};

/** Of certificates. */
const CERTIFICATE_CURES: Readonly<Record<string, string>> = {
  ERR_TLS_CERT_ALTNAME_INVALID: 'correct the host of the URL, or set tls.serverName to a name that it is for',
  CERT_HAS_EXPIRED: EXPIRED,
  CERT_NOT_YET_VALID: NOT_YET,
};

/** For an error of a handshake; null for any other. */
export function handshakeCureFor(systemCode: string): string | null {
  return Object.hasOwn(HANDSHAKE_CURES, systemCode) ? (HANDSHAKE_CURES[systemCode] ?? null) : null;
}

/** For a certificate that Node does not trust for this reason. */
export function certificateCureFor(systemCode: string): string {
  return (Object.hasOwn(CERTIFICATE_CURES, systemCode) ? CERTIFICATE_CURES[systemCode] : null) ?? NOT_TRUSTED;
}
