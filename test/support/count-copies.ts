// Counts what is copied while input is read. Copies by other ways than `set` are not seen: that chunk streams use none is
// a rule of test/architecture.test.ts.

import type { TestContext } from 'node:test';

/** How often bytes were copied, and how many. */
export type Copied = { readonly copies: number; readonly copiedBytes: number };

/** Counts what `set` of typed arrays copies from here to the end of the test. */
export function countCopies(t: TestContext): () => Copied {
  const prototype = Object.getPrototypeOf(Uint8Array.prototype) as Uint8Array;
  const set = prototype.set;
  let copies = 0;
  let copiedBytes = 0;
  t.mock.method(prototype, 'set', function (this: Uint8Array, source: Uint8Array, offset?: number) {
    copies += 1;
    copiedBytes += source.length;
    set.call(this, source, offset);
  });
  return () => ({ copies, copiedBytes });
}
