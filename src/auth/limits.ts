// Bounds of what authentication remembers of strangers.

/**
 * Time in ms that an issued challenge can be answered, 60 s.
 * LIMIT: a client answers by its next connection, which takes it seconds through the slowest tunnel.
 */
export const CHALLENGE_LIFETIME_MS = 60_000;

/**
 * Challenges that wait for their answers at one time, 4,096; the oldest makes room.
 * LIMIT: about 2 MiB. It is emptied by honest clients within seconds, so only a flood fills it.
 */
export const MAX_OPEN_CHALLENGES = 4096;

/**
 * Challenges that wait for their answers from one address, 64; its oldest makes room.
 * LIMIT: a flood from one address is not to push out the others; many clients behind one proxy still fit.
 */
export const MAX_OPEN_CHALLENGES_PER_ADDRESS = 64;
