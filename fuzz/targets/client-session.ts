// The client's side of a connection against any server: the same state, error, events and
// answers for every cut.

import assert from 'node:assert/strict';
import type { ClientEvent } from '../../src/protocol/rtmp/client/client-events.ts';
import { ClientHarness, CONNECT_RESULT, REQUEST } from '../../test/protocol/rtmp/client/client-harness.ts';
import { amf } from '../../test/support/amf-wire.ts';
import { serverCommand, serverHandshake, serverStatus } from '../../test/support/client-wire.ts';
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

const STATES: readonly [() => ClientHarness, ...(() => ClientHarness)[]] = [
  () => {
    const harness = new ClientHarness({ isHandshakeSigned: true });
    harness.session.connect(REQUEST);
    return harness;
  },
  () => new ClientHarness().connect(),
  () => new ClientHarness().play(),
  () => new ClientHarness().publish(),
];

function wordOf(event: ClientEvent): string {
  if ('status' in event) return `${event.type} ${JSON.stringify(event.status.code)}`;
  return event.type === 'closed' ? `closed ${event.reason.code}` : event.type;
}

/** Acknowledgements depend on how often is read. */
const ACKNOWLEDGEMENT = 3;

function script(): Uint8Array[] {
  const status = (messageStreamId: number, code: string): Uint8Array =>
    framedCommand(messageStreamId, 'onStatus', 0, null, { level: 'status', code, description: 'd' });
  return [
    framedCommand(
      0,
      '_result',
      1,
      { fmsVer: 'FMS' },
      { level: 'status', code: 'NetConnection.Connect.Success' },
    ),
    framedCommand(0, '_result', 2, null, 1),
    framedCommand(0, '_error', 4, null, { level: 'error', code: 'NetStream.Failed', description: 'd' }),
    framedCommand(0, 'onFCPublish', 0, null, { code: 'NetStream.Publish.Start' }),
    ...[
      'Publish.Start',
      'Publish.BadName',
      'Play.Reset',
      'Play.Start',
      'Play.Stop',
      'Play.UnpublishNotify',
    ].map((name) => status(1, `NetStream.${name}`)),
    status(0, 'NetConnection.Connect.Closed'),
    framedCommand(0, 'onBWDone', 0, null),
    framedCommand(0, 'close', 0, null),
    framed(18, 1, amf('onMetaData', { width: 1 })),
    framed(18, 1, amf('onPlayStatus', { level: 'status', code: 'NetStream.Play.Complete' })),
    framed(9, 1, Uint8Array.of(0x17, 1, 0, 0, 0, 1)),
    framed(22, 1, Uint8Array.of(8, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0xaf, 0, 0, 0, 12)),
    framed(4, 0, Uint8Array.of(0, 6, 0, 0, 0, 1)),
    framed(4, 0, Uint8Array.of(0, 1, 0, 0, 0, 1)),
    framed(6, 0, Uint8Array.of(0, 0, 16, 0, 2)),
    framedPause(100),
    framedPause(250),
  ];
}

/** The low bits of the first byte choose how far the client has come. */
export const CLIENT_SESSION: FuzzTarget = {
  seeds: () => {
    const sequence = [
      serverHandshake(),
      CONNECT_RESULT,
      serverCommand(0, '_result', 4, null, 1),
      serverCommand(0, '_error', 2, null, { level: 'error', code: 'NetStream.Failed' }),
      serverStatus(1, 'NetStream.Publish.Start'),
      serverStatus(1, 'NetStream.Play.Start'),
      serverStatus(1, 'NetStream.Play.UnpublishNotify'),
      serverCommand(0, 'onBWDone', 0, null),
      serverCommand(0, '_onbwcheck', 3, null, 'x'),
      serverCommand(0, 'close', 0, null),
    ];
    const wire = [...vectorsOf('CHUNK'), ...vectorsOf('CTL'), ...vectorsFromTextOf('CHUNK')].map(
      ({ bytes }) => bytes,
    );
    return [
      Buffer.concat([Buffer.of(0), ...sequence]),
      ...wireSeeds([...sequence, ...wire], [1, 2, 3]),
      ...framedSeeds(script(), [1, 2, 3]),
    ];
  },
  fuzz: (data) => {
    const { state: begin, wire, pauses } = readSessionInput(data, STATES);
    const { code, state, events } = sameForEveryCut(wire, (pieces) => {
      const harness = begin();
      const { session } = harness;
      const events: ClientEvent[] = [];
      // As drivers do; what led to an error comes before it.
      const drain = (): void => {
        for (let count = -1; count !== events.length; ) {
          count = events.length;
          events.push(...session.drainEvents());
        }
      };
      const outcome = outcomeOf(() => {
        feedWithPauses(
          pieces,
          pauses,
          (piece) => {
            session.receive(piece, harness.nowMs);
            drain();
          },
          (lengthMs) => {
            harness.nowMs += lengthMs;
            session.tick(harness.nowMs);
          },
        );
      });
      const rest = outcomeOf(drain);
      const said = harness.messages().filter(({ typeId }) => typeId !== ACKNOWLEDGEMENT);
      const { state, droppedMessages } = session;
      const code = [outcome, rest].flatMap((end) => ('code' in end ? end.code : []))[0] ?? '';
      return { code, state, events, said, droppedMessages };
    });
    assert.ok(code === '' || state === 'closed', 'an error closes the session');
    const ends = events.filter(({ type }) => type === 'closed').length;
    assert.ok(ends <= 1, 'it is closed once');
    return `${state} ${code} ${[...new Set(events.map(wordOf))].sort().join()}`;
  },
};
