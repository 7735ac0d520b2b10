// The body of a tunnel's request, whole. To the tunnel any content type is a byte body, a malformed one too, and the one
// byte of a poll is not worth a parser. [RTMPT-NOTE 3] Where a chunked body is broken, the HTTP server answers.

import type { IncomingMessage } from 'node:http';

/** Who takes the body; called at most once, and never for a request that breaks off. */
export type BodyTaker = {
  /** The body is whole, or was not to be kept and is empty here; it is not written to any more. */
  readonly whole: (body: Uint8Array) => void;
  /** The body is longer than the limit, or is going to be: what is left of it is dropped. */
  readonly tooLong: () => void;
};

const NO_BYTES = new Uint8Array(0);

/**
 * Reads the body of `request`, at most `limitBytes` of it. Holds at most twice the bytes that came, in however many pieces
 * they come.
 * @param isKept false where nobody wants the bytes: they are counted against the limit, and dropped
 */
export function readRequestBody(
  request: IncomingMessage,
  limitBytes: number,
  isKept: boolean,
  taker: BodyTaker,
): void {
  // NaN in front of a chunked body.
  const declaredBytes = Number(request.headers['content-length']);
  if (declaredBytes > limitBytes) {
    taker.tooLong();
    return;
  }
  let body: Uint8Array = NO_BYTES;
  let lengthBytes = 0;
  const onData = (piece: Uint8Array): void => {
    const offset = lengthBytes;
    lengthBytes += piece.length;
    if (lengthBytes > limitBytes) {
      request.off('data', onData).off('end', onEnd);
      taker.tooLong();
      return;
    }
    if (!isKept) return;
    // WHY: any other piece is copied: as an object of its own one byte costs hundreds, and it holds all that was read
    // with it from the socket.
    if (offset === 0 && piece.length === declaredBytes) {
      body = piece;
      return;
    }
    if (lengthBytes > body.length) {
      const mostBytes = declaredBytes >= lengthBytes ? declaredBytes : limitBytes;
      body = moved(body, offset, Math.min(2 * lengthBytes, mostBytes));
    }
    body.set(piece, offset);
  };
  const onEnd = (): void => {
    // WHY: whoever keeps a view of the body keeps all of its buffer.
    const whole = body.length > lengthBytes ? moved(body, lengthBytes, lengthBytes) : body;
    body = NO_BYTES;
    taker.whole(whole);
  };
  request.on('data', onData).on('end', onEnd);
}

// The first `lengthBytes` of `bytes` in a buffer of their own.
function moved(bytes: Uint8Array, lengthBytes: number, capacityBytes: number): Uint8Array {
  const buffer = Buffer.allocUnsafeSlow(capacityBytes);
  buffer.set(bytes.subarray(0, lengthBytes));
  return buffer;
}
