// IP addresses as text: read strictly, also as far as they have come, and written in the one form that Node's sockets
// give (RFC 5952), so that texts can be compared. Zones (fe80::1%eth0) are no part of it: they mean nothing to any
// other machine.

const IPV6_GROUPS = 8;
const IPV4_OCTETS = 4;

/** Groups of an IPv6 address in front of an IPv4 address at its end. */
const GROUPS_BEFORE_IPV4 = 6;

/** 0 to 999 without leading zeros. */
const OCTET = /^(?:0|[1-9]\d{0,2})$/;
const MAX_OCTET = 255;
const GROUP = /^[0-9a-f]{1,4}$/i;

/** How far a text is an address: wholly, with its numbers; the start of one; or nothing that becomes one. */
export type AddressScan =
  | { readonly type: 'whole'; readonly numbers: readonly number[] }
  | { readonly type: 'part' }
  | { readonly type: 'none' };

const PART: AddressScan = { type: 'part' };
const NONE: AddressScan = { type: 'none' };

/** IPv4, dotted and without leading zeros; its numbers are 4 octets. */
export function scanIpv4(text: string): AddressScan {
  const octets = text.split('.', IPV4_OCTETS + 1);
  if (octets.length > IPV4_OCTETS) return NONE;
  const isLastMissing = octets.at(-1) === '';
  if (isLastMissing) octets.pop();
  if (!octets.every((octet) => OCTET.test(octet) && Number(octet) <= MAX_OCTET)) return NONE;
  return octets.length === IPV4_OCTETS ? { type: 'whole', numbers: octets.map(Number) } : PART;
}

/** IPv6, in any case and with an IPv4 address at its end where it has one; its numbers are 8 groups. */
export function scanIpv6(text: string): AddressScan {
  const gapAt = text.indexOf('::');
  if (gapAt === -1) return scanWithoutGap(text);
  const headText = text.slice(0, gapAt);
  const head = scanGroups(headText);
  const tail = scanGroups(text.slice(gapAt + 2));
  if (head === null || tail === null || headText.includes('.')) return NONE;
  const zeros = IPV6_GROUPS - head.groups.length - tail.groups.length;
  if (zeros < 1) return NONE;
  if (!tail.isWhole) return PART;
  return { type: 'whole', numbers: [...head.groups, ...Array<number>(zeros).fill(0), ...tail.groups] };
}

/** An address of either family in the one form of its text; null where the text is none. */
export function canonicalIpAddress(text: string): string | null {
  const ipv4 = scanIpv4(text);
  if (ipv4.type === 'whole') return formatIpv4(ipv4.numbers);
  const ipv6 = scanIpv6(text);
  return ipv6.type === 'whole' ? formatIpv6(ipv6.numbers) : null;
}

/** The text of 4 octets. */
export function formatIpv4(octets: readonly number[]): string {
  return octets.join('.');
}

/** The text of 8 groups; of an IPv4 address written as IPv6, the IPv4 address. [RFC 5952 4, 5] */
export function formatIpv6(groups: readonly number[]): string {
  const front = groups.slice(0, GROUPS_BEFORE_IPV4);
  const octets = groups.slice(GROUPS_BEFORE_IPV4).flatMap((group) => [group >> 8, group & 0xff]);
  if (front.every((group, index) => group === (index === GROUPS_BEFORE_IPV4 - 1 ? 0xffff : 0))) {
    return formatIpv4(octets);
  }
  // WHY: the obsolete IPv4-compatible form is what sockets give.
  if (front.every((group) => group === 0) && groups[GROUPS_BEFORE_IPV4] !== 0)
    return `::${formatIpv4(octets)}`;
  const { from, length } = longestZeros(groups);
  const hex = groups.map((group) => group.toString(16));
  if (length < 2) return hex.join(':');
  return `${hex.slice(0, from).join(':')}::${hex.slice(from + length).join(':')}`;
}

function scanWithoutGap(text: string): AddressScan {
  if (text === '' || text === ':') return PART;
  const scan = scanGroups(text);
  if (scan === null || scan.groups.length > IPV6_GROUPS) return NONE;
  if (text.includes('.') && scan.groups.length < IPV6_GROUPS) return NONE;
  const isWhole = scan.isWhole && scan.groups.length === IPV6_GROUPS;
  return isWhole ? { type: 'whole', numbers: scan.groups } : PART;
}

/** Groups between colons; where the last one is not whole yet, zeros stand for what it becomes at least. */
function scanGroups(text: string): { readonly groups: readonly number[]; readonly isWhole: boolean } | null {
  if (text === '') return { groups: [], isWhole: true };
  const texts = text.split(':', IPV6_GROUPS + 2);
  const last = texts.pop() ?? '';
  if (!texts.every((group) => GROUP.test(group))) return null;
  const groups = texts.map((group) => Number.parseInt(group, 16));
  if (last === '') return { groups: [...groups, 0], isWhole: false };
  if (GROUP.test(last)) return { groups: [...groups, Number.parseInt(last, 16)], isWhole: true };
  const ipv4 = last.includes('.') ? scanIpv4(last) : NONE;
  if (ipv4.type === 'none') return null;
  if (ipv4.type === 'part') return { groups: [...groups, 0, 0], isWhole: false };
  const [a = 0, b = 0, c = 0, d = 0] = ipv4.numbers;
  return { groups: [...groups, a * 256 + b, c * 256 + d], isWhole: true };
}

/** The first of the longest runs of zero groups. */
function longestZeros(groups: readonly number[]): { readonly from: number; readonly length: number } {
  let longest = { from: 0, length: 0 };
  let from = 0;
  for (const [index, group] of groups.entries()) {
    if (group !== 0) from = index + 1;
    else if (index + 1 - from > longest.length) longest = { from, length: index + 1 - from };
  }
  return longest;
}
