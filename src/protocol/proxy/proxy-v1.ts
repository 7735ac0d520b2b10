// PROXY headers of version 1: one line of ASCII. [PROXY 2.1]
//
//   PROXY TCP4 <source address> <destination address> <source port> <destination port> CR LF
//   PROXY TCP6 the same
//   PROXY UNKNOWN <anything> CR LF
//
// Exactly one space between two fields, numbers without leading zeros, at most 107 bytes.

import { type AddressScan, formatIpv4, formatIpv6, scanIpv4, scanIpv6 } from './ip-address.ts';
import { MAX_V1_HEADER_BYTES } from './limits.ts';
import { INCOMPLETE, invalidReading, type ProxyReading, type ProxySource } from './proxy-reading.ts';

const CR = 0x0d;
const LF = 0x0a;
const CRLF_BYTES = 2;

/** Characters of a field that a message repeats at most. */
const SHOWN_CHARS = 16;

const PORT = /^(?:0|[1-9]\d{0,4})$/;
const MAX_PORT = 65_535;

const UNKNOWN = 'UNKNOWN';

type Family = {
  readonly name: string;
  readonly scan: (text: string) => AddressScan;
  readonly format: (numbers: readonly number[]) => string;
};

const FAMILIES: readonly Family[] = [
  { name: 'TCP4', scan: scanIpv4, format: formatIpv4 },
  { name: 'TCP6', scan: scanIpv6, format: formatIpv6 },
];

/** What a line holds behind `PROXY `, as far as it has come; `isEnded` where its CR is there. */
type Line = { readonly text: string; readonly isEnded: boolean; readonly lengthBytes: number };

/** Reads a header of which the first `startBytes` are known to be right. */
export function readProxyV1(bytes: Uint8Array, startBytes: number): ProxyReading {
  const line = findLine(bytes, startBytes);
  if ('type' in line) return line;
  const reading = readLine(line);
  const isCut = reading.type === 'header' && reading.lengthBytes > bytes.length;
  return isCut ? INCOMPLETE : reading;
}

/** The line, or why there is none. */
function findLine(bytes: Uint8Array, startBytes: number): Line | ProxyReading {
  const lastCrAt = MAX_V1_HEADER_BYTES - CRLF_BYTES;
  let end = startBytes;
  while (end < bytes.length && end <= lastCrAt && bytes[end] !== CR && bytes[end] !== LF) end += 1;
  if (end > lastCrAt) return invalidReading(`CR LF within ${MAX_V1_HEADER_BYTES} bytes`, 'a longer line');
  if (bytes[end] === LF) return invalidReading('CR LF', 'LF alone');
  if (end + 1 < bytes.length && bytes[end + 1] !== LF) return invalidReading('CR LF', 'CR alone');
  const text = String.fromCharCode(...bytes.subarray(startBytes, end));
  return { text, isEnded: end < bytes.length, lengthBytes: end + CRLF_BYTES };
}

function readLine(line: Line): ProxyReading {
  const [name = '', ...fields] = line.text.split(' ');
  if (fields.length === 0 && !line.isEnded) {
    const names = [UNKNOWN, ...FAMILIES.map((family) => family.name)];
    if (names.some((known) => known.startsWith(name))) return INCOMPLETE;
  }
  if (name === UNKNOWN) return headerOf(line, null);
  const family = FAMILIES.find((known) => known.name === name);
  if (family === undefined) return invalidReading('TCP4, TCP6 or UNKNOWN', shown(name));
  return readFields(line, family, fields);
}

function readFields(line: Line, family: Family, fields: readonly string[]): ProxyReading {
  const [source, destination, sourcePort, destinationPort, ...more] = fields;
  const checks = [
    [source, `a source address of ${family.name}`, family.scan],
    [destination, `a destination address of ${family.name}`, family.scan],
    [sourcePort, 'a source port', scanPort],
    [destinationPort, 'a destination port', scanPort],
  ] as const;
  for (const [index, [text, what, scan]] of checks.entries()) {
    const isLast = index >= fields.length - 1;
    if (text === undefined) return line.isEnded ? invalidReading(what, 'the end of the line') : INCOMPLETE;
    const { type } = scan(text);
    if (type === 'none' || (type === 'part' && (line.isEnded || !isLast))) {
      return invalidReading(what, shown(text));
    }
  }
  if (more.length > 0) return invalidReading('the end of the line behind two ports', 'more');
  const address = family.scan(source ?? '');
  if (address.type !== 'whole') return INCOMPLETE;
  return headerOf(line, { address: family.format(address.numbers), port: Number(sourcePort) });
}

function headerOf(line: Line, source: ProxySource | null): ProxyReading {
  return line.isEnded ? { type: 'header', lengthBytes: line.lengthBytes, source } : INCOMPLETE;
}

function scanPort(text: string): AddressScan {
  if (text === '') return { type: 'part' };
  const isPort = PORT.test(text) && Number(text) <= MAX_PORT;
  return isPort ? { type: 'whole', numbers: [Number(text)] } : { type: 'none' };
}

/** A field for a message: short, and nothing in it but printable ASCII. */
function shown(text: string): string {
  if (text === '') return 'an empty field';
  const start = text.slice(0, SHOWN_CHARS).replace(/[^!-~]/g, '?');
  return `"${start}${text.length > SHOWN_CHARS ? '…' : ''}"`;
}
