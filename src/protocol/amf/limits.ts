// Limits of AMF data, for reading and for writing. AMF comes in small messages; what meets these limits is hostile.

/**
 * Containers open at once, in values; default 64.
 * LIMIT: real command objects and metadata nest 2 to 6 deep; 64 stays far from the end of the call stack.
 */
export const MAX_AMF_DEPTH = 64;

/**
 * Values of one message, in values, containers and their members alike; default 65,536.
 * LIMIT: a `keyframes` table of a film of ten hours holds about 40,000. When writing, every visit counts, so that a few
 * bytes of references cannot unfold into millions of values.
 */
export const MAX_AMF_VALUES = 65_536;

/**
 * Length of one encoded message, in bytes; default 16,777,215.
 * LIMIT: the length field of an RTMP message has 24 bits.
 */
export const MAX_AMF_ENCODED_BYTES = 0xff_ffff;

/** Longest key, class name and short string that AMF0's u16 length can say, in UTF-8 bytes. [AMF0 1.3.1] */
export const MAX_AMF0_SHORT_STRING_BYTES = 0xffff;

/**
 * Flag bytes in a row of an externalizable message, in bytes; default 8.
 * LIMIT: the classes that are known have 1 or 2; each further byte says that it holds values nobody knows.
 */
export const MAX_AMF3_FLAG_BYTES = 8;
