// One name for each codec, whichever way its messages say it: the FourCC where Enhanced RTMP has one, else a short
// lower-case word. [FLV E.4.2.1, E.4.3.1] [ERTMP2 "FourCC"]

/** FLV SoundFormat 0..15 to codec name; null is reserved, or device-specific, or the Enhanced RTMP escape (9). */
const AUDIO_CODEC_BY_FORMAT: readonly (string | null)[] = [
  'pcm',
  'adpcm',
  '.mp3',
  'pcm',
  'nellymoser',
  'nellymoser',
  'nellymoser',
  'alaw',
  'mulaw',
  null,
  'mp4a',
  'speex',
  null,
  null,
  '.mp3',
  null,
];

/** FLV CodecID 0..15 to codec name. 12, 13 and 14 are in no specification; CDNs and forks send them like AVC. */
const VIDEO_CODEC_BY_ID: readonly (string | null)[] = [
  null,
  'jpeg',
  'h263',
  'screen',
  'vp6',
  'vp6a',
  'screen2',
  'avc1',
  null,
  null,
  null,
  null,
  'hvc1',
  'av01',
  'vvc1',
  null,
];

/** FourCCs of Enhanced RTMP by their u32, so that reading one makes no new text. */
const KNOWN_FOUR_CCS: ReadonlyMap<number, string> = new Map(
  ['avc1', 'hvc1', 'vvc1', 'av01', 'vp08', 'vp09', 'mp4a', 'Opus', '.mp3', 'ac-3', 'ec-3', 'fLaC'].map(
    (name) => [fourCcNumber(name), name],
  ),
);

/** Name of a legacy SoundFormat, 0..15; null where it names no codec. */
export function audioCodecOf(soundFormat: number): string | null {
  return AUDIO_CODEC_BY_FORMAT[soundFormat] ?? null;
}

/** Name of a legacy CodecID, 0..15; null where it names no codec. */
export function videoCodecOf(codecId: number): string | null {
  return VIDEO_CODEC_BY_ID[codecId] ?? null;
}

/**
 * The FourCC at `offset` where it is a known one; null where it is unknown or the bytes end before it. Unknown ones are
 * passed on untouched, and never named: their bytes are whatever the peer likes.
 */
export function knownFourCcAt(bytes: Uint8Array, offset: number): string | null {
  const a = bytes[offset];
  const b = bytes[offset + 1];
  const c = bytes[offset + 2];
  const d = bytes[offset + 3];
  if (a === undefined || b === undefined || c === undefined || d === undefined) return null;
  return KNOWN_FOUR_CCS.get(((a << 24) | (b << 16) | (c << 8) | d) >>> 0) ?? null;
}

function fourCcNumber(name: string): number {
  let value = 0;
  for (let index = 0; index < name.length; index += 1) value = value * 0x100 + name.charCodeAt(index);
  return value;
}
