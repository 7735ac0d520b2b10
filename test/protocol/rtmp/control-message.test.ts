// Protocol control messages against the vectors, and short and odd payloads.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  type ControlMessage,
  encodeControl,
  parseAbort,
  parseControl,
  parseSetChunkSize,
} from '../../../src/protocol/rtmp/control-message.ts';
import type { RtmpMessage } from '../../../src/protocol/rtmp/message.ts';
import { RtmpError } from '../../../src/protocol/rtmp/rtmp-error.ts';
import { bytesOf, hexOf, vectorOf } from '../../support/vectors.ts';

function message(typeId: number, hex: string): RtmpMessage {
  return { typeId, chunkStreamId: 2, messageStreamId: 0, timestampMs: 0, payload: bytesOf(hex) };
}

/** Type id, payload, and what both stand for. */
const CASES: readonly (readonly [string, number, string, ControlMessage])[] = [
  ['Set Chunk Size 4096', 1, '00001000', { type: 'set-chunk-size', chunkSizeBytes: 4096 }],
  ['C-2', 2, vectorOf('C-2').hex, { type: 'abort', chunkStreamId: 6 }],
  ['C-3', 3, vectorOf('C-3').hex, { type: 'acknowledgement', receivedBytes: 2_500_000 }],
  [
    'the last acknowledgement before the wrap [item 38]',
    3,
    'ffffffff',
    { type: 'acknowledgement', receivedBytes: 0xffffffff },
  ],
  ['C-4', 5, vectorOf('C-4').hex, { type: 'window-acknowledgement-size', windowBytes: 2_500_000 }],
  [
    'hard Set Peer Bandwidth',
    6,
    '002625a000',
    { type: 'set-peer-bandwidth', windowBytes: 2_500_000, limit: 'hard' },
  ],
  [
    'soft Set Peer Bandwidth',
    6,
    '002625a001',
    { type: 'set-peer-bandwidth', windowBytes: 2_500_000, limit: 'soft' },
  ],
  [
    'dynamic Set Peer Bandwidth',
    6,
    '7fffffff02',
    { type: 'set-peer-bandwidth', windowBytes: 0x7fffffff, limit: 'dynamic' },
  ],
];

describe('parseControl and encodeControl', () => {
  for (const [name, typeId, hex, control] of CASES) {
    it(`reads and writes ${name}`, () => {
      assert.deepEqual(parseControl(message(typeId, hex)), control);
      assert.equal(hexOf(encodeControl(control)), hex);
      assert.deepEqual(parseControl(message(typeId, `${hex}ee`)), typeId === 2 ? null : control);
    });

    it(`gives null for ${name} cut off before its first 4 bytes`, () => {
      for (let lengthBytes = 0; lengthBytes < 4; lengthBytes += 1) {
        assert.equal(parseControl(message(typeId, hex.slice(0, 2 * lengthBytes))), null);
      }
    });
  }

  it('reads a payload that lies within a larger buffer', () => {
    const payload = bytesOf('ffffff 0000000a ffffff').subarray(3, 7);
    assert.deepEqual(parseControl({ ...message(3, ''), payload }), {
      type: 'acknowledgement',
      receivedBytes: 10,
    });
  });

  it('gives null for every other type', () => {
    for (let typeId = 0; typeId < 256; typeId += 1) {
      if ([1, 2, 3, 5, 6].includes(typeId)) continue;
      assert.equal(parseControl(message(typeId, '0000000100')), null);
    }
  });

  for (const [name, hex] of [
    ['missing', '002625a0'],
    ['3', '002625a003'],
    ['255', '002625a0ff'],
  ]) {
    it(`reads a limit type that is ${name} as dynamic [item 40]`, () => {
      assert.deepEqual(parseControl(message(6, hex ?? '')), {
        type: 'set-peer-bandwidth',
        windowBytes: 2_500_000,
        limit: 'dynamic',
      });
    });
  }

  it('hands a window of 0 over, for the session to ignore [item 37]', () => {
    assert.deepEqual(parseControl(message(5, '00000000')), {
      type: 'window-acknowledgement-size',
      windowBytes: 0,
    });
  });
});

describe('parseSetChunkSize', () => {
  for (const [hex, chunkSizeBytes] of [
    ['00000001', 1],
    ['00ffffff', 0xffffff],
    ['01000000', 0xffffff],
    ['7fffffff', 0xffffff],
    ['000080', null],
    ['', null],
  ] as const) {
    it(`makes ${chunkSizeBytes} of ${hex || 'nothing'} [item 36]`, () => {
      assert.equal(parseSetChunkSize(bytesOf(hex)), chunkSizeBytes);
    });
  }

  for (const hex of ['00000000', '80000000', '80001000', 'ffffffff']) {
    it(`refuses ${hex} [item 36]`, () => {
      assert.throws(
        () => parseSetChunkSize(bytesOf(hex)),
        (error) =>
          error instanceof RtmpError &&
          error.code === 'rtmp-chunk-size-invalid' &&
          error.message.includes(`got ${Number.parseInt(hex, 16)}`),
      );
      assert.throws(() => parseControl(message(1, hex)), RtmpError);
    });
  }
});

describe('parseAbort', () => {
  it('takes four bytes and nothing else [item 24]', () => {
    assert.equal(parseAbort(bytesOf('ffffffff')), 0xffffffff);
    assert.equal(parseAbort(bytesOf('00000006')), 6);
    for (const hex of ['', '000006', '0000000600']) assert.equal(parseAbort(bytesOf(hex)), null);
  });
});

describe('encodeControl', () => {
  for (const value of [0, -1, 0x80000000, 1.5, Number.NaN]) {
    it(`never writes a size or window of ${value}, which FFmpeg ends the connection for`, () => {
      for (const control of [
        { type: 'set-chunk-size', chunkSizeBytes: value },
        { type: 'window-acknowledgement-size', windowBytes: value },
        { type: 'set-peer-bandwidth', windowBytes: value, limit: 'hard' },
      ] as const) {
        assert.throws(() => encodeControl(control), RangeError);
      }
    });
  }
});
