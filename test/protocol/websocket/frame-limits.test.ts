// Which frames are counted, and at which rate: told from the heads alone, however they are cut.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { FrameLimits } from '../../../src/protocol/websocket/frame-limits.ts';
import { FRAME_RATES, type FrameKind, TINY_FRAME_BYTES } from '../../../src/protocol/websocket/limits.ts';
import { filled } from '../../support/chunk-wire.ts';
import { clientFrame, Opcode } from '../../support/websocket-wire.ts';

const PART = { isLast: false };

/** Bytes of one frame, and what it counts for. */
const FRAMES: readonly (readonly [string, FrameKind | null, Buffer])[] = [
  ['a ping', 'pings and pongs', clientFrame(Opcode.Ping, '')],
  ['a long ping', 'pings and pongs', clientFrame(Opcode.Ping, filled(125))],
  ['a pong', 'pings and pongs', clientFrame(Opcode.Pong, 'x')],
  ['an empty message', 'empty messages', clientFrame(Opcode.Binary, '')],
  ['an empty text', 'empty messages', clientFrame(Opcode.Text, '')],
  ['an empty fragment that begins a message', 'tiny frames', clientFrame(Opcode.Binary, '', PART)],
  ['an empty fragment within one', 'tiny frames', clientFrame(Opcode.Continuation, '', PART)],
  ['an empty fragment that ends one', 'tiny frames', clientFrame(Opcode.Continuation, '')],
  ['a message of a byte', 'tiny frames', clientFrame(Opcode.Binary, 'x')],
  [
    'a message just under what counts',
    'tiny frames',
    clientFrame(Opcode.Binary, filled(TINY_FRAME_BYTES - 1)),
  ],
  ['a message of what counts', null, clientFrame(Opcode.Binary, filled(TINY_FRAME_BYTES))],
  ['a message of 125 bytes', null, clientFrame(Opcode.Binary, filled(125))],
  ['a message of 126 bytes', null, clientFrame(Opcode.Binary, filled(126))],
  ['a message of 300 bytes', null, clientFrame(Opcode.Binary, filled(300))],
  ['a fragment of 70,000 bytes', null, clientFrame(Opcode.Continuation, filled(70_000), PART)],
  ['a close frame', null, clientFrame(Opcode.Close, '')],
];

/** Codes of what went over in turn, null for what did not. */
function verdicts(limits: FrameLimits, nowMs: number, pieces: readonly Uint8Array[]): (string | null)[] {
  return pieces.map((bytes) => limits.take(bytes, nowMs)?.code ?? null);
}

describe('FrameLimits', () => {
  for (const [what, kind, frame] of FRAMES) {
    if (kind === null) continue;
    const { atOnce, perSecond } = FRAME_RATES[kind];
    it(`takes ${what} ${atOnce} times at once and ${perSecond} times a second, and not once more`, () => {
      const limits = new FrameLimits();
      const times = (count: number): Buffer => Buffer.alloc(count * frame.length, frame);
      assert.equal(limits.take(times(atOnce), 0), null);
      assert.equal(limits.take(times(perSecond), 1000), null);
      assert.equal(limits.take(times(perSecond / 2), 1500), null);
      const violation = limits.take(frame, 1500);
      assert.equal(violation?.code, 'websocket-flood');
      const expected = `expected at most ${perSecond} ${kind} a second and ${atOnce} at once, got more`;
      assert.equal(violation?.message, expected);
    });
  }

  for (const [what, kind, frame] of FRAMES) {
    if (kind !== null) continue;
    it(`does not count ${what}`, () => {
      const limits = new FrameLimits();
      for (let sent = 0; sent < 1000; sent++) assert.equal(limits.take(frame, 0), null);
      // All of the rates are whole.
      for (const { atOnce, frame: counted } of [
        { atOnce: FRAME_RATES['pings and pongs'].atOnce, frame: clientFrame(Opcode.Ping, '') },
        { atOnce: FRAME_RATES['empty messages'].atOnce, frame: clientFrame(Opcode.Binary, '') },
      ]) {
        assert.equal(limits.take(Buffer.alloc(atOnce * counted.length, counted), 0), null);
      }
    });
  }

  it('counts each kind for itself', () => {
    const limits = new FrameLimits();
    const [ping, empty, tiny] = [
      clientFrame(Opcode.Ping, ''),
      clientFrame(Opcode.Binary, ''),
      clientFrame(Opcode.Binary, 'x'),
    ];
    for (let sent = 0; sent < FRAME_RATES['pings and pongs'].atOnce; sent++) {
      assert.deepEqual(verdicts(limits, 0, [ping, tiny, empty]), [null, null, null]);
    }
    assert.deepEqual(verdicts(limits, 0, [tiny, ping, empty, tiny]), [
      null,
      'websocket-flood',
      'websocket-flood',
      null,
    ]);
  });

  it('sees the same frames however their bytes are cut', () => {
    const ping = clientFrame(Opcode.Ping, '');
    const frame = fc.constantFrom(...FRAMES.map(([, , bytes]) => bytes));
    const cuts = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 30 }), cuts, (frames, lengths) => {
        const bytes = Buffer.concat(frames);
        const [whole, cut] = [new FrameLimits(), new FrameLimits()];
        assert.equal(whole.take(bytes, 0), null);
        for (let offset = 0, turn = 0; offset < bytes.length; turn++) {
          const lengthBytes = lengths[turn % lengths.length] ?? 1;
          assert.equal(cut.take(bytes.subarray(offset, offset + lengthBytes), 0), null);
          offset += lengthBytes;
        }
        // How many more pings each bears tells what it has counted, and that it stands at the head of a frame.
        const left = (limits: FrameLimits): number => {
          let taken = 0;
          while (limits.take(ping, 0) === null) taken++;
          return taken;
        };
        const pings = frames.filter((sent) =>
          [Opcode.Ping, Opcode.Pong].some((op) => (sent[0] ?? 0) === (0x80 | op)),
        );
        assert.equal(left(whole), FRAME_RATES['pings and pongs'].atOnce - pings.length);
        assert.equal(left(cut), FRAME_RATES['pings and pongs'].atOnce - pings.length);
      }),
    );
  });

  it('takes what comes in a frame of 2^40 bytes for no frames', () => {
    const limits = new FrameLimits();
    const head = Buffer.of(0x82, 0xff, 0, 0, 1, 0, 0, 0, 0, 0, 1, 2, 3, 4);
    assert.equal(limits.take(head, 0), null);
    const pings = Buffer.alloc(60_000, clientFrame(Opcode.Ping, ''));
    for (let read = 0; read < 100; read++) assert.equal(limits.take(pings, 0), null);
  });

  it('bears bytes that are no frames', () => {
    const limits = new FrameLimits();
    for (let first = 0; first < 256; first++) limits.take(Buffer.alloc(100, first), 0);
    assert.equal(new FrameLimits().take(new Uint8Array(0), 0), null);
  });
});
