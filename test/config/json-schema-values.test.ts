// The JSON Schema of a file against its reader, over a small schema with a key of every kind and values of all kinds.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { parse, stringify } from 'yaml';
import { type Key, listKeys } from '../../src/config/key.ts';
import { schemaValidator } from './schema-validator.ts';
import { load, problemsOf, schema } from './small-schema.ts';

const validate = schemaValidator(schema);
const keys = listKeys(schema);

const quantity = fc
  .tuple(
    fc.constantFrom('', ' '),
    fc.oneof(
      fc.nat({ max: 2_000 }).map(String),
      fc.constantFrom('0.5', '1.25', '007', '-1', '1e3', '.5', ''),
    ),
    fc.constantFrom('', ' ', '  '),
    fc.constantFrom('', 'ms', 's', 'm', 'h', 'S', 'B', 'kB', 'KB', 'kib', 'MiB', 'gib', 'K', 'd'),
  )
  .map((parts) => parts.join(''));
const word = fc.constantFrom('fast', 'careful', 'old', 'middle', 'new', 'Fast', '', 'true');
const entry = fc.constantFrom(':1', 'tls::1', 'any:[::1]:0', 'tls:1', '10.0.0.0/8', '::1', 'x', '', ':99999');
const scalar = fc.oneof(
  quantity,
  word,
  entry,
  fc.string({ unit: 'binary', maxLength: 8 }).filter((text) => text.isWellFormed()),
  fc.integer({ min: -2, max: 2_000 }),
  fc.constantFrom(0.5, 1e9, Number.NaN, true, false, null),
);
const value = fc.oneof(
  { weight: 6, arbitrary: scalar },
  fc.array(scalar, { maxLength: 3 }),
  fc.dictionary(fc.constantFrom('a', 'body'), scalar, { maxKeys: 1 }),
);

describe('any value', () => {
  const anyKey = fc.constantFrom(...keys);
  /** Whether words of JSON Schema say all that the reader asks of a value of this key. */
  const isSaidByWords = ({ setting }: Key) => setting.unit !== 'ms' && setting.type !== 'array';

  it('that the reader takes is taken by the schema, and refused by both where it is no quantity or entry', () => {
    const counts = { taken: 0, refused: 0 };
    fc.assert(
      fc.property(anyKey, value, (key, given) => {
        const file = stringify(
          key.segments.reduceRight<unknown>((inner, name) => ({ [name]: inner }), given),
        );
        // Bounds between two keys are no matter of one value.
        const isTaken = problemsOf({ file }).every((line) => / expected at (?:most|least) the /.test(line));
        counts[isTaken ? 'taken' : 'refused']++;
        const isValid = validate(parse(file));
        const isQuantityText = key.setting.unit === 'bytes' && typeof given === 'string';
        if (isTaken || (isSaidByWords(key) && !isQuantityText)) assert.equal(isValid, isTaken, file);
      }),
      { numRuns: 1_000 },
    );
    assert.ok(counts.taken > 20 && counts.refused > 300, JSON.stringify(counts));
  });

  it('of a quantity that the schema takes and the reader does not is out of its range, or no whole number', () => {
    const quantityKeys = keys.filter(({ setting }) => setting.unit === 'ms' || setting.unit === 'bytes');
    fc.assert(
      fc.property(fc.constantFrom(...quantityKeys), quantity, (key, text) => {
        const file = stringify({ limits: { [key.segments.at(-1) ?? '']: text } });
        if (!validate(parse(file))) {
          assert.notDeepEqual(problemsOf({ file }), [], file);
          return;
        }
        const [problem] = problemsOf({ file });
        if (problem === undefined) return;
        const [, amount = '', unit = ''] = /^\s*([\d.]+)\s*([a-z]*)\s*$/i.exec(text) ?? [];
        assert.notEqual(amount, '', file);
        const factors: Record<string, number> = {
          ms: 1,
          s: 1e3,
          m: 6e4,
          h: 3.6e6,
          kb: 1e3,
          mb: 1e6,
          gb: 1e9,
        };
        const powers: Record<string, number> = { kib: 2 ** 10, mib: 2 ** 20, gib: 2 ** 30 };
        const number = Number(amount) * (factors[unit.toLowerCase()] ?? powers[unit.toLowerCase()] ?? 1);
        const { minimum = 0, maximum = 0 } = key.setting;
        const isWhole = Math.abs(number - Math.round(number)) < 1e-6;
        const isBounded = / expected at (?:most|least) the /.test(problem);
        assert.ok(number < minimum || number > maximum || !isWhole || isBounded, `${file}${problem}`);
      }),
      { numRuns: 500 },
    );
  });
});

describe('any names of groups', () => {
  it('that the reader takes are taken by the schema, and those that it refuses for their letters are not', () => {
    const names = fc.uniqueArray(
      fc.oneof(
        fc.string({ unit: 'binary', minLength: 1, maxLength: 8 }).filter((text) => text.isWellFormed()),
        fc.constantFrom('a/b', '/', '<<', '1', '__proto__', 'x'.repeat(13)),
      ),
      { maxLength: 6 },
    );
    fc.assert(
      fc.property(names, (given) => {
        const rooms = given.map((name) => `${JSON.stringify(name)}: {body: 7}`).join(', ');
        const file = `limits: {nameLength: 10}\nrooms: {${rooms}}`;
        // Those between are refused by a key, limits.nameLength, which no word of JSON Schema can say. A name is
        // counted in units of UTF-16 by the reader, and in characters by the schema.
        const isLong = given.some((name) => name.length > 10 && [...name].length <= 12);
        if (!isLong) assert.equal(validate(parse(file)), problemsOf({ file }).length === 0, file);
      }),
    );
  });

  it('that set nothing are taken, where none has to set a key', () => {
    assert.deepEqual(Object.keys(load({ file: 'rooms: {red: }' }).config.rooms), []);
    assert.equal(validate({ rooms: { red: null } }), true);
    assert.equal(validate({ doors: { front: null } }), false);
    assert.equal(validate({ doors: { front: { place: 'x' } } }), false);
    assert.equal(validate({ doors: { front: { place: 'x', width: 1 } } }), true);
  });
});
