// Which items of test/support/conformance-items.ts a run of the tests has proven: those whose number stands in the name
// of a test that passed. Skipped tests, and those marked as still to be done, prove nothing.

const ITEM = /\[item (\d+)\]/g;

/** Collects the items of the tests that passed. */
export class ProvenItems {
  #items = new Set();

  /** Takes note of one event `test:pass` of Node's test runner. */
  passed({ name, skip, todo, details }) {
    const isTest = details?.type !== 'suite';
    const isRun = (skip ?? false) === false && (todo ?? false) === false;
    if (!isTest || !isRun) return;
    for (const [, digits] of name.matchAll(ITEM)) this.#items.add(Number(digits));
  }

  /** One line for each of `required`, by number, that none of them proves. */
  missingOf(required) {
    return [...required].filter(([item]) => !this.#items.has(item)).map(([item, text]) => `${item}: ${text}`);
  }
}
