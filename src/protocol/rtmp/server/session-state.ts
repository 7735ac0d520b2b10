// Where an RTMP connection stands, as its server sees it. [RTMP 5.2, 7.2.1]
// How it gets from one to the next is in server-session.ts.

/** States of a connection. */
export const ServerSessionState = {
  Handshake: 'handshake',
  /** The handshake is done; `connect` was not accepted yet. */
  Unconnected: 'unconnected',
  Connected: 'connected',
  /** Nothing is read any more; what was said last can still be taken. */
  Closed: 'closed',
} as const;
export type ServerSessionState = (typeof ServerSessionState)[keyof typeof ServerSessionState];
