// What a client session tells its driver, in the order it came about. Every event is tagged by `type`.

import type { AmfValue } from '../../amf/amf-value.ts';
import type { RtmpStatus } from './client-status.ts';

/** The server accepted connect. [RTMP 7.2.1.1] */
export type ConnectedEvent = {
  readonly type: 'connected';
  readonly status: RtmpStatus;
  /** First value of the `_result`: the server's properties (fmsVer, capabilities), if it gave any. */
  readonly properties: AmfValue;
};

/** The server refused connect; `closed` follows. What authentication needs stands in `status.description`. */
export type ConnectRejectedEvent = {
  readonly type: 'connect-rejected';
  readonly status: RtmpStatus;
  /** Where the server sends the client instead, as it gave it; null where it did not. Not to be followed for ever. */
  readonly redirectUrl: string | null;
};

/**
 * The server wants the client to connect anew, and then to leave; until it leaves, all goes on. Servers say so to clients
 * whose connect has bit 0 of the property `capsEx`. [ERTMP2 "Reconnect Request"]
 */
export type ReconnectRequestedEvent = {
  readonly type: 'reconnect-requested';
  readonly status: RtmpStatus;
  /** Where to: absolute, and the current tcUrl where the server named none. */
  readonly tcUrl: string;
};

/**
 * Something became of publish or play. After 'publish-rejected' and 'play-rejected' the session is connected still and
 * may publish or play anew. 'publish-stopped' and 'play-stopped' say that the server ended it; the NetStream stays open
 * until `closeStream`, and 'play-started' comes again where a publisher comes back.
 */
export type StreamStateEvent = {
  readonly type:
    | 'publish-started'
    | 'publish-rejected'
    | 'publish-stopped'
    | 'play-started'
    | 'play-rejected'
    | 'play-stopped';
  readonly status: RtmpStatus;
};

/** One audio or video message of the stream that plays. */
export type MediaEvent = {
  readonly type: 'media';
  readonly kind: 'audio' | 'video';
  /** Absolute, u32, wraps. */
  readonly timestampMs: number;
  /** FLV AUDIODATA or VIDEODATA, perhaps empty. A view as that of an `RtmpMessage`: who keeps it copies it. */
  readonly payload: Uint8Array;
};

/** One data message (type 18 or 15) of the stream that plays; one that does not decode is dropped and counted. */
export type DataEvent = {
  readonly type: 'data';
  /** Absolute, u32, wraps. */
  readonly timestampMs: number;
  /** Handler name: the first value. */
  readonly name: string;
  /** The values behind the name. */
  readonly values: readonly AmfValue[];
  /**
   * The body as it came, name included, without the format byte 00 of type 15. A view as that of an `RtmpMessage`: who
   * keeps it copies it.
   */
  readonly payload: Uint8Array;
};

/** User control StreamEOF: nothing more comes of the stream that plays, for now. [RTMP 7.1.7] */
export type StreamEofEvent = { readonly type: 'stream-eof'; readonly messageStreamId: number };

/** An onStatus that changes nothing of what the session does: Play.Reset, Pause.Notify, Seek.Notify and so on. */
export type StatusEvent = { readonly type: 'status'; readonly status: RtmpStatus };

/** The answer to a `call`, or that none came in time. */
export type CallResultEvent = {
  readonly type: 'call-result';
  /** What `call` returned. */
  readonly transactionId: number;
  readonly outcome: 'result' | 'error' | 'timeout';
  /** Command object and arguments of the answer; empty after a timeout. */
  readonly values: readonly AmfValue[];
};

/** A command of the server that the session does not answer itself. */
export type CommandEvent = {
  readonly type: 'command';
  readonly name: string;
  /** 0 where no answer is wanted. */
  readonly transactionId: number;
  readonly messageStreamId: number;
  /** Command object and arguments. */
  readonly values: readonly AmfValue[];
};

/** The session is over, told once and last. What `takeOutput` still gives is the goodbye. */
export type ClosedEvent = { readonly type: 'closed'; readonly reason: SessionEnd };

/** Why a session ended: a code of a ProtocolError or an ordinary word ('peer-closed', 'done'), and a text for people. */
export type SessionEnd = { readonly code: string; readonly message: string };

/** Everything a client session tells its driver. */
export type ClientEvent =
  | ConnectedEvent
  | ConnectRejectedEvent
  | ReconnectRequestedEvent
  | StreamStateEvent
  | MediaEvent
  | DataEvent
  | StreamEofEvent
  | StatusEvent
  | CallResultEvent
  | CommandEvent
  | ClosedEvent;
