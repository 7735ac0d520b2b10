// The commands of a client: one NetStream at a time, calls, and what the server says of its own accord. [RTMP 7.2]
// Connect is in client-connect.ts, how a NetStream goes through its steps in client-stream.ts.

import type { AmfValue } from '../../amf/amf-value.ts';
import { ProtocolError } from '../../bytes/protocol-error.ts';
import { type CommandMessage, parseCommand } from '../command-message.ts';
import type { RtmpMessage } from '../message.ts';
import { RtmpError } from '../rtmp-error.ts';
import { ClientCalls } from './client-calls.ts';
import { ClientConnect } from './client-connect.ts';
import type { ClientEvent, SessionEnd } from './client-events.ts';
import { type CompleteClientOptions, type ConnectRequest, MAX_LEAVING_STREAMS } from './client-options.ts';
import { type ClientOutput, commandMessage } from './client-output.ts';
import { findStatus, isPlayStop, isRefusalCode, type RtmpStatus } from './client-status.ts';
import { ClientStream, type StreamGoal } from './client-stream.ts';
import { earlierMs } from './countdown.ts';

/** What the commands need of their session. */
export type ClientCommandsContext = {
  readonly output: ClientOutput;
  readonly options: CompleteClientOptions;
  readonly emit: (event: ClientEvent) => void;
  /** The server accepted connect. */
  readonly connected: () => void;
  /** The server ended the session in an orderly way. */
  readonly close: (reason: SessionEnd) => void;
};

/** Commands of one connection. */
export class ClientCommands {
  readonly #context: ClientCommandsContext;
  readonly #calls: ClientCalls;
  readonly #connect: ClientConnect;
  #stream: ClientStream | null = null;
  /** NetStreams closed before the server gave their ids. */
  #leaving: ClientStream[] = [];

  constructor(context: ClientCommandsContext) {
    this.#context = context;
    this.#calls = new ClientCalls(context.options.commandTimeoutMs);
    this.#connect = new ClientConnect({
      output: context.output,
      emit: context.emit,
      connectTimeoutMs: context.options.connectTimeoutMs,
      connected: context.connected,
      close: context.close,
    });
  }

  /** The NetStream in use, null where there is none. */
  get stream(): ClientStream | null {
    return this.#stream;
  }

  /** Sends connect. */
  connect(request: ConnectRequest): void {
    this.#connect.send(request, this.#calls.nextTransactionId());
  }

  /** Asks for a NetStream to publish or play on. */
  open(goal: StreamGoal): void {
    if (this.#stream !== null) throw new Error(`a stream to ${this.#stream.goal.kind} is open already`);
    const { output, emit, options } = this.#context;
    const { bufferLengthMs, commandTimeoutMs } = options;
    this.#stream = new ClientStream(goal, {
      output,
      calls: this.#calls,
      emit,
      bufferLengthMs,
      commandTimeoutMs,
    });
  }

  /** Gives the NetStream back, where there is one. */
  closeStream(): void {
    const stream = this.#stream;
    if (stream === null) return;
    stream.close();
    this.#forgetClosedStream();
  }

  /** Sends `pause` on the stream that plays; false where none does. `positionMs` is where it paused. */
  pause(isPaused: boolean, positionMs: number): boolean {
    const stream = this.#stream;
    if (stream === null || stream.goal.kind !== 'play' || stream.messageStreamId === 0) return false;
    const transactionId = this.#calls.nextTransactionId();
    this.#put(stream.messageStreamId, 'pause', transactionId, null, [isPaused, positionMs]);
    return true;
  }

  /** Calls a procedure of the server and returns the transaction id of its answer. */
  call(name: string, args: readonly AmfValue[]): number {
    const transactionId = this.#calls.begin();
    this.#put(0, name, transactionId, null, args);
    return transactionId;
  }

  /**
   * Passes time.
   * @throws RtmpError 'rtmp-connect-timeout', 'rtmp-peer-silent' where createStream, publish or play is not answered
   */
  tick(nowMs: number): void {
    this.#connect.tick(nowMs);
    for (const transactionId of this.#calls.tick(nowMs)) {
      this.#context.emit({ type: 'call-result', transactionId, outcome: 'timeout', values: [] });
    }
    const stream = this.#stream;
    if (stream === null || !stream.countdown.tick(nowMs)) return;
    const command = stream.step === 'creating' ? 'createStream' : stream.goal.kind;
    const limitMs = this.#context.options.commandTimeoutMs;
    const text = `expected an answer to ${command} within ${limitMs} ms, got none`;
    throw new RtmpError('rtmp-peer-silent', text);
  }

  /** When to tick next; null where nothing is waited for. */
  get nextDeadlineMs(): number | null {
    const streamMs = this.#stream?.countdown.nextDeadlineMs ?? null;
    return earlierMs(this.#connect.nextDeadlineMs, earlierMs(streamMs, this.#calls.nextDeadlineMs));
  }

  /**
   * Takes in a message of type 20 or 17; false where it could not be read and was dropped.
   * @throws RtmpError 'rtmp-command-malformed' where createStream was answered without an id
   */
  handle(message: RtmpMessage): boolean {
    const command = parseOrNull(message);
    if (command === null) return false;
    const { name, transactionId, commandObject, args } = command;
    switch (name) {
      case '_result':
      case '_error':
        this.#handleReply(transactionId, name === '_error', [commandObject, ...args]);
        break;
      case 'onStatus':
        this.#handleStatus(message.messageStreamId, findStatus([...args, commandObject]));
        break;
      case 'onBWDone':
        // WHY: FFmpeg and librtmp answer so, and there are servers that wait for it.
        this.#answer('_checkbw', this.#calls.nextTransactionId(), []);
        break;
      case '_onbwcheck':
      case 'onBWCheck':
        this.#answer('_result', transactionId, [0]);
        break;
      case 'ping':
        // WHY: librtmp answers so.
        this.#answer('pong', transactionId, []);
        break;
      case 'close':
        this.#context.close({ code: 'peer-closed', message: 'the server sent close' });
        break;
      default:
        this.#handleOther(message.messageStreamId, command);
    }
    return true;
  }

  /** Takes in what an onPlayStatus data message said: the end of a playlist is told so. [RTMP 7.2.2.1] */
  handlePlayStatus(status: RtmpStatus): void {
    if (isPlayStop(status)) this.#stream?.handleStatus(status);
  }

  /** Hands a command on, and minds where it says that the stream is refused, or over. */
  #handleOther(messageStreamId: number, { name, transactionId, commandObject, args }: CommandMessage): void {
    const values = [commandObject, ...args];
    this.#context.emit({ type: 'command', name, transactionId, messageStreamId, values });
    const stream = this.#stream;
    if (stream === null) return;
    const status = findStatus([...args, commandObject]);
    const isPlay = stream.goal.kind === 'play';
    const isAnswer = name === (isPlay ? 'onFCSubscribe' : 'onFCPublish');
    // WHY: librtmp takes onFCUnsubscribe for the end of what it plays. onFCUnpublish answers what we said ourselves.
    const isEnd = isPlay && name === 'onFCUnsubscribe' && isPlayStop(status);
    if (isEnd || (isAnswer && isRefusalCode(status))) stream.handleStatus(status);
    this.#forgetClosedStream();
  }

  #handleReply(transactionId: number, isError: boolean, values: readonly AmfValue[]): void {
    if (this.#connect.handleReply(transactionId, isError, values)) return;
    if (this.#stream?.handleReply(transactionId, isError, values) === true) {
      this.#forgetClosedStream();
    } else if (this.#calls.end(transactionId)) {
      const outcome = isError ? 'error' : 'result';
      this.#context.emit({ type: 'call-result', transactionId, outcome, values });
    } else {
      this.#leaving = this.#leaving.filter((stream) => !stream.handleReply(transactionId, isError, values));
    }
  }

  #handleStatus(messageStreamId: number, status: RtmpStatus): void {
    const isOfConnection = this.#connect.isWaiting || status.code.startsWith('NetConnection.');
    if (isOfConnection) this.#connect.handleStatus(status);
    else if (this.#stream?.owns(messageStreamId) === true) {
      this.#stream.handleStatus(status);
      this.#forgetClosedStream();
    } else this.#context.emit({ type: 'status', status });
  }

  #forgetClosedStream(): void {
    const stream = this.#stream;
    if (stream === null || stream.step !== 'closed') return;
    this.#stream = null;
    if (!stream.isIdDue) return;
    if (this.#leaving.length === MAX_LEAVING_STREAMS) this.#leaving.shift();
    this.#leaving.push(stream);
  }

  #put(id: number, name: string, transactionId: number, object: AmfValue, args: readonly AmfValue[]): void {
    this.#context.output.put(commandMessage(id, name, transactionId, object, args));
  }

  #answer(name: string, transactionId: number, args: readonly AmfValue[]): void {
    this.#context.output.countAnswer();
    this.#put(0, name, transactionId, null, args);
  }
}

/** A command that cannot be read is the loss of that command, not of the connection. */
function parseOrNull(message: RtmpMessage): CommandMessage | null {
  try {
    return parseCommand(message);
  } catch (error) {
    if (error instanceof ProtocolError) return null;
    throw error;
  }
}
