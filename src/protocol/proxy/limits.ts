// Limits of PROXY headers. Whoever may send one is trusted with addresses, not with memory.

/** Longest header of version 1 with its CRLF, bytes; LIMIT: the specification's worst case. [PROXY 2.1] */
export const MAX_V1_HEADER_BYTES = 107;

/**
 * Longest part of a version 2 header behind its first 16 bytes, addresses and TLVs together.
 * LIMIT: the field could say 65,535; senders are told to fit into one segment, and a long server name, a unique id and
 * what is known of a client's certificate stay under 1,024. [PROXY 2, 2.2]
 */
export const MAX_V2_REST_BYTES = 4096;
