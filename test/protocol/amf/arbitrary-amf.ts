// Random AMF values for property tests: every kind that AMF0 or AMF3 can say, a few levels deep, with awkward keys.

import fc from 'fast-check';
import '../../support/property-sizes.ts';
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
} from '../../../src/protocol/amf/amf-value.ts';

const text = fc.string({ unit: 'binary', maxLength: 60 });
const key = fc.oneof(
  { weight: 4, arbitrary: fc.string({ unit: 'binary', minLength: 1, maxLength: 12 }) },
  { weight: 1, arbitrary: fc.constantFrom('__proto__', 'constructor', 'hasOwnProperty', 'toString', '0') },
);

/** Any value that AMF0 can say and that comes back equal: dates have time zone 0, texts no lone surrogate. */
export const arbitraryAmfValue: fc.Arbitrary<AmfValue> = fc.letrec<{ value: AmfValue }>((tie) => {
  const properties = fc
    .array(fc.tuple(key, tie('value')), { maxLength: 5 })
    .map((pairs) => new Map<string, AmfValue>(pairs));
  return {
    value: fc.oneof(
      { maxDepth: 5, withCrossShrink: true },
      fc.oneof(fc.double(), fc.integer(), fc.boolean(), text, fc.constant(null), fc.constant(undefined)),
      fc
        .tuple(fc.constantFrom('', 'P', 'flex.messaging.é'), properties)
        .map(([name, map]) => new AmfObject(name, map)),
      properties.map((map) => new AmfEcmaArray(map)),
      fc.array(tie('value'), { maxLength: 5 }),
      fc.double().map((unixMs) => new AmfDate(unixMs)),
      text.map((content) => new AmfXml(content)),
      fc.constant(AmfUnsupported.instance),
    ),
  };
}).value;

const numberVector = fc
  .tuple(
    fc.oneof(
      fc.array(fc.integer(), { maxLength: 5 }).map((numbers) => Int32Array.from(numbers)),
      fc.array(fc.nat({ max: 0xffff_ffff }), { maxLength: 5 }).map((numbers) => Uint32Array.from(numbers)),
      fc.array(fc.double(), { maxLength: 5 }).map((numbers) => Float64Array.from(numbers)),
    ),
    fc.boolean(),
  )
  .map(([numbers, isFixed]) => new AmfNumberVector(numbers, isFixed));

/** Fields of the short Flex messages that all of them have, in the order of the wire. */
const MESSAGE_FIELDS = ['body', 'headers', 'timeToLive', 'messageIdBytes', 'correlationId'];

/** Any value that AMF3 can say and that comes back equal: none of AMF0's alone, texts without lone surrogates. */
export const arbitraryAmf3Value: fc.Arbitrary<AmfValue> = fc.letrec<{ value: AmfValue }>((tie) => {
  const pairs = fc.uniqueArray(fc.tuple(key, tie('value')), { maxLength: 5, selector: ([name]) => name });
  const values = fc.array(tie('value'), { maxLength: 5 });
  return {
    value: fc.oneof(
      { maxDepth: 5, withCrossShrink: true },
      fc.oneof(
        fc.double(),
        fc.integer({ min: -(2 ** 29), max: 2 ** 29 }),
        fc.boolean(),
        text,
        fc.constant(null),
        fc.constant(undefined),
      ),
      fc.tuple(fc.constantFrom('', 'P', 'flex.é'), pairs, fc.nat(5), fc.boolean()).map(objectOf),
      fc
        .tuple(pairs, values)
        .filter(([named]) => named.length > 0)
        .map(([named, elements]) => new AmfEcmaArray(new Map(named), elements)),
      values,
      fc.double().map((unixMs) => new AmfDate(unixMs)),
      fc.tuple(text, fc.boolean()).map(([content, isDocument]) => new AmfXml(content, isDocument)),
      fc.uint8Array({ maxLength: 20 }).map((bytes) => new AmfByteArray(bytes)),
      numberVector,
      fc.tuple(text, values, fc.boolean()).map((parts) => new AmfObjectVector(...parts)),
      fc
        .tuple(fc.array(fc.tuple(tie('value'), tie('value')), { maxLength: 4 }), fc.boolean())
        .map(([entries, hasWeakKeys]) => new AmfDictionary(entries, hasWeakKeys)),
      fc
        .tuple(
          fc.constantFrom('flex.messaging.io.ArrayCollection', 'flex.messaging.io.ObjectProxy'),
          tie('value'),
        )
        .map(([className, body]) => new AmfExternalizable(className, body)),
      fc
        .tuple(fc.constantFrom('DSA', 'DSK', 'DSC'), fc.subarray(MESSAGE_FIELDS), tie('value'))
        .map(([className, names, field]) => {
          const fields = new Map(names.map((name) => [name, field] as const));
          return new AmfExternalizable(className, new AmfObject('', fields));
        }),
    ),
  };
}).value;

/** An object of which the first `sealedCount` members are sealed, and that is dynamic where it has others. */
function objectOf([className, pairs, sealedCount, mayBeDynamic]: readonly [
  string,
  readonly (readonly [string, AmfValue])[],
  number,
  boolean,
]): AmfObject {
  const sealedNames = pairs.slice(0, sealedCount).map(([name]) => name);
  const isDynamic = mayBeDynamic || pairs.length > sealedNames.length;
  return new AmfObject(className, new Map(pairs), { sealedNames, isDynamic });
}

/** Containers that hold each other in any way, cycles included: the first of them. */
export const arbitraryGraph: fc.Arbitrary<AmfValue> = fc
  .tuple(
    fc.array(fc.nat({ max: 4 }), { minLength: 1, maxLength: 10 }),
    fc.array(fc.tuple(fc.nat({ max: 9 }), fc.nat({ max: 9 })), { maxLength: 25 }),
  )
  .map(([kinds, edges]) => {
    const nodes = kinds.map(containerOf);
    for (const [edge, [from, to]] of edges.entries()) {
      const inner = nodes[to % nodes.length];
      const outer = nodes[from % nodes.length];
      if (Array.isArray(outer)) outer.push(inner);
      else if (outer instanceof AmfDictionary) outer.entries.push([inner, edge]);
      else if (outer instanceof AmfExternalizable) outer.body = inner;
      else if (outer instanceof AmfObject || outer instanceof AmfEcmaArray)
        outer.properties.set(`k${edge}`, inner);
    }
    return nodes[0];
  });

function containerOf(kind: number): AmfValue {
  switch (kind) {
    case 0:
      return [];
    case 1:
      return new AmfObject('P');
    case 2:
      return new AmfDictionary();
    case 3:
      return new AmfExternalizable('flex.messaging.io.ObjectProxy');
    default:
      return AmfEcmaArray.of({ named: true });
  }
}
