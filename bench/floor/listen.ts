// What the floor programs share: they listen on a free port of the loopback and say which, as a JSON line, and take the
// certificate that they are to speak TLS with from the command line.

import { readFileSync } from 'node:fs';
import type { AddressInfo, Server } from 'node:net';

/** PEM texts, as servers of Node take them. */
export type CertificateTexts = { readonly cert: string; readonly key: string };

/** Listens, and says where. */
export function listen(server: Server): void {
  server.listen(0, '127.0.0.1', () => {
    const { port } = server.address() as AddressInfo;
    process.stdout.write(`${JSON.stringify({ port })}\n`);
  });
}

/** The whole number that stands at `index` of the command line. @throws Error where there is none */
export function numberArgument(index: number, name: string): number {
  const value = Number(process.argv[index + 2]);
  if (!Number.isInteger(value) || value < 0)
    throw new Error(`expected ${name}, got ${process.argv[index + 2]}`);
  return value;
}

/** What is in the files that the command line names at `index` and behind it; null where it names none. */
export function certificateArguments(index: number): CertificateTexts | null {
  const [certificatePath, keyPath] = process.argv.slice(index + 2);
  if (certificatePath === undefined || keyPath === undefined) return null;
  return { cert: readFileSync(certificatePath, 'utf8'), key: readFileSync(keyPath, 'utf8') };
}
