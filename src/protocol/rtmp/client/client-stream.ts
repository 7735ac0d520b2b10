// One NetStream of a client, from createStream to deleteStream: what is sent at each step and what the server's
// answers mean. [RTMP 7.2.1.3, 7.2.2] Published and played streams take the same steps.

import type { AmfValue } from '../../amf/amf-value.ts';
import { MessageType } from '../message.ts';
import { RtmpError } from '../rtmp-error.ts';
import { encodeUserControl } from '../user-control.ts';
import type { ClientCalls } from './client-calls.ts';
import type { ClientEvent, StreamStateEvent } from './client-events.ts';
import { type ClientOutput, commandMessage } from './client-output.ts';
import {
  findStatus,
  isPlayStart,
  isPlayStop,
  isPublishStart,
  isPublishStop,
  isRefusal,
  isRefusalCode,
  type RtmpStatus,
} from './client-status.ts';
import { Countdown } from './countdown.ts';

/** What the NetStream is for. */
export type StreamGoal =
  | { readonly kind: 'publish'; readonly name: string; readonly publishType: string }
  | { readonly kind: 'play'; readonly name: string; readonly startMs: number };

/** Start time in ms that asks for a live stream and nothing else; FCSubscribe goes before it. */
const LIVE_ONLY_START_MS = -1000;

/** What a stream needs of its session. */
export type ClientStreamContext = {
  readonly output: ClientOutput;
  readonly calls: ClientCalls;
  readonly emit: (event: ClientEvent) => void;
  readonly bufferLengthMs: number;
  readonly commandTimeoutMs: number;
};

/** Steps of a NetStream: 'stopped' by the server, 'closed' by either side for good. */
export type ClientStreamStep = 'creating' | 'starting' | 'started' | 'stopped' | 'closed';

/** One NetStream. */
export class ClientStream {
  readonly goal: StreamGoal;
  /** Runs while createStream, publish or play waits for its answer. */
  readonly countdown = new Countdown();
  readonly #context: ClientStreamContext;
  #step: ClientStreamStep = 'creating';
  #messageStreamId = 0;
  #isIdDue = true;
  #createTransactionId = 0;
  #startTransactionId = 0;

  /** Asks the server for a NetStream. */
  constructor(goal: StreamGoal, context: ClientStreamContext) {
    this.goal = goal;
    this.#context = context;
    const { calls, bufferLengthMs } = context;
    if (goal.kind === 'publish') {
      // WHY: FMLE and all that imitate it send these two, and some servers begin to accept the stream on them.
      this.#put(0, 'releaseStream', calls.nextTransactionId(), [goal.name]);
      this.#put(0, 'FCPublish', calls.nextTransactionId(), [goal.name]);
    } else {
      this.#putBufferLength(0, bufferLengthMs);
    }
    this.#createTransactionId = calls.nextTransactionId();
    this.#put(0, 'createStream', this.#createTransactionId, []);
    if (goal.kind === 'play' && goal.startMs === LIVE_ONLY_START_MS) {
      this.#put(0, 'FCSubscribe', calls.nextTransactionId(), [goal.name]);
    }
    this.countdown.start(context.commandTimeoutMs);
  }

  /** Where the NetStream stands. */
  get step(): ClientStreamStep {
    return this.#step;
  }

  /** Id that the server gave, 0 before it did. */
  get messageStreamId(): number {
    return this.#messageStreamId;
  }

  /** True while createStream is not answered: an id that comes when the NetStream is closed is to be given back. */
  get isIdDue(): boolean {
    return this.#isIdDue;
  }

  /** True for the id of this NetStream, and for 0, which some servers put on everything. */
  owns(messageStreamId: number): boolean {
    return messageStreamId === this.#messageStreamId || messageStreamId === 0;
  }

  /**
   * Takes in an answer; false where it answers nothing of this NetStream. `values` are command object and arguments.
   * @throws RtmpError 'rtmp-command-malformed' where the answer to createStream carries no id
   */
  handleReply(transactionId: number, isError: boolean, values: readonly AmfValue[]): boolean {
    if (transactionId === this.#createTransactionId) {
      if (!this.#isIdDue) return true;
      this.#isIdDue = false;
      // WHY: a number, wherever it stands: some servers leave the command object out.
      if (!isError) this.#create(values.find((value) => typeof value === 'number'));
      else if (this.#step === 'creating') this.#reject(findStatus(values));
      return true;
    }
    if (transactionId !== this.#startTransactionId) return false;
    if (isError && this.#step === 'starting') this.#reject(findStatus(values));
    return true;
  }

  /** Takes in an onStatus of this NetStream. */
  handleStatus(status: RtmpStatus): void {
    const isPublish = this.goal.kind === 'publish';
    const isStart = isPublish ? isPublishStart(status) : isPlayStart(status);
    const isStop = isPublish ? isPublishStop(status) : isPlayStop(status);
    // WHY: before it is created only by its code: a server may refuse the name at FCPublish or FCSubscribe already, or
    // say at level 'error' that it does not know these.
    const isRefused = this.#step === 'creating' ? isRefusalCode(status) : isRefusal(status);
    if ((this.#step === 'creating' || this.#step === 'starting') && isRefused) {
      this.#reject(status);
    } else if ((this.#step === 'starting' || this.#step === 'stopped') && isStart) {
      this.countdown.stop();
      this.#enter('started', status);
    } else if (this.#step === 'started' && (isStop || isRefusalCode(status))) {
      this.#enter('stopped', status);
    } else {
      this.#context.emit({ type: 'status', status });
    }
  }

  /** Gives the NetStream back to the server. Where it is not created yet, that is done as soon as it is. */
  close(): void {
    const { calls } = this.#context;
    if (this.#step === 'closed') return;
    if (this.goal.kind === 'publish') {
      this.#put(0, 'FCUnpublish', calls.nextTransactionId(), [this.goal.name]);
    }
    this.#step = 'closed';
    this.countdown.stop();
    if (this.#messageStreamId !== 0) this.#delete();
  }

  #create(id: AmfValue): void {
    if (typeof id !== 'number' || !Number.isInteger(id) || id < 1 || id > 0xffffffff) {
      const text = `expected a stream id of 1..4294967295 in the answer to createStream, got ${String(id)}`;
      throw new RtmpError('rtmp-command-malformed', text);
    }
    this.#messageStreamId = id;
    if (this.#step === 'closed') this.#delete();
    else this.#start(id);
  }

  #start(id: number): void {
    const { goal } = this;
    const { calls, bufferLengthMs, commandTimeoutMs } = this.#context;
    this.#step = 'starting';
    this.countdown.start(commandTimeoutMs);
    this.#startTransactionId = calls.nextTransactionId();
    if (goal.kind === 'publish') {
      this.#put(id, 'publish', this.#startTransactionId, [goal.name, goal.publishType]);
      return;
    }
    this.#put(id, 'play', this.#startTransactionId, [goal.name, goal.startMs]);
    this.#putBufferLength(id, bufferLengthMs);
  }

  #reject(status: RtmpStatus): void {
    this.#context.emit({ type: `${this.goal.kind}-rejected`, status });
    this.#step = 'closed';
    this.countdown.stop();
    if (this.#messageStreamId !== 0) this.#delete();
  }

  #enter(step: 'started' | 'stopped', status: RtmpStatus): void {
    this.#step = step;
    const type: StreamStateEvent['type'] = `${this.goal.kind}-${step}`;
    this.#context.emit({ type, status });
  }

  #delete(): void {
    const { calls } = this.#context;
    this.#put(0, 'deleteStream', calls.nextTransactionId(), [this.#messageStreamId]);
  }

  #put(messageStreamId: number, name: string, transactionId: number, args: readonly AmfValue[]): void {
    this.#context.output.put(commandMessage(messageStreamId, name, transactionId, null, args));
  }

  #putBufferLength(messageStreamId: number, bufferMs: number): void {
    const payload = encodeUserControl({ type: 'set-buffer-length', messageStreamId, bufferMs });
    this.#context.output.putControl(MessageType.UserControl, payload);
  }
}
