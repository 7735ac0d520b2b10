// Loads the files of test/vectors and gives their entries types, so that each codec's tests are driven by the same bytes.
// Expected AMF values are built as the value types of src/protocol/amf; no encoder of src is used here.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import {
  AmfByteArray,
  AmfDate,
  AmfDictionary,
  AmfEcmaArray,
  AmfExternalizable,
  AmfNumberVector,
  AmfObject,
  AmfObjectVector,
  AmfUnsupported,
  type AmfValue,
  AmfXml,
} from '../../src/protocol/amf/amf-value.ts';

/** Sections of the vector file. */
export type VectorSection = 'AMF0' | 'AMF3' | 'MSG' | 'CTL' | 'CHUNK' | 'FLV' | 'ERTMP' | 'SO';

/** JSON as it stands in the vector file; `$` marks a value that JSON has no form for. */
export type VectorJson =
  | null
  | boolean
  | number
  | string
  | readonly VectorJson[]
  | { readonly [key: string]: VectorJson };

/** One message that a CHUNK vector yields: chunk stream id, time in ms, type id, message stream id, body as hex. */
export type VectorMessage = {
  readonly cs: number;
  readonly ts: number;
  readonly ty: number;
  readonly ms: number;
  readonly body: string;
};

/** What an ERTMP vector says of an Enhanced RTMP header: media, packet type, frame type, FourCC, cts in ms, body. */
export type VectorEnhancedHeader = {
  readonly k: 'a' | 'v';
  readonly pt: number;
  readonly ft?: number;
  readonly cc?: string;
  readonly cts?: number;
  readonly nano?: number;
  readonly body?: string;
  readonly mt?: number;
  readonly tracks?: readonly {
    readonly cc: string;
    readonly id: number;
    readonly cts?: number;
    readonly body: string;
  }[];
};

/** What an SO vector says of a shared object message. */
export type VectorSharedObject = {
  readonly name: string;
  readonly ver: number;
  readonly pers: boolean;
  readonly ev: readonly (readonly [number, VectorJson])[];
};

/** One valid vector; `bytes` is a fresh copy for whoever asked. */
export type Vector = {
  readonly sec: VectorSection;
  readonly id: string;
  readonly desc: string;
  readonly hex: string;
  readonly bytes: Uint8Array;
  /** The one value it holds, where `multi` is absent. */
  readonly exp: VectorJson;
  /** The values it holds, where they are several. */
  readonly multi?: readonly VectorJson[];
  /** The value refers to itself; `exp` cannot say it. */
  readonly cycle?: boolean;
  /** A type 17 body: one format byte 00 comes first. */
  readonly m17?: boolean;
  readonly msgs?: readonly VectorMessage[];
  readonly er?: VectorEnhancedHeader;
  readonly so?: VectorSharedObject;
  /** A type 16 body: one format byte 00 comes first. */
  readonly so16?: boolean;
};

/** One odd or broken input: `exp` says whether a decoder takes it or refuses it. */
export type MalformedVector = {
  readonly id: string;
  readonly kind: 'amf0' | 'amf3';
  readonly desc: string;
  readonly hex: string;
  readonly bytes: Uint8Array;
  readonly exp: 'error' | 'ok';
};

type VectorFile = {
  readonly vectors: readonly Omit<Vector, 'bytes'>[];
  readonly malformed: readonly Omit<MalformedVector, 'bytes'>[];
};

const FILE = loadFile('rtmp.json');
const FROM_TEXT = loadFile('rtmp-from-text.json');

function loadFile(name: string): VectorFile {
  return JSON.parse(readFileSync(new URL(`../vectors/${name}`, import.meta.url), 'utf8')) as VectorFile;
}

/** Bytes of a hex text; spaces are ignored. */
export function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex.replaceAll(/\s/g, ''), 'hex'));
}

/** Lower-case hex of bytes. */
export function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}

/** All valid vectors of one section of rtmp.json, in file order. */
export function vectorsOf(section: VectorSection): Vector[] {
  return sectionOf(FILE, section);
}

/** All vectors of one section that were made from the text, in file order. */
export function vectorsFromTextOf(section: VectorSection): Vector[] {
  return sectionOf(FROM_TEXT, section);
}

function sectionOf({ vectors }: VectorFile, section: VectorSection): Vector[] {
  return vectors
    .filter((vector) => vector.sec === section)
    .map((vector) => ({ ...vector, bytes: bytesOf(vector.hex) }));
}

/** One valid vector by its id, of either file. */
export function vectorOf(id: string): Vector {
  const vector = [...FILE.vectors, ...FROM_TEXT.vectors].find((candidate) => candidate.id === id);
  assert.ok(vector, `no vector ${id} in test/vectors`);
  return { ...vector, bytes: bytesOf(vector.hex) };
}

/** All malformed vectors of one kind, in file order. */
export function malformedOf(kind: MalformedVector['kind']): MalformedVector[] {
  return FILE.malformed
    .filter((vector) => vector.kind === kind)
    .map((vector) => ({ ...vector, bytes: bytesOf(vector.hex) }));
}

/** Asserts that `ids`, in any order, are all and only the ids of `vectors`: a vector added later needs its test. */
export function assertCovered(vectors: readonly { readonly id: string }[], ids: readonly string[]): void {
  assert.deepEqual([...ids].sort(), vectors.map((vector) => vector.id).sort());
}

/** The AMF value that a vector's JSON stands for; members of typed objects are sealed where it `isAmf3`. */
function amfValueOf(json: VectorJson, isAmf3 = false): AmfValue {
  if (json === null || typeof json !== 'object') return json;
  if (isList(json)) return json.map((element) => amfValueOf(element, isAmf3));
  const fields = new Map(Object.entries(json));
  switch (fields.get('$')) {
    case undefined:
      return new AmfObject('', amfPropertiesOf(json, isAmf3));
    case 'undefined':
      return undefined;
    case 'unsupported':
      return AmfUnsupported.instance;
    case 'ecma':
      return new AmfEcmaArray(amfPropertiesOf(fields.get('v'), isAmf3));
    case 'typed':
      return typedObjectOf(String(fields.get('n')), amfPropertiesOf(fields.get('v'), isAmf3), isAmf3);
    case 'date':
      return new AmfDate(Number(fields.get('ms')), Number(fields.get('tz') ?? 0));
    case 'xml':
      return new AmfXml(String(fields.get('v')), false);
    case 'bytes':
      return new AmfByteArray(bytesOf(String(fields.get('v'))));
    case 'vint':
      return new AmfNumberVector(Int32Array.from(numbersOf(fields.get('v'))), fields.get('fixed') === true);
    case 'vdbl':
      return new AmfNumberVector(Float64Array.from(numbersOf(fields.get('v'))), fields.get('fixed') === true);
    case 'vobj':
      return new AmfObjectVector(
        String(fields.get('t')),
        listOf(fields.get('v')).map((element) => amfValueOf(element, isAmf3)),
        fields.get('fixed') === true,
      );
    case 'dict':
      return new AmfDictionary(
        listOf(fields.get('v')).map((entry) => {
          const [key, value] = listOf(entry).map((part) => amfValueOf(part, isAmf3));
          return [key, value] as const;
        }),
        fields.get('weak') === true,
      );
    case 'ext':
      return new AmfExternalizable(String(fields.get('n')), amfValueOf(fields.get('v') ?? null, isAmf3));
    case 'dsk':
      return new AmfExternalizable('DSK', new AmfObject('', messageFieldsOf(fields)));
    default:
      return assert.fail(`unknown value tag in test/vectors: ${JSON.stringify(json)}`);
  }
}

/** The values that a vector stands for, however many they are. */
export function amfValuesOf(vector: Vector): AmfValue[] {
  return (vector.multi ?? [vector.exp]).map((json) => amfValueOf(json, vector.sec === 'AMF3'));
}

function typedObjectOf(className: string, properties: Map<string, AmfValue>, isSealed: boolean): AmfObject {
  if (!isSealed) return new AmfObject(className, properties);
  return new AmfObject(className, properties, { sealedNames: [...properties.keys()], isDynamic: false });
}

/** The fields of a message, of which those named ...Bytes are byte arrays in hex. */
function messageFieldsOf(fields: ReadonlyMap<string, VectorJson>): Map<string, AmfValue> {
  const named = [...fields].filter(([name]) => name !== '$');
  return new Map(
    named.map(([name, json]) => [
      name,
      name.endsWith('Bytes') ? new AmfByteArray(bytesOf(String(json))) : amfValueOf(json, true),
    ]),
  );
}

function amfPropertiesOf(json: VectorJson | undefined, isAmf3: boolean): Map<string, AmfValue> {
  assert.ok(json !== null && typeof json === 'object' && !isList(json));
  return new Map(Object.entries(json).map(([key, value]) => [key, amfValueOf(value, isAmf3)]));
}

function numbersOf(json: VectorJson | undefined): number[] {
  return listOf(json).map(Number);
}

function listOf(json: VectorJson | undefined): readonly VectorJson[] {
  assert.ok(isList(json));
  return json;
}

function isList(json: VectorJson | undefined): json is readonly VectorJson[] {
  return Array.isArray(json);
}
