// Loads test/vectors/rtmp.json and gives its entries types, so that each codec's tests are driven by the same bytes.
// Expected AMF values are built as the value types of src/protocol/amf; no encoder of src is used here.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import {
  AmfDate,
  AmfEcmaArray,
  AmfObject,
  AmfUnsupported,
  type AmfValue,
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

const FILE: VectorFile = JSON.parse(
  readFileSync(new URL('../vectors/rtmp.json', import.meta.url), 'utf8'),
) as VectorFile;

/** Bytes of a hex text; spaces are ignored. */
export function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex.replaceAll(/\s/g, ''), 'hex'));
}

/** Lower-case hex of bytes. */
export function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}

/** All valid vectors of one section, in file order. */
export function vectorsOf(section: VectorSection): Vector[] {
  return FILE.vectors
    .filter((vector) => vector.sec === section)
    .map((vector) => ({ ...vector, bytes: bytesOf(vector.hex) }));
}

/** One valid vector by its id. */
export function vectorOf(id: string): Vector {
  const vector = FILE.vectors.find((candidate) => candidate.id === id);
  assert.ok(vector, `no vector ${id} in rtmp.json`);
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

/** The AMF value that a vector's JSON stands for. */
export function amfValueOf(json: VectorJson): AmfValue {
  if (json === null || typeof json !== 'object') return json;
  if (isList(json)) return json.map(amfValueOf);
  const fields = new Map(Object.entries(json));
  switch (fields.get('$')) {
    case undefined:
      return AmfObject.of(amfPropertiesOf(json));
    case 'undefined':
      return undefined;
    case 'unsupported':
      return AmfUnsupported.instance;
    case 'ecma':
      return AmfEcmaArray.of(amfPropertiesOf(fields.get('v')));
    case 'typed':
      return AmfObject.of(amfPropertiesOf(fields.get('v')), String(fields.get('n')));
    case 'date':
      return new AmfDate(Number(fields.get('ms')), Number(fields.get('tz')));
    default:
      return assert.fail(`unknown value tag in rtmp.json: ${JSON.stringify(json)}`);
  }
}

/** The values that a vector stands for, however many they are. */
export function amfValuesOf(vector: Vector): AmfValue[] {
  return (vector.multi ?? [vector.exp]).map(amfValueOf);
}

function amfPropertiesOf(json: VectorJson | undefined): Record<string, AmfValue> {
  assert.ok(json !== null && typeof json === 'object' && !isList(json));
  return Object.fromEntries(Object.entries(json).map(([key, value]) => [key, amfValueOf(value)]));
}

function isList(json: VectorJson | undefined): json is readonly VectorJson[] {
  return Array.isArray(json);
}
