// Named limits of live streams. What an operator may want to change is in the configuration; these are not.

/** LIMIT: size of one slab of a stream's log; small enough that 500 idle streams cost 32 MiB, large enough
 * that a 4 Mbit/s stream opens a new one only every 130 ms. */
export const SLAB_BYTES = 64 * 1024;

/** LIMIT: sticky messages (metadata and sequence headers of all tracks) a stream keeps for late joiners. */
export const MAX_STICKY_MESSAGES = 32;

/** LIMIT: one sticky message's payload; real ones are under 2 KiB, a colour profile may be 20 KiB. */
export const MAX_STICKY_MESSAGE_BYTES = 64 * 1024;

/** LIMIT: live streams with a publisher or viewers at one time, over all apps; a name costs about 1 KiB. */
export const MAX_LIVE_STREAMS = 20_000;

/** Viewers up to which nothing is merged: each frame is written to them as it comes. */
export const UNMERGED_VIEWERS = 20;

/** Viewers at which merging reaches the configured cap. */
export const FULLY_MERGED_VIEWERS = 200;

/** How far back an audio-only stream's newcomer starts, in ms: enough to fill a player's first buffer. */
export const AUDIO_JOIN_MS = 1000;

/** Media time without a video frame after which an audio frame is a place to begin again, in ms. */
export const VIDEO_GONE_MS = 3000;

/** LIMIT: media time that one step from message to message counts for, in ms; a publisher may jump by hours. */
export const MAX_STEP_MS = 1000;
