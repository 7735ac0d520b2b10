// Reads the settings of a YAML file (YAML 1.2, one document) with the line of each. The file's structure is
// followed only as far as the schema goes. What a YAML error quotes of the file is left out of the message: the
// place may hold a secret.

import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type ParsedNode,
  parseDocument,
  type YAMLError,
} from 'yaml';
import type { ConfigProblem } from './config-error.ts';
import { type Key, nearestKey } from './key.ts';
import type { Reading, Readings } from './source.ts';
import type { ValueChecker } from './value-checker.ts';

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

type YamlNode = ParsedNode | null | undefined;

/** A name as problems show it; quoted where dots or blanks in it would mislead, so that it is no key's path then. */
function shownName(name: string): string {
  return /^[\w-]{1,80}$/.test(name) ? name : JSON.stringify(name.slice(0, 80));
}

/** Walks one parsed file; collects readings and problems. */
class FileWalk {
  readonly readings: Reading[] = [];
  readonly problems: ConfigProblem[] = [];
  readonly #path: string;
  readonly #keys: readonly Key[];
  readonly #checker: ValueChecker;
  readonly #document: Document.Parsed;
  readonly #lines: LineCounter;

  constructor(path: string, text: string, keys: readonly Key[], checker: ValueChecker) {
    this.#path = path;
    this.#keys = keys;
    this.#checker = checker;
    this.#lines = new LineCounter();
    this.#document = parseDocument(text, { lineCounter: this.#lines, prettyErrors: false });
  }

  run(): void {
    const { errors, warnings } = this.#document;
    for (const error of [...errors, ...warnings]) {
      const reason = QUOTING_ERRORS[error.code] ?? error.message;
      this.problems.push({ type: 'unreadable', at: this.#at(this.#lineOf(error.pos[0])), reason });
    }
    if (errors.length === 0) this.#walkGroup(this.#document.contents, [], 1);
  }

  #lineOf(offset: number): number {
    return Math.max(1, this.#lines.linePos(offset).line);
  }

  #at(lineNumber: number): string {
    return `${this.#path}:${lineNumber}`;
  }

  #resolve(node: YamlNode): YamlNode {
    // WHY: an alias of a parsed document always leads to a parsed node, which the library's type does not say.
    return isAlias(node) ? (node.resolve(this.#document) as YamlNode) : node;
  }

  #walkGroup(given: YamlNode, parents: readonly string[], lineNumber: number): void {
    const node = this.#resolve(given);
    // A section whose lines are all commented out is an empty section.
    if (node === null || node === undefined || (isScalar(node) && node.value === null)) return;
    if (!isMap(node)) {
      this.problems.push({
        type: 'value',
        at: this.#at(lineNumber),
        key: parents.length === 0 ? null : parents.join('.'),
        expected: 'a mapping of keys to values',
        found: isSeq(node) ? 'a list' : 'a single value',
        reason: null,
      });
      return;
    }
    for (const { key: nameNode, value } of node.items) {
      const name = isScalar(nameNode) ? String(nameNode.value) : '?';
      this.#walkEntry([...parents, name], this.#lineOf(nameNode.range[0]), value);
    }
  }

  #walkEntry(segments: readonly string[], lineNumber: number, node: YamlNode): void {
    const path = segments.map(shownName).join('.');
    const key = this.#keys.find((candidate) => candidate.path === path);
    if (key !== undefined) {
      this.#readValue(key, node, lineNumber);
    } else if (this.#keys.some((candidate) => candidate.path.startsWith(`${path}.`))) {
      this.#walkGroup(node, segments, lineNumber);
    } else {
      const at = this.#at(lineNumber);
      const nearestPath = nearestKey(segments, this.#keys);
      this.problems.push({ type: 'unknown', at, kind: 'key', key: path, nearest: nearestPath });
    }
  }

  #readValue(key: Key, given: YamlNode, lineNumber: number): void {
    const node = this.#resolve(given);
    const entries = isSeq(node) ? node.items.map((entry) => this.#resolve(entry)) : [];
    const raw = isSeq(node) ? entries.map((entry) => this.#plain(entry)) : this.#plain(node);
    const checked = this.#checker.check(key, raw, (index) => {
      const entry = index === null ? null : entries[index];
      return this.#at(entry ? this.#lineOf(entry.range[0]) : lineNumber);
    });
    if (checked.isValid) {
      const source = { type: 'file', path: this.#path, lineNumber } as const;
      this.readings.push({ key, value: checked.value, source });
    } else {
      this.problems.push(...checked.problems);
    }
  }

  /** The value of a scalar; an empty object stands for anything deeper, which no key takes. */
  #plain(node: YamlNode): unknown {
    if (node === null || node === undefined) return null;
    return isScalar(node) ? node.value : {};
  }
}

/** Reads the settings out of `text`, the contents of the file at `path`. */
export function readFileSettings(
  path: string,
  text: string,
  keys: readonly Key[],
  checker: ValueChecker,
): Readings {
  const walk = new FileWalk(path, text, keys, checker);
  walk.run();
  return walk;
}
