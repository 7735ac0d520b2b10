// Sessions without end: as many as one address may have, and as many as may be without a handshake. They stay until their
// connection goes; meanwhile nobody else gets in.

import type { AnyReply } from './any-reply-reader.ts';
import type { HostileLane } from './hostile-lane.ts';
import { requestBytes } from './hostile-requests.ts';
import { HANDSHAKE, idOf } from './hostile-session-kinds.ts';

const AT_ONCE = 50;
const NO_BODY = Buffer.alloc(0);
const OPENED: ReadonlySet<number> = new Set([200, 429, 503]);
const TAKEN: ReadonlySet<number> = new Set([200, 404, 429]);

/**
 * Opens sessions on one connection until the gateway refuses one, or `mostRequests` were sent. Gives the status of the
 * refusal; null where none came.
 */
export async function openCrowd(
  lane: HostileLane,
  { shakesHands, mostRequests }: { readonly shakesHands: boolean; readonly mostRequests: number },
): Promise<number | null> {
  const kind = shakesHands ? 'sessions of one address' : 'sessions without a handshake';
  const perSession = shakesHands ? 2 : 1;
  const opens = Array<Buffer>(AT_ONCE).fill(requestBytes('/open/1', NO_BODY));
  for (let sent = 0; sent < mostRequests; sent += AT_ONCE * perSession) {
    const replies = await lane.fire(kind, { pieces: opens, requestCount: AT_ONCE, allowed: OPENED });
    const ids = replies.map(idOf).filter((id) => id !== null);
    if (shakesHands && ids.length > 0) await shakeHands(lane, kind, ids);
    const refusal = replies.find(({ statusCode }) => statusCode !== 200);
    if (refusal !== undefined) return refusal.statusCode;
  }
  return null;
}

function shakeHands(lane: HostileLane, kind: string, ids: readonly string[]): Promise<readonly AnyReply[]> {
  const pieces = ids.map((id) => requestBytes(`/send/${id}/0`, HANDSHAKE));
  return lane.fire(kind, { pieces, requestCount: ids.length, allowed: TAKEN });
}
