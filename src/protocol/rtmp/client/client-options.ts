// What a client session is told at its start, with the defaults, and the properties that its connect carries.
// [RTMP 7.2.1.1] Authentication is left out: its answers go into app and tcUrl, which client-auth.ts gives the caller.

import { AmfObject, type AmfValue } from '../../amf/amf-value.ts';
import { MAX_MESSAGE_BYTES } from '../limits.ts';

/** How a client session behaves; all but `randomBytes` has a default. */
export type ClientSessionOptions = {
  /** Gives exactly `lengthBytes` random bytes; called once, when the session is made. */
  readonly randomBytes: (lengthBytes: number) => Uint8Array;
  /** Signs the handshake as Flash Player and FFmpeg do. Default false. */
  readonly isHandshakeSigned?: boolean;
  /** Refuses servers that do not sign; needs `isHandshakeSigned`. Default false. */
  readonly requireSigned?: boolean;
  /** Gateways that the connection will have come through, which the handshake tells. Default 0. */
  readonly hopCount?: number;
  /** Our own chunk size, 128..0xFFFFFF bytes, announced before connect unless it is 128. Default 4096. */
  readonly outChunkSizeBytes?: number;
  /** Longest message taken from the server, bytes. Default 8 MiB. */
  readonly maxMessageBytes?: number;
  /** Buffer that a playing client claims to have, ms. Default 3000. */
  readonly bufferLengthMs?: number;
  /** Time for the whole handshake, ms. Default 10,000. */
  readonly handshakeTimeoutMs?: number;
  /** Time for the answer to connect, ms. Default 10,000. */
  readonly connectTimeoutMs?: number;
  /** Time for the answer to createStream, to publish or play, and to each `call`, ms. Default 10,000. */
  readonly commandTimeoutMs?: number;
  /** Silence of a server that accepted connect after which it is pinged, ms. Default 60,000; Infinity: never. */
  readonly pingIntervalMs?: number;
  /** Further silence after which it is given up, ms. Default 60,000; Infinity: never. */
  readonly pingTimeoutMs?: number;
  /**
   * What both times are for a server that answers pings, ms: one is sent as soon as connect was accepted, and they hold from
   * the first answer on. Default Infinity: none is sent for that. WHY: only a server may ping, by the specification, and one
   * that answers none can be told from one that has nothing to say by a long silence alone. [RTMP 7.1.7]
   */
  readonly answeredPingMs?: number;
  /** Time without a byte of progress on a message that the server began, ms. Default 60,000; Infinity: for ever. */
  readonly messageTimeoutMs?: number;
};

/** {@link ClientSessionOptions} with every default filled in. */
export type CompleteClientOptions = Required<ClientSessionOptions>;

/** Default of `outChunkSizeBytes`, as OBS announces it. */
export const DEFAULT_OUT_CHUNK_SIZE_BYTES = 4096;
/** Default of `bufferLengthMs`, as FFmpeg sends it. */
export const DEFAULT_BUFFER_LENGTH_MS = 3000;
/** Default of each of the three timeouts on the way to a stream. */
export const DEFAULT_TIMEOUT_MS = 10_000;
/** Default of `pingIntervalMs`, `pingTimeoutMs` and `messageTimeoutMs`, as nginx-rtmp and our own server have it. */
export const DEFAULT_SILENCE_MS = 60_000;

/** Start time of `play` in ms that takes a live stream, or a recording where there is none. */
export const PLAY_ANY_START_MS = -2000;

/** LIMIT: calls that may wait for their answers at one time; more is a bug of the caller. */
export const MAX_PENDING_CALLS = 1024;

/** LIMIT: NetStreams closed before the server created them, whose ids are still awaited to be given back. */
export const MAX_LEAVING_STREAMS = 16;

/** LIMIT: answers (pings, windows, results) that may wait to be taken: a server that floods without reading ends. */
export const MAX_WAITING_ANSWERS = 4096;

/**
 * Events that wait for the driver before reading stops, 1,024, as on the server; it goes on when they were taken.
 * LIMIT: 64 KiB of real media hold a few hundred messages; a message of one byte costs a hundred times that as an event.
 */
export const MAX_WAITING_CLIENT_EVENTS = 1024;

/**
 * Bytes of messages made of values (commands, data, aggregates) that wait as events before reading stops, 64 KiB.
 * LIMIT: an empty object of four bytes holds 62 times as much, and one message may bring the most values that AMF takes
 * on top; together they stay below 24 MiB, however much is received at once.
 */
export const MAX_WAITING_VALUE_BYTES = 64 * 1024;

/** Fills in the defaults. */
export function completeOptions(options: ClientSessionOptions): CompleteClientOptions {
  return {
    isHandshakeSigned: false,
    requireSigned: false,
    hopCount: 0,
    outChunkSizeBytes: DEFAULT_OUT_CHUNK_SIZE_BYTES,
    maxMessageBytes: MAX_MESSAGE_BYTES,
    bufferLengthMs: DEFAULT_BUFFER_LENGTH_MS,
    handshakeTimeoutMs: DEFAULT_TIMEOUT_MS,
    connectTimeoutMs: DEFAULT_TIMEOUT_MS,
    commandTimeoutMs: DEFAULT_TIMEOUT_MS,
    pingIntervalMs: DEFAULT_SILENCE_MS,
    pingTimeoutMs: DEFAULT_SILENCE_MS,
    answeredPingMs: Number.POSITIVE_INFINITY,
    messageTimeoutMs: DEFAULT_SILENCE_MS,
    ...options,
  };
}

/** What to connect to, and as whom. */
export type ConnectRequest = {
  /** Application, perhaps with instance and query: 'live', 'live/room1', 'live?token=x'. */
  readonly app: string;
  /** 'rtmp://host[:port]/app', with the same query where app has one. */
  readonly tcUrl: string;
  /** Default 'FMLE/3.0 (compatible; Culvert)'. */
  readonly flashVer?: string;
  /** Further properties; one that the client sends itself is replaced in its place. */
  readonly properties?: Readonly<Record<string, AmfValue>>;
  /** Arguments behind the command object. */
  readonly args?: readonly AmfValue[];
};

/** The command object of connect: the properties that FFmpeg sends, in its order. */
export function connectProperties(request: ConnectRequest): AmfObject {
  return AmfObject.of({
    app: request.app,
    type: 'nonprivate',
    flashVer: request.flashVer ?? 'FMLE/3.0 (compatible; Culvert)',
    tcUrl: request.tcUrl,
    fpad: false,
    capabilities: 15,
    audioCodecs: 4071,
    videoCodecs: 252,
    videoFunction: 1,
    ...request.properties,
  });
}
