import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ChunkReader } from '../../bench/load/chunk-reader.ts';
import { FaultList } from '../../bench/load/fault-list.ts';
import { SyntheticMedia } from '../../bench/load/media-source.ts';
import type { WireMessage } from '../../bench/load/rtmp-bytes.ts';
import { chunkedMessage, controlBytes, WireType } from '../../bench/load/rtmp-bytes.ts';
import { SentMessages } from '../../bench/load/sent-messages.ts';
import { ViewerCheck } from '../../bench/load/viewer-check.ts';
import { Histogram } from '../../bench/support/histogram.ts';

const CHUNK_BYTES = 1000;
const FRAMES = 300;
/** In front of this one another video header is sent. */
const HEADER_CHANGE = 150;
const OPENING_MESSAGES = 3;

type Change = (messages: WireMessage[]) => void;

/** What was sent as a viewer would get it: three opening messages, then FRAMES frames with a header among them. `startMs` is their first time. */
function streamOf(sent: SentMessages, startMs: number): WireMessage[] {
  const source = new SyntheticMedia(1130);
  sent.metadataMark = source.metadataMark;
  const messages: WireMessage[] = [];
  const put = (typeId: number, timestampMs: number, payload: Buffer): void => {
    messages.push({ typeId, chunkStreamId: typeId, messageStreamId: 1, timestampMs, payload });
  };
  for (const { typeId, payload } of source.opening) {
    if (typeId !== WireType.Data) sent.addHeader(typeId, payload);
    put(typeId, startMs, payload);
  }
  const [first] = sent.headersOf(WireType.Video);
  const changedHeader = Buffer.concat([first?.payload ?? assert.fail(), Buffer.from([1])]);
  for (let sequence = 0; sequence < FRAMES; sequence++) {
    const { typeId, mediaMs, payload, isKeyframe } = source.next();
    const timestampMs = Math.floor(mediaMs);
    if (sequence === HEADER_CHANGE) {
      sent.addHeader(WireType.Video, changedHeader);
      put(WireType.Video, (startMs + timestampMs) >>> 0, changedHeader);
    }
    sent.add({ sequence, typeId, timestampMs, payload, isKeyframe });
    put(typeId, (startMs + timestampMs) >>> 0, Buffer.from(payload));
  }
  return messages;
}

/** The faults that a viewer finds in a stream that was changed on its way, read in pieces of `pieceBytes`. */
function faultsAfter(change: Change, { pieceBytes = 1460, startMs = 0 } = {}): Record<string, number> {
  const sent = new SentMessages();
  const messages = streamOf(sent, startMs);
  change(messages);
  const faults = new FaultList();
  const latencies = new Histogram();
  const context = { sent, faults, latencies, frames: 0, isSteady: true, startsAtKeyframe: true };
  const check = new ViewerCheck('viewer', context, () => undefined);
  const reader = new ChunkReader({
    mediaPiece: (stream, bytes, from, to) => check.mediaPiece(stream, bytes, from, to),
    mediaEnd: (stream) => check.mediaEnd(stream),
    message: (typeId, payload) => {
      if (typeId === WireType.Data) check.data(payload);
    },
  });
  const announced = controlBytes(WireType.SetChunkSize, CHUNK_BYTES);
  const bytes = Buffer.concat([
    announced,
    ...messages.map((message) => chunkedMessage(message, CHUNK_BYTES)),
  ]);
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    reader.receive(bytes, at, Math.min(bytes.length, at + pieceBytes));
  }
  assert.ok(reader.isBetweenMessages);
  check.finish();
  return faults.counts;
}

/** Index of the first frame behind `from` that fits. */
function indexOf(
  messages: readonly WireMessage[],
  from: number,
  fits: (message: WireMessage) => boolean,
): number {
  return messages.findIndex((message, index) => index >= from && fits(message));
}

describe('ViewerCheck', () => {
  const nothing: Change = () => undefined;

  it('finds no fault in what came as it was sent, in pieces of any size', () => {
    for (const pieceBytes of [1, 2, 7, 13, 128, 65_536]) {
      assert.deepEqual(faultsAfter(nothing, { pieceBytes }), {}, `${pieceBytes} bytes`);
    }
  });

  it('follows timestamps that need the extended field, and that wrap', () => {
    for (const startMs of [0xffffff - 1000, 0xffffff, 0xffffffff - 1000]) {
      assert.deepEqual(faultsAfter(nothing, { startMs, pieceBytes: 11 }), {}, `from ${startMs}`);
    }
  });

  it('counts each message that is missing, in the middle and at the end', () => {
    assert.deepEqual(
      faultsAfter((messages) => messages.splice(100, 3)),
      { lost: 3 },
    );
    assert.deepEqual(
      faultsAfter((messages) => messages.splice(-2)),
      { lost: 2 },
    );
  });

  it('finds a message that comes twice, and one out of its turn', () => {
    const doubled: Change = (messages) => messages.splice(100, 0, ...messages.slice(100, 101));
    assert.deepEqual(faultsAfter(doubled), { 'out-of-order': 1 });
    const swapped: Change = (messages) => messages.splice(100, 2, ...messages.slice(100, 102).reverse());
    assert.deepEqual(faultsAfter(swapped), { lost: 1, 'out-of-order': 1 });
  });

  it('finds one changed bit wherever it is in a payload behind the number', () => {
    for (const offset of [0, 1, 2, 9, 15, 23, 24, 999, 1000, 3000]) {
      const changed: Change = (messages) => {
        const index = indexOf(messages, 100, (message) => message.payload.length > 3000);
        const { payload } = messages[index] ?? assert.fail();
        payload[offset] = (payload[offset] ?? 0) ^ 4;
      };
      const { changed: count = 0 } = faultsAfter(changed);
      assert.equal(count, 1, `offset ${offset}`);
    }
  });

  it('finds a payload that was cut', () => {
    const cut: Change = (messages) => {
      const message = messages[100] ?? assert.fail();
      messages[100] = { ...message, payload: message.payload.subarray(0, -1) };
    };
    assert.deepEqual(faultsAfter(cut), { changed: 1 });
  });

  it('finds a timestamp that is one millisecond off', () => {
    const shifted: Change = (messages) => {
      const message = messages[100] ?? assert.fail();
      messages[100] = { ...message, timestampMs: message.timestampMs + 1 };
    };
    assert.deepEqual(faultsAfter(shifted), { timestamp: 1 });
  });

  it('wants metadata, both sequence headers and a keyframe first', () => {
    assert.deepEqual(
      faultsAfter((messages) => messages.splice(0, 3)),
      { start: 3 },
    );
    assert.deepEqual(
      faultsAfter((messages) => messages.splice(3, 1)),
      { start: 1 },
    );
  });

  it('finds each picture behind a header that was not in force any more', () => {
    const pictures = (messages: readonly WireMessage[]): number =>
      messages.filter(({ typeId }) => typeId === WireType.Video).length;
    let behind = 0;
    const missing: Change = (messages) => {
      messages.splice(OPENING_MESSAGES + HEADER_CHANGE, 1);
      behind = pictures(messages.slice(OPENING_MESSAGES + HEADER_CHANGE));
    };
    assert.deepEqual(faultsAfter(missing), { changed: behind });
    const old: Change = (messages) => {
      const header = messages[OPENING_MESSAGES + HEADER_CHANGE] ?? assert.fail();
      const { payload } = messages.find(({ typeId }) => typeId === WireType.Video) ?? assert.fail();
      messages[OPENING_MESSAGES + HEADER_CHANGE] = { ...header, payload };
    };
    assert.deepEqual(faultsAfter(old), { changed: behind });
  });

  it('finds a stream in which nothing came', () => {
    assert.deepEqual(
      faultsAfter((messages) => messages.splice(0)),
      { start: 1 },
    );
  });
});
