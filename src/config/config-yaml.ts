// A configuration written as the file would have it: keys of the file, values in their units, and, where wanted,
// a comment behind each value that says where it came from. Secrets are masked.

import { Document, isCollection, isScalar, Scalar } from 'yaml';
import { type Key, type Segment, valueAt } from './key.ts';
import { MASK, masked } from './secret.ts';
import { valueInUnits } from './setting.ts';
import { describeSource, type Source } from './source.ts';

function shownValue(key: Key, config: object): unknown {
  const value = valueAt(key, config);
  if (key.setting.secret === true) return value === '' ? value : MASK;
  return masked(key.setting, valueInUnits(key.setting, value));
}

/** A segment as the document takes it: `<<` in quotes, for a plain one is a merge key to many readers. */
function quotedMergeKey(segment: Segment): Segment | Scalar {
  if (segment !== '<<') return segment;
  const name = new Scalar(segment);
  name.type = Scalar.QUOTE_DOUBLE;
  return name;
}

/**
 * YAML of `config`, a Config that was loaded over `keys`. `sources`, by the path of each key, become comments;
 * null leaves them out. Read back as a file it gives the same Config, masked secrets aside.
 */
export function configYaml(
  keys: readonly Key[],
  config: object,
  sources: Readonly<Record<string, Source>> | null,
): string {
  const document = new Document({});
  for (const key of keys) {
    const node = document.createNode(shownValue(key, config));
    const source = sources?.[key.path];
    if (isCollection(node)) {
      node.flow = true;
      // WHY: YAML 1.1 readers stumble over a plain `:1935` in brackets.
      for (const entry of node.items) if (isScalar(entry)) entry.type = Scalar.QUOTE_DOUBLE;
    }
    if (source !== undefined && (isScalar(node) || isCollection(node))) {
      node.comment = ` ${describeSource(source)}`;
    }
    document.setIn(key.segments.map(quotedMergeKey), node);
  }
  return document.toString({ lineWidth: 0, flowCollectionPadding: false });
}
