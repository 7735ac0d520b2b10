// Writes and reads AMF0, and the AMF3 objects in commands, for tests of whoever speaks RTMP, from the specification alone: it shares no code with src, so
// that the two cannot be wrong together. A Uint8Array among the values is written as it stands, for values that are
// broken or that have no form here. [AMF0 2]

/** A value as these helpers write and read it. */
export type WireValue =
  | number
  | boolean
  | string
  | null
  | undefined
  | WireObject
  | WireEcmaArray
  | WireStrictArray
  | Uint8Array;

/** An anonymous object, members in the order of their writing. */
export type WireObject = { readonly [key: string]: WireValue };

/** An ECMA array, to be told from an object. */
export class WireEcmaArray {
  readonly members: WireObject;

  constructor(members: WireObject) {
    this.members = members;
  }
}

/** A strict array. */
export class WireStrictArray {
  readonly values: readonly WireValue[];

  constructor(...values: readonly WireValue[]) {
    this.values = values;
  }
}

/** AMF0 values, one behind the other. */
export function amf(...values: readonly WireValue[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(values.map(bytesOf)));
}

/** The AMF0 values of a whole body, in order. */
export function readAmf(body: Uint8Array): WireValue[] {
  const reader = new AmfReader(Buffer.from(body));
  const values: WireValue[] = [];
  while (!reader.isAtEnd) values.push(reader.value());
  return values;
}

/** A value as text: objects in braces, ECMA arrays in brackets, strict arrays in parentheses, in the order of the wire. */
export function textOf(value: WireValue): string {
  if (value instanceof WireEcmaArray) return `[${membersText(value.members)}]`;
  if (value instanceof WireStrictArray) return `(${value.values.map(textOf).join(', ')})`;
  if (value instanceof Uint8Array) return `<${Buffer.from(value).toString('hex')}>`;
  if (typeof value === 'object' && value !== null) return `{${membersText(value)}}`;
  return typeof value === 'string' ? JSON.stringify(value) : String(value);
}

function membersText(members: WireObject): string {
  return Object.entries(members)
    .map(([key, value]) => `${key}: ${textOf(value)}`)
    .join(', ');
}

function bytesOf(value: WireValue): Uint8Array {
  if (value === null) return Uint8Array.of(5);
  if (value === undefined) return Uint8Array.of(6);
  if (value instanceof Uint8Array) return value;
  if (typeof value === 'boolean') return Uint8Array.of(1, Number(value));
  if (typeof value === 'string') return stringBytes(value);
  if (typeof value === 'number') {
    const number = Buffer.alloc(9);
    number.writeDoubleBE(value, 1);
    return number;
  }
  if (value instanceof WireEcmaArray) {
    const head = Buffer.from([8, 0, 0, 0, 0]);
    head.writeUInt32BE(Object.keys(value.members).length, 1);
    return Buffer.concat([head, memberBytes(value.members)]);
  }
  if (value instanceof WireStrictArray) {
    const head = Buffer.from([10, 0, 0, 0, 0]);
    head.writeUInt32BE(value.values.length, 1);
    return Buffer.concat([head, ...value.values.map(bytesOf)]);
  }
  return Buffer.concat([Uint8Array.of(3), memberBytes(value)]);
}

function stringBytes(text: string): Uint8Array {
  const utf8 = Buffer.from(text);
  if (utf8.length <= 0xffff) return Buffer.concat([Uint8Array.of(2), shortText(text)]);
  const head = Buffer.from([12, 0, 0, 0, 0]);
  head.writeUInt32BE(utf8.length, 1);
  return Buffer.concat([head, utf8]);
}

function memberBytes(members: WireObject): Uint8Array {
  const pairs = Object.entries(members).flatMap(([key, value]) => [shortText(key), bytesOf(value)]);
  return Buffer.concat([...pairs, Uint8Array.of(0, 0, 9)]);
}

function shortText(text: string): Uint8Array {
  const utf8 = Buffer.from(text);
  const length = Buffer.alloc(2);
  length.writeUInt16BE(utf8.length);
  return Buffer.concat([length, utf8]);
}

class AmfReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  value(): WireValue {
    const marker = this.#uint(1);
    switch (marker) {
      case 0:
        this.#at += 8;
        return this.#bytes.readDoubleBE(this.#at - 8);
      case 1:
        return this.#uint(1) !== 0;
      case 2:
        return this.#text(this.#uint(2));
      case 3:
        return this.#members();
      case 5:
        return null;
      case 6:
        return undefined;
      case 8:
        this.#at += 4;
        return new WireEcmaArray(this.#members());
      case 10:
        return new WireStrictArray(...Array.from({ length: this.#uint(4) }, () => this.value()));
      case 12:
        return this.#text(this.#uint(4));
      case 17:
        return this.#amf3Value();
      default:
        throw new Error(`a server has no use for AMF0 marker ${marker}`);
    }
  }

  #members(): WireObject {
    const members: Record<string, WireValue> = {};
    for (;;) {
      const key = this.#text(this.#uint(2));
      if (key === '') {
        if (this.#uint(1) !== 9) throw new Error('an empty key that is not the end of its object');
        return members;
      }
      members[key] = this.value();
    }
  }

  /** An AMF3 value as statuses are made of: texts written out, objects without a class, arrays of members. [AMF3 3] */
  #amf3Value(): WireValue {
    const marker = this.#uint(1);
    switch (marker) {
      case 4:
        return this.#uint(1);
      case 6:
        return this.#amf3Text();
      case 9:
        if (this.#uint(1) !== 1) throw new Error('an AMF3 array with elements');
        return new WireEcmaArray(this.#amf3Members());
      case 10:
        if (this.#uint(2) !== 0x0b01) throw new Error('an AMF3 object of a class');
        return this.#amf3Members();
      default:
        throw new Error(`a status has no use for AMF3 marker ${marker}`);
    }
  }

  #amf3Members(): WireObject {
    const members: Record<string, WireValue> = {};
    for (let key = this.#amf3Text(); key !== ''; key = this.#amf3Text()) members[key] = this.#amf3Value();
    return members;
  }

  #amf3Text(): string {
    let length = 0;
    for (let byte = 0x80; byte >= 0x80; ) {
      byte = this.#uint(1);
      length = length * 128 + (byte & 0x7f);
    }
    if (length % 2 === 0) throw new Error('a text by reference');
    return this.#text((length - 1) / 2);
  }

  #uint(lengthBytes: number): number {
    this.#at += lengthBytes;
    return this.#bytes.readUIntBE(this.#at - lengthBytes, lengthBytes);
  }

  #text(lengthBytes: number): string {
    this.#at += lengthBytes;
    if (this.#at > this.#bytes.length) throw new Error('a text that is cut off');
    return this.#bytes.toString('utf8', this.#at - lengthBytes, this.#at);
  }
}
