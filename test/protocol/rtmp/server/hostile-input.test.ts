// Whatever comes behind a valid handshake: only errors that name what the peer did wrong, in bounded time, and the same
// whatever the cuts. What a client might send is built from the parts of the protocol, and then damaged.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import '../../../support/property-sizes.ts';
import { ProtocolError } from '../../../../src/protocol/bytes/protocol-error.ts';
import { amf, WireEcmaArray, type WireValue } from '../../../support/amf-wire.ts';
import { chunk, join } from '../../../support/chunk-wire.ts';
import { ClientMessages, userControl } from '../../../support/client-messages.ts';
import { countCopies } from '../../../support/count-copies.ts';
import { splitEvery } from '../../../support/splits.ts';
import { connected, describeEvent, greeted, publishing, type ServerBench } from './server-bench.ts';

const TIME_LIMIT_MS = 4000;

/** Fewer inputs than this say little, however slow the machine. */
const MIN_RUNS = 40;

/** Keeps every run so short that reading it by the byte stays quick. */
const MAX_INPUT_BYTES = 3000;

const START_POINTS: Readonly<Record<string, () => ServerBench>> = {
  'the handshake': () => greeted({ options: { maxNameLengthChars: 12 } }),
  connect: () => connected({ options: { maxNameLengthChars: 12 } }),
  publish: () => publishing({ options: { maxNameLengthChars: 12 } }),
};

/** All that can be seen of a session that is fed `pieces`. */
function outcome(create: () => ServerBench, pieces: Iterable<Uint8Array>): object {
  const bench = create();
  let code = 'none';
  try {
    for (const piece of pieces) bench.receive(piece);
  } catch (error) {
    assert.ok(error instanceof ProtocolError, String(error));
    code = error.code;
    assert.equal(bench.session.state, 'closed');
    bench.receive(Uint8Array.of(1, 2, 3));
  }
  const { counters, state } = bench.session;
  const events = bench.takeEvents().map(describeEvent);
  // Acknowledgements are due where a piece of input ends, so that they depend on the cuts.
  const replies = bench.replies().filter((line) => !line.startsWith('ack '));
  return { code, events, replies, counters, state };
}

/** Asserts that `input` gives the same as a whole, by the byte, and cut at `cuts`. */
function assertSame(create: () => ServerBench, input: Uint8Array, cuts: readonly number[]): void {
  const bytes = input.subarray(0, MAX_INPUT_BYTES);
  const whole = outcome(create, [bytes]);
  assert.deepEqual(outcome(create, splitEvery(bytes, 1)), whole, 'by the byte');
  const ends = [...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
  const pieces = ends.map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end));
  assert.deepEqual(outcome(create, pieces), whole, `cut at ${ends.join()}`);
}

const NAMES = [
  'connect',
  'createStream',
  'publish',
  'play',
  'play2',
  'pause',
  'pauseRaw',
  'seek',
  'receiveAudio',
  'receiveVideo',
  'closeStream',
  'deleteStream',
  'releaseStream',
  'FCPublish',
  'FCUnpublish',
  'FCSubscribe',
  'FCUnsubscribe',
  'getStreamLength',
  '_checkbw',
  '_result',
  'onStatus',
  'nobody',
  '',
];

const text = fc.oneof(
  fc.constantFrom('', 'key', '/key/?a=1', '..', 'flv:a', '@setDataFrame', 'onMetaData', '__proto__'),
  fc.string({ maxLength: 14 }),
);
const number = fc.oneof(fc.constantFrom(0, 1, 2, -1, -2000, Number.NaN, 2 ** 32, -0), fc.double());

const { value } = fc.letrec<{ value: WireValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.constantFrom(null, undefined, true, false),
    number,
    text,
    fc.uint8Array({ maxLength: 5 }),
    fc.dictionary(fc.string({ maxLength: 4, minLength: 1 }), tie('value'), {
      maxKeys: 3,
    }) as fc.Arbitrary<WireValue>,
    fc
      .dictionary(fc.constantFrom('app', 'tcUrl', 'objectEncoding'), tie('value'), { maxKeys: 3 })
      .map((members) => new WireEcmaArray(members)),
  ),
}));

const messageStreamId = fc.constantFrom(0, 1, 1, 1, 2, 40, 1025, 0xffffffff);
const values = fc.array(value, { maxLength: 4 });

/** A connect that goes through, mostly. */
const connect = fc.constantFrom('live', 'live/room', '', 'toolongfor this').map((app) => ({
  messageStreamId: 0,
  typeId: 20,
  payload: amf('connect', 1, { app }),
}));
const command = fc
  .tuple(fc.constantFrom(20, 17), messageStreamId, fc.constantFrom(...NAMES), number, values)
  .map(([typeId, id, name, transactionId, args]) => {
    const payload = amf(name, transactionId, null, ...args);
    return { typeId, messageStreamId: id, payload: typeId === 17 ? Uint8Array.of(0, ...payload) : payload };
  });
const anyMessage = fc.record({
  typeId: fc.oneof(fc.integer({ min: 0, max: 30 }), fc.nat(255)),
  messageStreamId,
  payload: fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    values.map((each) => amf(...each)),
  ),
});
const control = fc.constantFrom(
  userControl(6, 1),
  userControl(3, 1, 99),
  chunk({ format: 0, chunkStreamId: 2, typeId: 5, messageStreamId: 0, payload: Uint8Array.of(0, 0, 0, 1) }),
  chunk({
    format: 0,
    chunkStreamId: 2,
    typeId: 6,
    messageStreamId: 0,
    payload: Uint8Array.of(0, 1, 0, 0, 0),
  }),
);

/** What a session is sent: messages one behind the other, on few chunk streams. */
const conversation = fc
  .array(fc.oneof(connect, command, command, anyMessage, control), { maxLength: 12 })
  .map((parts) => {
    const client = new ClientMessages();
    return join(
      parts.map((part, index) =>
        part instanceof Uint8Array
          ? part
          : client.message(part.typeId, part.payload, {
              messageStreamId: part.messageStreamId,
              chunkStreamId: 3 + (index % 4),
              timestampMs: index * 0x600000,
            }),
      ),
    );
  });

const damaged = fc
  .tuple(conversation, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 3 }))
  .map(([bytes, damages]) => {
    const copy = bytes.slice();
    for (const [at, byte] of damages) if (copy.length > 0) copy[at % copy.length] = byte;
    return copy;
  });

const cuts = fc.array(fc.nat(MAX_INPUT_BYTES), { maxLength: 6 });

describe('RtmpServerSession, against hostile input', () => {
  for (const [name, create] of Object.entries(START_POINTS)) {
    const inputs = {
      'any bytes': fc.uint8Array({ maxLength: 600 }),
      'any messages': conversation,
      'damaged messages': damaged,
    };
    for (const [kind, input] of Object.entries(inputs)) {
      it(`survives ${kind} behind ${name}, the same whatever the cuts`, { timeout: 60_000 }, () => {
        let runs = 0;
        fc.assert(
          fc.property(input, cuts, (bytes, cutsHere) => {
            runs += 1;
            assertSame(create, bytes, cutsHere);
          }),
          { numRuns: 400, interruptAfterTimeLimit: TIME_LIMIT_MS },
        );
        assert.ok(runs >= MIN_RUNS, `only ${runs} inputs in time`);
      });
    }
  }

  it('reads a chunk size of 1 with one copy a chunk, and copies no byte more than three times', (t) => {
    const bench = publishing();
    const payload = new Uint8Array(100_000);
    const bytes = join([bench.client.setChunkSize(1), bench.client.video(1, 0, payload)]);
    const copied = countCopies(t);
    bench.receive(bytes);
    const { copies, copiedBytes } = copied();
    const [event] = bench.takeEvents();
    assert.ok(event?.type === 'video');
    assert.deepEqual(event.payload, payload);
    assert.ok(copies <= payload.length + 100, `${copies} copies`);
    assert.ok(copiedBytes <= 3 * payload.length, `${copiedBytes} bytes copied`);
  });

  it('drops bombs of AMF in data, and closes after some of them in commands [item 46] [item 49]', () => {
    const bombs = [
      '03000161',
      '0a00000001',
      '08000000000001 61'.replace(' ', ''),
      '1000016100 0161'.replace(' ', ''),
    ];
    for (const bomb of bombs) {
      const body = join([amf('x', 1), Uint8Array.from(Buffer.from(bomb.repeat(100_000), 'hex'))]);
      const bench = publishing();
      bench.receive(bench.client.setChunkSize(65_536));
      for (let count = 0; count < 16; count++) {
        bench.receive(bench.client.message(18, body, { messageStreamId: 1 }), bench.client.message(20, body));
      }
      assert.equal(bench.session.counters.malformedData, 16);
      bench.refuses('rtmp-command-malformed', bench.client.message(20, body));
    }
  });

  it('answers pings, calls and controls without end that are read with little more than was sent', () => {
    const bench = connected();
    const parts = [userControl(6, 1), bench.client.call('nobody', 2), bench.client.call('_checkbw', 3)];
    let sentBytes = 0;
    let saidBytes = 0;
    for (let count = 0; count < 5000; count++) {
      const input = parts[count % parts.length] ?? new Uint8Array(0);
      sentBytes += input.length;
      bench.nowMs += 100;
      bench.receive(input);
      for (const output of bench.session.takeOutput(65_536)) saidBytes += output.length;
    }
    assert.ok(saidBytes < 5 * sentBytes, `${saidBytes} bytes said for ${sentBytes}`);
  });

  it('keeps the names of properties and streams for data, and nothing else [item 50]', () => {
    const bench = greeted();
    const { client } = bench;
    const properties = Uint8Array.from(
      Buffer.from(
        '03 0003617070 0200046c697665 00095f5f70726f746f5f5f 03 000178 0101 000009 000009'.replaceAll(
          ' ',
          '',
        ),
        'hex',
      ),
    );
    bench.receive(client.command({}, 'connect', 1, properties));
    bench.receive(client.onStream(1, 'publish', '__proto__'), client.call('FCUnpublish', 2, 'constructor'));
    bench.receive(client.call('hasOwnProperty', 3), client.onStream(2, 'constructor')).replies();
    assert.equal(bench.events()[1], 'publish 1 "__proto__" query "" live');
    assert.equal(Reflect.get({}, 'x'), undefined);
  });
});
