// What the reply to a request of the tunnel means for its session. [RTMPT-NOTE 1, 7]

import type { EndReason } from '../../errors.ts';
import type { PostOutcome } from './post-exchange.ts';

/** What a request is for. */
export type TunnelVerb = 'send' | 'idle' | 'close';

/** What is known of a request when its reply comes. */
export type AskedRequest = {
  readonly verb: TunnelVerb;
  /** Bytes of its body. */
  readonly sentBytes: number;
  readonly tookMs: number;
};

/** Bytes, or the end of the session. */
export type TunnelAnswer =
  | (AskedRequest & {
      readonly type: 'reply';
      /** 1 where the body was empty. */
      readonly pollingByte: number;
      /** RTMP bytes, in views that nobody writes to any more. */
      readonly parts: readonly Uint8Array[];
      /** Bytes of these together. */
      readonly lengthBytes: number;
    })
  | { readonly type: 'fault'; readonly reason: EndReason };

const NO_PARTS: readonly Uint8Array[] = [];

/** A reply that brings nothing. */
export function emptyReply(asked: AskedRequest): TunnelAnswer {
  return { type: 'reply', ...asked, pollingByte: 1, parts: NO_PARTS, lengthBytes: 0 };
}

/** Reads a reply. An empty body, which some servers send, is one that brings nothing. */
export function answerOf(
  outcome: Exclude<PostOutcome, { type: 'failed' }>,
  asked: AskedRequest,
  maxReplyBytes: number,
): TunnelAnswer {
  if (outcome.type === 'too-large') {
    return fault('tunnel-body-too-large', `expected a reply of at most ${maxReplyBytes} bytes, found more`);
  }
  const { statusCode, parts, lengthBytes } = outcome;
  if (statusCode === 404) return fault('peer-closed', 'The server has ended the tunnel: it answers 404.');
  if (statusCode !== 200) {
    return fault('peer-reset', `expected status 200 to a request of the tunnel, found ${statusCode}`);
  }
  const [first, ...rest] = parts;
  const pollingByte = first?.[0];
  if (first === undefined || pollingByte === undefined) return emptyReply(asked);
  // The answer to a close is the same byte.
  if (pollingByte === 0 && lengthBytes === 1 && asked.verb !== 'close') {
    return fault('peer-closed', 'The server closed the tunnel.');
  }
  const rtmpParts = first.length > 1 ? [first.subarray(1), ...rest] : rest;
  return { type: 'reply', ...asked, pollingByte, parts: rtmpParts, lengthBytes: lengthBytes - 1 };
}

function fault(code: EndReason['code'], message: string): TunnelAnswer {
  return { type: 'fault', reason: { code, message } };
}
