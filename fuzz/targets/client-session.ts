// The client's side of a connection against any server: the same events for every cut, and a bounded answer.

import assert from 'node:assert/strict';
import type { ClientEvent } from '../../src/protocol/rtmp/client/client-events.ts';
import { ClientHarness, CONNECT_RESULT, REQUEST } from '../../test/protocol/rtmp/client/client-harness.ts';
import { amf } from '../../test/support/amf-wire.ts';
import { serverCommand, serverHandshake, serverStatus } from '../../test/support/client-wire.ts';
import { vectorsFromTextOf, vectorsOf } from '../../test/support/vectors.ts';
import { chunksOf, framed, framedCommand } from '../support/framed-messages.ts';
import { type FuzzTarget, hexOf, outcomeOf, sameForEveryCut } from '../support/fuzz-target.ts';

const STATES: readonly (() => ClientHarness)[] = [
  () => {
    const harness = new ClientHarness({ isHandshakeSigned: true });
    harness.session.connect(REQUEST);
    return harness;
  },
  () => new ClientHarness().connect(),
  () => new ClientHarness().play(),
  () => new ClientHarness().publish(),
];

function lineOf(event: ClientEvent): string {
  if ('payload' in event) return `${event.type} ${event.timestampMs} ${hexOf(event.payload)}`;
  if ('status' in event) return `${event.type} ${JSON.stringify(event.status.code)}`;
  return event.type === 'closed' ? `closed ${event.reason.code}` : event.type;
}

/** In the first byte: what follows is messages, not the bytes of the wire. */
const FRAMED = 0x80;

function framedSeeds(): Uint8Array[] {
  const status = (messageStreamId: number, code: string): Uint8Array =>
    framedCommand(messageStreamId, 'onStatus', 0, null, { level: 'status', code, description: 'd' });
  const script = [
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
  ];
  const inputs = [Buffer.concat(script), ...script];
  return inputs.flatMap((input) =>
    [1, 2, 3].map((state) => Buffer.concat([Buffer.of(FRAMED + state), input])),
  );
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
      ...[...sequence, ...wire].flatMap((input) =>
        [1, 2, 3].map((state) => Buffer.concat([Buffer.of(state), input])),
      ),
      ...framedSeeds(),
    ];
  },
  fuzz: (data) => {
    const first = data[0] ?? 0;
    const begin = STATES[(first & ~FRAMED) % STATES.length] ?? (() => new ClientHarness());
    const input = (first & FRAMED) === 0 ? data.subarray(1) : chunksOf(data.subarray(1));
    return sameForEveryCut(input, (pieces) => {
      const harness = begin();
      harness.session.takeOutput(Number.POSITIVE_INFINITY);
      const outcome = outcomeOf(() => {
        for (const piece of pieces) harness.session.receive(piece);
      });
      const events = harness.session.drainEvents().map(lineOf);
      const { state } = harness.session;
      assert.ok('value' in outcome || state === 'closed', 'an error closes the session');
      assert.ok(events.filter((line) => line.startsWith('closed')).length <= 1, 'it is closed once');
      const kinds = new Set(events.map((line) => line.replace(/(?<=^\w+-?\w*) \d.*/, '')));
      return `${state} ${'code' in outcome ? outcome.code : ''} ${[...kinds].sort().join()}`;
    });
  },
};
