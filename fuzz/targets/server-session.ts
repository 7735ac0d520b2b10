// The server's side of a connection, from each of its states on: the same events and answers for every cut.

import assert from 'node:assert/strict';
import type { ServerEvent } from '../../src/protocol/rtmp/server/server-events.ts';
import {
  connected,
  greeted,
  playing,
  publishing,
  ServerBench,
} from '../../test/protocol/rtmp/server/server-bench.ts';
import { amf, WireEcmaArray } from '../../test/support/amf-wire.ts';
import { ClientMessages, clientHandshake, userControl } from '../../test/support/client-messages.ts';
import { describeReply } from '../../test/support/server-reply-reader.ts';
import { vectorsFromTextOf, vectorsOf } from '../../test/support/vectors.ts';
import {
  feedWithPauses,
  framed,
  framedCommand,
  framedPause,
  framedSeeds,
  readSessionInput,
  wireSeeds,
} from '../support/framed-messages.ts';
import { type FuzzTarget, outcomeOf, sameForEveryCut } from '../support/fuzz-target.ts';

const STATES: readonly [() => ServerBench, ...(() => ServerBench)[]] = [
  () => new ServerBench(),
  greeted,
  connected,
  publishing,
  playing,
];

function wordOf(event: ServerEvent): string {
  if (event.type === 'data') return `data ${event.data.kind}`;
  if (event.type === 'play') return `play ${event.isLiveOnly} ${event.isReset}`;
  return event.type === 'connect' ? `connect ${event.objectEncoding}` : event.type;
}

function script(): Uint8Array[] {
  return [
    framedCommand(0, 'createStream', 2, null),
    framedCommand(1, 'publish', 0, null, 'key', 'live'),
    framed(18, 1, amf('@setDataFrame', 'onMetaData', new WireEcmaArray({ width: 1, height: 2 }))),
    framed(9, 1, Uint8Array.of(0x17, 0, 0, 0, 0, 1)),
    framed(8, 1, Uint8Array.of(0xaf, 0, 0x12)),
    framedCommand(0, 'FCUnpublish', 0, null, 'key'),
    framedCommand(1, 'play', 0, null, 'key', -2000, -1, true),
    framedCommand(1, 'pause', 0, null, true, 100),
    framedCommand(1, 'seek', 0, null, 100),
    framedCommand(1, 'receiveVideo', 0, null, false),
    framedCommand(1, 'receiveAudio', 0, null, true),
    framedCommand(1, 'play2', 0, null, { streamName: 'x' }),
    framedCommand(0, 'closeStream', 0, null, 'key'),
    framedCommand(0, 'deleteStream', 0, null, 1),
    framedCommand(0, 'getStreamLength', 3, null, 'key'),
    framedCommand(
      0,
      'connect',
      1,
      { app: 'live', tcUrl: 'rtmp://x/live?a=b', objectEncoding: 3 },
      'argument',
    ),
    framed(4, 0, Uint8Array.of(0, 3, 0, 0, 0, 1, 0, 0, 1, 0)),
    framed(4, 0, Uint8Array.of(0, 6, 0, 0, 0, 1)),
    framed(5, 0, Uint8Array.of(0, 0, 0, 1)),
    framed(6, 0, Uint8Array.of(0, 0, 0, 1, 2)),
    framed(3, 0, Uint8Array.of(0, 0, 0, 1)),
    framedPause(100),
    framedPause(250),
  ];
}

/** The low bits of the first byte choose the state that the client has come to. */
export const SERVER_SESSION: FuzzTarget = {
  seeds: () => {
    const client = new ClientMessages();
    const sequence = [
      clientHandshake(),
      client.connect('live', { objectEncoding: 3 }),
      client.call('createStream', 2),
      client.onStream(1, 'publish', 'key', 'live'),
      client.data(1, '@setDataFrame', 'onMetaData', { width: 1 }),
      client.video(1, 0, Uint8Array.of(0x17, 0, 0, 0, 0, 1)),
      client.onStream(1, 'play', 'key', -2000),
      client.onStream(1, 'pause', true, 0),
      client.onStream(1, 'seek', 100),
      client.onStream(1, 'receiveVideo', false),
      userControl(3, 1, 300),
      userControl(6, 1),
      client.call('FCPublish', 3, 'key'),
      client.call('deleteStream', 4, 1),
      client.call('nobody', 5),
    ];
    const wire = [...vectorsOf('CHUNK'), ...vectorsOf('CTL'), ...vectorsFromTextOf('CHUNK')].map(
      ({ bytes }) => bytes,
    );
    const inputs = [...sequence, ...wire, Buffer.concat(sequence.slice(1))];
    return [
      Buffer.concat([Buffer.of(0), ...sequence]),
      ...wireSeeds(inputs, [1, 2, 3, 4]),
      ...framedSeeds(script(), [1, 2, 3, 4]),
    ];
  },
  fuzz: (data) => {
    const { state: begin, wire, pauses } = readSessionInput(data, STATES);
    const { end, events, replies } = sameForEveryCut(wire, (pieces) => {
      const bench = begin();
      const outcome = outcomeOf(() => {
        feedWithPauses(
          pieces,
          pauses,
          (piece) => bench.receive(piece),
          (lengthMs) => {
            bench.nowMs += lengthMs;
            bench.session.tick(bench.nowMs);
          },
        );
      });
      const failed = 'code' in outcome ? outcome : outcomeOf(() => bench.settle());
      const events = bench.takeEvents();
      // How often what was received is acknowledged depends on how often it is read.
      const replies = bench
        .takeReplies()
        .filter(({ typeId }) => typeId !== 3)
        .map(describeReply);
      return { end: 'code' in failed ? failed.code : bench.session.state, events, replies };
    });
    assert.ok(replies.length < 4 * data.length + 16, 'hardly more is said than was asked');
    const kinds = new Set(
      [...events.map(wordOf), ...replies].map((line) => line.replaceAll(/[0-9"].*/g, '')),
    );
    return `${end} ${[...kinds].sort().join()}`;
  },
};
