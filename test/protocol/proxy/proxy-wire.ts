// Writes PROXY headers, right and wrong ones, from the specification alone: it shares no code with src, so that the two
// cannot be wrong together.

const SIGNATURE = Buffer.from('0d0a0d0a000d0a515549540a', 'hex');

/** The parts of a version 2 header; TCP over IPv4 where nothing is said. */
export type V2Parts = {
  /** Version and command, 1 byte. */
  readonly versionAndCommand?: number;
  /** Family and transport, 1 byte. */
  readonly family?: number;
  /** Addresses and TLVs. */
  readonly rest?: Uint8Array;
  /** What the length field says where it lies. */
  readonly declaredBytes?: number;
};

/** A line of version 1 with its CRLF. */
export function v1(line: string): Buffer {
  return Buffer.from(`${line}\r\n`, 'latin1');
}

/** A header of version 2. */
export function v2({ versionAndCommand = 0x21, family = 0x11, ...parts }: V2Parts = {}): Buffer {
  const rest = parts.rest ?? ipv4Addresses();
  const declaredBytes = parts.declaredBytes ?? rest.length;
  const fixed = Buffer.of(versionAndCommand, family, declaredBytes >> 8, declaredBytes & 0xff);
  return Buffer.concat([SIGNATURE, fixed, rest]);
}

/** 192.0.2.7 port 56,324 to 198.51.100.1 port 443. */
export function ipv4Addresses(...tlvs: readonly Uint8Array[]): Buffer {
  return Buffer.concat([Buffer.from('c0000207c6336401dc0401bb', 'hex'), ...tlvs]);
}

/** `source` (16 bytes of hex, spaces allowed) port 4711 to 2001:db8::2 port 1935. */
export function ipv6Addresses(source: string, ...tlvs: readonly Uint8Array[]): Buffer {
  const destination = '20010db8000000000000000000000002';
  const hex = `${source.replaceAll(' ', '')}${destination}1267078f`;
  return Buffer.concat([Buffer.from(hex, 'hex'), ...tlvs]);
}

/** A TLV; its length field says `declaredBytes` where it lies. */
export function tlv(
  type: number,
  value: Uint8Array | string,
  declaredBytes: number = Buffer.from(value).length,
): Buffer {
  return Buffer.concat([Buffer.of(type, declaredBytes >> 8, declaredBytes & 0xff), Buffer.from(value)]);
}

/** The checksum's TLV, all zeros until `withChecksum` fills it in. */
export const EMPTY_CHECKSUM: Uint8Array = Uint8Array.from(tlv(3, Buffer.alloc(4)));

/** `header` with the checksum in the first empty one of its TLVs. */
export function withChecksum(header: Buffer): Buffer {
  const filled = Buffer.from(header);
  filled.writeUInt32BE(bitwiseCrc32c(header), header.indexOf(EMPTY_CHECKSUM) + 3);
  return filled;
}

/** CRC-32C by the bit, the highest first: bytes and result the other way round, as the definition has it. */
export function bitwiseCrc32c(bytes: Uint8Array): number {
  let register = 0xffffffffn;
  for (const byte of bytes) {
    for (let bit = 0; bit < 8; bit += 1) {
      const feedback = (register >> 31n) ^ BigInt((byte >> bit) & 1);
      register = ((register << 1n) & 0xffffffffn) ^ (feedback * 0x1edc6f41n);
    }
  }
  let reflected = 0n;
  for (let bit = 0n; bit < 32n; bit += 1n) reflected |= ((register >> bit) & 1n) << (31n - bit);
  return Number(reflected ^ 0xffffffffn);
}
