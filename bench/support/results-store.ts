// What was measured, kept part by part: a JSON file each in the folder results/ beside the page, and text by hand in
// notes/PART.md. A part that is measured again replaces its own file alone.

import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Aim } from './aim.ts';
import type { MachineFacts } from './machine.ts';

/** One part as it was measured. Single measurements are left out: `--json` has them. */
export type PartRecord = {
  readonly name: string;
  readonly command: string;
  readonly machine: MachineFacts;
  /** How long measuring took, ms. */
  readonly tookMs: number;
  readonly versions: readonly string[];
  readonly isRight: boolean;
  readonly isVoid: boolean;
  readonly faults: readonly string[];
  readonly aims: readonly Aim[];
  readonly figures: readonly unknown[];
  /** Lines of a text for a fixed width. */
  readonly report: readonly string[];
};

const SUFFIX = '.json';
/** LIMIT: as many faults are kept; a run that has more is wrong all the same. */
const MAX_FAULTS = 20;

/** The results of one page. */
export class ResultsStore {
  readonly #pagePath: string;
  readonly #resultsFolder: string;
  readonly #notesFolder: string;

  constructor(pagePath: string) {
    this.#pagePath = pagePath;
    this.#resultsFolder = join(dirname(pagePath), 'results');
    this.#notesFolder = join(dirname(pagePath), 'notes');
  }

  /** Keeps a part, in place of what there was of it. */
  keep(record: PartRecord): void {
    mkdirSync(this.#resultsFolder, { recursive: true });
    const kept = { ...record, faults: record.faults.slice(0, MAX_FAULTS) };
    const path = join(this.#resultsFolder, `${record.name}${SUFFIX}`);
    writeFileSync(path, `${JSON.stringify(kept, null, 2)}\n`);
  }

  /** All parts there are: those of `order` first, as it has them, then others by name. */
  records(order: readonly string[]): PartRecord[] {
    if (!existsSync(this.#resultsFolder)) return [];
    const files = readdirSync(this.#resultsFolder).filter((name) => name.endsWith(SUFFIX));
    const names = files.map((name) => name.slice(0, -SUFFIX.length)).sort();
    const sorted = [
      ...order.filter((name) => names.includes(name)),
      ...names.filter((name) => !order.includes(name)),
    ];
    return sorted.map((name) => this.#read(join(this.#resultsFolder, `${name}${SUFFIX}`)));
  }

  /** What someone wrote about a part by hand; null where nobody did. */
  note(partName: string): string | null {
    const path = join(this.#notesFolder, `${partName}.md`);
    return existsSync(path) ? readFileSync(path, 'utf8').trim() : null;
  }

  /** Writes the page. */
  writePage(text: string): void {
    writeFileSync(this.#pagePath, text);
  }

  #read(path: string): PartRecord {
    try {
      return JSON.parse(readFileSync(path, 'utf8')) as PartRecord;
    } catch (error) {
      throw new Error(`${path} cannot be read; measure that part again`, { cause: error });
    }
  }
}
