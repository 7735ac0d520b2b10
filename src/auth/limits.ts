// Bounds of what authentication remembers of strangers, and of how many it lets wait.

/**
 * Time in ms that an issued challenge can be answered, 60 s.
 * LIMIT: a client answers by its next connection, which takes it seconds through the slowest tunnel.
 */
export const CHALLENGE_LIFETIME_MS = 60_000;

/**
 * Challenges that wait for their answers at one time, 4,096; the oldest of the block of addresses that holds the most
 * makes room. LIMIT: about 2 MiB. It is emptied by honest clients within seconds, so only a flood fills it.
 */
export const MAX_OPEN_CHALLENGES = 4096;

/**
 * Challenges that wait for their answers from one address, or one /64 of IPv6, 64; its oldest makes room.
 * LIMIT: a flood from one place is not to push out the others; many clients behind one proxy still fit.
 */
export const MAX_OPEN_CHALLENGES_PER_ADDRESS = 64;

/**
 * Answers that name no challenge and fit none, from one address or one /64 of IPv6 while it has challenges open, 8; then
 * all of them are dropped. LIMIT: an answer that names its challenge gets one try at it; gortmplib, which names none, has
 * one more for each of its neighbours behind the same address that errs at the same moment.
 */
export const MAX_FAILED_ANSWERS_PER_ADDRESS = 8;

/**
 * Clients that wait for the verdicts of one admission at one time, 1,024; more are refused.
 * LIMIT: a verdict takes a web hook 10 to 100 ms, so that this is thousands of connects a second, and about 1 MiB.
 */
export const MAX_OPEN_QUESTIONS = 1024;
