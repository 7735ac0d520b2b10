// When to say that a certificate ends.

import type { Logger } from '../../log.ts';
import type { CertificatePair } from './certificate-pair.ts';

/** Milliseconds of a day. */
export const DAY_MS = 24 * 60 * 60 * 1000;

/** Time ahead of its end from which on a certificate is spoken of. */
const WARNING_DAYS = 14;

/** Writes a line where the certificate ends soon, has ended, or is not valid yet. `nowMs` since 1970. */
export function warnOfExpiry(pair: CertificatePair, nowMs: number, log: Logger): void {
  const { label, file, notBeforeMs, notAfterMs } = pair;
  const notAfter = new Date(notAfterMs).toISOString();
  const daysLeft = Math.floor((notAfterMs - nowMs) / DAY_MS);
  if (notAfterMs < nowMs) {
    log.warn({ label, file, notAfter, daysLeft }, 'certificate has ended: clients that check it go away');
  } else if (notAfterMs - nowMs <= WARNING_DAYS * DAY_MS) {
    log.warn({ label, file, notAfter, daysLeft }, 'certificate ends soon');
  }
  if (notBeforeMs > nowMs) {
    const notBefore = new Date(notBeforeMs).toISOString();
    log.warn({ label, file, notBefore }, 'certificate is not valid yet: clients that check it go away');
  }
}
