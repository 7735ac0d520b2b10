// The commands of NetStreams: publish, play and what ends them; what changes a play is in playback-commands.ts. What
// was published or played is told to end exactly once, however it ends. [RTMP 7.2.2]

import type { AmfValue } from '../../amf/amf-value.ts';
import type { CommandMessage } from '../command-message.ts';
import { booleanArg, numberArg, stringArg } from './command-args.ts';
import type { NetStream } from './net-stream.ts';
import { NetStreamState, NetStreams } from './net-stream.ts';
import { filterOf, handlePlaybackCommand, isPlaybackCommand } from './playback-commands.ts';
import type { CommandContext } from './server-commands.ts';
import { StatusCode } from './status.ts';
import type { StreamName } from './stream-name.ts';
import { isUsableName, parseStreamName } from './stream-name.ts';
import { StreamReplies } from './stream-replies.ts';

/** `start` values of play that ask for a live stream and nothing else, in seconds and in ms. */
const LIVE_ONLY_STARTS = new Set([-1, -1000]);

/** The NetStreams of one connection and their commands. */
export class StreamCommands {
  readonly #context: CommandContext;
  readonly #askDecision: (type: 'publish' | 'play', messageStreamId: number) => void;
  readonly #replies: StreamReplies;
  readonly #streams = new NetStreams();

  constructor(
    context: CommandContext,
    askDecision: (type: 'publish' | 'play', messageStreamId: number) => void,
  ) {
    this.#context = context;
    this.#askDecision = askDecision;
    this.#replies = new StreamReplies(context.output);
  }

  /** Makes a NetStream and gives its id. @throws RtmpError 'rtmp-message-streams-exceeded' */
  create(): number {
    return this.#streams.create().id;
  }

  /** True where media on that id is to be taken. */
  isPublishing(messageStreamId: number): boolean {
    return this.#streams.find(messageStreamId)?.state === NetStreamState.Publishing;
  }

  /** The publishing NetStream that data on `messageStreamId` belongs to, null where that is not clear. */
  publishingIdFor(messageStreamId: number): number | null {
    return this.#streams.publishing(messageStreamId)?.id ?? null;
  }

  /** Handles a NetStream's command; false where `command` is none. @throws RtmpError 'rtmp-message-streams-exceeded' */
  handle(command: CommandMessage, messageStreamId: number): boolean {
    const { args } = command;
    switch (command.name) {
      case 'publish':
        this.#publish(messageStreamId, args);
        return true;
      case 'play':
        this.#play(messageStreamId, args);
        return true;
      case 'play2':
        this.#switch(messageStreamId);
        return true;
      case 'closeStream':
        for (const stream of this.#named(messageStreamId, args[0])) this.#stop(stream);
        return true;
      case 'deleteStream':
        this.#delete(args[0]);
        return true;
      default:
        return this.#handlePlayback(command, messageStreamId);
    }
  }

  /** Answers a publish that was asked for with a yes. */
  acceptPublish(messageStreamId: number): void {
    const stream = this.#asking(messageStreamId);
    stream.state = NetStreamState.Publishing;
    this.#replies.publishAccepted(stream);
  }

  /** Answers a play that was asked for with a yes. */
  acceptPlay(messageStreamId: number): void {
    const stream = this.#asking(messageStreamId);
    stream.state = NetStreamState.Playing;
    this.#replies.playAccepted(stream);
    if (!stream.wantsAudio || !stream.wantsVideo) this.#context.emit(filterOf(stream));
  }

  /** Answers a publish or play that was asked for with a no. */
  reject(messageStreamId: number, code: StatusCode, description: string): void {
    this.#asking(messageStreamId).state = NetStreamState.Idle;
    this.#replies.refuse(messageStreamId, code, description);
  }

  /** Tells a playing NetStream that its publisher has left. */
  publishEnded(messageStreamId: number): void {
    const stream = this.#playing(messageStreamId);
    if (stream !== null) this.#replies.publisherLeft(stream, `${stream.streamName} is now unpublished.`);
  }

  /** Tells a playing NetStream that a publisher has come. */
  publishStarted(messageStreamId: number): void {
    const stream = this.#playing(messageStreamId);
    if (stream !== null) this.#replies.publisherCame(stream);
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
      if (stream.state === NetStreamState.Playing) this.#replies.publisherLeft(stream, description);
      else if (stream.state === NetStreamState.Publishing) {
        this.#replies.say(stream, StatusCode.UnpublishSuccess, description);
      }
    }
  }

  /** [RTMP 7.2.2.6] A name that is missing, false or empty stops the publish. */
  #publish(messageStreamId: number, args: readonly AmfValue[]): void {
    const stream = this.#find(messageStreamId);
    if (stream === null) return;
    const name = parseStreamName(stringArg(args, 0));
    const isPublishing = stream.state === NetStreamState.Publishing;
    if (name.streamName === '' && (isPublishing || typeof args[0] !== 'string')) this.#stop(stream);
    else if (isPublishing) {
      this.#replies.refuse(stream.id, StatusCode.PublishBadName, 'This NetStream publishes already.');
    } else if (this.#isUsable(name, stream, StatusCode.PublishBadName)) {
      this.#ask('publish', stream, name);
      const publishType = stringArg(args, 1) || 'live';
      this.#context.emit({ type: 'publish', messageStreamId, ...name, publishType });
    }
  }

  /** [RTMP 7.2.2.1] `start` is in ms from all clients that send one, or the small numbers of the specification. */
  #play(messageStreamId: number, args: readonly AmfValue[]): void {
    const stream = this.#find(messageStreamId);
    if (stream === null) return;
    const name = parseStreamName(stringArg(args, 0));
    if (!this.#isUsable(name, stream, StatusCode.PlayStreamNotFound)) return;
    this.#ask('play', stream, name);
    stream.isReset = booleanArg(args, 3, true);
    const start = numberArg(args, 1);
    this.#context.emit({
      type: 'play',
      messageStreamId,
      ...name,
      startMs: start !== null && start >= 0 ? start : null,
      isLiveOnly: start !== null && LIVE_ONLY_STARTS.has(start),
      isReset: stream.isReset,
    });
  }

  /** There is one quality to a stream, none to switch to: what plays goes on. */
  #switch(messageStreamId: number): void {
    const stream = this.#find(messageStreamId);
    if (stream === null) return;
    this.#replies.refuse(stream.id, StatusCode.PlayFailed, 'Expected play: play2 is not supported.');
  }

  /** A command that changes how a NetStream plays; ignored where none was made. */
  #handlePlayback(command: CommandMessage, messageStreamId: number): boolean {
    if (!isPlaybackCommand(command.name)) return false;
    const stream = this.#streams.find(messageStreamId);
    if (stream === undefined) return true;
    const event = handlePlaybackCommand(stream, command, this.#replies);
    if (event !== null) this.#context.emit(event);
    return true;
  }

  #delete(named: AmfValue): void {
    for (const stream of this.#named(typeof named === 'number' ? named : 0, named)) {
      this.#stop(stream);
      this.#streams.delete(stream.id);
    }
  }

  /** What closeStream and deleteStream mean: an id, or the name that GStreamer says in its place. */
  #named(id: number, named: AmfValue): NetStream[] {
    return this.#streams.named(id, typeof named === 'string' ? parseStreamName(named).streamName : '');
  }

  /** Ends what the NetStream does and makes it wait for the driver's word. */
  #ask(type: 'publish' | 'play', stream: NetStream, { streamName }: StreamName): void {
    this.#stop(stream);
    stream.state = NetStreamState.Asking;
    stream.streamName = streamName;
    this.#askDecision(type, stream.id);
  }

  /** Ends what the NetStream does, if anything, and tells it once. */
  #stop(stream: NetStream): void {
    const { id: messageStreamId, state } = stream;
    stream.state = NetStreamState.Idle;
    stream.isPaused = false;
    if (state === NetStreamState.Publishing) {
      this.#replies.unpublished(stream);
      this.#context.emit({ type: 'unpublish', messageStreamId });
    } else if (state === NetStreamState.Playing) this.#context.emit({ type: 'stop', messageStreamId });
  }

  #isUsable({ streamName }: StreamName, stream: NetStream, refusal: StatusCode): boolean {
    const { maxNameLengthChars } = this.#context.options;
    if (isUsableName(streamName, maxNameLengthChars)) return true;
    const text = `Expected a stream name of 1 to ${maxNameLengthChars} printable characters.`;
    this.#replies.refuse(stream.id, refusal, text);
    return false;
  }

  /** The NetStream that a command names; one that cannot be is told so on the id that was used. */
  #find(messageStreamId: number): NetStream | null {
    const stream = this.#streams.findOrCreate(messageStreamId);
    if (stream === null) {
      const text = 'Expected the message stream id that createStream gave.';
      this.#replies.refuse(messageStreamId, StatusCode.StreamFailed, text);
    }
    return stream;
  }

  #playing(messageStreamId: number): NetStream | null {
    const stream = this.#streams.find(messageStreamId);
    return stream?.state === NetStreamState.Playing ? stream : null;
  }

  #asking(messageStreamId: number): NetStream {
    const stream = this.#streams.find(messageStreamId);
    if (stream?.state !== NetStreamState.Asking) throw new Error(`NetStream ${messageStreamId} asks nothing`);
    return stream;
  }
}
