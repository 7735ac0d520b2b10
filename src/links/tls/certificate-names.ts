// The names that a certificate is for, and which certificate a client gets that asks for a host by SNI. [RFC 6066 3]
// A wildcard stands for exactly one label. [RFC 6125 6.4.3] The common name counts only where there are no
// alternative names at all.

import type { X509Certificate } from 'node:crypto';
import { isIPv6, SocketAddress } from 'node:net';

/** One entry of alternative names as Node writes them; what has odd characters is written as a JSON text. */
const ALTERNATIVE_NAME = /(?:^|, )(DNS|IP Address):("(?:[^"\\]|\\.)*"|[^,]*)/g;

const WILDCARD = '*.';

/** Host names in lower case, wildcards among them, and addresses, as the certificate has them. */
export function namesOf(certificate: X509Certificate): readonly string[] {
  const { subjectAltName } = certificate;
  if (subjectAltName === undefined) {
    // WHY: of several common names Node gives a list, which its type does not say.
    const commonNames: unknown[] = [certificate.toLegacyObject().subject?.CN].flat();
    return commonNames.filter((name) => typeof name === 'string').map((name) => name.toLowerCase());
  }
  return [...subjectAltName.matchAll(ALTERNATIVE_NAME)].map(([, kind, written = '']) => {
    const name = written.startsWith('"') ? String(JSON.parse(written)) : written;
    return kind === 'DNS' ? name.toLowerCase() : shortAddress(name);
  });
}

/** `0:0:0:0:0:0:0:1` as `::1`. */
function shortAddress(address: string): string {
  return isIPv6(address) ? new SocketAddress({ address, family: 'ipv6' }).address : address;
}

/** What is found by the name that a client asks for: in full before by a wildcard. What was added first wins. */
export class NameIndex<Value> {
  readonly #exact = new Map<string, Value>();
  /** By what stands behind the asterisk and its dot. */
  readonly #wildcards = new Map<string, Value>();

  add(names: readonly string[], value: Value): void {
    for (const name of names) {
      const isWildcard = name.startsWith(WILDCARD);
      const map = isWildcard ? this.#wildcards : this.#exact;
      const key = isWildcard ? name.slice(WILDCARD.length) : name;
      if (!map.has(key)) map.set(key, value);
    }
  }

  /** Letter case and a dot at the end make no difference. Undefined where nothing is for that name. */
  find(serverName: string): Value | undefined {
    const name = serverName.toLowerCase().replace(/\.$/, '');
    if (this.#exact.has(name)) return this.#exact.get(name);
    const dotIndex = name.indexOf('.');
    return dotIndex < 1 ? undefined : this.#wildcards.get(name.slice(dotIndex + 1));
  }
}
