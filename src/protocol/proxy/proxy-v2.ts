// PROXY headers of version 2. [PROXY 2.2] All numbers are big-endian.
//
//   offset  bytes  meaning
//   0       12     signature
//   12      1      high nibble: version, 2; low nibble: command, 0 LOCAL or 1 PROXY
//   13      1      high nibble: family, 0 UNSPEC, 1 IPv4, 2 IPv6, 3 UNIX; low: transport, 0 UNSPEC, 1 STREAM, 2 DGRAM
//   14      2      length of the rest
//   16      n      addresses: source, destination, then (not of UNIX) source port, destination port
//   16+n           TLVs: type (1 byte), length of the value (2 bytes), value
//
// Of TLVs only the checksum is understood; the others are passed over.

import { crc32c } from './crc32c.ts';
import { formatIpv4, formatIpv6 } from './ip-address.ts';
import { MAX_V2_REST_BYTES } from './limits.ts';
import { INCOMPLETE, invalidReading, type ProxyReading, type ProxySource } from './proxy-reading.ts';

const VERSION = 2;
const Command = { Local: 0, Proxy: 1 } as const;
const Family = { Unspecified: 0, Ipv4: 1, Ipv6: 2, Unix: 3 } as const;
const Transport = { Unspecified: 0, Stream: 1 } as const;

/** Bytes of a source address, by family. */
const ADDRESS_BYTES: readonly number[] = [0, 4, 16, 108];
const PORT_BYTES = 2;

/** Bytes up to the rest, behind the signature. */
const FIXED_BYTES = 4;

const TLV_HEAD_BYTES = 3;
const CHECKSUM_TYPE = 3;
const CHECKSUM_BYTES = 4;

/** The bytes of a header as far as they have come, and where its parts begin and end. */
type Frame = {
  readonly bytes: Uint8Array;
  readonly family: number;
  /** Where the addresses begin. */
  readonly restAt: number;
  readonly end: number;
};

/** Reads a header of which the first `startBytes` are known to be right. */
export function readProxyV2(bytes: Uint8Array, startBytes: number): ProxyReading {
  const [versionAndCommand, familyAndTransport, ...lengthBytes] = bytes.subarray(
    startBytes,
    startBytes + FIXED_BYTES,
  );
  if (versionAndCommand === undefined) return INCOMPLETE;
  const version = versionAndCommand >> 4;
  const command = versionAndCommand & 0xf;
  if (version !== VERSION) return invalidReading('version 2 behind the signature', `version ${version}`);
  if (command > Command.Proxy) return invalidReading('command 0 or 1', `command ${command}`);
  // WHY: of LOCAL everything behind the command is to be ignored, the family with it.
  const isLocal = command === Command.Local;
  const family = isLocal ? Family.Unspecified : (familyAndTransport ?? 0) >> 4;
  const transport = isLocal ? Transport.Unspecified : (familyAndTransport ?? 0) & 0xf;
  if (family > Family.Unix) return invalidReading('an address family of 0 to 3', `${family}`);
  if (transport > Transport.Stream) return invalidReading('transport 0 or 1 (STREAM)', `${transport}`);
  const isTold = family !== Family.Unspecified && transport !== Transport.Unspecified;
  return readRest(bytes, startBytes + FIXED_BYTES, lengthBytes, isTold ? family : Family.Unspecified);
}

/** A length of which the second byte has not come is at least what the first one says. */
function readRest(
  bytes: Uint8Array,
  restAt: number,
  [high = 0, low]: readonly number[],
  family: number,
): ProxyReading {
  const restBytes = high * 256 + (low ?? 0);
  if (restBytes > MAX_V2_REST_BYTES) {
    return invalidReading(`at most ${MAX_V2_REST_BYTES} bytes behind the length`, `${restBytes} or more`);
  }
  if (low === undefined) return INCOMPLETE;
  const frame = { bytes, family, restAt, end: restAt + restBytes };
  const problem = family === Family.Unspecified ? null : problemOf(frame);
  if (problem !== null) return problem;
  if (bytes.length < frame.end) return INCOMPLETE;
  return { type: 'header', lengthBytes: frame.end, source: sourceOf(frame) };
}

/**
 * What is wrong behind the length, as far as it has come; null where nothing is.
 * WHY: of an unspecified family nobody knows how long the addresses are, so that no TLV can be found behind them.
 */
function problemOf(frame: Frame): ProxyReading | null {
  const { family, restAt, end } = frame;
  if (family === Family.Unspecified) return null;
  const tlvsAt = restAt + addressesBytes(family);
  if (tlvsAt > end) {
    return invalidReading(`${tlvsAt - restAt} bytes of addresses of family ${family}`, `${end - restAt}`);
  }
  return tlvProblem(frame, tlvsAt);
}

function tlvProblem({ bytes, end }: Frame, tlvsAt: number): ProxyReading | null {
  let checksumAt: number | null = null;
  for (let at = tlvsAt; at < end; ) {
    const valueAt = at + TLV_HEAD_BYTES;
    const roomBytes = end - valueAt;
    const isHeadThere = valueAt <= bytes.length;
    // A byte that has not come counts as the least that it can be.
    const valueBytes = (bytes[at + 1] ?? 0) * 256 + (bytes[at + 2] ?? 0);
    if (roomBytes < 0) return invalidReading('a TLV of at least 3 bytes, or none', `${end - at} bytes`);
    if (valueBytes > roomBytes) {
      return invalidReading(`a TLV of at most ${roomBytes} bytes`, `one of ${valueBytes} or more`);
    }
    if (bytes[at] === CHECKSUM_TYPE) {
      if (checksumAt !== null) return invalidReading('one checksum', 'a second one');
      const isWrong = isHeadThere
        ? valueBytes !== CHECKSUM_BYTES
        : valueBytes > CHECKSUM_BYTES || roomBytes < CHECKSUM_BYTES;
      if (isWrong) return invalidReading(`a checksum of ${CHECKSUM_BYTES} bytes`, 'one of another length');
      checksumAt = valueAt;
    }
    if (!isHeadThere) return null;
    at = valueAt + valueBytes;
  }
  return bytes.length < end || checksumAt === null
    ? null
    : checksumProblem(bytes.subarray(0, end), checksumAt);
}

/** The checksum is that of the whole header with four zeros in its place. [PROXY 2.2.3] */
function checksumProblem(header: Uint8Array, checksumAt: number): ProxyReading | null {
  const behind = header.subarray(checksumAt + CHECKSUM_BYTES);
  const computed = crc32c(header.subarray(0, checksumAt), new Uint8Array(CHECKSUM_BYTES), behind);
  const told = viewOf(header).getUint32(checksumAt);
  if (told === computed) return null;
  return invalidReading(`the checksum ${hex(computed)}`, hex(told));
}

/** The source of a whole header. */
function sourceOf({ bytes, family, restAt }: Frame): ProxySource | null {
  if (family !== Family.Ipv4 && family !== Family.Ipv6) return null;
  const addressBytes = ADDRESS_BYTES[family] ?? 0;
  const octets = [...bytes.subarray(restAt, restAt + addressBytes)];
  const port = viewOf(bytes).getUint16(restAt + 2 * addressBytes);
  return { address: family === Family.Ipv4 ? formatIpv4(octets) : formatIpv6(groupsOf(octets)), port };
}

/** Bytes of both addresses, with their ports where the family has ports. */
function addressesBytes(family: number): number {
  const portBytes = family === Family.Unix ? 0 : PORT_BYTES;
  return 2 * ((ADDRESS_BYTES[family] ?? 0) + portBytes);
}

function groupsOf(octets: readonly number[]): number[] {
  return Array.from({ length: octets.length / 2 }, (_, index) => {
    return (octets[index * 2] ?? 0) * 256 + (octets[index * 2 + 1] ?? 0);
  });
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function hex(value: number): string {
  return value.toString(16).padStart(8, '0');
}
