// Properties of the rewrite: what an upstream reads is what the client sent, but for the strings that were changed;
// whatever the headers, the chunk sizes, the order of chunks and the cut of the bytes.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import '../../../support/property-sizes.ts';
import { AmfObject, type AmfValue } from '../../../../src/protocol/amf/amf-value.ts';
import { encodeAmf0Values } from '../../../../src/protocol/amf/amf0-encoder.ts';
import { parseCommand } from '../../../../src/protocol/rtmp/command-message.ts';
import type { ConnectChanges } from '../../../../src/protocol/rtmp/splice/rewrite-connect.ts';
import { readPieces } from '../../../support/chunk-reading.ts';
import { chunk, control, filled, join, type WireMessage, WireSender } from '../../../support/chunk-wire.ts';
import { splice } from '../../../support/spliced.ts';
import { bytesOf, type VectorMessage } from '../../../support/vectors.ts';
import { chunkSizeBytes, controlChunks, cutAt, picks } from './wire-script.ts';

const name = fc.constantFrom('app', 'tcUrl', 'flashVer', 'fpad', 'tag', 'x', '__proto__', 'a'.repeat(300));
const text = fc.oneof(fc.string({ maxLength: 20 }), fc.constantFrom('', 'rtmp://host/live', 'b'.repeat(400)));
const value: fc.Arbitrary<AmfValue> = fc.oneof(
  text,
  fc.double(),
  fc.boolean(),
  fc.constantFrom(null, undefined),
  fc.array(fc.nat(5), { maxLength: 3 }),
  fc.dictionary(name, fc.nat(9), { maxKeys: 3 }).map((record) => AmfObject.of(record)),
);
const properties = fc.uniqueArray(fc.tuple(name, value), { selector: ([key]) => key, maxLength: 6 });
const changes: fc.Arbitrary<ConnectChanges> = fc.record(
  {
    app: text,
    tcUrl: text,
    properties: fc.dictionary(fc.constantFrom('tag', 'more', 'x'), text, { maxKeys: 2 }),
  },
  { requiredKeys: [] },
);
/** Times of connect; far from the values that payloads could be mistaken for. */
const timestampMs = fc.oneof(fc.nat(3000), fc.constantFrom(0xfffffe, 0xffffff, 0xfffffff0));

const session = fc.record({
  properties,
  args: fc.array(value, { maxLength: 2 }),
  chunkStreamId: fc.constantFrom(3, 4, 63, 64, 320, 65599),
  timestampMs,
  sizeBytes: chunkSizeBytes,
  laterSizeBytes: chunkSizeBytes,
  isTypeOne: fc.boolean(),
  repeatsTimestamp: fc.boolean(),
  /** Of each message behind connect: time since the last, whether as long as connect, and whether on its chunk stream. */
  following: fc.array(fc.tuple(fc.constantFrom(0, 5, 33, 0x1000000), fc.boolean(), fc.boolean()), {
    maxLength: 6,
  }),
  picks,
});
type Session = typeof session extends fc.Arbitrary<infer T> ? T : never;

/** The bytes of a client that sends a chunk size and a window, connect, and what follows. */
function clientBytes(one: Session): Uint8Array {
  const { chunkStreamId, sizeBytes, laterSizeBytes } = one;
  const sender = new WireSender(one.repeatsTimestamp);
  let turn = 0;
  const pick = (count: number): number => (one.picks[turn++ % one.picks.length] ?? 0) % count;
  const object = new AmfObject('', new Map(one.properties));
  const payload = encodeAmf0Values(['connect', 1, object, ...one.args]);
  let last: WireMessage = {
    chunkStreamId,
    timestampMs: one.timestampMs,
    typeId: 20,
    messageStreamId: 0,
    payload,
  };
  const connect = sender.chunksOf(last, one.isTypeOne ? 1 : 0, sizeBytes);
  // A window somewhere between the chunks of connect.
  connect.splice(pick(connect.length), 0, ...controlChunks(control(5, 2_500_000), sizeBytes));
  const parts = [...controlChunks(control(1, sizeBytes), 128), ...connect];
  parts.push(...controlChunks(control(1, laterSizeBytes), sizeBytes));
  for (const [elapsedMs, isAsLong, isSame] of one.following) {
    const message = {
      ...last,
      chunkStreamId: isSame ? chunkStreamId : 5,
      timestampMs: (last.timestampMs + elapsedMs) >>> 0,
      payload: isAsLong ? filled(payload.length, elapsedMs) : filled(pick(500)),
    };
    const formats = sender.formatsFor(message);
    parts.push(...sender.chunksOf(message, formats[pick(formats.length)] ?? 0, laterSizeBytes));
    if (isSame) last = message;
  }
  parts.push(...controlChunks(control(3, 7), laterSizeBytes));
  return join(parts);
}

/** The message with its body as values, and with the changes if it is connect. */
function expectedOf(message: VectorMessage, one: Session, changed: ConnectChanges): unknown {
  if (!isConnect(message)) return message;
  const strings = { ...changed.properties, ...withoutUndefined(changed) };
  const wanted = new Map(one.properties);
  for (const [key, string] of Object.entries(strings)) wanted.set(key, string);
  return { ...message, body: ['connect', 1, new AmfObject('', wanted), one.args] };
}

function withoutUndefined({ app, tcUrl }: ConnectChanges): Record<string, string> {
  return { ...(app === undefined ? {} : { app }), ...(tcUrl === undefined ? {} : { tcUrl }) };
}

function actualOf(message: VectorMessage): unknown {
  if (!isConnect(message)) return message;
  const { cs: chunkStreamId, ts, ty: typeId, ms: messageStreamId, body } = message;
  const command = parseCommand({
    chunkStreamId,
    timestampMs: ts,
    typeId,
    messageStreamId,
    payload: bytesOf(body),
  });
  return { ...message, body: [command.name, command.transactionId, command.commandObject, command.args] };
}

function isConnect({ ty, body }: VectorMessage): boolean {
  return ty === 20 && body.startsWith('020007636f6e6e656374');
}

describe('a rewritten connect and what follows it', () => {
  it('are to an upstream what the client sent, but for the changed strings', () => {
    let fixed = 0;
    fc.assert(
      fc.property(session, changes, picks, (one, changed, places) => {
        const bytes = clientBytes(one);
        const sent = readPieces([bytes]);
        assert.equal(sent.filter((message) => isConnect(message)).length, 1);
        const spliced = splice(cutAt(bytes, places), changed);
        assert.ok(spliced);
        const got = readPieces([spliced.bytes]);
        assert.deepEqual(
          got.map(actualOf),
          sent.map((message) => expectedOf(message, one, changed)),
        );
        if (spliced.bytes.length !== bytes.length) fixed += 1;
      }),
      { numRuns: 600 },
    );
    assert.ok(fixed > 100, `only ${fixed} connects changed their length`);
  });

  it('are the very bytes where nothing is changed', () => {
    fc.assert(
      fc.property(session, picks, (one, places) => {
        const bytes = clientBytes(one);
        assert.deepEqual(splice(cutAt(bytes, places), {})?.bytes, bytes);
      }),
      { numRuns: 200 },
    );
  });

  it('would be misread without the fixer where a header inherits the length', () => {
    const payload = encodeAmf0Values(['connect', 1, AmfObject.of({ app: 'live' })]);
    const next = chunk({ format: 2, chunkStreamId: 3, timeMs: 5, payload: filled(payload.length) });
    const start = chunk({ format: 0, chunkStreamId: 3, typeId: 20, messageStreamId: 0, payload });
    const spliced = splice([join([start, next])], { app: 'elsewhere' });
    assert.ok(spliced);
    assert.equal(readPieces([spliced.bytes]).length, 2);
    const rewritten = spliced.bytes.subarray(0, spliced.bytes.length - next.length - 4);
    assert.equal(readPieces([join([rewritten, next])]).length, 1);
  });
});
