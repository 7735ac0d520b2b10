// The table of hostile input, first part: handshakes, chunks and their control messages. [RTMP 5.2, 5.3, 5.4]

import assert from 'node:assert/strict';
import { abort, chunk, control, setChunkSize } from '../support/chunk-wire.ts';
import { clientHandshake } from '../support/client-messages.ts';
import type { HostileRow } from './hostile-row.ts';
import { begun, hex, inOrder, mismatchedTimestamp, repeated, whole } from './hostile-wire.ts';

const VIDEO = 9;
const MEGABYTE = 1024 * 1024;
const NO_BYTES = new Uint8Array(0);

/** Chunk streams from `firstId` on, each with the first 128 bytes of a message of 16,000 bytes. */
function unfinished(firstId: number, lastId: number): Uint8Array {
  const payload = new Uint8Array(128);
  const parts: Uint8Array[] = [];
  for (let id = firstId; id <= lastId; id++) parts.push(begun(id, 16_000, payload));
  return Buffer.concat(parts);
}

/** A message of 8 MiB of which `countBytes` come, each in a chunk of its own. */
function inSingleBytes(countBytes: number): Uint8Array {
  const rest = repeated(countBytes - 1, Uint8Array.of(0xc6, 7));
  return inOrder(setChunkSize(1), begun(6, 8 * MEGABYTE, Uint8Array.of(7)), rest);
}

/** Six chunks of a megabyte each of three messages of 8 MiB, in turn. */
function interleavedMegabytes(chunksOfEach: number): Uint8Array {
  const payload = new Uint8Array(MEGABYTE);
  const parts: Uint8Array[] = [setChunkSize(MEGABYTE)];
  for (const id of [4, 5, 6]) parts.push(begun(id, 8 * MEGABYTE, payload));
  for (let turn = 1; turn < chunksOfEach; turn++) {
    for (const id of [4, 5, 6]) parts.push(Uint8Array.of(0xc0 | id), payload);
  }
  return Buffer.concat(parts);
}

/** Acknowledgements among the answers to a client that asked for one after each byte: one for half of 8 KiB at most. */
function assertFewAcks(acks: number, sentBytes: number): void {
  assert.ok(acks >= 1 && acks <= sentBytes / 4096 + 1, `${acks} acknowledgements of ${sentBytes} bytes`);
}

/** Handshakes, chunks, protocol control. */
export const CHUNK_ROWS: readonly HostileRow[] = [
  {
    sends: 'half of its C1 and nothing more [item 8]',
    from: 'nothing',
    attack: () => clientHandshake().subarray(0, 700),
    ends: 'rtmp-handshake-timeout',
    isSlow: true,
  },
  {
    sends: 'half of its C2 and nothing more [item 8]',
    from: 'nothing',
    attack: () => clientHandshake().subarray(0, 2000),
    ends: 'rtmp-handshake-timeout',
    isSlow: true,
  },
  {
    sends: 'a handshake and no connect',
    from: 'handshake',
    attack: () => NO_BYTES,
    ends: 'rtmp-connect-timeout',
    isSlow: true,
  },
  {
    sends: 'half of a frame and nothing more [item 27]',
    from: 'publish',
    attack: () => begun(6, 1000, new Uint8Array(128)),
    ends: 'rtmp-message-stalled',
    isSlow: true,
    isTunnelled: true,
  },
  {
    sends: 'a message of 16 MB declared before connect [item 22]',
    from: 'handshake',
    attack: () =>
      chunk({ format: 0, chunkStreamId: 3, typeId: 20, messageStreamId: 0, lengthBytes: 0xffffff }),
    ends: 'rtmp-message-too-large',
    isTunnelled: true,
  },
  {
    sends: 'a message on each of 65,536 chunk streams and ends none [item 25] [item 26]',
    from: 'connect',
    attack: () => unfinished(64, 65_599),
    lessOfIt: () => unfinished(64, 140),
    ends: 'rtmp-chunk-streams-exceeded',
    isTunnelled: true,
  },
  {
    sends: '18 MB of three messages and ends none [item 26]',
    from: 'publish',
    attack: () => interleavedMegabytes(6),
    isHeavy: true,
    ends: 'rtmp-partial-bytes-exceeded',
  },
  {
    sends: 'a continuation of nothing [item 19]',
    from: 'handshake',
    attack: () => hex('c9 00 00 00'),
    ends: 'rtmp-chunk-header-without-start',
  },
  {
    sends: 'a chunk size of 0 [item 36]',
    from: 'handshake',
    attack: () => setChunkSize(0),
    ends: 'rtmp-chunk-size-invalid',
    isTunnelled: true,
  },
  {
    sends: 'a negative chunk size [item 36]',
    from: 'publish',
    attack: () => setChunkSize(0x80000001),
    ends: 'rtmp-chunk-size-invalid',
  },
  {
    sends: 'a chunk size of three bytes [item 36]',
    from: 'connect',
    attack: () => whole(1, hex('00 00 01'), 0, 2),
    ends: null,
    counted: { malformedControls: 1 },
  },
  {
    sends: 'a chunk size of 2 GB, and a frame in one chunk [item 28] [item 36]',
    from: 'publish',
    attack: () => inOrder(setChunkSize(0x7fffffff), whole(VIDEO, new Uint8Array(100_000).fill(0x27), 1, 6)),
    ends: null,
    isTunnelled: true,
  },
  {
    sends: 'a chunk size of 1 and a message of 16 MB [item 22]',
    from: 'connect',
    attack: () => inOrder(setChunkSize(1), begun(6, 0xffffff, Uint8Array.of(0)), repeated(100, hex('c6 00'))),
    ends: 'rtmp-message-too-large',
  },
  {
    sends: 'a chunk size of 1 and a million single bytes of a frame [item 29]',
    from: 'publish',
    attack: () => inSingleBytes(1_000_000),
    lessOfIt: () => inSingleBytes(350_000),
    ends: 'rtmp-flood',
    isTunnelled: true,
  },
  {
    sends: 'payload where its type 3 chunks would repeat an extended timestamp [item 14]',
    from: 'publish',
    attack: mismatchedTimestamp,
    ends: null,
  },
  {
    sends: 'another length in the middle of a message [item 21]',
    from: 'publish',
    attack: () => inOrder(begun(6, 200, new Uint8Array(128)), begun(6, 100, new Uint8Array(100))),
    ends: 'rtmp-chunk-message-interrupted',
    isTunnelled: true,
  },
  {
    sends: '40,000 aborts, of unfinished messages and of nothing [item 24]',
    from: 'publish',
    attack: () =>
      repeated(10_000, inOrder(begun(6, 200, new Uint8Array(128)), abort(6), abort(6), abort(9), abort(0))),
    lessOfIt: () =>
      repeated(100, inOrder(begun(6, 200, new Uint8Array(128)), abort(6), abort(6), abort(9), abort(0))),
    ends: null,
    isTunnelled: true,
  },
  {
    sends: 'an acknowledgement window of 1 and a megabyte [item 37]',
    from: 'publish',
    attack: () =>
      inOrder(
        control(5, 1),
        setChunkSize(65_536),
        repeated(16, whole(VIDEO, new Uint8Array(65_536).fill(0x27), 1, 6)),
      ),
    lessOfIt: () => inOrder(control(5, 1), repeated(500, whole(VIDEO, new Uint8Array(100).fill(0x27), 1, 6))),
    ends: null,
    check: ({ answers }) => assertFewAcks(answers.filter(({ typeId }) => typeId === 3).length, MEGABYTE),
    isTunnelled: true,
  },
];
