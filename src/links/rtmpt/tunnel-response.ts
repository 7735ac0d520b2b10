// The tunnel's HTTP answers, to the byte. Names, their case and their order are what clients were seen to need, and
// the head is short, for it is sent thousands of times a second. [RTMPT-NOTE 2] Nothing goes through Fastify's reply,
// which would spell the names in lower case.

import type { OutgoingHttpHeader, ServerResponse } from 'node:http';
import type { TunnelReply } from '../../protocol/rtmpt/tunnel-session.ts';

/** LIMIT: what is handed to the system at a time; a longer reply takes several writes. */
const MAX_WRITE_BYTES = 128 * 1024;
const CORS_MAX_AGE_S = '86400';

/**
 * Writes the answer to a send, an idle or a close.
 * @param contentType of the body, where there is one
 * @param reply its parts are written as they are, without a copy; nobody may write to them afterwards
 */
export function writeTunnelReply(response: ServerResponse, contentType: string, reply: TunnelReply): void {
  if (reply.pollingByte === null) {
    writeEmptyReply(response, reply.statusCode);
    return;
  }
  if (isGone(response)) return;
  const { parts } = reply;
  // WHY: a string leaves in one piece with the head, a Buffer beside it.
  const pollingByte = String.fromCharCode(reply.pollingByte);
  if (parts.length === 0) {
    writeHead(response, reply.statusCode, contentType, 1);
    response.end(pollingByte, 'latin1');
    return;
  }
  let lengthBytes = 1;
  for (const part of parts) lengthBytes += part.length;
  writeHead(response, reply.statusCode, contentType, lengthBytes);
  response.cork();
  response.write(pollingByte, 'latin1');
  if (lengthBytes <= MAX_WRITE_BYTES) writeLast(response, parts);
  else writeInSteps(response, parts);
}

function writeLast(response: ServerResponse, parts: readonly Uint8Array[]): void {
  const lastIndex = parts.length - 1;
  for (let index = 0; index < lastIndex; index++) response.write(parts[index]);
  // WHY: an end without bytes is one more write.
  response.end(parts[lastIndex]);
}

/** WHY: whether a slow client takes anything at all shows only where a write is done. */
function writeInSteps(response: ServerResponse, parts: readonly Uint8Array[]): void {
  let step: Uint8Array[] = [];
  let stepBytes = 0;
  for (const part of parts) {
    for (let offset = 0; offset < part.length; offset += MAX_WRITE_BYTES) {
      const piece = part.subarray(offset, offset + MAX_WRITE_BYTES);
      if (stepBytes > 0 && stepBytes + piece.length > MAX_WRITE_BYTES) {
        for (const written of step) response.write(written);
        response.uncork();
        response.cork();
        step = [];
        stepBytes = 0;
      }
      step.push(piece);
      stepBytes += piece.length;
    }
  }
  writeLast(response, step);
}

/** Writes a 200 with a short text: a session id, or the answer to an ident. */
export function writeTextReply(response: ServerResponse, contentType: string, text: string): void {
  if (isGone(response)) return;
  writeHead(response, 200, contentType, Buffer.byteLength(text));
  response.end(text);
}

/** Writes an answer without a body. `isLast` closes the connection behind it. */
export function writeEmptyReply(response: ServerResponse, statusCode: number, isLast = false): void {
  if (isGone(response)) return;
  if (isLast) response.shouldKeepAlive = false;
  writeHead(response, statusCode, null, 0);
  response.end();
}

/** Ends a request that an error of ours has met: answers 500, or cuts off an answer that has begun. Does not throw. */
export function writeFailureReply(response: ServerResponse): void {
  if (response.headersSent && !response.writableEnded) response.destroy();
  else writeEmptyReply(response, 500, true);
}

/** Writes the answer to an OPTIONS request: what a page may send here. */
export function writePreflightReply(response: ServerResponse): void {
  if (isGone(response)) return;
  const head: OutgoingHttpHeader[] = ['Allow', 'POST, GET, OPTIONS', 'Connection', connectionOf(response)];
  if (response.req.headers.origin !== undefined) {
    head.push('Access-Control-Allow-Origin', '*', 'Access-Control-Allow-Methods', 'POST, GET, OPTIONS');
    head.push('Access-Control-Allow-Headers', '*', 'Access-Control-Max-Age', CORS_MAX_AGE_S);
  }
  head.push('Content-Length', '0');
  response.sendDate = false;
  response.writeHead(200, head);
  response.end();
}

function writeHead(
  response: ServerResponse,
  statusCode: number,
  contentType: string | null,
  lengthBytes: number,
): void {
  const head: OutgoingHttpHeader[] = contentType === null ? [] : ['Content-Type', contentType];
  head.push('Cache-Control', 'no-cache', 'Connection', connectionOf(response));
  // WHY: any origin: a request carries no cookie, and who knows a session's id may use it from anywhere.
  if (response.req.headers.origin !== undefined) head.push('Access-Control-Allow-Origin', '*');
  head.push('Content-Length', String(lengthBytes));
  response.sendDate = false;
  response.writeHead(statusCode, head);
}

function connectionOf(response: ServerResponse): string {
  return response.shouldKeepAlive ? 'Keep-Alive' : 'close';
}

// A response that waits behind another on its connection has no socket of its own yet; its request has.
function isGone(response: ServerResponse): boolean {
  return response.req.socket.destroyed || response.writableEnded;
}
