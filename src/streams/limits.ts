// Named limits of live streams. What an operator may want to change is in the configuration; these are not.

/** LIMIT: size of the slabs of a stream's log, once it runs; large enough that a 4 Mbit/s stream opens a new one
 * only every 130 ms. */
export const SLAB_BYTES = 64 * 1024;

/** LIMIT: size of a log's first slab; each next one is twice as large, up to `SLAB_BYTES`. A publish of nothing
 * but a frame costs this much. */
export const FIRST_SLAB_BYTES = 4 * 1024;

/** LIMIT: what the messages' places in one slab may take up before the next one is begun: no more than a slab of empty
 * messages has. A log lets go of whole slabs. */
export const MAX_SLAB_PLACES_BYTES = 512 * 1024;

/** LIMIT: what a message counts for beyond its bytes, in what a log holds and how far it reaches: about the memory
 * of its place in the log. Messages may be empty, and cost the publisher a byte each. */
export const ENTRY_BYTES = 100;

/** LIMIT: what a sticky message that came since the place to begin before it counts for, beyond its payload: about the memory
 * of its record and its copy. */
export const STICKY_BYTES = 400;

/** LIMIT: what each sticky message in force counts for at a place to begin whose list is another than that of the place
 * before it: the memory of a reference. */
export const STICKY_REFERENCE_BYTES = 8;

/** LIMIT: sequence headers and the like that a stream keeps for late joiners: for 16 tracks of video and 16 of audio
 * the header and what is said about the media. */
export const MAX_STICKY_HEADERS = 64;

/** LIMIT: payload bytes of these together. */
export const MAX_STICKY_HEADERS_BYTES = 192 * 1024;

/** LIMIT: data messages (metadata) a stream keeps for late joiners; counted apart, for any name makes another. */
export const MAX_STICKY_DATA = 8;

/** LIMIT: payload bytes of these together: with the headers 256 KiB. */
export const MAX_STICKY_DATA_BYTES = 64 * 1024;

/** LIMIT: one sticky message's payload; real ones are under 2 KiB, a colour profile may be 20 KiB. */
export const MAX_STICKY_MESSAGE_BYTES = 64 * 1024;

/** LIMIT: live streams with a publisher or viewers at one time, over all apps. A name costs about 1 KiB,
 * a publish about 6 KiB with its first slab: 125 MiB where all are published and hardly send. */
export const MAX_LIVE_STREAMS = 20_000;

/** Viewers up to which nothing is merged: each frame is written to them as it comes. */
export const UNMERGED_VIEWERS = 20;

/** Viewers at which merging reaches the configured time. */
export const FULLY_MERGED_VIEWERS = 200;

/** How far back an audio-only stream's newcomer starts, in ms: enough to fill a player's first buffer. */
export const AUDIO_JOIN_MS = 1000;

/** Media time without a video frame after which an audio frame is a place to begin again, in ms. */
export const VIDEO_GONE_MS = 3000;

/** LIMIT: media time that one step from message to message counts for, in ms; a publisher may jump by hours. */
export const MAX_STEP_MS = 1000;
