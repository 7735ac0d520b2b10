// Inputs for the two sessions. The first byte chooses the state to begin in, and whether what follows are bytes of the
// wire, or whole messages that are put into proper chunks, so that what is changed at random gets past the chunk decoder:
// three bytes choose type, message stream and length, the payload follows. One type is no message but time that passes.

import { amf, type WireValue } from '../../test/support/amf-wire.ts';
import { ClientMessages } from '../../test/support/client-messages.ts';

/** The type of what is no message: time passes. */
const PAUSE = 0;

const TYPES = [20, 17, 18, 15, 8, 9, 4, 3, 5, 6, 22, 2, 19, 99, PAUSE];
const HEAD_BYTES = 3;
const MESSAGE_STREAMS = 4;

/** In the first byte: what follows is messages, not the bytes of the wire. */
const FRAMED = 0x80;

/** A pause is its length byte squared, in ms: up to 65 s. */
const pauseMsOf = (lengthByte: number): number => lengthByte * lengthByte;

/** Time that passes behind so many bytes of the wire. */
export type Pause = { readonly offsetBytes: number; readonly lengthMs: number };

/** What an input says. */
export type SessionInput<State> = {
  readonly state: State;
  readonly wire: Uint8Array;
  /** In the order of their offsets; never in the middle of a message. */
  readonly pauses: readonly Pause[];
};

/** One message as input. A payload is at most 255 bytes. */
export function framed(typeId: number, messageStreamId: number, payload: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.of(TYPES.indexOf(typeId), messageStreamId, payload.length), payload]);
}

/** A command as input. */
export function framedCommand(messageStreamId: number, ...values: WireValue[]): Uint8Array {
  return framed(20, messageStreamId, amf(...values));
}

/** A pause as input, of the square of `root` ms. */
export function framedPause(root: number): Uint8Array {
  return Buffer.of(TYPES.indexOf(PAUSE), 0, root);
}

/** Each input of bytes of the wire, once for each of the states. */
export function wireSeeds(inputs: readonly Uint8Array[], states: readonly number[]): Uint8Array[] {
  return inputs.flatMap((input) => states.map((state) => Buffer.concat([Buffer.of(state), input])));
}

/** Each input made of messages, and all of them in a row, once for each of the states. */
export function framedSeeds(script: readonly Uint8Array[], states: readonly number[]): Uint8Array[] {
  return wireSeeds(
    [Buffer.concat(script), ...script],
    states.map((state) => FRAMED + state),
  );
}

/** Reads an input; `states` is what its first byte chooses from. */
export function readSessionInput<State>(
  data: Uint8Array,
  states: readonly [State, ...State[]],
): SessionInput<State> {
  const first = data[0] ?? 0;
  const state = states[(first & ~FRAMED) % states.length] ?? states[0];
  if ((first & FRAMED) === 0) return { state, wire: data.subarray(1), pauses: [] };
  return { state, ...chunksOf(data.subarray(1)) };
}

/** Hands `pieces` over one by one, and lets time pass where the input wants it, which cuts pieces. */
export function feedWithPauses(
  pieces: readonly Uint8Array[],
  pauses: readonly Pause[],
  receive: (piece: Uint8Array) => void,
  pass: (lengthMs: number) => void,
): void {
  const left = [...pauses];
  let startBytes = 0;
  for (const piece of pieces) {
    let from = 0;
    for (let pause = left[0]; pause !== undefined; pause = left[0]) {
      const to = pause.offsetBytes - startBytes;
      if (to > piece.length) break;
      if (to > from) receive(piece.subarray(from, to));
      from = to;
      pass(pause.lengthMs);
      left.shift();
    }
    if (from < piece.length) receive(piece.subarray(from));
    startBytes += piece.length;
  }
  // An input without a byte has no pieces.
  for (const { lengthMs } of left) pass(lengthMs);
}

function chunksOf(data: Uint8Array): { wire: Uint8Array; pauses: Pause[] } {
  const writer = new ClientMessages();
  const messages: Uint8Array[] = [];
  const pauses: Pause[] = [];
  let offsetBytes = 0;
  for (let offset = 0; offset + HEAD_BYTES <= data.length; ) {
    const [type = 0, messageStream = 0, lengthBytes = 0] = data.subarray(offset, offset + HEAD_BYTES);
    const typeId = TYPES[type % TYPES.length] ?? 0;
    offset += HEAD_BYTES;
    if (typeId === PAUSE) {
      pauses.push({ offsetBytes, lengthMs: pauseMsOf(lengthBytes) });
      continue;
    }
    const payload = data.subarray(offset, offset + lengthBytes);
    const addressed = {
      chunkStreamId: 3 + (type % 5),
      messageStreamId: messageStream % MESSAGE_STREAMS,
      timestampMs: offset,
    };
    const message = writer.message(typeId, payload, addressed);
    messages.push(message);
    offsetBytes += message.length;
    offset += lengthBytes;
  }
  return { wire: Buffer.concat(messages), pauses };
}
