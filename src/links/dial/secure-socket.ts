// TLS on a connection that stands, and whether to trust whom it leads to. Nothing is sent inside before that is known.

import { isIP, type Socket } from 'node:net';
import { connect, type SecureContext, type TLSSocket } from 'node:tls';
import { type CertificateFault, faultIn, type Judgement } from './certificate-judgement.ts';
import type { DialAttempt } from './dial-attempt.ts';
import { DialError } from './dial-error.ts';

/** How TLS is spoken. */
export type Security = {
  /** Name that is asked for (SNI) and that the certificate must be for; an address is asked for by no name. */
  readonly name: string;
  /** Whose signatures count; null for the public authorities. */
  readonly context: SecureContext | null;
  readonly judgement: Judgement;
};

/**
 * Finishes TLS on a socket, which is the new one's from now on.
 * @throws DialError of code 'tls' where it fails, or where the certificate is not to be trusted
 */
export async function secure(
  socket: Socket,
  { name, context, judgement }: Security,
  attempt: DialAttempt,
): Promise<TLSSocket> {
  const host = name.replace(/\.$/, '');
  const secured = attempt.ownUpper(
    connect({
      socket,
      host,
      ...(isIP(host) === 0 ? { servername: host } : {}),
      ...(context === null ? {} : { secureContext: context }),
      // WHY: Node would end the connection at a bad certificate, and then nobody could say what is in it. It is judged
      // below instead, always, before anybody else has the socket.
      rejectUnauthorized: false,
    }),
  );
  await attempt.untilEvent(secured, 'secureConnect');
  const fault = faultIn(secured, host, judgement);
  if (fault !== null) throw certificateError(fault, attempt);
  return secured;
}

function certificateError({ expected, found, cure }: CertificateFault, attempt: DialAttempt): DialError {
  return new DialError({ code: 'tls', expected: `${attempt.expected} with ${expected}`, found, cure });
}
