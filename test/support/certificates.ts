// A certificate for the loopback, made once in each process of the tests.

import { generate } from 'selfsigned';

/** PEM texts. */
export type CertificatePair = { readonly cert: string; readonly key: string };

let made: Promise<CertificatePair> | null = null;

/** The certificate of this process: for localhost, 127.0.0.1 and ::1. */
export function testCertificate(): Promise<CertificatePair> {
  made ??= makeCertificate('localhost');
  return made;
}

/** A new one for that name, and for the addresses of the loopback. */
export async function makeCertificate(name: string): Promise<CertificatePair> {
  const { cert, private: key } = await generate([{ name: 'commonName', value: name }], {
    keyType: 'ec',
    extensions: [
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: name },
          { type: 7, ip: '127.0.0.1' },
          { type: 7, ip: '::1' },
        ],
      },
    ],
  });
  return { cert, key };
}
