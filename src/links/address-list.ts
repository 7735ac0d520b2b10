// Lists of address ranges, and whether an address stands in one: whom a listener believes, for one. An IPv4 address is
// the same whether it is written as IPv6 or not, in the list as well as of a peer.

import { BlockList } from 'node:net';
import type { AddressRange } from '../config/address-range.ts';
import { canonicalIpAddress } from '../protocol/proxy/ip-address.ts';

/** Bits in front of an IPv4 address that is written as IPv6. [RFC 4291 2.5.5.2] */
const MAPPED_PREFIX_BITS = 96;
const MAPPED_IPV4 = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;

/** The address of a socket, without the `::ffff:` in front of IPv4; any other text as it is. */
export function plainAddress(address: string): string {
  return MAPPED_IPV4.exec(address)?.[1] ?? address;
}

/** Ranges of addresses. */
export class AddressList {
  // WHY: in one list for both families, Node finds IPv4 addresses in ranges such as ::/0.
  readonly #ipv4 = new BlockList();
  readonly #ipv6 = new BlockList();

  constructor(ranges: readonly AddressRange[]) {
    for (const range of ranges) {
      const { family, address, prefixBits } = plainRange(range);
      const list = family === 'ipv4' ? this.#ipv4 : this.#ipv6;
      list.addSubnet(address, prefixBits, family);
    }
  }

  /** True where one of the ranges holds the address, whatever its zone (fe80::1%eth0); false of what is no address. */
  has(address: string): boolean {
    const [withoutZone = ''] = address.split('%', 1);
    const canonical = canonicalIpAddress(withoutZone);
    if (canonical === null) return false;
    return canonical.includes(':')
      ? this.#ipv6.check(canonical, 'ipv6')
      : this.#ipv4.check(canonical, 'ipv4');
  }
}

/** A range of IPv4 addresses written as IPv6 as what it is. */
function plainRange(range: AddressRange): AddressRange {
  const address = canonicalIpAddress(range.address);
  const isMapped = range.family === 'ipv6' && address !== null && !address.includes(':');
  if (!isMapped || range.prefixBits < MAPPED_PREFIX_BITS) return range;
  return { family: 'ipv4', address, prefixBits: range.prefixBits - MAPPED_PREFIX_BITS };
}
