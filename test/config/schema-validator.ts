// The JSON Schema of a file as editors get it, ready to be asked.

import { Ajv, type ValidateFunction } from 'ajv';
import type { TObject } from 'typebox';
import { jsonSchemaText } from '../../src/config/json-schema.ts';

/** Judges what a YAML file holds. Strict, so that a word which JSON Schema does not know is refused. */
export function schemaValidator(schema: TObject): ValidateFunction {
  return new Ajv({ strict: true, allowUnionTypes: true }).compile(JSON.parse(jsonSchemaText(schema)));
}
