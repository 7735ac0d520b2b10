// Bounds of the frames that a peer sends. How long a message may be is a setting (`websocket.maxMessage`), and how many
// parts it may have, and how small reads may cut it, is the door's to say (links/websocket).

import type { Rate } from '../bytes/token-bucket.ts';

/** Payload of a part of a message in bytes below which its handling costs far more than its bytes, 16. */
export const TINY_FRAME_BYTES = 16;

/**
 * What one peer may send of frames that carry nothing, or next to it. Who exceeds one of them is closed with
 * 'websocket-flood'. LIMIT: each is at least ten times what any known client needs.
 */
export const FRAME_RATES = {
  /** Pings are answered; pongs answer ours, of which there is one a second at the most. */
  'pings and pongs': { atOnce: 100, perSecond: 10 },
  /** Messages without a byte in one frame: pages, which cannot ping, keep a connection awake by them. */
  'empty messages': { atOnce: 100, perSecond: 10 },
  /** Parts of messages under 16 bytes, empty ones among them: some libraries end every message by one. As many as RTMP's
   * tiny chunks, each of which may come in one. */
  'tiny frames': { atOnce: 262_144, perSecond: 65_536 },
} as const satisfies Record<string, Rate>;

/** What is counted. */
export type FrameKind = keyof typeof FRAME_RATES;
