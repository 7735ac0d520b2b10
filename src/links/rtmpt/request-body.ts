// The body of a tunnel's request, whole. To the tunnel any content type is a byte body, a malformed one too, and the one
// byte of a poll is not worth a parser. [RTMPT-NOTE 3] Where a chunked body is broken, the HTTP server answers.

import type { IncomingMessage } from 'node:http';

/** Who takes the body; called at most once, and never for a request that breaks off. */
export type BodyTaker = {
  /** The body is whole; it is not written to any more. */
  readonly whole: (body: Uint8Array) => void;
  /** The body is longer than the limit, or is going to be: what is left of it is dropped. */
  readonly tooLong: () => void;
};

const NO_BYTES = new Uint8Array(0);

/** Reads the body of `request`, at most `limitBytes` of it. */
export function readRequestBody(request: IncomingMessage, limitBytes: number, taker: BodyTaker): void {
  if (Number(request.headers['content-length']) > limitBytes) {
    taker.tooLong();
    return;
  }
  const pieces: Uint8Array[] = [];
  let lengthBytes = 0;
  const onData = (piece: Uint8Array): void => {
    lengthBytes += piece.length;
    if (lengthBytes <= limitBytes) {
      pieces.push(piece);
      return;
    }
    request.off('data', onData).off('end', onEnd);
    taker.tooLong();
  };
  const onEnd = (): void => {
    taker.whole(pieces.length > 1 ? Buffer.concat(pieces, lengthBytes) : (pieces[0] ?? NO_BYTES));
  };
  request.on('data', onData).on('end', onEnd);
}
