// Tells colour information that takes back what was said before: Undefined, or an object of nothing. [ERTMP2 "Metadata
// Frame"] What other colour information says is left to players.

import { readU24At } from './media-record.ts';

/** `colorInfo` as an AMF0 string: marker 2, length u16, the word. */
const NAME = Uint8Array.of(2, 0, 9, ...Array.from('colorInfo', (letter) => letter.charCodeAt(0)));

/** AMF0 markers. [AMF0 2.1] */
const Marker = { Object: 3, Undefined: 6, EcmaArray: 8 } as const;

/** What ends an object: an empty name, and marker 9. */
const OBJECT_END = 0x00_0009;
const OBJECT_END_BYTES = 3;
const ECMA_COUNT_BYTES = 4;

/** Whether the body of a Metadata packet, `offset`..`end`, is `colorInfo` without anything in it, and nothing else. */
export function isColorInfoReset(bytes: Uint8Array, offset: number, end: number): boolean {
  const markerOffset = offset + NAME.length;
  if (markerOffset >= end) return false;
  for (let index = 0; index < NAME.length; index += 1) {
    if (bytes[offset + index] !== NAME[index]) return false;
  }
  const marker = bytes[markerOffset];
  const valueOffset = markerOffset + 1;
  switch (marker) {
    case Marker.Undefined:
      return valueOffset === end;
    case Marker.Object:
      return isObjectEnd(bytes, valueOffset, end);
    case Marker.EcmaArray:
      return isObjectEnd(bytes, valueOffset + ECMA_COUNT_BYTES, end);
    default:
      return false;
  }
}

function isObjectEnd(bytes: Uint8Array, offset: number, end: number): boolean {
  return offset + OBJECT_END_BYTES === end && readU24At(bytes, offset) === OBJECT_END;
}
