// The block of addresses that one client has at its command: what limits by address count by. An IPv6 client is given
// 2^64 addresses and more, so that its single address says nothing of who it is. [RFC 4291 2.5.1, 2.5.5.2]

const GROUPS = 8;
/** Groups of an IPv6 address that name its network, 64 bits. */
const NETWORK_GROUPS = 4;
/** What stands before an IPv4 address that is written as IPv6. */
const MAPPED_GROUPS = '0:0:0:0:0:ffff';

/** An IPv4 address as it is, written as IPv6 or not; an IPv6 address's /64. What is no address stands for itself. */
export function addressBlockOf(remoteAddress: string): string {
  if (!remoteAddress.includes(':')) return remoteAddress;
  const [withoutZone = ''] = remoteAddress.split('%', 1);
  const groups = groupsOf(withoutZone);
  if (groups.slice(0, GROUPS - 2).join(':') === MAPPED_GROUPS) return dotted(groups.slice(GROUPS - 2));
  return `${groups.slice(0, NETWORK_GROUPS).join(':')}::/64`;
}

/** The eight groups of an IPv6 address, in lower case and without leading zeros. */
function groupsOf(address: string): string[] {
  const [first, last] = address.replace(/\d+(?:\.\d+){3}$/, hexOf).split('::', 2);
  const head = partsOf(first);
  const tail = partsOf(last);
  const zeros = Array.from({ length: Math.max(0, GROUPS - head.length - tail.length) }, () => '0');
  return [...head, ...zeros, ...tail].map((group) => group.toLowerCase().replace(/^0+(?=.)/, ''));
}

function partsOf(text: string | undefined): string[] {
  return text === undefined || text === '' ? [] : text.split(':');
}

/** The two groups that an IPv4 address makes. */
function hexOf(ipv4: string): string {
  const [a = 0, b = 0, c = 0, d = 0] = ipv4.split('.').map(Number);
  return `${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`;
}

/** The IPv4 address that two groups make. */
function dotted(groups: readonly string[]): string {
  return groups
    .map((group) => Number.parseInt(group, 16))
    .flatMap((value) => [value >> 8, value & 0xff])
    .join('.');
}
