// The commands of a client, and the answers each wants: the NetConnection ones here, those of a NetStream in
// stream-commands.ts. Answers are AMF0, which every client reads, in the type of message that asked. [RTMP 7.2]

import type { AmfValue } from '../../amf/amf-value.ts';
import { AmfObject } from '../../amf/amf-value.ts';
import type { CommandMessage } from '../command-message.ts';
import { parseCommand } from '../command-message.ts';
import type { FloodLimits } from '../flood-limits.ts';
import { MAX_MALFORMED_COMMANDS } from '../limits.ts';
import { MessageType, type RtmpMessage } from '../message.ts';
import { RtmpError } from '../rtmp-error.ts';
import { stringArg } from './command-args.ts';
import type { AnnouncedSizes, ConnectAnswer } from './connect-command.ts';
import { putConnectAnswer, readConnect } from './connect-command.ts';
import { CapsEx } from './enhanced-abilities.ts';
import type { OutputQueue } from './output-queue.ts';
import type { ServerEvent } from './server-events.ts';
import type { SessionCounters } from './session-counters.ts';
import type { ReconnectRequest, StatusLevel } from './status.ts';
import { StatusCode, statusInfo } from './status.ts';
import { StreamCommands } from './stream-commands.ts';
import { isUsableName, parseStreamName } from './stream-name.ts';

/** What the commands of a session work on. */
export type CommandContext = {
  readonly output: OutputQueue;
  readonly options: AnnouncedSizes & { readonly maxNameLengthChars: number };
  readonly counters: SessionCounters;
  readonly floods: FloodLimits;
  readonly emit: (event: ServerEvent) => void;
};

/** Commands of single vendors that want a plain yes: an error ends or delays the session of some. */
const VENDOR_COMMANDS = new Set([
  '_checkbw',
  'checkBandwidth',
  'set_playlist',
  'secureTokenResponse',
  'NetStream.Authenticate.UsherToken',
  'bgHasStream',
  'onBWCheck',
  'onStatus',
]);

/** Answers to calls of ours; there are none yet, so none is expected. */
const ANSWERS = new Set(['_result', '_error']);

/** LIMIT: what is repeated of a command's name, in UTF-16 code units, so that an answer stays small. */
const MAX_SAID_NAME_CHARS = 64;

/** What waits for the driver's decision. */
type Due =
  | ({ readonly type: 'connect' } & ConnectAnswer)
  | { readonly type: 'publish'; readonly messageStreamId: number }
  | { readonly type: 'play'; readonly messageStreamId: number };

/** The commands of one connection. */
export class ServerCommands {
  readonly #context: CommandContext;
  readonly #streams: StreamCommands;
  #due: Due | null = null;
  #isConnected = false;
  /** What the client said at connect, bits of CapsEx. */
  #capsEx = 0;
  /** True where the client said at connect that it reads AMF3, and with it messages of type 17. */
  #readsAmf3 = false;

  constructor(context: CommandContext) {
    this.#context = context;
    this.#streams = new StreamCommands(context, (type, messageStreamId) => {
      this.#due = { type, messageStreamId };
    });
  }

  /** True once connect was accepted. */
  get isConnected(): boolean {
    return this.#isConnected;
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
   * @throws RtmpError where it cannot be survived: a broken connect, a second one, too many commands, broken or not
   */
  handle(message: RtmpMessage): void {
    this.#context.floods.spend('commands');
    const command = this.#parse(message);
    if (command === null) return;
    if (command.name === 'connect') {
      this.#connect(command, message);
      return;
    }
    this.#answerAs(message);
    if (!this.#isConnected) {
      const text = `expected connect as the first command, got ${JSON.stringify(command.name.slice(0, MAX_SAID_NAME_CHARS))}`;
      throw new RtmpError('rtmp-command-before-connect', text);
    }
    if (!this.#streams.handle(command, message.messageStreamId)) this.#handleConnectionCommand(command);
  }

  /** Answers the connect that is due with a yes. */
  acceptConnect(): void {
    const due = this.#takeDue('connect');
    const { output, options } = this.#context;
    this.#isConnected = true;
    putConnectAnswer(output, due, options);
  }

  /** Answers the connect that is due with a no. */
  rejectConnect(code: StatusCode, description: string): void {
    const { transactionId } = this.#takeDue('connect');
    const info = statusInfo('error', code, description);
    this.#context.output.putCommand(0, '_error', transactionId, null, [info]);
  }

  /** Answers the publish that is due with a yes. */
  acceptPublish(): void {
    this.#streams.acceptPublish(this.#takeDue('publish').messageStreamId);
  }

  /** Answers the publish that is due with a no. */
  rejectPublish(code: StatusCode, description: string): void {
    this.#streams.reject(this.#takeDue('publish').messageStreamId, code, description);
  }

  /** Answers the play that is due with a yes. */
  acceptPlay(): void {
    this.#streams.acceptPlay(this.#takeDue('play').messageStreamId);
  }

  /** Answers the play that is due with a no. */
  rejectPlay(code: StatusCode, description: string): void {
    this.#streams.reject(this.#takeDue('play').messageStreamId, code, description);
  }

  /** Tells a playing NetStream that its publisher has left. */
  publishEnded(messageStreamId: number): void {
    this.#streams.publishEnded(messageStreamId);
  }

  /** Tells a playing NetStream that a publisher has come. */
  publishStarted(messageStreamId: number): void {
    this.#streams.publishStarted(messageStreamId);
  }

  /** Tells all of them that they are over. */
  endStreams(description: string): void {
    this.#streams.endAll(description);
  }

  /** Says a status of the connection itself. */
  sayStatus(level: StatusLevel, code: StatusCode, description: string): void {
    this.#context.output.putCommand(0, 'onStatus', 0, null, [statusInfo(level, code, description)]);
  }

  /** Asks the client to connect again; false where it did not say that it can. */
  requestReconnect({ tcUrl, description = 'Please connect again.' }: ReconnectRequest): boolean {
    if ((this.#capsEx & CapsEx.Reconnect) === 0) return false;
    const where = tcUrl === undefined ? {} : { tcUrl };
    const info = statusInfo('status', StatusCode.ConnectReconnectRequest, description, where);
    this.#context.output.putCommand(0, 'onStatus', 0, null, [info]);
    return true;
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
      if (counters.malformedCommands > MAX_MALFORMED_COMMANDS) {
        const text = `expected at most ${MAX_MALFORMED_COMMANDS} commands that do not parse, got one more: ${error.message}`;
        throw new RtmpError(error.code, text, { cause: error });
      }
      return null;
    }
  }

  /** Answers go out in the type of message that asked, where the client can read it. */
  #answerAs({ typeId }: RtmpMessage): void {
    const isAmf3 = typeId === MessageType.CommandAmf3 && this.#readsAmf3;
    this.#context.output.commandTypeId = isAmf3 ? MessageType.CommandAmf3 : MessageType.CommandAmf0;
  }

  /** [RTMP 7.2.1.1] */
  #connect(command: CommandMessage, message: RtmpMessage): void {
    if (this.#isConnected) {
      throw new RtmpError('rtmp-connect-repeated', 'expected one connect on a connection, got a second one');
    }
    const event = readConnect(command);
    const { app, instance, objectEncoding, enhanced } = event;
    this.#capsEx = enhanced.capsEx;
    this.#readsAmf3 = objectEncoding === 3;
    this.#answerAs(message);
    this.#due = { type: 'connect', transactionId: command.transactionId, objectEncoding, enhanced };
    const { maxNameLengthChars } = this.#context.options;
    if (!isUsableName(instance === '' ? app : `${app}/${instance}`, maxNameLengthChars)) {
      const text = `expected an application name of 1 to ${maxNameLengthChars} characters in the URL`;
      this.rejectConnect(StatusCode.ConnectInvalidApp, text);
      throw new RtmpError('rtmp-connect-invalid', text);
    }
    this.#context.emit(event);
  }

  #handleConnectionCommand(command: CommandMessage): void {
    const { name, transactionId, args } = command;
    const { output, floods } = this.#context;
    switch (name) {
      case 'createStream':
        floods.spend('createStream calls');
        output.putCommand(0, '_result', transactionId, null, [this.#streams.create()]);
        break;
      case 'releaseStream':
        this.#answer(transactionId, undefined);
        break;
      case 'FCPublish':
        this.#answerNotice(command, 'onFCPublish', StatusCode.PublishStart);
        break;
      case 'FCUnpublish':
        this.#streams.endPublishesOf(parseStreamName(stringArg(args, 0)).streamName);
        this.#answerNotice(command, 'onFCUnpublish', StatusCode.UnpublishSuccess);
        break;
      case 'FCSubscribe':
        this.#answerNotice(command, 'onFCSubscribe', StatusCode.PlayStart);
        break;
      case 'FCUnsubscribe':
        this.#answerNotice(command, 'onFCUnsubscribe', StatusCode.PlayStop);
        break;
      case 'getStreamLength':
        this.#answer(transactionId, 0);
        break;
      default:
        if (VENDOR_COMMANDS.has(name)) this.#answer(transactionId, null);
        else if (!ANSWERS.has(name)) this.#refuseCall(name, transactionId);
    }
  }

  #answer(transactionId: number, value: AmfValue): void {
    if (transactionId !== 0) this.#context.output.putCommand(0, '_result', transactionId, null, [value]);
  }

  /** FMLE and its like wait for the notice, HaishinKit for the `_result`; neither minds the other. */
  #answerNotice(command: CommandMessage, notice: string, code: StatusCode): void {
    this.#answer(command.transactionId, undefined);
    const { output, options } = this.#context;
    const description = stringArg(command.args, 0).slice(0, options.maxNameLengthChars);
    output.putCommand(0, notice, 0, null, [AmfObject.of({ code, description })]);
  }

  #refuseCall(name: string, transactionId: number): void {
    this.#context.floods.spend('unknown commands');
    if (transactionId === 0) return;
    const info = statusInfo(
      'error',
      StatusCode.CallFailed,
      `Method not found (${name.slice(0, MAX_SAID_NAME_CHARS)}).`,
    );
    this.#context.output.putCommand(0, '_error', transactionId, null, [info]);
  }
}
