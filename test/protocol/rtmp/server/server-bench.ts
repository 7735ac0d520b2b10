// A server session on the bench: bytes of a client go in, events and replies come out as lines of text, and the
// decisions are made as the driver makes them, or left to the test.

import assert from 'node:assert/strict';
import type { AmfValue } from '../../../../src/protocol/amf/amf-value.ts';
import { encodeAmf0Values } from '../../../../src/protocol/amf/amf0-encoder.ts';
import { RtmpError, type RtmpErrorCode } from '../../../../src/protocol/rtmp/rtmp-error.ts';
import type { ServerEvent } from '../../../../src/protocol/rtmp/server/server-events.ts';
import {
  RtmpServerSession,
  type ServerSessionOptions,
} from '../../../../src/protocol/rtmp/server/server-session.ts';
import { readAmf, textOf } from '../../../support/amf-wire.ts';
import { join } from '../../../support/chunk-wire.ts';
import { ClientMessages, clientHandshake } from '../../../support/client-messages.ts';
import {
  describeReply,
  SERVER_HANDSHAKE_BYTES,
  ServerReplyReader,
  type WireReply,
} from '../../../support/server-reply-reader.ts';

export const OPTIONS: ServerSessionOptions = {
  randomBytes: (lengthBytes) => new Uint8Array(lengthBytes).fill(0x5a),
  rtmpe: true,
  chunkSizeBytes: 4096,
  ackWindowBytes: 2_500_000,
  maxMessageBytes: 8 * 1024 * 1024,
  maxNameLengthChars: 128,
  recordsConnect: false,
  handshakeTimeoutMs: 10_000,
  connectTimeoutMs: 60_000,
  pingIntervalMs: 60_000,
  pingTimeoutMs: 60_000,
  messageTimeoutMs: 60_000,
};

/** What an accepted connect of transaction 1 with AMF0 is answered. */
export const CONNECT_REPLIES = [
  'window 2500000',
  'bandwidth 2500000 dynamic',
  'chunk size 4096',
  connectResult(0),
] as const;

/** The same, to a client that announced Enhanced RTMP. */
export const ENHANCED_CONNECT_REPLIES = [
  ...CONNECT_REPLIES.slice(0, 3),
  connectResult(0, ', fourCcList: ("*"), videoFourCcInfoMap: {*: 4}, audioFourCcInfoMap: {*: 4}, capsEx: 15'),
] as const;

export const PUBLISH_REPLIES = ['begin 1', '1 onStatus status NetStream.Publish.Start'] as const;
export const UNPUBLISHED = '1 onStatus status NetStream.Unpublish.Success';

export const PLAY_REPLIES = [
  'begin 1',
  '1 onStatus status NetStream.Play.Reset',
  '1 onStatus status NetStream.Play.Start',
  '1 data "|RtmpSampleAccess" true true',
] as const;

/** What the bench does with what it is asked: as the driver, or nothing. */
export type Decisions = 'accepted' | 'left to the test';

export type BenchOptions = {
  readonly decisions?: Decisions;
  readonly options?: Partial<ServerSessionOptions>;
  readonly chunkSizeBytes?: number;
};

/** The `_result` of a connect of transaction 1; `more` is what stands at the end of its info. */
export function connectResult(objectEncoding: number, more = ''): string {
  const server = '{fmsVer: "FMS/3,5,7,7009", capabilities: 31, mode: 1}';
  const status =
    'level: "status", code: "NetConnection.Connect.Success", description: "Connection succeeded."';
  return `0 _result 1 ${server} {${status}, objectEncoding: ${objectEncoding}, data: [version: "3,5,7,7009"]${more}}`;
}

/** The line of a reply as a client that speaks AMF3 gets it: commands as type 17. */
export function asAmf3(line: string): string {
  return /^\d+ (?!data)/.test(line) ? `amf3 ${line}` : line;
}

/** The line of a play event with the usual arguments. */
export function playLine(messageStreamId: number, streamName: string): string {
  return `play ${messageStreamId} "${streamName}" query "" start null live-only false reset true`;
}

/** A session, its client, and what came out. */
export class ServerBench {
  readonly session: RtmpServerSession;
  readonly client: ClientMessages;
  /** The time at which bytes come, ms. */
  nowMs = 0;
  readonly #decisions: Decisions;
  readonly #reader = new ServerReplyReader();
  readonly #events: ServerEvent[] = [];

  constructor({ decisions = 'accepted', options = {}, chunkSizeBytes = 128 }: BenchOptions = {}) {
    this.session = new RtmpServerSession({ ...OPTIONS, ...options }, 0);
    this.client = new ClientMessages(chunkSizeBytes);
    this.#decisions = decisions;
  }

  /** Feeds `parts` one by one, and decides. */
  receive(...parts: readonly Uint8Array[]): this {
    for (const part of parts) {
      this.session.receive(part, this.nowMs);
      this.settle();
    }
    return this;
  }

  /** Feeds all of `parts` in one piece. */
  receiveAtOnce(...parts: readonly Uint8Array[]): this {
    return this.receive(join(parts));
  }

  /** Handles what came up, which may bring up more. */
  settle(): void {
    for (let events = this.session.drainEvents(); events.length > 0; events = this.session.drainEvents()) {
      for (const event of events) {
        this.#events.push(event);
        if (this.#decisions === 'accepted') this.#accept(event);
      }
    }
  }

  /** Feeds `parts`, which must be refused, and gives the error. */
  refuses(code: RtmpErrorCode, ...parts: readonly Uint8Array[]): RtmpError {
    return assertRefused(code, () => this.receive(...parts));
  }

  /** The events since the last call, as they came. */
  takeEvents(): ServerEvent[] {
    this.settle();
    return this.#events.splice(0);
  }

  /** The events since the last call, as lines. */
  events(): string[] {
    return this.takeEvents().map(describeEvent);
  }

  /** The replies since the last call. */
  takeReplies(): WireReply[] {
    const replies: WireReply[] = [];
    while (this.session.hasOutput) {
      const { isHandshakeNext } = this.session;
      const taken = this.session.takeOutput(65_536);
      if (!isHandshakeNext) for (const bytes of taken) replies.push(...this.#reader.read(bytes));
      else assert.deepEqual([taken.length, taken[0]?.length], [1, SERVER_HANDSHAKE_BYTES]);
    }
    return replies;
  }

  /** The replies since the last call, as lines; S0, S1 and S2 are passed over. */
  replies(): string[] {
    return this.takeReplies().map(describeReply);
  }

  /** Takes what there is away. */
  forget(): this {
    this.events();
    this.replies();
    return this;
  }

  #accept(event: ServerEvent): void {
    if (event.type === 'connect') this.session.acceptConnect();
    else if (event.type === 'publish') this.session.acceptPublish();
    else if (event.type === 'play') this.session.acceptPlay();
  }
}

/** A bench behind the handshake. */
export function greeted(options: BenchOptions = {}): ServerBench {
  return new ServerBench(options).receive(clientHandshake()).forget();
}

/** A bench whose client is connected to the application `live`. */
export function connected(options: BenchOptions = {}): ServerBench {
  const bench = greeted(options);
  bench.receive(bench.client.connect('live'));
  if (options.decisions === 'left to the test') bench.session.acceptConnect();
  return bench.forget();
}

/** A bench whose client publishes `key` on NetStream 1. */
export function publishing(options: BenchOptions = {}): ServerBench {
  const bench = connected(options);
  bench.receive(bench.client.call('createStream', 2), bench.client.onStream(1, 'publish', 'key', 'live'));
  return bench.forget();
}

/** A bench whose client plays `key` on NetStream 1. */
export function playing(options: BenchOptions = {}): ServerBench {
  const bench = connected(options);
  bench.receive(bench.client.call('createStream', 2), bench.client.onStream(1, 'play', 'key'));
  return bench.forget();
}

/** Asserts that `work` fails by the peer's fault with `code`, and gives the error. */
export function assertRefused(code: RtmpErrorCode, work: () => unknown): RtmpError {
  try {
    work();
  } catch (error) {
    assert.ok(error instanceof RtmpError, String(error));
    assert.equal(error.code, code);
    return error;
  }
  return assert.fail(`expected ${code}, got no error`);
}

/** Asserts that `work` fails as a bug of ours. */
export function assertOurBug(work: () => unknown): void {
  assert.throws(work, (error) => error instanceof Error && error.name === 'Error');
}

/** An event as one line. */
export function describeEvent(event: ServerEvent): string {
  switch (event.type) {
    case 'connect': {
      const { app, instance, query, tcUrl, flashVersion, objectEncoding } = event;
      return `connect ${quoted({ app, instance, query, tcUrl, flashVersion })} encoding ${objectEncoding}`;
    }
    case 'publish':
      return `publish ${event.messageStreamId} "${event.streamName}" query "${event.query}" ${event.publishType}`;
    case 'play': {
      const { messageStreamId, streamName, query, startMs, isLiveOnly, isReset } = event;
      const wishes = `start ${startMs} live-only ${isLiveOnly} reset ${isReset}`;
      return `play ${messageStreamId} "${streamName}" query "${query}" ${wishes}`;
    }
    case 'audio':
    case 'video': {
      const { type, messageStreamId, timestampMs, payload } = event;
      return `${type} ${messageStreamId} @${timestampMs} ${Buffer.from(payload).toString('hex')}`;
    }
    case 'data': {
      const { messageStreamId, timestampMs, data } = event;
      const values = readAmf(encodeAmf0Values(data.values as AmfValue[])).map(textOf);
      return `data ${messageStreamId} @${timestampMs} ${[data.kind, data.handler, ...values].join(' ')}`;
    }
    case 'unpublish':
    case 'stop':
    case 'seek':
      return `${event.type} ${event.messageStreamId}`;
    case 'filter': {
      const { messageStreamId, audio, video, isPaused } = event;
      return `filter ${messageStreamId} audio ${audio} video ${video} paused ${isPaused}`;
    }
  }
}

function quoted(fields: Readonly<Record<string, string>>): string {
  return Object.entries(fields)
    .map(([key, value]) => `${key} "${value}"`)
    .join(' ');
}
