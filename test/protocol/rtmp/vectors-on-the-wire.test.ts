// Every vector that is the body of something, carried by the chunk stream as a client carries it: byte by byte, cut in
// two anywhere and cut at random, its parser gets the same body and reads the same from it. The AMF3 ones are left out.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import '../../support/property-sizes.ts';
import { decodeAmf0Values } from '../../../src/protocol/amf/amf0-decoder.ts';
import { ProtocolError } from '../../../src/protocol/bytes/protocol-error.ts';
import { type FlvTag, parseFlvFileHeader, parseFlvTag } from '../../../src/protocol/flv/flv-tag-codec.ts';
import { ChunkDecoder } from '../../../src/protocol/rtmp/chunk-decoder.ts';
import { parseCommand } from '../../../src/protocol/rtmp/command-message.ts';
import { encodeControl, parseControl } from '../../../src/protocol/rtmp/control-message.ts';
import { parseDataMessage } from '../../../src/protocol/rtmp/data-message.ts';
import type { RtmpMessage } from '../../../src/protocol/rtmp/message.ts';
import { encodeUserControl, parseUserControl } from '../../../src/protocol/rtmp/user-control.ts';
import { WIDE_LIMITS } from '../../support/chunk-reading.ts';
import { chunk, join } from '../../support/chunk-wire.ts';
import { ClientMessages } from '../../support/client-messages.ts';
import { everyTwoWaySplit, splitEvery } from '../../support/splits.ts';
import { hexOf, malformedOf, type Vector, vectorOf, vectorsOf } from '../../support/vectors.ts';

type Parse = (message: RtmpMessage) => unknown;

/** A vector, the type of the message that carries it, and how it is read. */
type Carried = {
  readonly id: string;
  readonly typeId: number;
  readonly body: Uint8Array;
  readonly parse: Parse;
};

/** Types of the control vectors that are no user control. */
const CONTROL_TYPES: Readonly<Record<string, number>> = { 'C-2': 2, 'C-3': 3, 'C-4': 5 };

/** Vectors that hold AMF3 values. */
const AMF3 = ['A0-22', 'M-9', 'M-10'];

/** Bodies of data messages; the other message vectors are commands. */
const DATA = ['M-7', 'M-8'];

const SMALL_CHUNK_BYTES = 7;
const DATA_TYPE = 18;
const COMMAND_TYPE = 20;

function controlOf({ id, bytes }: Vector): Carried {
  const typeId = CONTROL_TYPES[id] ?? 4;
  const parse: Parse = (message) =>
    typeId === 4 ? parseUserControl(message.payload) : parseControl(message);
  return { id, typeId, body: bytes, parse };
}

function messageOf({ id, bytes }: Vector): Carried {
  const isData = DATA.includes(id);
  const parse: Parse = (message) => (isData ? parseDataMessage(message.payload) : parseCommand(message));
  return { id, typeId: isData ? DATA_TYPE : COMMAND_TYPE, body: bytes, parse };
}

/** A value, or a broken one, as a body of its own; what is broken is told by its error. */
function amfOf({ id, bytes }: { id: string; bytes: Uint8Array }): Carried {
  return { id, typeId: DATA_TYPE, body: bytes, parse: ({ payload }) => valuesOrCode(payload) };
}

function valuesOrCode(body: Uint8Array): unknown {
  try {
    return decodeAmf0Values(body);
  } catch (error) {
    assert.ok(error instanceof ProtocolError, String(error));
    return error.code;
  }
}

const ALL: readonly Carried[] = [
  ...vectorsOf('CTL').map(controlOf),
  ...vectorsOf('MSG')
    .filter(({ id }) => !AMF3.includes(id))
    .map(messageOf),
  ...vectorsOf('AMF0')
    .filter(({ id }) => !AMF3.includes(id))
    .map(amfOf),
  ...malformedOf('amf0').map(amfOf),
];

/** The body in chunks, its sender's chunk size, and a message of one byte behind it. */
function wireOf({ typeId, body }: Carried, chunkSizeBytes: number): Uint8Array {
  const client = new ClientMessages();
  const chunkStreamId = typeId <= 6 ? 2 : 3;
  const size = client.setChunkSize(chunkSizeBytes);
  const last = chunk({ format: 0, chunkStreamId: 63, typeId: 8, payload: Uint8Array.of(0xaf) });
  return join([size, client.message(typeId, body, { chunkStreamId }), last]);
}

/** What comes out between the chunk size and the last message, which must be whole. */
function readBack({ typeId, body, parse }: Carried, pieces: Iterable<Uint8Array>): unknown {
  const messages: RtmpMessage[] = [];
  const decoder = new ChunkDecoder(WIDE_LIMITS);
  for (const piece of pieces) decoder.receive(piece, 0, (message) => messages.push(message) > 0);
  assert.deepEqual(
    messages.map((message) => message.typeId),
    [1, typeId, 8],
  );
  const [, message] = messages;
  assert.ok(message !== undefined);
  assert.equal(hexOf(message.payload), hexOf(body));
  return parse(message);
}

function cutAt(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const offsets = cuts.map((cut) => cut % (bytes.length + 1)).sort((left, right) => left - right);
  return [...offsets, bytes.length].map((offset, index) => bytes.subarray(offsets[index - 1] ?? 0, offset));
}

const cuts = fc.array(fc.nat(), { maxLength: 8 });

describe('the vectors on the wire', () => {
  for (const carried of ALL) {
    it(`read the same however they are cut: ${carried.id} [item 10]`, () => {
      const whole = carried.parse({
        typeId: carried.typeId,
        chunkStreamId: 3,
        messageStreamId: 0,
        timestampMs: 0,
        payload: carried.body,
      });
      assert.notEqual(whole, null);
      for (const chunkSizeBytes of [128, SMALL_CHUNK_BYTES]) {
        const wire = wireOf(carried, chunkSizeBytes);
        assert.deepEqual(readBack(carried, splitEvery(wire, 1)), whole, 'byte by byte');
        for (const split of everyTwoWaySplit(wire)) {
          assert.deepEqual(readBack(carried, split), whole, `cut at ${split[0].length}`);
        }
        fc.assert(
          fc.property(cuts, (offsets) => assert.deepEqual(readBack(carried, cutAt(wire, offsets)), whole)),
          { numRuns: 30 },
        );
      }
    });
  }

  for (const { id, bytes, hex } of vectorsOf('CTL')) {
    it(`are written as they stand by what was read from them: ${id}`, () => {
      const typeId = CONTROL_TYPES[id];
      const payload = bytes;
      if (typeId === undefined) {
        const event = parseUserControl(payload);
        assert.ok(event !== null);
        assert.equal(hexOf(encodeUserControl(event)), hex);
        return;
      }
      const control = parseControl({ typeId, chunkStreamId: 2, messageStreamId: 0, timestampMs: 0, payload });
      assert.ok(control !== null);
      assert.equal(hexOf(encodeControl(control)), hex);
    });
  }
});

describe('the FLV vectors as a file', () => {
  const ids = ['F-2', 'F-3', 'F-5', 'F-8', 'F-9'];
  const file = join(['F-1', ...ids].map((id) => vectorOf(id).bytes));

  /** The tags of a file that comes in pieces, read as far as it is there after each. */
  function tagsOf(pieces: Iterable<Uint8Array>): FlvTag[] {
    const tags: FlvTag[] = [];
    let held: Uint8Array = new Uint8Array(0);
    let isHeaderRead = false;
    for (const piece of pieces) {
      held = join([held, piece]);
      if (!isHeaderRead) {
        const header = parseFlvFileHeader(held);
        if (header === null) continue;
        isHeaderRead = true;
        held = held.subarray(header.nextOffset);
      }
      for (let tag = parseFlvTag(held, 0); tag !== null; tag = parseFlvTag(held, 0)) {
        if (tag.nextOffset > held.length) break;
        const { typeId, timestampMs, payload } = tag;
        tags.push({ typeId, timestampMs, payload: Uint8Array.from(payload) });
        held = held.subarray(tag.nextOffset);
      }
    }
    assert.equal(held.length, 0);
    return tags;
  }

  it('give the same tags whole, byte by byte, cut in two anywhere and at random [item 82]', () => {
    const whole = tagsOf([file]);
    assert.deepEqual(
      whole.map(({ typeId, timestampMs, payload }) => `${typeId} @${timestampMs} ${payload.length}`),
      [
        '8 @0 4',
        `8 @${0x01020304} 3`,
        '9 @80 11',
        '8 @26 3',
        '18 @5000 37',
        '8 @5000 3',
        '9 @5007 11',
        `8 @${0x01000000} 3`,
      ],
    );
    assert.deepEqual(tagsOf(splitEvery(file, 1)), whole);
    for (const split of everyTwoWaySplit(file)) assert.deepEqual(tagsOf(split), whole);
    fc.assert(
      fc.property(cuts, (offsets) => assert.deepEqual(tagsOf(cutAt(file, offsets)), whole)),
      { numRuns: 200 },
    );
  });
});
