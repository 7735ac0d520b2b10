// What the fuzzers have found, once more; and each fuzz target on its own seeds and some hundred inputs of a fixed seed.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { Mutator } from '../../fuzz/support/mutator.ts';
import { SeededRandom } from '../../fuzz/support/seeded-random.ts';
import { TARGETS } from '../../fuzz/targets.ts';

const INPUTS = 300;

for (const [name, target] of Object.entries(TARGETS)) {
  describe(`the fuzz target ${name}`, () => {
    const folder = new URL(`../../fuzz/regressions/${name}/`, import.meta.url);
    const files = existsSync(folder) ? readdirSync(folder) : [];
    for (const file of files) {
      it(`holds for what was found once: ${file}`, () => {
        target.fuzz(Uint8Array.from(readFileSync(new URL(file, folder))));
      });
    }

    it('holds for its seeds and for inputs made of them', () => {
      const seeds = target.seeds();
      for (const seed of seeds) target.fuzz(Uint8Array.from(seed));
      const mutator = new Mutator(new SeededRandom(1), seeds);
      for (let count = 0; count < INPUTS; count++) {
        const input = mutator.next();
        mutator.saw(input, target.fuzz(input));
      }
    });
  });
}
