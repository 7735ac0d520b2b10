// Limits of the tunnel's client side, and the defaults of what its user may set.

/** Connections of a session: sends on one, idles on the other, so that a held idle keeps no send waiting. */
export const DEFAULT_CONNECTIONS = 2;

/** Longest wait for a reply, ms. LIMIT: servers hold an idle for 4,000 ms at most, and a slow line wants some time too. */
export const DEFAULT_REPLY_TIMEOUT_MS = 10_000;

/** Longest reply, bytes. LIMIT: one message may be 16 MiB, and a reply carries at least one whole. */
export const DEFAULT_MAX_REPLY_BYTES = 32 * 1024 * 1024;

/** Ceiling of a send's body, bytes; a longer message still goes whole. LIMIT: what a slow line takes in some seconds. */
export const DEFAULT_MAX_BODY_BYTES = 1024 * 1024;

/** Where the cap of a send's body starts, bytes. LIMIT: a keyframe, and a fraction of a second on a slow line. */
export const INITIAL_BODY_BYTES = 64 * 1024;

/** A body that took longer, ms, was too long for the line. LIMIT: what comes back waits as long. */
export const SLOW_BODY_MS = 1000;

/** A full body that took less, ms, may be followed by a longer one. */
export const QUICK_BODY_MS = 500;

/** Requests that go one at a time until the server has seen that they are numbered. [RTMPT-NOTE 5] */
export const FIRST_REQUESTS = 4;

/** Requests from the oldest without a reply on. LIMIT: a server keeps its last four replies for those who ask again. */
export const MAX_REQUESTS_AHEAD = 4;

/** Waits before a lost request is repeated, ms. LIMIT: together well under the 10 s after which a server ends a session. */
export const REPEAT_DELAYS_MS: readonly number[] = [0, 200, 800];

/** A request is not repeated so long after it was lost first, ms. LIMIT: as above. */
export const REPEAT_WITHIN_MS = 5000;

/** Least time between idles that come back empty at once, ms. LIMIT: half a frame; below, polls cost more than they bring. */
export const MIN_EMPTY_PAUSE_MS = 20;

/** Unit of the polling byte, ms. [RTMPT-NOTE 7] */
export const POLLING_UNIT_MS = 16;

/** Largest polling byte that is obeyed. LIMIT: the top of the classic ladder, half a second. */
export const MAX_POLLING_BYTE = 0x21;

/** An empty reply that took so much longer than the quickest, ms, was held by the server: the next idle follows at once. */
export const HELD_MS = 100;

/** Empty idles in a row after which the pause doubles with each. LIMIT: as the servers' own ladder begins. */
export const EMPTY_BEFORE_SLOWING = 10;

/** Longest pause that doubling makes, ms. LIMIT: what a first message after a silence may wait. */
export const MAX_SLOWED_PAUSE_MS = 250;

/** Pause behind a send on a single connection where nothing comes back, ms. LIMIT: longer than the time between two frames. */
export const AFTER_SEND_PAUSE_MS = 100;

/** Longest time that sends put an idle off, ms. LIMIT: clients have always let a server speak every 4 s. */
export const MAX_AFTER_SEND_MS = 4000;

/** Bytes of replies that a paused Link keeps; with more, it sends nothing either. */
export const MAX_KEPT_BYTES = 1024 * 1024;

/** How many these are. LIMIT: a reply of one byte takes as much room as one of hundreds. */
export const MAX_KEPT_REPLIES = 256;

/** Time that a closing Link has for its last words, ms. */
export const CLOSE_TIMEOUT_MS = 2000;

/** Time after which a closing Link gives up an idle that is in its way, ms. LIMIT: longer than a default hold. */
export const CLOSE_PATIENCE_MS = 1000;

/** Longest session id that is taken, characters. LIMIT: twice that of any server seen. */
export const MAX_SESSION_ID_CHARS = 128;

/** Time a connection may stand without a request, ms. LIMIT: a publisher may be silent for minutes. */
export const KEEP_ALIVE_MS = 600_000;
