// Ranges of addresses as the configuration writes them: ADDRESS or ADDRESS/BITS (CIDR). [RFC 4632 3.1] Bits behind the
// range's own are allowed to be set: 10.1.2.3/8 is 10.0.0.0/8.

import { isIP } from 'node:net';
import { EntryError } from './entry-error.ts';

/** A range of addresses. */
export type AddressRange = {
  readonly family: 'ipv4' | 'ipv6';
  readonly address: string;
  /** How many bits of the address the range shares: 0 to 32, or to 128. */
  readonly prefixBits: number;
};

/** The forms of a range, for error messages and docs. */
export const ADDRESS_RANGE_FORMS = 'an address or a range of them, such as 10.0.0.0/8 or 2001:db8::/32';

/** Regular expression that every range matches, and nothing that looks otherwise. For the file's JSON Schema. */
export const ADDRESS_RANGE_PATTERN = '^[0-9A-Fa-f:.]+(?:/[0-9]{1,3})?$';

/**
 * Reads one range; an address alone is a range of one.
 * @throws EntryError where the text is of neither form
 */
export function parseAddressRange(text: string): AddressRange {
  const [address = '', bits, ...rest] = text.split('/');
  const version = address.includes('%') ? 0 : isIP(address);
  if (version === 0 || rest.length > 0) throw new EntryError('there is no IPv4 or IPv6 address');
  const addressBits = version === 4 ? 32 : 128;
  const prefixBits = bits === undefined ? addressBits : Number(bits);
  if (bits !== undefined && (!/^\d{1,3}$/.test(bits) || prefixBits > addressBits)) {
    throw new EntryError(`the bits behind the slash must be a number of 0 to ${addressBits}`);
  }
  return { family: version === 4 ? 'ipv4' : 'ipv6', address, prefixBits };
}
