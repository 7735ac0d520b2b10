// Reads the settings of a YAML file (YAML 1.2, one document) with the line of each. The file's structure is
// followed only as far as the schema goes.

import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type ParsedNode,
  parseDocument,
} from 'yaml';
import type { ConfigProblem } from './config-error.ts';
import type { GivenEntry, GroupList } from './group-list.ts';
import { ANY_NAME, type GivenName, type NamedGroups } from './groups-by-name.ts';
import { ANY_INDEX, isWithin, joinPath, type Key, nearestKey, type Segment } from './key.ts';
import type { Reading, Readings, Source } from './source.ts';
import { describeFound, type ValueChecker } from './value-checker.ts';
import { yamlErrorText } from './yaml-error-text.ts';

/** What a file may say: keys, groups by name, and lists of groups. */
export type FileContents = {
  readonly keys: readonly Key[];
  readonly named: readonly NamedGroups[];
  readonly lists: readonly GroupList[];
};

/** What a file gave: readings and problems, and its groups by name and in lists, those that set nothing included. */
export type FileReadings = Readings & {
  readonly names: readonly GivenName[];
  readonly entries: readonly GivenEntry[];
};

type YamlNode = ParsedNode | null | undefined;

/** A name that is taken, or what is wrong with it: what was found, and why, where the pattern does not say it. */
type Named =
  | { readonly isValid: true; readonly name: string }
  | { readonly isValid: false; readonly found: string; readonly reason: string | null };

const MERGE_KEY = '<<';

/** A name as problems show it; quoted where dots or blanks in it would mislead, so that it is no key's path then. */
function shownName(name: string): string {
  return /^[\w-]{1,80}$/.test(name) ? name : JSON.stringify(name.slice(0, 80));
}

function wrongList(at: string, key: string, expected: string, found: string): ConfigProblem {
  return { type: 'value', at, key, expected, found, reason: null };
}

/** Walks one parsed file; collects readings and problems. */
class FileWalk {
  readonly readings: Reading[] = [];
  readonly problems: ConfigProblem[] = [];
  readonly names: GivenName[] = [];
  readonly entries: GivenEntry[] = [];
  readonly #path: string;
  readonly #contents: FileContents;
  /** All keys that an unknown one may have been meant to be. */
  readonly #hints: readonly Key[];
  readonly #checker: ValueChecker;
  readonly #document: Document.Parsed;
  readonly #lines: LineCounter;

  constructor(path: string, text: string, contents: FileContents, checker: ValueChecker) {
    this.#path = path;
    this.#contents = contents;
    this.#hints = [
      ...contents.keys,
      ...contents.named.flatMap(({ keysOf }) => keysOf(ANY_NAME)),
      ...contents.lists.flatMap(({ keysOf }) => keysOf(ANY_INDEX)),
    ];
    this.#checker = checker;
    this.#lines = new LineCounter();
    this.#document = parseDocument(text, { lineCounter: this.#lines, prettyErrors: false });
  }

  run(): void {
    const { errors, warnings } = this.#document;
    for (const error of [...errors, ...warnings]) {
      const at = this.#at(this.#lineOf(error.pos[0]));
      this.problems.push({ type: 'unreadable', at, reason: yamlErrorText(error) });
    }
    if (errors.length === 0) this.#walkGroup(this.#document.contents, [], 1, this.#contents.keys);
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

  /** The entries of a mapping; none, and a problem, where it is something else. */
  #entriesOf(given: YamlNode, parents: readonly Segment[], lineNumber: number) {
    const node = this.#resolve(given);
    // A section whose lines are all commented out is an empty section.
    if (node === null || node === undefined || (isScalar(node) && node.value === null)) return [];
    if (isMap(node)) return node.items;
    this.problems.push({
      type: 'value',
      at: this.#at(lineNumber),
      key: parents.length === 0 ? null : joinPath(parents, shownName),
      expected: 'a mapping of keys to values',
      found: isSeq(node) ? 'a list' : 'a single value',
      reason: null,
    });
    return [];
  }

  /** `keys` are those that may stand here. */
  #walkGroup(given: YamlNode, parents: readonly Segment[], lineNumber: number, keys: readonly Key[]): void {
    for (const { key: nameNode, value } of this.#entriesOf(given, parents, lineNumber)) {
      const name = isScalar(nameNode) ? String(nameNode.value) : '?';
      this.#walkEntry([...parents, name], this.#lineOf(nameNode.range[0]), value, keys);
    }
  }

  #walkEntry(
    segments: readonly Segment[],
    lineNumber: number,
    node: YamlNode,
    keysHere: readonly Key[],
  ): void {
    const path = joinPath(segments, shownName);
    const keys = keysHere.filter((key) => isWithin(key, segments));
    const key = keys.find((candidate) => candidate.segments.length === segments.length);
    const named = this.#contents.named.find((groups) => groups.path === path);
    const list = this.#contents.lists.find((groups) => groups.path === path);
    if (key !== undefined) this.#readValue(key, node, lineNumber);
    else if (named !== undefined) this.#walkNamed(named, node, lineNumber);
    else if (list !== undefined) this.#walkList(list, node, lineNumber);
    else if (keys.length > 0) this.#walkGroup(node, segments, lineNumber, keys);
    else {
      const at = this.#at(lineNumber);
      const nearestPath = nearestKey(segments, [...keysHere, ...this.#hints]);
      this.problems.push({ type: 'unknown', at, kind: 'key', key: path, nearest: nearestPath });
    }
  }

  #walkNamed(groups: NamedGroups, given: YamlNode, lineNumber: number): void {
    const { path, rule, keysOf } = groups;
    const entries = this.#entriesOf(given, [path], lineNumber);
    const [tooMany] = entries.slice(rule.maxNames);
    if (tooMany !== undefined) {
      const at = this.#at(this.#lineOf(tooMany.key.range[0]));
      const expected = `at most ${rule.maxNames} ${rule.plural}`;
      this.problems.push(wrongList(at, path, expected, `${entries.length}`));
      return;
    }
    const pattern = new RegExp(rule.pattern);
    const taken = new Set<string>();
    for (const { key: nameNode, value } of entries) {
      const nameLineNumber = this.#lineOf(nameNode.range[0]);
      const at = this.#at(nameLineNumber);
      const read = this.#readName(nameNode, pattern);
      if (!read.isValid) {
        const { found, reason } = read;
        this.problems.push({ type: 'value', at, key: path, expected: rule.expects, found, reason });
      } else if (taken.has(read.name)) {
        // WHY: YAML itself tells a name that stands there twice, but not where one of the two is an alias.
        this.problems.push({ type: 'unreadable', at, reason: 'Map keys must be unique' });
      } else {
        const { name } = read;
        const source: Source = { type: 'file', path: this.#path, lineNumber: nameLineNumber };
        taken.add(name);
        this.names.push({ groups, name, source });
        this.#walkGroup(value, [path, name], nameLineNumber, keysOf(name));
      }
    }
  }

  #walkList(list: GroupList, given: YamlNode, lineNumber: number): void {
    const { path, rule, keysOf } = list;
    const node = this.#resolve(given);
    if (node === null || node === undefined || (isScalar(node) && node.value === null)) return;
    if (!isSeq(node)) {
      const found = isMap(node) ? 'a mapping' : 'a single value';
      this.problems.push(wrongList(this.#at(lineNumber), path, `a list of ${rule.plural}`, found));
      return;
    }
    const [tooMany] = node.items.slice(rule.maxEntries);
    if (tooMany !== undefined) {
      const at = this.#at(this.#lineOf(tooMany.range[0]));
      const expected = `at most ${rule.maxEntries} ${rule.plural}`;
      this.problems.push(wrongList(at, path, expected, `${node.items.length}`));
      return;
    }
    for (const [index, entry] of node.items.entries()) {
      const entryLineNumber = this.#lineOf(entry.range[0]);
      const source: Source = { type: 'file', path: this.#path, lineNumber: entryLineNumber };
      this.entries.push({ list, index, source });
      this.#walkGroup(entry, [path, index], entryLineNumber, keysOf(index));
    }
  }

  #readName(given: YamlNode, pattern: RegExp): Named {
    const node = this.#resolve(given);
    if (isScalar(node) && node.type === 'PLAIN' && node.source === MERGE_KEY) {
      const reason = 'merge keys are not supported; as a name it needs quotes';
      return { isValid: false, found: MERGE_KEY, reason };
    }
    // WHY: only texts, which YAML itself keeps apart; the number 1 and the text "1" are two to it, and one name.
    const name = this.#plain(node);
    if (typeof name === 'string' && pattern.test(name)) return { isValid: true, name };
    const reason = typeof name === 'string' ? null : 'what YAML takes for no text needs quotes';
    return { isValid: false, found: describeFound({}, name), reason };
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

/** Reads the settings and the names out of `text`, the contents of the file at `path`. */
export function readFileSettings(
  path: string,
  text: string,
  contents: FileContents,
  checker: ValueChecker,
): FileReadings {
  const walk = new FileWalk(path, text, contents, checker);
  walk.run();
  return walk;
}
