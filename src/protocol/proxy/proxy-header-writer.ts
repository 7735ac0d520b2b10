// Writes the PROXY header that tells an upstream who the client is: versions 1 and 2, over IPv4 and IPv6, without TLVs.
// [PROXY 2.1, 2.2] What it writes is what proxy-header.ts reads.
//
//   version 2: offset  bytes  meaning
//              0       12     signature
//              12      1      0x21 version 2, PROXY; 0x20 version 2, LOCAL
//              13      1      0x11 TCP over IPv4, 0x21 TCP over IPv6, 0x00 unspecified
//              14      2      length of the rest: 12, 36 or 0
//              16      n      source, destination (4 or 16 bytes each), source port, destination port (2 each)

import { type AddressScan, formatIpv4, formatIpv6, scanIpv4, scanIpv6 } from './ip-address.ts';
import { PROXY_V1_START, PROXY_V2_SIGNATURE } from './proxy-start.ts';

/** Which version of the header is written. */
export type ProxyVersion = 'v1' | 'v2';

/** One end of the client's connection. */
export type ProxyEndpoint = {
  /** IPv4 or IPv6 as text; a zone (`%eth0`) is left out. */
  readonly address: string;
  /** 0 to 65,535; 0 where it is not known. */
  readonly port: number;
};

/** The client's connection: from whom, and to which address of this machine. */
export type ProxiedConnection = { readonly source: ProxyEndpoint; readonly destination: ProxyEndpoint };

const Command = { Local: 0x20, Proxy: 0x21 } as const;
const Family = { Unspecified: 0x00, Tcp4: 0x11, Tcp6: 0x21 } as const;

/** Bytes in front of the addresses. */
const FIXED_BYTES = 16;

const MAX_PORT = 65_535;

const LOCAL_V1 = 'UNKNOWN\r\n';

/** Both ends in one family, which IPv6 is where either end is IPv6. */
type Ends = {
  readonly isIpv6: boolean;
  /** 4 octets, or 8 groups of 16 bits. */
  readonly source: readonly number[];
  readonly destination: readonly number[];
};

/** The header of a client's connection, a new array. @throws Error where an end has no address, or no port */
export function writeProxyHeader(version: ProxyVersion, connection: ProxiedConnection): Uint8Array {
  const { source, destination } = connection;
  const ports = [source.port, destination.port];
  if (!ports.every((port) => Number.isInteger(port) && port >= 0 && port <= MAX_PORT)) {
    throw new Error(`expected ports of 0 to ${MAX_PORT}, got ${ports.join(' and ')}`);
  }
  const ends = endsOf(source.address, destination.address);
  return version === 'v1' ? writeV1(ends, ports) : writeV2(ends, ports);
}

/**
 * The header of a connection that is made for no client, such as a check: the upstream takes the address of the connection
 * itself. In version 1 that is `PROXY UNKNOWN`, in version 2 the command LOCAL.
 */
export function writeLocalProxyHeader(version: ProxyVersion): Uint8Array {
  if (version === 'v1') return joined(PROXY_V1_START, new TextEncoder().encode(LOCAL_V1));
  return joined(PROXY_V2_SIGNATURE, Uint8Array.of(Command.Local, Family.Unspecified, 0, 0));
}

function writeV1({ isIpv6, source, destination }: Ends, ports: readonly number[]): Uint8Array {
  const format = isIpv6 ? formatGroups : formatIpv4;
  const fields = [isIpv6 ? 'TCP6' : 'TCP4', format(source), format(destination), ...ports];
  return joined(PROXY_V1_START, new TextEncoder().encode(`${fields.join(' ')}\r\n`));
}

function writeV2({ isIpv6, source, destination }: Ends, ports: readonly number[]): Uint8Array {
  const numberBytes = isIpv6 ? 2 : 1;
  const numbers = [...source, ...destination];
  const restBytes = numbers.length * numberBytes + ports.length * 2;
  const header = new Uint8Array(FIXED_BYTES + restBytes);
  header.set(PROXY_V2_SIGNATURE);
  const view = new DataView(header.buffer);
  view.setUint8(12, Command.Proxy);
  view.setUint8(13, isIpv6 ? Family.Tcp6 : Family.Tcp4);
  view.setUint16(14, restBytes);
  let at = FIXED_BYTES;
  for (const number of numbers) {
    if (isIpv6) view.setUint16(at, number);
    else view.setUint8(at, number);
    at += numberBytes;
  }
  for (const port of ports) {
    view.setUint16(at, port);
    at += 2;
  }
  return header;
}

/** WHY: one header has one family, and a client of IPv4 can have come to an address that is written as IPv6. */
function endsOf(source: string, destination: string): Ends {
  const [from, to] = [numbersOf(source), numbersOf(destination)];
  if (from.length === to.length) return { isIpv6: from.length === 8, source: from, destination: to };
  return { isIpv6: true, source: mapped(from), destination: mapped(to) };
}

/** 4 octets, of an IPv4 address written as IPv6 too, or 8 groups. */
function numbersOf(address: string): readonly number[] {
  const [text = ''] = address.split('%', 1);
  const ipv4 = scanIpv4(text);
  const scan: AddressScan = ipv4.type === 'whole' ? ipv4 : scanIpv6(text);
  if (scan.type !== 'whole') throw new Error(`expected an IP address, got ${JSON.stringify(address)}`);
  const unmapped = scanIpv4(scan.numbers.length === 8 ? formatIpv6(scan.numbers) : '');
  return unmapped.type === 'whole' ? unmapped.numbers : scan.numbers;
}

/** As IPv6: `::ffff:192.0.2.1`. [RFC 4291 2.5.5.2] */
function mapped(numbers: readonly number[]): readonly number[] {
  if (numbers.length === 8) return numbers;
  const [a = 0, b = 0, c = 0, d = 0] = numbers;
  return [0, 0, 0, 0, 0, 0xffff, a * 256 + b, c * 256 + d];
}

/** IPv6 in the one form that every reader takes; an IPv4 address stays in it as IPv6, for the line says TCP6. */
function formatGroups(groups: readonly number[]): string {
  const text = formatIpv6(groups);
  return text.includes(':') ? text : `::ffff:${text}`;
}

function joined(start: Uint8Array, rest: Uint8Array): Uint8Array {
  const header = new Uint8Array(start.length + rest.length);
  header.set(start);
  header.set(rest, start.length);
  return header;
}
