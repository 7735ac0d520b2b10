// Groups by name of which each has to set a key, and those that set nothing, over a small schema.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { load, problemsOf } from './small-schema.ts';

describe('groups by name that have to set a key', () => {
  it('are taken where all of those are set', () => {
    const { config } = load({
      file: 'doors:\n  front: {place: north, width: 2}\n  b.door: {place: x, width: 1}\n',
    });
    assert.deepEqual(
      { ...config.doors },
      { front: { place: 'north', width: 2 }, 'b.door': { place: 'x', width: 1 } },
    );
  });

  it('are told where one is not, with the line of their name and what it should be', () => {
    const place = (path: string) => `${path}.place: expected a text of 1 to 6 characters, found nothing`;
    const width = (path: string) => `${path}.width: expected a number of 1 to 9, found nothing`;
    assert.deepEqual(problemsOf({ file: 'doors:\n  front:\n    isOpen: true\n    width: 1\n' }), [
      `c.yaml:2: ${place('doors.front')}`,
    ]);
    for (const empty of ['', ' {}', '\n    # place: x']) {
      assert.deepEqual(problemsOf({ file: `doors:\n  front: {place: x, width: 1}\n  b.door:${empty}\n` }), [
        `c.yaml:3: ${place('doors."b.door"')}`,
        `c.yaml:3: ${width('doors."b.door"')}`,
      ]);
    }
    assert.deepEqual(problemsOf({ file: 'doors:\n  a: &all {width: 1}\n  b: *all\n' }), [
      `c.yaml:2: ${place('doors.a')}`,
      `c.yaml:3: ${place('doors.b')}`,
    ]);
  });

  it('have no default of such a key', () => {
    assert.match(
      problemsOf({ file: 'doors: {a: {place: "", width: 1}}' }).join(),
      /place: expected .*, found ""$/,
    );
  });

  it('have no limit of their names but the pattern', () => {
    const wrong = 'c.yaml:2: doors: expected the name of a door, found';
    const group = '{place: x, width: 1}';
    assert.deepEqual(problemsOf({ file: `doors:\n  abcdefgh: ${group}\n` }), []);
    assert.deepEqual(problemsOf({ file: `doors:\n  abcdefghi: ${group}\n` }), [`${wrong} "abcdefghi"`]);
    assert.deepEqual(problemsOf({ file: `doors:\n  A: ${group}\n` }), [`${wrong} "A"`]);
  });
});

describe('groups by name that set nothing', () => {
  it('are told with their line', () => {
    const file = 'rooms:\n  red:\n  blue: {body: 1}\n  a.b: {}\n';
    assert.deepEqual(load({ file }).emptyGroups, [
      { path: 'rooms.red', source: { type: 'file', path: 'c.yaml', lineNumber: 2 } },
      { path: 'rooms."a.b"', source: { type: 'file', path: 'c.yaml', lineNumber: 4 } },
    ]);
    assert.deepEqual(load({ file: 'rooms: {red: {body: 1}}' }).emptyGroups, []);
    assert.deepEqual(load({}).emptyGroups, []);
  });
});
