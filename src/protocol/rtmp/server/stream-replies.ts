// What a NetStream is told: its statuses, on its own message stream id, and the user control events around them. The
// first status of a play is Reset or Start, for GStreamer fails on any other. [RTMP 7.1.7, 7.2.2]

import { encodeDataMessage } from '../data-message.ts';
import { MessageType } from '../message.ts';
import type { NetStream } from './net-stream.ts';
import type { OutputQueue } from './output-queue.ts';
import { ChunkStreamId } from './output-queue.ts';
import { StatusCode, statusInfo } from './status.ts';

/** Lets players of a live stream read its pictures and sound. */
const SAMPLE_ACCESS = '|RtmpSampleAccess';

/** Speaks to the NetStreams of one connection. */
export class StreamReplies {
  readonly #output: OutputQueue;

  constructor(output: OutputQueue) {
    this.#output = output;
  }

  /** Says that the NetStream publishes from now on. */
  publishAccepted(stream: NetStream): void {
    this.#begin(stream);
    this.say(stream, StatusCode.PublishStart, `${stream.streamName} is now published.`);
  }

  /** Says that the NetStream plays from now on. */
  playAccepted(stream: NetStream): void {
    this.#begin(stream);
    if (stream.isReset) this.say(stream, StatusCode.PlayReset, `Playing and resetting ${stream.streamName}.`);
    this.say(stream, StatusCode.PlayStart, `Started playing ${stream.streamName}.`);
    const sampleAccess = encodeDataMessage(SAMPLE_ACCESS, [true, true]);
    if (sampleAccess === null) throw new Error(`${SAMPLE_ACCESS} does not encode`);
    this.#output.put({
      typeId: MessageType.DataAmf0,
      chunkStreamId: ChunkStreamId.StreamCommand,
      messageStreamId: stream.id,
      timestampMs: 0,
      payload: sampleAccess,
    });
  }

  /** Says that the NetStream's own publish is over. */
  unpublished(stream: NetStream): void {
    this.say(stream, StatusCode.UnpublishSuccess, `${stream.streamName} is now unpublished.`);
  }

  /** Says that nothing more comes, for the publisher has left or the server ends. */
  publisherLeft(stream: NetStream, description: string): void {
    this.#output.putUserControl({ type: 'stream-eof', messageStreamId: stream.id });
    this.say(stream, StatusCode.PlayUnpublishNotify, description);
  }

  /** Says that a publisher has come. */
  publisherCame(stream: NetStream): void {
    this.#begin(stream);
    this.say(stream, StatusCode.PlayPublishNotify, `${stream.streamName} is now published.`);
  }

  /** Says that nothing comes until the player resumes. [RTMP 7.2.2.8] */
  paused(stream: NetStream): void {
    this.say(stream, StatusCode.PauseNotify, `Paused ${stream.streamName}.`);
  }

  /** Says that it goes on. */
  resumed(stream: NetStream): void {
    this.#begin(stream);
    this.say(stream, StatusCode.UnpauseNotify, `Resumed ${stream.streamName}.`);
  }

  /** Says that the seek is done: a live stream has one place to be, wherever the player wants to go. [RTMP 7.2.2.7] */
  sought(stream: NetStream): void {
    this.#output.putUserControl({ type: 'stream-eof', messageStreamId: stream.id });
    this.say(stream, StatusCode.SeekNotify, `Seeking ${stream.streamName}: it is live.`);
    this.#begin(stream);
  }

  /** Says that sound or pictures come again. [RTMP 7.2.2.4, 7.2.2.5] */
  receivingAgain(stream: NetStream): void {
    this.say(stream, StatusCode.SeekNotify, `Seeking ${stream.streamName}.`);
    this.say(stream, StatusCode.PlayStart, `Started playing ${stream.streamName}.`);
  }

  /** Says a status of what the NetStream does. */
  say(stream: NetStream, code: StatusCode, description: string): void {
    this.#output.putCommand(stream.id, 'onStatus', 0, null, [statusInfo('status', code, description)]);
  }

  /** Says an error, which ends what was asked for, on any id that a client used. */
  refuse(messageStreamId: number, code: StatusCode, description: string): void {
    this.#output.putCommand(messageStreamId, 'onStatus', 0, null, [statusInfo('error', code, description)]);
  }

  #begin(stream: NetStream): void {
    this.#output.putUserControl({ type: 'stream-begin', messageStreamId: stream.id });
  }
}
