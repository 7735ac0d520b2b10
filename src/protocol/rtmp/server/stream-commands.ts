// The commands of NetStreams: publish, play, pause, seek and what ends them. Each begins with what the NetStream's
// state allows; what it published or played is told to end exactly once, however it ends. [RTMP 7.2.2]

import type { AmfValue } from '../../amf/amf-value.ts';
import type { CommandMessage } from '../command-message.ts';
import { encodeDataMessage } from '../data-message.ts';
import { MessageType } from '../message.ts';
import type { UserControlEvent } from '../user-control.ts';
import { encodeUserControl } from '../user-control.ts';
import { booleanArg, numberArg, stringArg } from './command-args.ts';
import type { NetStream } from './net-stream.ts';
import { NetStreamState, NetStreams } from './net-stream.ts';
import { ChunkStreamId } from './output-queue.ts';
import type { CommandContext } from './server-commands.ts';
import type { StatusLevel } from './status.ts';
import { StatusCode, statusInfo } from './status.ts';
import { isUsableName, parseStreamName } from './stream-name.ts';

/** `start` values of play that ask for a live stream and nothing else, in seconds and in ms. */
const LIVE_ONLY_STARTS = new Set([-1, -1000]);

/** The NetStreams of one connection and their commands. */
export class StreamCommands {
  readonly #context: CommandContext;
  readonly #askDecision: (messageStreamId: number) => void;
  readonly #streams = new NetStreams();

  constructor(context: CommandContext, askDecision: (messageStreamId: number) => void) {
    this.#context = context;
    this.#askDecision = askDecision;
  }

  /** Makes a NetStream and gives its id. */
  create(): number {
    return this.#streams.create().id;
  }

  /** True where media on that id is to be taken. */
  isPublishing(messageStreamId: number): boolean {
    return this.#streams.find(messageStreamId)?.state === NetStreamState.Publishing;
  }

  /** The publishing NetStream that data on `messageStreamId` belongs to, null where that is not clear. */
  publishingIdFor(messageStreamId: number): number | null {
    if (this.isPublishing(messageStreamId)) return messageStreamId;
    if (messageStreamId !== 0) return null;
    const publishing = [...this.#streams.all].filter((stream) => stream.state === NetStreamState.Publishing);
    return publishing.length === 1 ? (publishing[0]?.id ?? null) : null;
  }

  /** Handles a NetStream's command; false where `command` is none. */
  handle(command: CommandMessage, messageStreamId: number): boolean {
    const { args } = command;
    switch (command.name) {
      case 'publish':
        this.#publish(messageStreamId, args);
        return true;
      case 'play':
        this.#play(messageStreamId, args);
        return true;
      case 'pause':
      case 'pauseRaw':
        this.#pause(messageStreamId, booleanArg(args, 0, true));
        return true;
      case 'seek':
        this.#seek(messageStreamId);
        return true;
      case 'receiveAudio':
        this.#receive(messageStreamId, { wantsAudio: booleanArg(args, 0, true) });
        return true;
      case 'receiveVideo':
        this.#receive(messageStreamId, { wantsVideo: booleanArg(args, 0, true) });
        return true;
      case 'closeStream':
        this.#close(messageStreamId, args[0]);
        return true;
      case 'deleteStream':
        this.#delete(args[0]);
        return true;
      default:
        return false;
    }
  }

  /** Answers a publish that was asked for with a yes. */
  acceptPublish(messageStreamId: number): void {
    const stream = this.#expect(messageStreamId, NetStreamState.PublishAsked);
    stream.state = NetStreamState.Publishing;
    this.#userControl({ type: 'stream-begin', messageStreamId });
    this.#say(stream, 'status', StatusCode.PublishStart, `${stream.streamName} is now published.`);
  }

  /** Answers a play that was asked for with a yes. GStreamer wants Reset or Start as the first status. */
  acceptPlay(messageStreamId: number): void {
    const stream = this.#expect(messageStreamId, NetStreamState.PlayAsked);
    stream.state = NetStreamState.Playing;
    this.#userControl({ type: 'stream-begin', messageStreamId });
    if (stream.isReset) {
      this.#say(stream, 'status', StatusCode.PlayReset, `Playing and resetting ${stream.streamName}.`);
    }
    this.#say(stream, 'status', StatusCode.PlayStart, `Started playing ${stream.streamName}.`);
    const sampleAccess = encodeDataMessage('|RtmpSampleAccess', [true, true]);
    if (sampleAccess === null) throw new Error('|RtmpSampleAccess does not encode');
    this.#context.output.put({
      typeId: MessageType.DataAmf0,
      chunkStreamId: ChunkStreamId.StreamCommand,
      messageStreamId,
      timestampMs: 0,
      payload: sampleAccess,
    });
  }

  /** Answers a publish or play that was asked for with a no. */
  reject(messageStreamId: number, code: StatusCode, description: string): void {
    const stream = this.#streams.find(messageStreamId);
    if (stream === undefined) throw new Error(`NetStream ${messageStreamId} asked for nothing`);
    stream.state = NetStreamState.Idle;
    this.#say(stream, 'error', code, description);
  }

  /** Tells a playing NetStream that its publisher has left. [RTMP 7.1.7 Stream EOF] */
  publishEnded(messageStreamId: number): void {
    const stream = this.#streams.find(messageStreamId);
    if (stream?.state !== NetStreamState.Playing) return;
    this.#userControl({ type: 'stream-eof', messageStreamId });
    this.#say(stream, 'status', StatusCode.PlayUnpublishNotify, `${stream.streamName} is now unpublished.`);
  }

  /** Tells a playing NetStream that a publisher has come. */
  publishStarted(messageStreamId: number): void {
    const stream = this.#streams.find(messageStreamId);
    if (stream?.state !== NetStreamState.Playing) return;
    this.#userControl({ type: 'stream-begin', messageStreamId });
    this.#say(stream, 'status', StatusCode.PlayPublishNotify, `${stream.streamName} is now published.`);
  }

  /** Ends the publishes of that name, as FCUnpublish asks. */
  endPublishesOf(streamName: string): void {
    for (const stream of this.#streams.all) {
      if (stream.state === NetStreamState.Publishing && stream.streamName === streamName) this.#stop(stream);
    }
  }

  /** Tells every NetStream that it is over, for the server ends. */
  endAll(description: string): void {
    for (const stream of this.#streams.all) {
      if (stream.state === NetStreamState.Playing) {
        this.#userControl({ type: 'stream-eof', messageStreamId: stream.id });
        this.#say(stream, 'status', StatusCode.PlayUnpublishNotify, description);
      } else if (stream.state === NetStreamState.Publishing) {
        this.#say(stream, 'status', StatusCode.UnpublishSuccess, description);
      }
    }
  }

  /** [RTMP 7.2.2.6] A missing, false or empty name stops the publish. */
  #publish(messageStreamId: number, args: readonly AmfValue[]): void {
    const stream = this.#find(messageStreamId);
    if (stream === null) return;
    const { streamName, query } = parseStreamName(stringArg(args, 0));
    if (streamName === '') return this.#stop(stream);
    if (stream.state === NetStreamState.Publishing) {
      return this.#say(stream, 'error', StatusCode.PublishBadName, 'This NetStream publishes already.');
    }
    if (!isUsableName(streamName, this.#context.options.maxNameLengthChars)) {
      return this.#say(stream, 'error', StatusCode.PublishBadName, this.#nameRule());
    }
    this.#stop(stream);
    stream.state = NetStreamState.PublishAsked;
    stream.streamName = streamName;
    this.#askDecision(messageStreamId);
    const publishType = stringArg(args, 1) || 'live';
    this.#context.emit({ type: 'publish', messageStreamId, streamName, query, publishType });
  }

  /** [RTMP 7.2.2.1] `start` is in ms from all clients that send one, or the small numbers of the specification. */
  #play(messageStreamId: number, args: readonly AmfValue[]): void {
    const stream = this.#find(messageStreamId);
    if (stream === null) return;
    const { streamName, query } = parseStreamName(stringArg(args, 0));
    if (!isUsableName(streamName, this.#context.options.maxNameLengthChars)) {
      return this.#say(stream, 'error', StatusCode.PlayStreamNotFound, this.#nameRule());
    }
    this.#stop(stream);
    const start = numberArg(args, 1);
    stream.state = NetStreamState.PlayAsked;
    stream.streamName = streamName;
    stream.isReset = booleanArg(args, 3, true);
    this.#askDecision(messageStreamId);
    this.#context.emit({
      type: 'play',
      messageStreamId,
      streamName,
      query,
      startMs: start !== null && start >= 0 ? start : null,
      isLiveOnly: start !== null && LIVE_ONLY_STARTS.has(start),
      isReset: stream.isReset,
    });
  }

  /** [RTMP 7.2.2.8] A live stream goes on at a keyframe afterwards. */
  #pause(messageStreamId: number, isPaused: boolean): void {
    const stream = this.#playing(messageStreamId);
    if (stream === null) return;
    stream.isPaused = isPaused;
    if (isPaused) this.#say(stream, 'status', StatusCode.PauseNotify, `Paused ${stream.streamName}.`);
    else {
      this.#userControl({ type: 'stream-begin', messageStreamId });
      this.#say(stream, 'status', StatusCode.UnpauseNotify, `Resumed ${stream.streamName}.`);
    }
    this.#filterChanged(stream);
  }

  /** [RTMP 7.2.2.7] A live stream has one place to be: players only wait for the answer. */
  #seek(messageStreamId: number): void {
    const stream = this.#playing(messageStreamId);
    if (stream === null) return;
    this.#say(stream, 'status', StatusCode.SeekNotify, `Seeking ${stream.streamName}: it is live.`);
    this.#userControl({ type: 'stream-begin', messageStreamId });
  }

  /** [RTMP 7.2.2.4, 7.2.2.5] */
  #receive(messageStreamId: number, wants: { wantsAudio?: boolean; wantsVideo?: boolean }): void {
    const stream = this.#playing(messageStreamId);
    if (stream === null) return;
    const isOn = wants.wantsAudio ?? wants.wantsVideo ?? true;
    Object.assign(stream, wants);
    if (isOn) {
      this.#say(stream, 'status', StatusCode.SeekNotify, `Seeking ${stream.streamName}.`);
      this.#say(stream, 'status', StatusCode.PlayStart, `Started playing ${stream.streamName}.`);
    }
    this.#filterChanged(stream);
  }

  /** GStreamer sends closeStream on the connection, with the stream's name. */
  #close(messageStreamId: number, named: AmfValue): void {
    for (const stream of this.#named(messageStreamId, named)) this.#stop(stream);
  }

  #delete(named: AmfValue): void {
    const id = typeof named === 'number' ? named : 0;
    for (const stream of [...this.#named(id, named)]) {
      this.#stop(stream);
      this.#streams.delete(stream.id);
    }
  }

  /** The NetStreams meant: the one with the id, or all with the name where a name stands in its place. */
  #named(id: number, named: AmfValue): NetStream[] {
    if (typeof named === 'string') {
      const { streamName } = parseStreamName(named);
      return [...this.#streams.all].filter((stream) => stream.streamName === streamName);
    }
    const stream = this.#streams.find(id);
    return stream === undefined ? [] : [stream];
  }

  /** Ends what the NetStream does, if anything, and tells it once. */
  #stop(stream: NetStream): void {
    const { id, state, streamName } = stream;
    stream.state = NetStreamState.Idle;
    stream.isPaused = false;
    stream.wantsAudio = true;
    stream.wantsVideo = true;
    if (state === NetStreamState.Publishing) {
      this.#say(stream, 'status', StatusCode.UnpublishSuccess, `${streamName} is now unpublished.`);
      this.#context.emit({ type: 'unpublish', messageStreamId: id });
    } else if (state === NetStreamState.Playing) {
      this.#context.emit({ type: 'stop', messageStreamId: id });
    }
  }

  #filterChanged(stream: NetStream): void {
    const { id: messageStreamId, wantsAudio: audio, wantsVideo: video, isPaused } = stream;
    this.#context.emit({ type: 'filter', messageStreamId, audio, video, isPaused });
  }

  /** The NetStream that publish or play names; one that cannot be is told so on the id it used. */
  #find(messageStreamId: number): NetStream | null {
    const stream = this.#streams.findOrCreate(messageStreamId);
    if (stream === null) {
      const text = 'Expected the message stream id that createStream gave.';
      const info = statusInfo('error', StatusCode.StreamFailed, text);
      this.#context.output.putCommand(messageStreamId, 'onStatus', 0, null, [info]);
    }
    return stream;
  }

  #playing(messageStreamId: number): NetStream | null {
    const stream = this.#streams.find(messageStreamId);
    return stream?.state === NetStreamState.Playing ? stream : null;
  }

  #expect(messageStreamId: number, state: NetStreamState): NetStream {
    const stream = this.#streams.find(messageStreamId);
    if (stream?.state !== state) throw new Error(`NetStream ${messageStreamId} is not ${state}`);
    return stream;
  }

  #nameRule(): string {
    return `Expected a stream name of 1 to ${this.#context.options.maxNameLengthChars} printable characters.`;
  }

  #say(stream: NetStream, level: StatusLevel, code: StatusCode, description: string): void {
    this.#context.output.putCommand(stream.id, 'onStatus', 0, null, [statusInfo(level, code, description)]);
  }

  #userControl(event: UserControlEvent): void {
    this.#context.output.putControl(MessageType.UserControl, encodeUserControl(event));
  }
}
