// The values that AMF carries, as both AMF0 and AMF3 see them. What JavaScript has a type for is that type; the rest
// are small classes, told apart by `type`. Keys are held in a Map, in wire order, so that `__proto__` is an ordinary key.
// Values may be shared and may contain themselves: whoever walks them counts what it visits.

/**
 * One AMF value. A JavaScript array is a strict array (AMF3: an array without named members); a number is AMF0's Number
 * and AMF3's integer and double alike.
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
  | Amf3OnlyValue
  | AmfValue[];

/** What AMF0 has no form for, other than an AMF3 value behind its marker 11. */
export type Amf3OnlyValue =
  | AmfByteArray
  | AmfNumberVector
  | AmfObjectVector
  | AmfDictionary
  | AmfExternalizable;

/** What AMF3 says of the members of a class. AMF0 has nothing like it. [AMF3 3.12] */
export type AmfTraits = {
  /** Names of the members that every object of the class has, in their order on the wire. */
  readonly sealedNames: readonly string[];
  /** Whether its objects may have further members. */
  readonly isDynamic: boolean;
};

/** Traits of an anonymous object, and of every object that came as AMF0. */
const PLAIN_TRAITS: AmfTraits = Object.freeze({ sealedNames: Object.freeze([]), isDynamic: true });

/** An object with named properties, anonymous or of a named class. [AMF0 2.5, 2.18; AMF3 3.12] */
export class AmfObject {
  readonly type = 'object';
  /** Class alias; '' for an anonymous object. */
  readonly className: string;
  /** Properties in wire order, sealed ones first; a key that came twice has its last value. */
  readonly properties: Map<string, AmfValue>;
  /** No sealed members, and dynamic, where nothing else is said. */
  readonly traits: AmfTraits;

  constructor(
    className = '',
    properties: Map<string, AmfValue> = new Map(),
    traits: AmfTraits = PLAIN_TRAITS,
  ) {
    this.className = className;
    this.properties = properties;
    this.traits = traits;
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

/** An array with named members; onMetaData's usual form. [AMF0 2.10; AMF3 3.11] */
export class AmfEcmaArray {
  readonly type = 'ecma-array';
  /** Named members in wire order; a key that came twice has its last value. */
  readonly properties: Map<string, AmfValue>;
  /** Members from index 0 on. Only AMF3 keeps them apart: in AMF0 they are properties named '0', '1' and so on. */
  readonly elements: AmfValue[];

  constructor(properties: Map<string, AmfValue> = new Map(), elements: AmfValue[] = []) {
    this.properties = properties;
    this.elements = elements;
  }

  /** An array with the own enumerable properties of `record`, in their order. */
  static of(record: Readonly<Record<string, AmfValue>>): AmfEcmaArray {
    return new AmfEcmaArray(new Map(Object.entries(record)));
  }

  /** The value of `key`; undefined where there is none. */
  get(key: string): AmfValue {
    return this.properties.get(key);
  }

  /** All members by name, those that it holds by index first, as AMF0 has them. Not to be changed. */
  namedMembers(): ReadonlyMap<string, AmfValue> {
    if (this.elements.length === 0) return this.properties;
    const members = new Map<string, AmfValue>();
    for (const [index, element] of this.elements.entries()) members.set(String(index), element);
    for (const [key, value] of this.properties) members.set(key, value);
    return members;
  }
}

/** A point in time. [AMF0 2.13; AMF3 3.10] */
export class AmfDate {
  readonly type = 'date';
  /** Milliseconds since 1970 UTC; any double, NaN among them. */
  readonly unixMs: number;
  /** Minutes as they came, s16; they mean nothing and are written as 0. AMF3 has none. */
  readonly timeZoneMinutes: number;

  constructor(unixMs: number, timeZoneMinutes = 0) {
    this.unixMs = unixMs;
    this.timeZoneMinutes = timeZoneMinutes;
  }
}

/** XML, as its text; never parsed. [AMF0 2.17; AMF3 3.9, 3.13] */
export class AmfXml {
  readonly type = 'xml';
  readonly text: string;
  /** Whether it is of the class XMLDocument, which is all that AMF0 has, or of AMF3's other one, XML. */
  readonly isDocument: boolean;

  constructor(text: string, isDocument = true) {
    this.text = text;
    this.isDocument = isDocument;
  }
}

/** Stands for a value that its sender could not express. [AMF0 2.15] */
export class AmfUnsupported {
  /** The one value of this kind. */
  static readonly instance = new AmfUnsupported();
  readonly type = 'unsupported';
}

/** Bytes. [AMF3 3.14] */
export class AmfByteArray {
  readonly type = 'byte-array';
  /** Owned by the value. */
  readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }
}

/** A Vector.<int>, Vector.<uint> or Vector.<Number>: which of them, the array says. [AMF3 3.15] */
export class AmfNumberVector {
  readonly type = 'number-vector';
  readonly numbers: Int32Array | Uint32Array | Float64Array;
  /** Whether its length may not be changed. */
  readonly isFixed: boolean;

  constructor(numbers: Int32Array | Uint32Array | Float64Array, isFixed = false) {
    this.numbers = numbers;
    this.isFixed = isFixed;
  }
}

/** A Vector of any other class. [AMF3 3.15] */
export class AmfObjectVector {
  readonly type = 'object-vector';
  /** Class of the elements as it came; '*' or '' for any. Whether they are of it is not looked at. */
  readonly className: string;
  readonly values: AmfValue[];
  /** Whether its length may not be changed. */
  readonly isFixed: boolean;

  constructor(className: string, values: AmfValue[], isFixed = false) {
    this.className = className;
    this.values = values;
    this.isFixed = isFixed;
  }
}

/** A table with keys of any kind. [AMF3 3.16] */
export class AmfDictionary {
  readonly type = 'dictionary';
  /** Keys and their values in wire order, equal keys included; Flash sends integer keys as strings. */
  readonly entries: (readonly [key: AmfValue, value: AmfValue])[];
  readonly hasWeakKeys: boolean;

  constructor(entries: (readonly [key: AmfValue, value: AmfValue])[] = [], hasWeakKeys = false) {
    this.entries = entries;
    this.hasWeakKeys = hasWeakKeys;
  }
}

/** An object whose class writes itself in a form of its own; only a few classes are known. [AMF3 3.12] */
export class AmfExternalizable {
  readonly type = 'externalizable';
  readonly className: string;
  /**
   * What the object is made of: the array of an ArrayCollection or ArrayList, the object of an ObjectProxy, an object
   * with the fields that are set of a DSA, DSK or DSC. It can only be set afterwards where it contains its owner.
   */
  body: AmfValue;

  constructor(className: string, body: AmfValue = undefined) {
    this.className = className;
    this.body = body;
  }
}
