// The values that AMF carries, as both AMF0 and AMF3 see them. What JavaScript has a type for is that type; the rest
// are small classes, told apart by `type`. Keys are held in a Map, in wire order, so that `__proto__` is an ordinary key.
// Values may be shared and may contain themselves: whoever walks them counts what it visits.

/**
 * One AMF value. A JavaScript array is a strict array (AMF3: a dense array). What only AMF3 has (byte arrays, vectors,
 * dictionaries) joins this union as further members.
 */
export type AmfValue =
  | number
  | boolean
  | string
  | null
  | undefined
  | AmfObject
  | AmfEcmaArray
  | AmfDate
  | AmfXml
  | AmfUnsupported
  | AmfValue[];

/** An object with named properties, anonymous or of a named class. [AMF0 2.5, 2.18] */
export class AmfObject {
  readonly type = 'object';
  /** Class alias; '' for an anonymous object. */
  readonly className: string;
  /** Properties in wire order; a key that came twice has its last value. */
  readonly properties: Map<string, AmfValue>;

  constructor(className = '', properties: Map<string, AmfValue> = new Map()) {
    this.className = className;
    this.properties = properties;
  }

  /** An object with the own enumerable properties of `record`, in their order. */
  static of(record: Readonly<Record<string, AmfValue>>, className = ''): AmfObject {
    return new AmfObject(className, new Map(Object.entries(record)));
  }

  /** The value of `key`; undefined where there is none. */
  get(key: string): AmfValue {
    return this.properties.get(key);
  }
}

/** An array with named members; onMetaData's usual form. [AMF0 2.10] */
export class AmfEcmaArray {
  readonly type = 'ecma-array';
  /** Members in wire order; a key that came twice has its last value. */
  readonly properties: Map<string, AmfValue>;

  constructor(properties: Map<string, AmfValue> = new Map()) {
    this.properties = properties;
  }

  /** An array with the own enumerable properties of `record`, in their order. */
  static of(record: Readonly<Record<string, AmfValue>>): AmfEcmaArray {
    return new AmfEcmaArray(new Map(Object.entries(record)));
  }

  /** The value of `key`; undefined where there is none. */
  get(key: string): AmfValue {
    return this.properties.get(key);
  }
}

/** A point in time. [AMF0 2.13] */
export class AmfDate {
  readonly type = 'date';
  /** Milliseconds since 1970 UTC; any double, NaN among them. */
  readonly unixMs: number;
  /** Minutes as they came, s16; they mean nothing and are written as 0. */
  readonly timeZoneMinutes: number;

  constructor(unixMs: number, timeZoneMinutes = 0) {
    this.unixMs = unixMs;
    this.timeZoneMinutes = timeZoneMinutes;
  }
}

/** An XML document, as its text; never parsed. [AMF0 2.17] */
export class AmfXml {
  readonly type = 'xml';
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** Stands for a value that its sender could not express. [AMF0 2.15] */
export class AmfUnsupported {
  /** The one value of this kind. */
  static readonly instance = new AmfUnsupported();
  readonly type = 'unsupported';
}
