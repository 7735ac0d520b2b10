// The commands of a client, and the answers each wants: the NetConnection ones here, those of a NetStream in
// stream-commands.ts. Answers are AMF0; a NetStream's statuses go out on its own message stream id. [RTMP 7.2]

import type { AmfValue } from '../../amf/amf-value.ts';
import { AmfEcmaArray, AmfObject } from '../../amf/amf-value.ts';
import type { CommandMessage } from '../command-message.ts';
import { parseCommand } from '../command-message.ts';
import type { ControlMessage } from '../control-message.ts';
import { encodeControl } from '../control-message.ts';
import { MAX_MALFORMED_COMMANDS } from '../limits.ts';
import type { RtmpMessage } from '../message.ts';
import { MessageType } from '../message.ts';
import { RtmpError } from '../rtmp-error.ts';
import { numberOf, objectOf, stringArg, stringOf } from './command-args.ts';
import type { OutputQueue } from './output-queue.ts';
import type { ServerEvent } from './server-events.ts';
import type { ServerSessionCounters } from './server-session.ts';
import type { StatusLevel } from './status.ts';
import { StatusCode, statusInfo } from './status.ts';
import { StreamCommands } from './stream-commands.ts';
import { isUsableName, parseAppPath, parseStreamName } from './stream-name.ts';

/** What the commands of a session work on. */
export type CommandContext = {
  readonly output: OutputQueue;
  readonly options: {
    readonly chunkSizeBytes: number;
    readonly ackWindowBytes: number;
    readonly maxNameLengthChars: number;
  };
  readonly counters: ServerSessionCounters;
  readonly emit: (event: ServerEvent) => void;
};

/** What we say we are: Flash turns features on by this. [RTMP 7.2.1.1] */
const SERVER_VERSION = 'FMS/3,5,7,7009';
const SERVER_CAPABILITIES = 31;

/** Commands of single vendors that want a plain yes: an error ends or delays the session of some. */
const VENDOR_COMMANDS = new Set(['_checkbw', 'checkBandwidth', 'set_playlist', 'secureTokenResponse',
  'NetStream.Authenticate.UsherToken', 'bgHasStream', 'onBWCheck', 'onStatus']);

/** Answers to calls of ours; there are none yet, so none is expected. */
const ANSWERS = new Set(['_result', '_error']);

/** What waits for the driver's decision. */
type Due =
  | { readonly type: 'connect'; readonly transactionId: number; readonly objectEncoding: number }
  | { readonly type: 'stream'; readonly messageStreamId: number };

/** The commands of one connection. */
export class ServerCommands {
  readonly #context: CommandContext;
  readonly #streams: StreamCommands;
  #due: Due | null = null;
  #isConnected = false;

  constructor(context: CommandContext) {
    this.#context = context;
    this.#streams = new StreamCommands(context, (messageStreamId) => {
      this.#due = { type: 'stream', messageStreamId };
    });
  }

  /** True while the driver owes a decision. */
  get isDecisionDue(): boolean {
    return this.#due !== null;
  }

  /** True where media on that id is to be taken. */
  isPublishing(messageStreamId: number): boolean {
    return this.#streams.isPublishing(messageStreamId);
  }

  /** The publishing NetStream that data on `messageStreamId` belongs to; old encoders send it on id 0. */
  publishingIdFor(messageStreamId: number): number | null {
    return this.#streams.publishingIdFor(messageStreamId);
  }

  /**
   * Handles a message of type 20 or 17.
   * @throws RtmpError where it cannot be survived: a broken connect, a second one, too many broken commands
   */
  handle(message: RtmpMessage): void {
    const command = this.#parse(message);
    if (command === null) return;
    if (command.name === 'connect') return this.#connect(command);
    if (!this.#isConnected) {
      const text = `expected connect as the first command, got ${JSON.stringify(command.name.slice(0, 64))}`;
      throw new RtmpError('rtmp-command-before-connect', text);
    }
    if (this.#streams.handle(command, message.messageStreamId)) return;
    this.#handleConnectionCommand(command);
  }

  /** Answers the connect that is due with a yes. */
  acceptConnect(): void {
    const due = this.#takeDue('connect');
    const { output, options } = this.#context;
    this.#isConnected = true;
    const { ackWindowBytes: windowBytes, chunkSizeBytes } = options;
    this.#putControl(MessageType.WindowAcknowledgementSize, { type: 'window-acknowledgement-size', windowBytes });
    this.#putControl(MessageType.SetPeerBandwidth, { type: 'set-peer-bandwidth', windowBytes, limit: 'dynamic' });
    this.#putControl(MessageType.SetChunkSize, { type: 'set-chunk-size', chunkSizeBytes });
    output.chunkSizeBytes = chunkSizeBytes;
    const server = AmfObject.of({ fmsVer: SERVER_VERSION, capabilities: SERVER_CAPABILITIES, mode: 1 });
    const info = statusInfo('status', StatusCode.ConnectSuccess, 'Connection succeeded.', {
      objectEncoding: due.objectEncoding,
      data: AmfEcmaArray.of({ version: SERVER_VERSION.slice('FMS/'.length) }),
    });
    output.putCommand(0, '_result', due.transactionId, server, [info]);
  }

  /** Answers the connect that is due with a no. */
  rejectConnect(code: StatusCode, description: string): void {
    const due = this.#takeDue('connect');
    this.#context.output.putCommand(0, '_error', due.transactionId, null, [
      statusInfo('error', code, description),
    ]);
  }

  acceptPublish(): void {
    this.#streams.acceptPublish(this.#takeDue('stream').messageStreamId);
  }

  rejectPublish(code: StatusCode, description: string): void {
    this.#streams.reject(this.#takeDue('stream').messageStreamId, code, description);
  }

  acceptPlay(): void {
    this.#streams.acceptPlay(this.#takeDue('stream').messageStreamId);
  }

  rejectPlay(code: StatusCode, description: string): void {
    this.#streams.reject(this.#takeDue('stream').messageStreamId, code, description);
  }

  publishEnded(messageStreamId: number): void {
    this.#streams.publishEnded(messageStreamId);
  }

  publishStarted(messageStreamId: number): void {
    this.#streams.publishStarted(messageStreamId);
  }

  endStreams(description: string): void {
    this.#streams.endAll(description);
  }

  /** Says a status of the connection itself. */
  sayStatus(level: StatusLevel, code: StatusCode, description: string): void {
    this.#context.output.putCommand(0, 'onStatus', 0, null, [statusInfo(level, code, description)]);
  }

  #putControl(typeId: number, control: ControlMessage): void {
    this.#context.output.putControl(typeId, encodeControl(control));
  }

  #takeDue<Type extends Due['type']>(type: Type): Extract<Due, { type: Type }> {
    const due = this.#due;
    if (due === null || due.type !== type) throw new Error(`no decision on ${type} is due`);
    this.#due = null;
    return due as Extract<Due, { type: Type }>;
  }

  /** A command that does not parse is dropped and counted, unless it comes before connect, or again and again. */
  #parse(message: RtmpMessage): CommandMessage | null {
    try {
      return parseCommand(message);
    } catch (error) {
      const { counters } = this.#context;
      if (!(error instanceof RtmpError) || !this.#isConnected) throw error;
      counters.malformedCommands++;
      if (counters.malformedCommands > MAX_MALFORMED_COMMANDS) throw error;
      return null;
    }
  }

  /** [RTMP 7.2.1.1] */
  #connect(command: CommandMessage): void {
    if (this.#isConnected) {
      throw new RtmpError('rtmp-connect-repeated', 'expected one connect on a connection, got a second one');
    }
    const properties = objectOf(command.commandObject);
    if (properties === null) {
      throw new RtmpError('rtmp-connect-invalid', 'expected an object as connect’s first value, got none');
    }
    const tcUrl = stringOf(properties, 'tcUrl') || stringOf(properties, 'tcurl');
    const path = parseAppPath(stringOf(properties, 'app'), tcUrl);
    const objectEncoding = numberOf(properties, 'objectEncoding', 0) === 3 ? 3 : 0;
    this.#due = { type: 'connect', transactionId: command.transactionId, objectEncoding };
    const { maxNameLengthChars } = this.#context.options;
    const scope = path.instance === '' ? path.app : `${path.app}/${path.instance}`;
    if (!isUsableName(scope, maxNameLengthChars)) {
      const text = `expected an application name of 1 to ${maxNameLengthChars} characters in the URL`;
      this.rejectConnect(StatusCode.ConnectInvalidApp, text);
      throw new RtmpError('rtmp-connect-invalid', text);
    }
    const flashVersion = stringOf(properties, 'flashVer') || stringOf(properties, 'flashver');
    this.#context.emit({
      type: 'connect', ...path, tcUrl, flashVersion, objectEncoding, properties, args: command.args,
    });
  }

  #handleConnectionCommand(command: CommandMessage): void {
    const { name, transactionId, args } = command;
    const { output } = this.#context;
    switch (name) {
      case 'createStream':
        return output.putCommand(0, '_result', transactionId, null, [this.#streams.create()]);
      case 'releaseStream':
        return this.#answer(transactionId, undefined);
      case 'FCPublish':
        return this.#answerNotice(command, 'onFCPublish', StatusCode.PublishStart);
      case 'FCUnpublish':
        this.#streams.endPublishesOf(parseStreamName(stringArg(args, 0)).streamName);
        return this.#answerNotice(command, 'onFCUnpublish', StatusCode.UnpublishSuccess);
      case 'FCSubscribe':
        return this.#answerNotice(command, 'onFCSubscribe', StatusCode.PlayStart);
      case 'FCUnsubscribe':
        return this.#answerNotice(command, 'onFCUnsubscribe', StatusCode.PlayStop);
      case 'getStreamLength':
        return this.#answer(transactionId, 0);
      default:
        if (ANSWERS.has(name)) return;
        if (VENDOR_COMMANDS.has(name)) return this.#answer(transactionId, null);
        return this.#refuseCall(name, transactionId);
    }
  }

  #answer(transactionId: number, value: AmfValue): void {
    if (transactionId !== 0) this.#context.output.putCommand(0, '_result', transactionId, null, [value]);
  }

  /** FMLE and its like wait for the notice, HaishinKit for the `_result`; neither minds the other. */
  #answerNotice(command: CommandMessage, notice: string, code: StatusCode): void {
    this.#answer(command.transactionId, undefined);
    const name = stringArg(command.args, 0);
    this.#context.output.putCommand(0, notice, 0, null, [AmfObject.of({ code, description: name })]);
  }

  #refuseCall(name: string, transactionId: number): void {
    if (transactionId === 0) return;
    const info = statusInfo('error', StatusCode.CallFailed, `Method not found (${name}).`);
    this.#context.output.putCommand(0, '_error', transactionId, null, [info]);
  }
}
