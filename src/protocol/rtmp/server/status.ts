// The status words of RTMP that the server says, and the info objects that carry them: always an AMF0 object with
// level, code and description first, for FFmpeg looks for them in nothing else. [RTMP 7.2.2]

import type { AmfValue } from '../../amf/amf-value.ts';
import { AmfObject } from '../../amf/amf-value.ts';

/** Status codes that the server sends. */
export const StatusCode = {
  ConnectSuccess: 'NetConnection.Connect.Success',
  ConnectRejected: 'NetConnection.Connect.Rejected',
  ConnectInvalidApp: 'NetConnection.Connect.InvalidApp',
  ConnectClosed: 'NetConnection.Connect.Closed',
  ConnectAppShutdown: 'NetConnection.Connect.AppShutdown',
  ConnectReconnectRequest: 'NetConnection.Connect.ReconnectRequest',
  CallFailed: 'NetConnection.Call.Failed',
  StreamFailed: 'NetStream.Failed',
  PublishStart: 'NetStream.Publish.Start',
  PublishBadName: 'NetStream.Publish.BadName',
  UnpublishSuccess: 'NetStream.Unpublish.Success',
  PlayStart: 'NetStream.Play.Start',
  PlayReset: 'NetStream.Play.Reset',
  PlayStop: 'NetStream.Play.Stop',
  PlayFailed: 'NetStream.Play.Failed',
  PlayStreamNotFound: 'NetStream.Play.StreamNotFound',
  PlayPublishNotify: 'NetStream.Play.PublishNotify',
  PlayUnpublishNotify: 'NetStream.Play.UnpublishNotify',
  PauseNotify: 'NetStream.Pause.Notify',
  UnpauseNotify: 'NetStream.Unpause.Notify',
  SeekNotify: 'NetStream.Seek.Notify',
} as const;
export type StatusCode = (typeof StatusCode)[keyof typeof StatusCode];

/** Level of a status: an error ends what was asked for. */
export type StatusLevel = 'status' | 'error';

/** What a client is told that is to connect again. [ERTMP2 "Reconnect Request"] */
export type ReconnectRequest = {
  /** Where to, absolute or relative to the client's tcUrl; the same URL where nothing is said. */
  readonly tcUrl?: string;
  /** Why, for people. */
  readonly description?: string;
};

/** The info object of a status. */
export function statusInfo(
  level: StatusLevel,
  code: StatusCode,
  description: string,
  more: Record<string, AmfValue> = {},
): AmfObject {
  return AmfObject.of({ level, code, description, ...more });
}
