// What is said of a file that is no YAML. What a YAML error quotes of the file is left out of the message: the place may
// hold a secret.

import type { YAMLError } from 'yaml';

/** House text for the YAML errors whose own message quotes the file. */
const QUOTING_ERRORS: Partial<Record<YAMLError['code'], string>> = {
  BAD_ALIAS: 'there is no such YAML anchor (a text that begins with * needs quotes)',
  BAD_COLLECTION_TYPE: 'this YAML tag does not fit its value',
  BAD_DIRECTIVE: 'unknown YAML directive',
  BAD_DQ_ESCAPE: 'invalid escape sequence in double quotes',
  BAD_PROP_ORDER: 'misplaced YAML tag or anchor (a text that begins with ! or & needs quotes)',
  MULTIPLE_DOCS: 'expected one YAML document, found several',
  TAG_RESOLVE_FAILED: 'unknown YAML tag (a text that begins with ! needs quotes)',
  UNEXPECTED_TOKEN: 'unexpected text, wrongly indented or not closed',
};

/** The error in words that repeat nothing of the file. */
export function yamlErrorText(error: YAMLError): string {
  return QUOTING_ERRORS[error.code] ?? error.message;
}
