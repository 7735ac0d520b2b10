// The few AMF0 values that the load program's commands consist of, written only. [AMF0 2] Shares no code with src/, so
// that a fault of the gateway's encoder cannot hide here.

const MARKER_NUMBER = 0;
const MARKER_BOOLEAN = 1;
const MARKER_STRING = 2;
const MARKER_OBJECT = 3;
const MARKER_NULL = 5;
const OBJECT_END = Buffer.of(0, 0, 9);

/** What can be written. */
export type AmfBenchValue = string | number | boolean | null | { readonly [key: string]: AmfBenchValue };

/** Values one behind the other, as a command's or a data message's payload is made; a buffer of its own. */
export function amfBytes(...values: readonly AmfBenchValue[]): Buffer {
  return Buffer.concat(values.map(bytesOf));
}

function bytesOf(value: AmfBenchValue): Buffer {
  if (value === null) return Buffer.of(MARKER_NULL);
  if (typeof value === 'string') return Buffer.concat([Buffer.of(MARKER_STRING), textBytes(value)]);
  if (typeof value === 'boolean') return Buffer.of(MARKER_BOOLEAN, value ? 1 : 0);
  if (typeof value === 'number') {
    const bytes = Buffer.alloc(9);
    bytes[0] = MARKER_NUMBER;
    bytes.writeDoubleBE(value, 1);
    return bytes;
  }
  const members = Object.entries(value).flatMap(([key, member]) => [textBytes(key), bytesOf(member)]);
  return Buffer.concat([Buffer.of(MARKER_OBJECT), ...members, OBJECT_END]);
}

/** u16 length and UTF-8. */
function textBytes(text: string): Buffer {
  const body = Buffer.from(text, 'utf8');
  const lengthBytes = Buffer.alloc(2);
  lengthBytes.writeUInt16BE(body.length, 0);
  return Buffer.concat([lengthBytes, body]);
}
