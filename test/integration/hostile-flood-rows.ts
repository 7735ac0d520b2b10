// The table of hostile input, third part: floods. What is below its rate is answered in full, what is above it ends
// the session, and nobody else.

import assert from 'node:assert/strict';
import { FLOOD_RATES } from '../../src/protocol/rtmp/limits.ts';
import { amf } from '../support/amf-wire.ts';
import { chunk, control, setChunkSize } from '../support/chunk-wire.ts';
import { ClientMessages, userControl } from '../support/client-messages.ts';
import type { HostileClient } from './hostile-client.ts';
import type { HostileRow } from './hostile-row.ts';
import { data, hex, inOrder, repeated, unfolding, whole } from './hostile-wire.ts';

const ACK = 3;
const USER_CONTROL = 4;
const WINDOW = 5;
const AUDIO = 8;
const DATA = 18;
const SHARED_OBJECT = 19;
const PONG_EVENT = 7;

const PING = userControl(6, 1);
const CLIENT = new ClientMessages();
const UNKNOWN_CALL = CLIENT.call('nobody', 7);
const KNOWN_CALL = CLIENT.call('getStreamLength', 7, 'x');
const SOUND = hex('af 01 00');

/** So many NetStreams, each given back before the next. */
function createdAndDeleted(count: number): Uint8Array {
  const calls = Array.from({ length: count }, (_, index) =>
    inOrder(CLIENT.call('createStream', 7), CLIENT.call('deleteStream', 0, index + 1)),
  );
  return inOrder(...calls);
}

function pongsOf({ answers }: HostileClient): number {
  return answers.filter(({ typeId, payload }) => typeId === USER_CONTROL && payload[1] === PONG_EVENT).length;
}

/** Answers of that name to transaction 7. */
function answersTo7(client: HostileClient, name: string): number {
  return client.commands(name).filter(([, transactionId]) => transactionId === 7).length;
}

/** What is at its limit at once, and lives on. */
const BELOW: readonly HostileRow[] = [
  {
    sends: 'as many pings as are borne [item 41]',
    from: 'connect',
    attack: () => repeated(FLOOD_RATES.pings.atOnce, PING),
    ends: null,
    check: (client) => assert.equal(pongsOf(client), FLOOD_RATES.pings.atOnce),
    isTunnelled: true,
  },
  {
    sends: 'as many unknown calls as are borne [item 72]',
    from: 'connect',
    attack: () => repeated(FLOOD_RATES['unknown commands'].atOnce, UNKNOWN_CALL),
    ends: null,
    check: (client) => assert.equal(answersTo7(client, '_error'), FLOOD_RATES['unknown commands'].atOnce),
  },
  {
    sends: 'as many createStream calls as are borne, and gives each back',
    from: 'connect',
    attack: () => createdAndDeleted(FLOOD_RATES['createStream calls'].atOnce),
    ends: null,
    check: (client) => assert.equal(answersTo7(client, '_result'), FLOOD_RATES['createStream calls'].atOnce),
  },
  {
    sends: '5,000 acknowledgements of any number [item 39]',
    from: 'publish',
    attack: () => inOrder(repeated(2500, inOrder(control(ACK, 1), control(ACK, 0xffffffff)))),
    ends: null,
  },
  {
    sends: '1,000 frames on message stream 0 and 900 where nothing is published [item 79]',
    from: 'publish',
    attack: () =>
      inOrder(repeated(1000, whole(AUDIO, SOUND, 0, 4)), repeated(900, whole(AUDIO, SOUND, 7, 4))),
    ends: null,
    counted: { strayMedia: 1900 },
  },
  {
    sends: '1,000 messages of shared objects',
    from: 'connect',
    attack: () => repeated(1000, whole(SHARED_OBJECT, hex('0001 61 00000000 00000000 00000000 01 00000000'))),
    ends: null,
    counted: { unknownMessages: 1000 },
  },
];

/** What is above it, and ends. */
const ABOVE: readonly HostileRow[] = [
  {
    sends: 'pings without end',
    from: 'connect',
    attack: () => repeated(5000, PING),
    lessOfIt: () => repeated(300, PING),
    ends: 'rtmp-flood',
    isTunnelled: true,
  },
  {
    sends: 'unknown calls without end [item 72]',
    from: 'connect',
    attack: () => repeated(5000, UNKNOWN_CALL),
    lessOfIt: () => repeated(300, UNKNOWN_CALL),
    ends: 'rtmp-flood',
  },
  {
    sends: 'createStream without end [item 61]',
    from: 'connect',
    attack: () => repeated(1000, CLIENT.call('createStream', 7)),
    lessOfIt: () => repeated(40, CLIENT.call('createStream', 7)),
    ends: 'rtmp-message-streams-exceeded',
    isTunnelled: true,
  },
  {
    sends: 'createStream and deleteStream without end [item 61]',
    from: 'connect',
    attack: () => createdAndDeleted(1000),
    lessOfIt: () => createdAndDeleted(200),
    ends: 'rtmp-flood',
  },
  {
    sends: 'calls that are answered, without end',
    from: 'connect',
    attack: () => repeated(10_000, KNOWN_CALL),
    lessOfIt: () => repeated(1500, KNOWN_CALL),
    ends: 'rtmp-flood',
  },
  {
    sends: 'acknowledgements without end',
    from: 'publish',
    attack: () => repeated(60_000, control(ACK, 1)),
    lessOfIt: () => repeated(7000, control(ACK, 1)),
    ends: 'rtmp-flood',
    isTunnelled: true,
  },
  {
    sends: 'windows without end',
    from: 'connect',
    attack: () => repeated(5000, control(WINDOW, 1)),
    lessOfIt: () => repeated(1500, control(WINDOW, 1)),
    ends: 'rtmp-flood',
  },
  {
    sends: 'frames on message stream 0 without end [item 79]',
    from: 'publish',
    attack: () => repeated(20_000, whole(AUDIO, SOUND, 0, 4)),
    lessOfIt: () => repeated(2500, whole(AUDIO, SOUND, 0, 4)),
    ends: 'rtmp-flood',
  },
  {
    sends: 'frames without end where nothing is published [item 79]',
    from: 'connect',
    attack: () => repeated(20_000, whole(AUDIO, SOUND, 1, 4)),
    lessOfIt: () => repeated(2500, whole(AUDIO, SOUND, 1, 4)),
    ends: 'rtmp-flood',
  },
  {
    sends: 'messages of shared objects without end',
    from: 'connect',
    attack: () => repeated(20_000, whole(SHARED_OBJECT, hex('0001 61 00000000 00000000 00000000'))),
    lessOfIt: () => repeated(2500, whole(SHARED_OBJECT, hex('0001 61 00000000 00000000 00000000'))),
    ends: 'rtmp-flood',
    isTunnelled: true,
  },
  {
    sends: 'data that breaks off, without end',
    from: 'publish',
    attack: () => repeated(5000, whole(DATA, hex('02 0009 61'), 1, 4)),
    lessOfIt: () => repeated(1500, whole(DATA, hex('02 0009 61'), 1, 4)),
    ends: 'rtmp-flood',
  },
  {
    sends: 'frames of a byte, two on the wire, without end',
    from: 'publish',
    attack: () => inOrder(whole(AUDIO, hex('af'), 1, 4), repeated(4_000_000, hex('c4 af'))),
    lessOfIt: () => inOrder(whole(AUDIO, hex('af'), 1, 4), repeated(1_000_000, hex('c4 af'))),
    ends: 'rtmp-flood',
    isHeavy: true,
    isTunnelled: true,
  },
  {
    sends: 'data of four bytes without end',
    from: 'publish',
    attack: () => inOrder(whole(DATA, hex('02 0001 61'), 1, 4), repeated(3_000_000, hex('c4 02 0001 61'))),
    lessOfIt: () => inOrder(whole(DATA, hex('02 0001 61'), 1, 4), repeated(40_000, hex('c4 02 0001 61'))),
    ends: 'rtmp-flood',
    isTunnelled: true,
  },
  {
    sends: 'a megabyte of metadata of 300 bytes that unfold [item 49]',
    from: 'publish',
    attack: () => inOrder(setChunkSize(4096), repeated(3000, data(amf('onMetaData'), unfolding()))),
    lessOfIt: () => inOrder(setChunkSize(4096), repeated(1500, data(amf('onMetaData'), unfolding()))),
    ends: 'rtmp-flood',
    isTunnelled: true,
  },
  {
    sends: 'empty frames of a byte each without end [item 23]',
    from: 'publish',
    attack: () =>
      inOrder(
        chunk({ format: 0, chunkStreamId: 4, typeId: AUDIO, messageStreamId: 1, lengthBytes: 0 }),
        new Uint8Array(1_000_000).fill(0xc4),
      ),
    ends: 'rtmp-flood',
    isHeavy: true,
  },
];

/** Floods. */
export const FLOOD_ROWS: readonly HostileRow[] = [...BELOW, ...ABOVE];
