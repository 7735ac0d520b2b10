// What a server session tells its driver. Events that ask for a decision say so; until it is made the session
// reads nothing further, so that what the client sent behind it keeps its order.

import type { AmfObject, AmfValue } from '../../amf/amf-value.ts';
import type { DataMessage } from '../data-message.ts';
import type { EnhancedAbilities } from './enhanced-abilities.ts';

/** A client wants to connect. Decide with `acceptConnect` or `rejectConnect`. [RTMP 7.2.1.1] */
export type ConnectEvent = {
  readonly type: 'connect';
  /** First part of the application path, without slashes and query. */
  readonly app: string;
  /** Rest of the application path; '' for the default instance. */
  readonly instance: string;
  /** What followed `?` in app or tcUrl, without it; may hold secrets. */
  readonly query: string;
  readonly tcUrl: string;
  readonly flashVersion: string;
  /** 0 for AMF0, 3 where the client can also speak AMF3. */
  readonly objectEncoding: number;
  /** What the client said it can do of Enhanced RTMP. */
  readonly enhanced: EnhancedAbilities;
  /** All that the client said of itself. */
  readonly properties: AmfObject;
  readonly args: readonly AmfValue[];
};

/** A client wants to publish on a NetStream. Decide with `acceptPublish` or `rejectPublish`. [RTMP 7.2.2.6] */
export type PublishEvent = {
  readonly type: 'publish';
  readonly messageStreamId: number;
  readonly streamName: string;
  readonly query: string;
  /** 'live', 'record', 'append' or what else the client said. */
  readonly publishType: string;
};

/** A client wants to play on a NetStream. Decide with `acceptPlay` or `rejectPlay`. [RTMP 7.2.2.1] */
export type PlayEvent = {
  readonly type: 'play';
  readonly messageStreamId: number;
  readonly streamName: string;
  readonly query: string;
  /** Where a recording is to start, in ms; null asks for live. */
  readonly startMs: number | null;
  /** True where only a live stream will do. */
  readonly isLiveOnly: boolean;
  /** True where what played before is to be dropped. */
  readonly isReset: boolean;
};

/** Audio or video of a publishing NetStream; the payload is a view as that of an `RtmpMessage`: who keeps it copies it. */
export type MediaEvent = {
  readonly type: 'audio' | 'video';
  readonly messageStreamId: number;
  readonly timestampMs: number;
  readonly payload: Uint8Array;
};

/** A data message of a publishing NetStream. */
export type DataEvent = {
  readonly type: 'data';
  readonly messageStreamId: number;
  readonly timestampMs: number;
  readonly data: DataMessage;
};

/** A NetStream stopped publishing or playing; told exactly once for each that was accepted. */
type StoppedEvent = { readonly type: 'unpublish' | 'stop'; readonly messageStreamId: number };

/** What a playing NetStream now wants to receive. */
export type FilterEvent = {
  readonly type: 'filter';
  readonly messageStreamId: number;
  readonly audio: boolean;
  readonly video: boolean;
  readonly isPaused: boolean;
};

/** A playing NetStream is to begin anew, at a keyframe with its headers in front. [RTMP 7.2.2.7] */
export type SeekEvent = { readonly type: 'seek'; readonly messageStreamId: number };

/** Everything a server session tells its driver. */
export type ServerEvent =
  | ConnectEvent
  | PublishEvent
  | PlayEvent
  | MediaEvent
  | DataEvent
  | StoppedEvent
  | FilterEvent
  | SeekEvent;
