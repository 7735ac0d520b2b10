// Files that ffmpeg decodes, made from a decoder's configuration and coded frames as they came over the wire: a start
// code stream for H.264 and HEVC, IVF for AV1, VP8 and VP9, Ogg for Opus, ADTS for AAC, and plain frames for the rest.

import { writeFileSync } from 'node:fs';
import { type EncodedCodec, PICTURE } from './encoded-media.ts';
import { newFilePath } from './programs.ts';

/** Extensions by which ffmpeg knows what it reads. */
const EXTENSIONS: Readonly<Record<EncodedCodec, string>> = {
  avc1: 'h264',
  hvc1: 'hevc',
  av01: 'ivf',
  vp08: 'ivf',
  vp09: 'ivf',
  Opus: 'ogg',
  fLaC: 'flac',
  'ac-3': 'ac3',
  'ec-3': 'eac3',
  mp4a: 'aac',
  '.mp3': 'mp3',
};

const START_CODE = Buffer.of(0, 0, 0, 1);

/** Writes the file and gives its path. */
export function writeElementaryFile(codec: EncodedCodec, config: Buffer, frames: readonly Buffer[]): string {
  const path = newFilePath(`received-${codec.replace('.', '')}.${EXTENSIONS[codec]}`);
  writeFileSync(path, fileOf(codec, config, frames));
  return path;
}

function fileOf(codec: EncodedCodec, config: Buffer, frames: readonly Buffer[]): Buffer {
  switch (codec) {
    case 'avc1':
      return startCodeStream([...avcParameterSets(config), ...frames.flatMap(unitsOf)]);
    case 'hvc1':
      return startCodeStream([...hevcParameterSets(config), ...frames.flatMap(unitsOf)]);
    case 'av01':
      return ivf('AV01', frames);
    case 'vp08':
      return ivf('VP80', frames);
    case 'vp09':
      return ivf('VP90', frames);
    case 'Opus':
      return oggOpus(config, frames);
    case 'fLaC':
      return Buffer.concat([config, ...frames]);
    case 'mp4a':
      return Buffer.concat(frames.map((frame) => adtsFrame(config, frame)));
    default:
      return Buffer.concat(frames);
  }
}

function startCodeStream(units: readonly Buffer[]): Buffer {
  return Buffer.concat(units.flatMap((unit) => [START_CODE, unit]));
}

/** NAL units behind lengths of 4 bytes. [ISO 14496-15 5.3.4.2] */
function unitsOf(frame: Buffer): Buffer[] {
  const units: Buffer[] = [];
  for (let offset = 0; offset < frame.length; ) {
    const end = offset + 4 + frame.readUInt32BE(offset);
    units.push(frame.subarray(offset + 4, end));
    offset = end;
  }
  return units;
}

/** avcC: 5 bytes, count of SPS in 5 bits, each behind a u16, then PPS likewise. [ISO 14496-15 5.3.3.1] */
function avcParameterSets(config: Buffer): Buffer[] {
  const units: Buffer[] = [];
  let offset = 5;
  for (const mask of [0x1f, 0xff]) {
    const count = config.readUInt8(offset++) & mask;
    for (let index = 0; index < count; index++) {
      const end = offset + 2 + config.readUInt16BE(offset);
      units.push(config.subarray(offset + 2, end));
      offset = end;
    }
  }
  return units;
}

/** hvcC: 22 bytes, count of arrays; each a type, a u16 count, and units behind u16 lengths. [ISO 14496-15 8.3.3.1] */
function hevcParameterSets(config: Buffer): Buffer[] {
  const units: Buffer[] = [];
  let offset = 23;
  for (let arrays = config.readUInt8(22); arrays > 0; arrays--) {
    let count = config.readUInt16BE(offset + 1);
    offset += 3;
    for (; count > 0; count--) {
      const end = offset + 2 + config.readUInt16BE(offset);
      units.push(config.subarray(offset + 2, end));
      offset = end;
    }
  }
  return units;
}

/** A header of 32 bytes, then frames, each behind its u32 length and u64 time. All little-endian. */
function ivf(fourCc: string, frames: readonly Buffer[]): Buffer {
  const header = Buffer.alloc(32);
  header.write('DKIF', 0);
  header.writeUInt16LE(32, 6);
  header.write(fourCc, 8);
  header.writeUInt16LE(PICTURE.width, 12);
  header.writeUInt16LE(PICTURE.height, 14);
  header.writeUInt32LE(25, 16);
  header.writeUInt32LE(1, 20);
  header.writeUInt32LE(frames.length, 24);
  const parts = frames.map((frame, index) => {
    const head = Buffer.alloc(12);
    head.writeUInt32LE(frame.length, 0);
    head.writeUInt32LE(index, 4);
    return Buffer.concat([head, frame]);
  });
  return Buffer.concat([header, ...parts]);
}

/** ADTS in front of a frame of AAC-LC, from the AudioSpecificConfig. [ISO 14496-3 1.A.2.2] */
function adtsFrame(config: Buffer, frame: Buffer): Buffer {
  const bits = config.readUInt16BE(0);
  const [objectType, rateIndex, channels] = [bits >> 11, (bits >> 7) & 15, (bits >> 3) & 15];
  const lengthBytes = frame.length + 7;
  const head = Buffer.from([
    0xff,
    0xf1,
    ((objectType - 1) << 6) | (rateIndex << 2) | (channels >> 2),
    ((channels & 3) << 6) | (lengthBytes >> 11),
    (lengthBytes >> 3) & 0xff,
    ((lengthBytes & 7) << 5) | 0x1f,
    0xfc,
  ]);
  return Buffer.concat([head, frame]);
}

/** Ogg with a page for each packet: the head, empty tags, frames of 20 ms. [RFC 3533 6] [RFC 7845 3] */
function oggOpus(config: Buffer, frames: readonly Buffer[]): Buffer {
  const tags = Buffer.concat([Buffer.from('OpusTags'), Buffer.alloc(8)]);
  const pages = [config, tags, ...frames].map((packet, index) =>
    oggPage(packet, index, Math.max(0, index - 1) * 960, index === frames.length + 1),
  );
  return Buffer.concat(pages);
}

function oggPage(packet: Buffer, sequence: number, granule: number, isLast: boolean): Buffer {
  const lacing = [...Array<number>(Math.floor(packet.length / 255)).fill(255), packet.length % 255];
  const head = Buffer.alloc(27);
  head.write('OggS', 0);
  head.writeUInt8((sequence === 0 ? 2 : 0) | (isLast ? 4 : 0), 5);
  head.writeUInt32LE(granule, 6);
  head.writeUInt32LE(1, 14);
  head.writeUInt32LE(sequence, 18);
  head.writeUInt8(lacing.length, 26);
  const page = Buffer.concat([head, Buffer.from(lacing), packet]);
  page.writeUInt32LE(oggChecksum(page), 22);
  return page;
}

/** CRC-32 of polynomial 04C11DB7, neither reflected nor inverted. */
function oggChecksum(page: Buffer): number {
  let sum = 0;
  for (const byte of page) {
    sum ^= byte << 24;
    for (let bit = 0; bit < 8; bit++) sum = sum < 0 ? (sum << 1) ^ 0x04c11db7 : sum << 1;
  }
  return sum >>> 0;
}
