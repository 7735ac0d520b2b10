// The classes whose objects write themselves, as far as their form is known: wrappers of one value, and the short
// messages of Flex, whose fields are announced by flags. The length of any other cannot be known. [AMF3 3.12]
//
//   message: for each level of its class, flag bytes, then the values of the fields set in them, in the order of the
//   bits. Bit 7 of a flag byte: another one follows. Fields that no one knows are read and dropped.

import { AmfError } from './amf-error.ts';
import { AmfObject, type AmfValue } from './amf-value.ts';
import { MAX_AMF3_FLAG_BYTES } from './limits.ts';

/** Field names of one level of a message class, by flag byte and bit. */
type Level = readonly (readonly string[])[];

/** What a body is read from. */
export type ExternalizableSource = {
  readonly readU8: () => number;
  readonly readValue: () => AmfValue;
};

/** What a body is written to. */
export type ExternalizableSink = {
  readonly writeU8: (byte: number) => void;
  readonly writeValue: (value: AmfValue) => void;
};

const FIELDS_PER_FLAG_BYTE = 7;
const MORE_FLAGS = 0x80;

const ABSTRACT_MESSAGE: Level = [
  ['body', 'clientId', 'destination', 'headers', 'messageId', 'timestamp', 'timeToLive'],
  ['clientIdBytes', 'messageIdBytes'],
];
const ASYNC_MESSAGE: Level = [['correlationId', 'correlationIdBytes']];
const ACKNOWLEDGE_MESSAGE: Level = [[]];
const COMMAND_MESSAGE: Level = [['operation']];

const WRAPPERS: ReadonlySet<string> = new Set([
  'flex.messaging.io.ArrayCollection',
  'flex.messaging.io.ArrayList',
  'flex.messaging.io.ObjectProxy',
]);

/** Aliases of AsyncMessageExt, AcknowledgeMessageExt and CommandMessageExt. */
const MESSAGES: ReadonlyMap<string, readonly Level[]> = new Map([
  ['DSA', [ABSTRACT_MESSAGE, ASYNC_MESSAGE]],
  ['DSK', [ABSTRACT_MESSAGE, ASYNC_MESSAGE, ACKNOWLEDGE_MESSAGE]],
  ['DSC', [ABSTRACT_MESSAGE, ASYNC_MESSAGE, COMMAND_MESSAGE]],
]);

/**
 * The body of an object of class `className`: the one value of a wrapper, or the fields of a message as an object.
 * @throws AmfError 'amf-unsupported-marker' for a class that is not known, 'amf-count-invalid' for too many flags
 */
export function readExternalizableBody(className: string, source: ExternalizableSource): AmfValue {
  if (WRAPPERS.has(className)) return source.readValue();
  const fields = new Map<string, AmfValue>();
  for (const level of levelsOf(className)) readLevel(level, source, fields);
  return new AmfObject('', fields);
}

/**
 * Writes the body of an object of class `className`, with as few flag bytes as it needs.
 * @throws AmfError 'amf-unsupported-marker' for a class that is not known, or a body that it cannot have
 */
export function writeExternalizableBody(className: string, body: AmfValue, sink: ExternalizableSink): void {
  if (WRAPPERS.has(className)) {
    sink.writeValue(body);
    return;
  }
  const levels = levelsOf(className);
  if (!(body instanceof AmfObject)) throw unsupported(`an object as the body of a ${className}`, 'another');
  const known = new Set(levels.flat(2));
  for (const name of body.properties.keys()) {
    if (!known.has(name)) throw unsupported(`only fields of a ${className}`, 'another one');
  }
  for (const level of levels) writeLevel(level, body, sink);
}

function levelsOf(className: string): readonly Level[] {
  const levels = MESSAGES.get(className);
  if (levels === undefined) {
    throw unsupported('an externalizable class of known form', JSON.stringify(className.slice(0, 80)));
  }
  return levels;
}

function readLevel(level: Level, source: ExternalizableSource, fields: Map<string, AmfValue>): void {
  for (const [index, flags] of readFlags(source).entries()) {
    for (let bit = 0; bit < FIELDS_PER_FLAG_BYTE; bit += 1) {
      if ((flags & (1 << bit)) === 0) continue;
      const value = source.readValue();
      const name = level[index]?.[bit];
      if (name !== undefined) fields.set(name, value);
    }
  }
}

function readFlags(source: ExternalizableSource): number[] {
  const flagBytes: number[] = [];
  for (;;) {
    const flags = source.readU8();
    flagBytes.push(flags);
    if ((flags & MORE_FLAGS) === 0) return flagBytes;
    if (flagBytes.length === MAX_AMF3_FLAG_BYTES) {
      throw new AmfError(
        'amf-count-invalid',
        `expected at most ${MAX_AMF3_FLAG_BYTES} flag bytes in a row, got more`,
      );
    }
  }
}

function writeLevel(level: Level, body: AmfObject, sink: ExternalizableSink): void {
  const setNames = level.map((names) => names.filter((name) => body.properties.has(name)));
  const lastIndex = Math.max(
    0,
    setNames.findLastIndex((names) => names.length > 0),
  );
  for (const [index, names] of level.slice(0, lastIndex + 1).entries()) {
    let flags = index < lastIndex ? MORE_FLAGS : 0;
    for (const [bit, name] of names.entries()) if (body.properties.has(name)) flags |= 1 << bit;
    sink.writeU8(flags);
  }
  for (const name of setNames.flat()) sink.writeValue(body.get(name));
}

function unsupported(expected: string, got: string): AmfError {
  return new AmfError('amf-unsupported-marker', `expected ${expected}, got ${got}`);
}
