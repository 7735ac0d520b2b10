// Settings of a tunnel as an operator has them by default, for tests of whoever carries one.

import type { TunnelSettings } from '../../src/protocol/rtmpt/limits.ts';

/** All of them; times in ms. */
export const TUNNEL_SETTINGS: TunnelSettings = {
  idleHoldMs: 500,
  setupHoldMs: 100,
  pollingByte: 'fixed',
  silenceTimeoutMs: 60_000,
  detachedTimeoutMs: 10_000,
  handshakeTimeoutMs: 10_000,
  maxReplyBytes: 1024 * 1024,
};
