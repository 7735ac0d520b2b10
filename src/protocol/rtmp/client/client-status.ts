// The info objects in which servers say what became of connect, publish and play, and which codes mean what to a
// client. Servers in the field send them as Object and as ECMA array, with fields missing. [RTMP 7.2.2]

import { AmfEcmaArray, AmfObject, type AmfValue } from '../../amf/amf-value.ts';

/** A status as the server gave it; what it left out is ''. */
export type RtmpStatus = {
  /** 'status', 'warning' or 'error' as a rule. */
  readonly level: string;
  /** A word like 'NetStream.Play.Start'. */
  readonly code: string;
  readonly description: string;
  /** The whole info value. */
  readonly info: AmfValue;
};

/** Reads an info value of any type. */
export function readStatus(info: AmfValue): RtmpStatus {
  return {
    level: textOf(info, 'level'),
    code: textOf(info, 'code'),
    description: textOf(info, 'description'),
    info,
  };
}

/**
 * The first of `values` that holds a status: where it stands differs between servers. A text that stands alone, as in
 * some an `_error`, is a description. An empty status if there is neither.
 */
export function findStatus(values: readonly AmfValue[]): RtmpStatus {
  const info = values.find((value) => STATUS_KEYS.some((key) => textOf(value, key) !== ''));
  if (info !== undefined) return readStatus(info);
  const text = values.find((value) => typeof value === 'string');
  return { level: '', code: '', description: text ?? '', info: text };
}

/** Where a refusal of connect sends the client instead, as the server gave it; null where it does not. */
export function redirectOf({ info }: RtmpStatus): string | null {
  const ex = memberOf(info, 'ex');
  const code = memberOf(ex, 'code');
  if (code !== undefined && code !== REDIRECT_CODE) return null;
  return textOf(ex, 'redirect') || null;
}

/** True where the status refuses what was asked for, by its level or by its code. */
export function isRefusal(status: RtmpStatus): boolean {
  return status.level === 'error' || isRefusalCode(status);
}

/** True where the code alone says that the stream is refused, or over; a failed seek does not. */
export function isRefusalCode(status: RtmpStatus): boolean {
  return REFUSAL_CODES.has(status.code);
}

/** True where publishing may begin. */
export function isPublishStart(status: RtmpStatus): boolean {
  return status.code === 'NetStream.Publish.Start';
}

/** True where the server ended the publishing. */
export function isPublishStop(status: RtmpStatus): boolean {
  return status.code === 'NetStream.Unpublish.Success';
}

/** True where playing begins, or goes on since a publisher came. */
export function isPlayStart(status: RtmpStatus): boolean {
  return status.code === 'NetStream.Play.Start' || status.code === 'NetStream.Play.PublishNotify';
}

/** True where the server ended the playing. */
export function isPlayStop(status: RtmpStatus): boolean {
  return PLAY_STOP_CODES.has(status.code);
}

/** Codes that mean a refusal, whatever level the server gave them. */
const REFUSAL_CODES: ReadonlySet<string> = new Set([
  'NetStream.Failed',
  'NetStream.Publish.BadName',
  'NetStream.Publish.Denied',
  'NetStream.Publish.Rejected',
  'NetStream.Publish.Unauthorized',
  'NetStream.Play.Failed',
  'NetStream.Play.StreamNotFound',
  'NetStream.Play.FileStructureInvalid',
  'NetStream.Play.NoSupportedTrackFound',
]);

const STATUS_KEYS = ['code', 'level', 'description'] as const;

/** What Flash Media Server gives as `ex.code` of a redirect. */
const REDIRECT_CODE = 302;

const PLAY_STOP_CODES: ReadonlySet<string> = new Set([
  'NetStream.Play.Stop',
  'NetStream.Play.Complete',
  'NetStream.Play.UnpublishNotify',
]);

/** The text of `key` in an info value of any type; '' where there is none. */
export function textOf(info: AmfValue, key: string): string {
  const value = memberOf(info, key);
  return typeof value === 'string' ? value : '';
}

function memberOf(info: AmfValue, key: string): AmfValue {
  return info instanceof AmfObject || info instanceof AmfEcmaArray ? info.get(key) : undefined;
}
