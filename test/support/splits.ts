// Ways to cut bytes into pieces, for decoders whose result must not depend on where a read ended.

/** `bytes` cut into views of `pieceLengthBytes` (the last may be shorter); empty for no bytes. */
export function splitEvery(bytes: Uint8Array, pieceLengthBytes: number): Uint8Array[] {
  if (!Number.isInteger(pieceLengthBytes) || pieceLengthBytes < 1) {
    throw new RangeError(`a piece has at least 1 byte, not ${pieceLengthBytes}`);
  }
  const pieces: Uint8Array[] = [];
  for (let offset = 0; offset < bytes.length; offset += pieceLengthBytes) {
    pieces.push(bytes.subarray(offset, offset + pieceLengthBytes));
  }
  return pieces;
}

/** Every cut of `bytes` into two views, the empty first and the empty second among them. */
export function* everyTwoWaySplit(bytes: Uint8Array): Generator<readonly [Uint8Array, Uint8Array]> {
  for (let offset = 0; offset <= bytes.length; offset += 1) {
    yield [bytes.subarray(0, offset), bytes.subarray(offset)];
  }
}
