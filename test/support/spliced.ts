// What comes out of a splice's way up, of bytes cut in any way: connect rewritten, what follows it fixed.

import { ConnectReader, type IncomingConnect } from '../../src/protocol/rtmp/splice/connect-reader.ts';
import type { FollowingHeaders } from '../../src/protocol/rtmp/splice/following-headers.ts';
import { type ConnectChanges, rewriteConnect } from '../../src/protocol/rtmp/splice/rewrite-connect.ts';

/** The connect that was read, and all that is to be sent. */
export type Spliced = { readonly incoming: Omit<IncomingConnect, 'rest'>; readonly bytes: Uint8Array };

/** Passes `pieces` on with `changes`; null where connect does not become whole. @throws as reader, rewrite and fixer */
export function splice(pieces: Iterable<Uint8Array>, changes: ConnectChanges): Spliced | null {
  const reader = new ConnectReader();
  const parts: Uint8Array[] = [];
  let incoming: IncomingConnect | null = null;
  let following: FollowingHeaders | null = null;
  const pass = (bytes: Uint8Array): void => {
    parts.push(Uint8Array.from(following?.fix(bytes) ?? bytes));
  };
  for (const piece of pieces) {
    if (incoming !== null) {
      pass(piece);
      continue;
    }
    incoming = reader.receive(piece);
    if (incoming === null) continue;
    const rewritten = rewriteConnect(incoming, changes);
    following = rewritten.following;
    parts.push(rewritten.bytes);
    pass(incoming.rest);
  }
  if (incoming === null) return null;
  const { rest: _, ...read } = incoming;
  return { incoming: read, bytes: Uint8Array.from(Buffer.concat(parts)) };
}
