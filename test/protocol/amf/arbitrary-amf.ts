// Random AMF values for property tests: every kind that AMF0 can say, a few levels deep, with awkward keys.

import fc from 'fast-check';
import '../../support/property-sizes.ts';
import {
  AmfDate,
  AmfEcmaArray,
  AmfObject,
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
