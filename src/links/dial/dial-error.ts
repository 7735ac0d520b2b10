// Why an upstream could not be dialled. What is at fault is the world or a setting, never the client; a bug of ours is an
// ordinary Error. No message holds credentials or a query, for it names the upstream by its description.

/** What kept a dial from coming about. */
export type DialErrorCode =
  /** The host has no address. */
  | 'dns'
  /** Nobody listens there. */
  | 'refused'
  /** No way leads there. */
  | 'unreachable'
  /** It took too long. */
  | 'timeout'
  /** The connection broke, or was closed, before it was ready. */
  | 'reset'
  /** The same, once the upstream knew whose connection it is: it may go by the client's address. */
  | 'turned-away'
  /** The HTTP proxy on the way does not open one. */
  | 'proxy'
  /** TLS did not come about, or the certificate is not to be trusted. */
  | 'tls'
  /** No RTMPT tunnel was opened. */
  | 'tunnel'
  /** What answers does not speak RTMP. */
  | 'handshake'
  /** A setting of the upstream cannot be gone by. */
  | 'setting'
  /** This machine could not do it, for want of file descriptors for one. */
  | 'system';

/** What an error tells. */
export type DialProblem = {
  readonly code: DialErrorCode;
  /** What was waited for, behind "expected". */
  readonly expected: string;
  /** What came instead, behind "found". */
  readonly found: string;
  /** What to do about it, in words, null where that cannot be told. */
  readonly cure: string | null;
  readonly cause?: unknown;
};

/** An upstream could not be dialled, or failed a check. */
export class DialError extends Error {
  override readonly name = 'DialError';
  readonly code: DialErrorCode;

  constructor({ code, expected, found, cure, cause }: DialProblem) {
    const text = `expected ${expected}, found ${found}${cure === null ? '' : ` (${cure})`}`;
    super(text, cause === undefined ? undefined : { cause });
    this.code = code;
  }
}

const SYSTEM_CODES: Readonly<Record<string, DialErrorCode>> = {
  ENOTFOUND: 'dns',
  EAI_AGAIN: 'dns',
  EAI_FAIL: 'dns',
  ECONNREFUSED: 'refused',
  EHOSTUNREACH: 'unreachable',
  ENETUNREACH: 'unreachable',
  EHOSTDOWN: 'unreachable',
  EADDRNOTAVAIL: 'unreachable',
  ETIMEDOUT: 'timeout',
  ECONNRESET: 'reset',
  ECONNABORTED: 'reset',
  EPIPE: 'reset',
  UND_ERR_SOCKET: 'reset',
};

/** Codes of OpenSSL's checks of a certificate that do not begin as its other ones do. */
const CERTIFICATE_CODE =
  /^(?:ERR_SSL_|ERR_TLS_|ERR_CERTIFICATE_|CERT_|CRL_|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|HOSTNAME_MISMATCH|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH|EPROTO$)/;

/** The code for one of the system or of OpenSSL; `otherwise` where it is neither's. */
export function dialCodeOf(systemCode: string, otherwise: DialErrorCode = 'system'): DialErrorCode {
  const known = Object.hasOwn(SYSTEM_CODES, systemCode) ? SYSTEM_CODES[systemCode] : undefined;
  return known ?? (CERTIFICATE_CODE.test(systemCode) ? 'tls' : otherwise);
}

/** The code that Node gave an error; '' where it has none. */
export function systemCodeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}
