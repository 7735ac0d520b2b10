// Sets strings in the command object of a command that is passed on, where all other bytes stay as they are: order of
// properties, AMF3 values, numbers, and what stands behind the object. [AMF0 2.5, 3.1] [RTMP 7.2.1.1]
//
// DEVIATION: where that would move what AMF references count (an object of AMF3, or another container in place of the
// string), all values are read and written again: they are the same, their bytes are not. Pinned by "writes all values
// again where the object is one of AMF3" in command-properties.test.ts.

import { AmfEcmaArray, AmfObject, type AmfValue } from '../../amf/amf-value.ts';
import { Amf0Decoder } from '../../amf/amf0-decoder.ts';
import { encodeAmf0Values } from '../../amf/amf0-encoder.ts';
import { Amf0Marker } from '../../amf/amf0-marker.ts';
import { ByteCursor } from '../../bytes/byte-cursor.ts';
import { ByteWriter } from '../../bytes/byte-writer.ts';
import { type CommandTypeId, encodeCommand, parseCommand } from '../command-message.ts';
import { MessageType, type RtmpMessage } from '../message.ts';

/** An empty object: stands where the command object would, which is the first that references count. */
const EMPTY_OBJECT = Uint8Array.of(Amf0Marker.Object, 0, 0, Amf0Marker.ObjectEnd);

/** Values that references do not count, so that a string may take their place. */
const PLAIN_MARKERS: ReadonlySet<number> = new Set([
  Amf0Marker.Number,
  Amf0Marker.Boolean,
  Amf0Marker.String,
  Amf0Marker.Null,
  Amf0Marker.Undefined,
  Amf0Marker.Reference,
  Amf0Marker.Date,
  Amf0Marker.LongString,
  Amf0Marker.Unsupported,
  Amf0Marker.XmlDocument,
]);

const NAME_MARKERS: ReadonlySet<number> = new Set([Amf0Marker.String, Amf0Marker.LongString]);

/** A property of the command object, and where its value stands in the payload. */
type Property = { readonly name: string; readonly startBytes: number; readonly endBytes: number };

/** The properties, in order, and where a further one goes. */
type Properties = { readonly all: readonly Property[]; readonly endBytes: number };

/**
 * The payload of `message`, a command with an object, with the strings of `strings` in it, by the names of properties: in
 * place of what stands there, and else behind all others. A property `tcurl` counts as `tcUrl`. Owned by the caller.
 * @throws AmfError for a name that cannot be written, and for values that unfold into too many when they are written again
 */
export function withStrings(message: RtmpMessage, strings: ReadonlyMap<string, string>): Uint8Array {
  const { payload } = message;
  const properties = propertiesOf(message);
  if (properties === null) return rewritten(message, strings);
  const changed = properties.all.filter(({ name }) => strings.has(keyOf(name)));
  if (!changed.every(({ startBytes }) => PLAIN_MARKERS.has(payload[startBytes] ?? -1))) {
    return rewritten(message, strings);
  }
  const writer = new ByteWriter(payload.length);
  const missing = new Map(strings);
  let writtenBytes = 0;
  for (const { name, startBytes, endBytes } of changed) {
    writer.writeBytes(payload.subarray(writtenBytes, startBytes));
    writer.writeBytes(encodeAmf0Values([strings.get(keyOf(name))]));
    writtenBytes = endBytes;
    missing.delete(keyOf(name));
  }
  writer.writeBytes(payload.subarray(writtenBytes, properties.endBytes));
  for (const [name, text] of missing) writer.writeBytes(pairOf(name, text));
  writer.writeBytes(payload.subarray(properties.endBytes));
  return writer.toBytes();
}

/** Finds the properties of an AMF0 command object; null where AMF3 comes before or instead of it. */
function propertiesOf({ typeId, payload }: RtmpMessage): Properties | null {
  const start = typeId === MessageType.CommandAmf3 ? formatBytes(payload) : 0;
  const cursor = new ByteCursor(payload);
  cursor.skip(start);
  const decoder = new Amf0Decoder(cursor);
  // Of a message of type 17 that is all AMF3, the name has another marker.
  if (!NAME_MARKERS.has(payload[start] ?? -1)) return null;
  decoder.readValue();
  if (!PLAIN_MARKERS.has(payload[cursor.offset] ?? -1)) return null;
  decoder.readValue();
  const marker = cursor.readU8();
  if (marker === Amf0Marker.TypedObject) cursor.skip(cursor.readU16());
  // Of an ECMA array the count is a hint, and stays.
  else if (marker === Amf0Marker.EcmaArray) cursor.skip(4);
  else if (marker !== Amf0Marker.Object) return null;
  return readProperties(payload, cursor.offset);
}

/** Where AMF0 begins in a message of type 17: behind the format byte, where there is one. */
function formatBytes(payload: Uint8Array): number {
  const [format] = payload;
  return format === 0 || format === 3 ? 1 : 0;
}

/** Reads the properties that begin at `start`, whose object was read before and is whole. */
function readProperties(payload: Uint8Array, start: number): Properties {
  const writer = new ByteWriter(EMPTY_OBJECT.length + payload.length - start);
  writer.writeBytes(EMPTY_OBJECT);
  writer.writeBytes(payload.subarray(start));
  const cursor = new ByteCursor(writer.toBytes());
  const decoder = new Amf0Decoder(cursor);
  decoder.readValue();
  const shiftBytes = start - EMPTY_OBJECT.length;
  const all: Property[] = [];
  for (;;) {
    const endBytes = cursor.offset + shiftBytes;
    const name = cursor.readUtf8(cursor.readU16());
    if (name === '') return { all, endBytes };
    const startBytes = cursor.offset + shiftBytes;
    decoder.readValue();
    all.push({ name, startBytes, endBytes: cursor.offset + shiftBytes });
  }
}

/** A property as it stands in an object. */
function pairOf(name: string, text: string): Uint8Array {
  // An object of one property, without its marker and its end.
  const object = encodeAmf0Values([new AmfObject('', new Map([[name, text]]))]);
  return object.subarray(1, object.length - 3);
}

/** The command with all its values written again. */
function rewritten(message: RtmpMessage, strings: ReadonlyMap<string, string>): Uint8Array {
  const command = parseCommand(message);
  const typeId: CommandTypeId =
    message.typeId === MessageType.CommandAmf3 ? MessageType.CommandAmf3 : MessageType.CommandAmf0;
  return encodeCommand({ ...command, commandObject: objectWith(command.commandObject, strings) }, typeId);
}

function objectWith(value: AmfValue, strings: ReadonlyMap<string, string>): AmfValue {
  if (!(value instanceof AmfObject) && !(value instanceof AmfEcmaArray)) {
    throw new Error('expected a command that has an object');
  }
  const properties = new Map(value.properties);
  const missing = new Map(strings);
  for (const name of value.properties.keys()) {
    const text = strings.get(keyOf(name));
    if (text === undefined) continue;
    properties.set(name, text);
    missing.delete(keyOf(name));
  }
  for (const [name, text] of missing) properties.set(name, text);
  if (value instanceof AmfObject) return new AmfObject(value.className, properties);
  return new AmfEcmaArray(properties, value.elements);
}

/** WHY: some clients spell it so, and it is read as that one. */
function keyOf(name: string): string {
  return name === 'tcurl' ? 'tcUrl' : name;
}
