// Tells a keyframe by its coded bytes, for senders that leave the frame type of the Enhanced RTMP header at 0.
// It looks at the head of the frame only, and takes NAL unit lengths to be 4 bytes, as they are in practice.

/** LIMIT: units looked at before the first that holds picture data; real frames have a handful of headers there. */
const MAX_UNITS_BEFORE_PICTURE = 64;

const NAL_LENGTH_BYTES = 4;

const Obu = { SequenceHeader: 1, FrameHeader: 3, Frame: 6 } as const;

/** Whether the frame of `codec` (a FourCC) that begins at `offset` can be decoded by itself; false where in doubt. */
export function isCodedKeyframe(codec: string, bytes: Uint8Array, offset: number): boolean {
  switch (codec) {
    case 'avc1':
    case 'hvc1':
    case 'vvc1':
      return startsWithKeyNalUnit(codec, bytes, offset);
    case 'av01':
      return startsWithKeyObu(bytes, offset);
    case 'vp08':
      // Bit 0 of the frame tag: 0 is a key frame. [RFC 6386 9.1]
      return ((bytes[offset] ?? 1) & 0x01) === 0;
    case 'vp09':
      return isVp9Keyframe(bytes[offset] ?? 0);
    default:
      return false;
  }
}

/** Walks over parameter sets and the like to the first NAL unit with picture data, and judges that. */
function startsWithKeyNalUnit(codec: 'avc1' | 'hvc1' | 'vvc1', bytes: Uint8Array, start: number): boolean {
  let offset = start;
  for (let units = 0; units < MAX_UNITS_BEFORE_PICTURE; units += 1) {
    const lengthBytes = readU32At(bytes, offset);
    const first = bytes[offset + NAL_LENGTH_BYTES];
    const second = bytes[offset + NAL_LENGTH_BYTES + 1] ?? 0;
    if (lengthBytes === null || first === undefined) return false;
    if (codec === 'avc1') {
      const unitType = first & 0x1f;
      if (unitType >= 1 && unitType <= 5) return unitType === 5;
    } else if (codec === 'hvc1') {
      const unitType = (first >> 1) & 0x3f;
      if (unitType < 32) return unitType >= 16 && unitType <= 23;
    } else {
      const unitType = second >> 3;
      if (unitType < 12) return unitType >= 7 && unitType <= 9;
    }
    offset += NAL_LENGTH_BYTES + lengthBytes;
  }
  return false;
}

/** A temporal unit begins anew where it brings a sequence header or a shown key frame. [AV1 5.3.2, 5.9.2] */
function startsWithKeyObu(bytes: Uint8Array, start: number): boolean {
  let offset = start;
  for (let units = 0; units < MAX_UNITS_BEFORE_PICTURE; units += 1) {
    const header = bytes[offset];
    if (header === undefined) return false;
    const obuType = (header >> 3) & 0x0f;
    const hasExtension = (header & 0x04) !== 0;
    const hasLength = (header & 0x02) !== 0;
    if (obuType === Obu.SequenceHeader) return true;
    offset += hasExtension ? 2 : 1;
    let lengthBytes = 0;
    if (hasLength) {
      // leb128: 7 bits a byte, at most 4 bytes for any length that a message can have.
      for (let shift = 0; shift < 28; shift += 7) {
        const byte = bytes[offset] ?? 0;
        offset += 1;
        lengthBytes |= (byte & 0x7f) << shift;
        if (byte < 0x80) break;
      }
    }
    if (obuType === Obu.Frame || obuType === Obu.FrameHeader) {
      // show_existing_frame is 0 and frame_type is KEY_FRAME (0).
      return ((bytes[offset] ?? 0xff) & 0xe0) === 0;
    }
    if (!hasLength) return false;
    offset += lengthBytes;
  }
  return false;
}

/** frame_marker 2 bits, profile 2 bits, one reserved bit in profile 3, show_existing_frame, frame_type (0 = key). */
function isVp9Keyframe(first: number): boolean {
  if (first >> 6 !== 0b10) return false;
  const isProfile3 = (first & 0x30) === 0x30;
  return (first & (isProfile3 ? 0x06 : 0x0c)) === 0;
}

function readU32At(bytes: Uint8Array, offset: number): number | null {
  const a = bytes[offset];
  const b = bytes[offset + 1];
  const c = bytes[offset + 2];
  const d = bytes[offset + 3];
  if (a === undefined || b === undefined || c === undefined || d === undefined) return null;
  return ((a << 24) | (b << 16) | (c << 8) | d) >>> 0;
}
