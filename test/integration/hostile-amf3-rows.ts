// The table of hostile input, fourth part: AMF3 values that are bombs, as commands of type 17 and as data of type 15.
// [AMF3 3]

import assert from 'node:assert/strict';
import { amf } from '../support/amf-wire.ts';
import { setChunkSize } from '../support/chunk-wire.ts';
import type { HostileRow } from './hostile-row.ts';
import { hex, inOrder, repeated, whole } from './hostile-wire.ts';

const DATA = 15;
const COMMAND = 17;

const LONG_BYTES = 1_000_000;
const LONG_CHUNKS = setChunkSize(LONG_BYTES);
const FORMAT = Uint8Array.of(0);
/** In front of an AMF3 value among AMF0 ones. */
const AVM_PLUS = Uint8Array.of(0x11);

/** What opens an array, an object, a dictionary, a vector, a sealed object and an ArrayCollection, each within the last. */
const NESTINGS = [
  '09 03 01',
  '0a 0b 01 03 61',
  '11 03 00',
  '10 03 00 01',
  '0a 13 01 03 61',
  '0a 07 43 666c65782e6d6573736167696e672e696f2e4172726179436f6c6c656374696f6e',
];

/** Counts of 2^28 - 1, of each thing that is counted. */
const COUNTS = [
  '09 ffffffff 01',
  '0d ffffffff 00',
  '0e ffffffff 00',
  '0f ffffffff 00',
  '10 ffffffff 00 01',
  '11 ffffffff 00',
  '0c ffffffff',
  '06 ffffffff',
  '0a fffffff3 01',
];

/** References to a value, a text and traits that were never there. */
const LOST_REFERENCES = ['0a 02', '06 02', '0a 05'];

/** An array that holds itself. */
const CYCLE = '09 03 01 09 00';

/** An array of two, each the same array of two, and so on: 2^40 values in 200 bytes. */
function unfolding(): Uint8Array {
  const levels = 40;
  const opened = repeated(levels, hex('09 05 01'));
  const closings = Array.from({ length: levels }, (_, index) => Uint8Array.of(0x09, 2 * (levels - index)));
  return inOrder(opened, Uint8Array.of(0x09, 0x01, 0x01), ...closings);
}

function command(value: Uint8Array): Uint8Array {
  return whole(COMMAND, inOrder(FORMAT, amf('nonsense', 9, null), AVM_PLUS, value));
}

function data(value: Uint8Array): Uint8Array {
  return whole(DATA, inOrder(FORMAT, amf('onMetaData'), AVM_PLUS, value), 1);
}

/** As many values within each other as fit into `lengthBytes`. */
function nested(nesting: string, lengthBytes: number): Uint8Array {
  const opening = hex(nesting);
  return repeated(Math.floor(lengthBytes / opening.length), opening);
}

function nestings(message: (value: Uint8Array) => Uint8Array, lengthBytes: number): Uint8Array {
  return inOrder(LONG_CHUNKS, ...NESTINGS.map((nesting) => message(nested(nesting, lengthBytes))));
}

/** AMF3. */
export const AMF3_ROWS: readonly HostileRow[] = [
  {
    sends: 'AMF3 commands of a megabyte nested without end [item 46]',
    from: 'connect',
    attack: () => nestings(command, LONG_BYTES - 100),
    lessOfIt: () => nestings(command, 1000),
    ends: null,
    counted: { malformedCommands: NESTINGS.length },
    isTunnelled: true,
  },
  {
    sends: 'AMF3 data of a megabyte nested without end [item 46]',
    from: 'publish',
    attack: () => nestings(data, LONG_BYTES - 100),
    lessOfIt: () => nestings(data, 1000),
    ends: null,
    counted: { malformedData: NESTINGS.length },
  },
  {
    sends: 'AMF3 commands that count to 2^28 [item 47]',
    from: 'connect',
    attack: () => inOrder(...COUNTS.map((count) => command(hex(count)))),
    ends: null,
    counted: { malformedCommands: COUNTS.length },
  },
  {
    sends: 'AMF3 data that count to 2^28, or refer to nothing [item 47] [item 48]',
    from: 'publish',
    attack: () => inOrder(...[...COUNTS, ...LOST_REFERENCES].map((value) => data(hex(value)))),
    ends: null,
    counted: { malformedData: COUNTS.length + LOST_REFERENCES.length },
    isTunnelled: true,
  },
  {
    sends: 'AMF3 calls that hold themselves, or unfold into 2^40 values [item 48] [item 49]',
    from: 'connect',
    attack: () => inOrder(LONG_CHUNKS, command(hex(CYCLE)), command(unfolding())),
    ends: null,
    check: (client) => assert.equal(client.commands('_error').length, 2),
    isTunnelled: true,
  },
  {
    sends: 'AMF3 metadata that hold themselves, or unfold into 2^40 values [item 48] [item 49]',
    from: 'publish',
    attack: () => inOrder(LONG_CHUNKS, data(hex(CYCLE)), data(unfolding())),
    ends: null,
    counted: { malformedData: 2 },
  },
  {
    sends: 'AMF3 objects of a class that nobody knows how to read [item 53]',
    from: 'connect',
    attack: () => repeated(16, command(hex('0a 07 07 582e59 01'))),
    ends: null,
    counted: { malformedCommands: 16 },
  },
];
