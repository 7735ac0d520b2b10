// The table of hostile input, second part: values that are bombs or break off, as commands and as a publisher's data,
// and media that is not what it says. [AMF0 2, RTMP 7.1, 7.2]

import assert from 'node:assert/strict';
import { amf } from '../support/amf-wire.ts';
import { setChunkSize } from '../support/chunk-wire.ts';
import { ClientMessages } from '../support/client-messages.ts';
import type { HostileClient } from './hostile-client.ts';
import type { HostileRow } from './hostile-row.ts';
import { CYCLE, data, hex, inOrder, repeated, tag, unfolding, whole } from './hostile-wire.ts';

const AUDIO = 8;
const VIDEO = 9;
const COMMAND = 20;
const AGGREGATE = 22;

/** Less than the longest message of commands and data, and than the longest one before connect, bytes. */
const LONG_BYTES = 1_000_000;
const LONG_BEFORE_CONNECT_BYTES = 60_000;

const LONG_CHUNKS = setChunkSize(LONG_BYTES);

/** What opens an object, a strict array of one, an ECMA array and a typed object, each within the last. */
const NESTINGS = ['03 0001 61', '0a 00000001', '08 00000000 0001 61', '10 0001 61 0001 61'];

/** Counts and lengths that say more than there is. */
const COUNTS = [
  '0a ffffffff',
  '0a 00010000 05',
  '0c ffffffff 61',
  '02 ffff 61',
  '0f 7fffffff 61',
  '10 ffff 61',
];

/** References to nothing, and to what has not begun yet. */
const LOST_REFERENCES = ['07 0000', '03 0001 61 07 0001 000009', '07 ffff'];

const CONNECT_BODY = amf('connect', 1, { app: 'live', tcUrl: 'rtmp://localhost/live' });

/** As many values within each other as fit into `lengthBytes`. */
function nested(nesting: string, lengthBytes: number): Uint8Array {
  const opening = hex(nesting);
  return repeated(Math.floor(lengthBytes / opening.length), opening);
}

/** A command of no meaning with these values behind its transaction id. */
function command(...values: readonly Uint8Array[]): Uint8Array {
  return whole(COMMAND, inOrder(amf('nonsense', 9), ...values));
}

/** Sixteen commands nested without end. */
function nestedCommands(lengthBytes: number): Uint8Array {
  const commands = NESTINGS.map((nesting) => command(nested(nesting, lengthBytes)));
  return inOrder(LONG_CHUNKS, ...commands, ...commands, ...commands, ...commands);
}

/** A frame whose Enhanced RTMP header is extended, and the extension too, for ever. [ERTMP2 "ModEx"] */
function endlessModEx(lengthBytes: number): Uint8Array {
  return whole(
    VIDEO,
    inOrder(Uint8Array.of(0x97), repeated(Math.floor(lengthBytes / 3), hex('00 00 07'))),
    1,
    6,
  );
}

function assertRefused(client: HostileClient, count: number): void {
  assert.equal(client.commands('_error').length, count);
}

/** Values and media. */
export const MESSAGE_ROWS: readonly HostileRow[] = [
  {
    sends: 'a connect that breaks off',
    from: 'handshake',
    attack: () => whole(COMMAND, CONNECT_BODY.subarray(0, 20)),
    ends: 'rtmp-command-malformed',
    isTunnelled: true,
  },
  {
    sends: 'a connect nested without end [item 46]',
    from: 'handshake',
    attack: () =>
      inOrder(
        LONG_CHUNKS,
        whole(COMMAND, inOrder(amf('connect', 1), nested('03 0001 61', LONG_BEFORE_CONNECT_BYTES))),
      ),
    ends: 'rtmp-command-malformed',
  },
  {
    sends: 'a second connect [item 56]',
    from: 'connect',
    attack: () => new ClientMessages().connect('live'),
    ends: 'rtmp-connect-repeated',
  },
  {
    sends: 'a command before connect [item 57]',
    from: 'handshake',
    attack: () => new ClientMessages().call('createStream', 2),
    ends: 'rtmp-command-before-connect',
  },
  {
    sends: '16 commands of a megabyte nested without end [item 46]',
    from: 'connect',
    attack: () => nestedCommands(LONG_BYTES - 100),
    lessOfIt: () => nestedCommands(1000),
    ends: null,
    counted: { malformedCommands: 16 },
    isTunnelled: true,
  },
  {
    sends: '17 commands nested without end [item 46]',
    from: 'connect',
    attack: () => inOrder(nestedCommands(1000), command(nested('03 0001 61', 1000))),
    ends: 'rtmp-command-malformed',
    counted: { malformedCommands: 17 },
    isTunnelled: true,
  },
  {
    sends: 'commands with more values and longer strings than there are bytes [item 47]',
    from: 'connect',
    attack: () => inOrder(...COUNTS.map((count) => command(hex(count)))),
    ends: null,
    counted: { malformedCommands: COUNTS.length },
  },
  {
    sends: 'commands with references to nothing [item 48]',
    from: 'connect',
    attack: () => inOrder(...LOST_REFERENCES.map((reference) => command(hex(reference)))),
    ends: null,
    counted: { malformedCommands: LOST_REFERENCES.length },
  },
  {
    sends: 'calls with values that contain themselves, or unfold into a million [item 48] [item 49]',
    from: 'connect',
    attack: () => inOrder(LONG_CHUNKS, command(hex(CYCLE)), command(hex('05'), unfolding())),
    ends: null,
    check: (client) => assertRefused(client, 2),
    isTunnelled: true,
  },
  {
    sends: 'a command that breaks off in a string',
    from: 'connect',
    attack: () => whole(COMMAND, hex('02 00ff 6162')),
    ends: null,
    counted: { malformedCommands: 1 },
  },
  {
    sends: 'data of a megabyte nested without end [item 46]',
    from: 'publish',
    attack: () =>
      inOrder(LONG_CHUNKS, ...NESTINGS.map((nesting) => data(amf('x'), nested(nesting, LONG_BYTES - 100)))),
    lessOfIt: () => inOrder(LONG_CHUNKS, ...NESTINGS.map((nesting) => data(amf('x'), nested(nesting, 1000)))),
    ends: null,
    counted: { malformedData: NESTINGS.length },
  },
  {
    sends: 'metadata with wrong counts, broken strings and lost references [item 47] [item 48]',
    from: 'publish',
    attack: () =>
      inOrder(...[...COUNTS, ...LOST_REFERENCES].map((value) => data(amf('onMetaData'), hex(value)))),
    ends: null,
    counted: { malformedData: COUNTS.length + LOST_REFERENCES.length },
  },
  {
    sends: 'metadata that unfolds into a million values, or contains itself [item 48] [item 49]',
    from: 'publish',
    attack: () =>
      inOrder(
        LONG_CHUNKS,
        data(amf('@setDataFrame', 'onMetaData'), unfolding()),
        data(amf('onMetaData'), hex(CYCLE)),
        data(amf('onCuePoint'), unfolding()),
      ),
    ends: null,
    isTunnelled: true,
  },
  {
    sends: 'metadata of a megabyte',
    from: 'publish',
    attack: () => inOrder(LONG_CHUNKS, data(amf('onMetaData', { note: 'x'.repeat(LONG_BYTES - 100) }))),
    lessOfIt: () => inOrder(LONG_CHUNKS, data(amf('onMetaData', { note: 'x'.repeat(70_000) }))),
    ends: null,
    isTunnelled: true,
  },
  {
    sends: 'aggregates in an aggregate, and one that breaks off [item 80]',
    from: 'publish',
    attack: () => {
      const inner = tag(AUDIO, hex('af 01 00'));
      const outer = inOrder(tag(AGGREGATE, tag(AGGREGATE, inner)), inner);
      return inOrder(whole(AGGREGATE, outer, 1, 6), whole(AGGREGATE, outer.subarray(0, 30), 1, 6));
    },
    ends: null,
    counted: { malformedMedia: 2 },
    isTunnelled: true,
  },
  {
    sends: 'a frame whose header is extended without end [item 83]',
    from: 'publish',
    attack: () => inOrder(LONG_CHUNKS, endlessModEx(LONG_BYTES - 1)),
    lessOfIt: () => inOrder(LONG_CHUNKS, endlessModEx(9000)),
    ends: null,
  },
];
