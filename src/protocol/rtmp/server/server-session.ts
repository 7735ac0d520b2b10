// The server's side of one RTMP connection as a state machine without input or output: bytes in, bytes out,
// events out, decisions in, time by `tick`. Handshake, protocol control, acknowledgements and liveness are here;
// what the client asks for by command is in server-commands.ts. Message types it does not know, and types 16, 19
// and 22, are dropped and counted. [RTMP 5, 6, 7]

import { ChunkDecoder } from '../chunk-decoder.ts';
import { parseControl } from '../control-message.ts';
import { parseDataMessage } from '../data-message.ts';
import { ServerHandshake } from '../handshake/server-handshake.ts';
import { MAX_HELD_INPUT_BYTES, MAX_MESSAGE_BYTES_BEFORE_CONNECT } from '../limits.ts';
import type { RtmpMessage } from '../message.ts';
import { MessageType } from '../message.ts';
import { RtmpError } from '../rtmp-error.ts';
import { encodeUserControl, parseUserControl } from '../user-control.ts';
import { AckCounter } from './ack-counter.ts';
import type { LivenessOptions } from './liveness.ts';
import { Liveness } from './liveness.ts';
import { OutputQueue } from './output-queue.ts';
import { ServerCommands } from './server-commands.ts';
import type { ServerEvent } from './server-events.ts';
import type { StatusCode, StatusLevel } from './status.ts';

/** States of a connection. */
export const ServerSessionState = {
  Handshake: 'handshake',
  /** The handshake is done; `connect` was not accepted yet. */
  Unconnected: 'unconnected',
  Connected: 'connected',
  /** Nothing is read any more; what was said last can still be taken. */
  Closed: 'closed',
} as const;
export type ServerSessionState = (typeof ServerSessionState)[keyof typeof ServerSessionState];

/** Settings of a server session. Times are ms. */
export type ServerSessionOptions = LivenessOptions & {
  /** Gives `lengthBytes` random bytes, for the handshake. */
  readonly randomBytes: (lengthBytes: number) => Uint8Array;
  /** Out chunk size, said before the answer to connect and kept for good. */
  readonly chunkSizeBytes: number;
  /** Acknowledgement window that is asked of the peer, and kept towards it. */
  readonly ackWindowBytes: number;
  /** Largest message that is taken in, bytes. */
  readonly maxMessageBytes: number;
  /** Longest app and stream name, in UTF-16 code units. */
  readonly maxNameLengthChars: number;
};

/** What was dropped or ignored, by cause. */
export type ServerSessionCounters = Record<
  'malformedControls' | 'malformedCommands' | 'malformedData' | 'unknownMessages' | 'strayMedia',
  number
>;

/** One connection, seen from the server. */
export class RtmpServerSession {
  readonly #options: ServerSessionOptions;
  readonly #handshake: ServerHandshake;
  readonly #decoder: ChunkDecoder;
  readonly #output = new OutputQueue();
  readonly #acks: AckCounter;
  readonly #liveness: Liveness;
  readonly #commands: ServerCommands;
  #state: ServerSessionState = ServerSessionState.Handshake;
  #events: ServerEvent[] = [];
  /** Input that waits behind a decision, in order. */
  #heldInput: Uint8Array[] = [];
  #heldBytes = 0;
  readonly #onMessage = (message: RtmpMessage): boolean => this.#handleMessage(message);
  readonly counters: ServerSessionCounters = {
    malformedControls: 0,
    malformedCommands: 0,
    malformedData: 0,
    unknownMessages: 0,
    strayMedia: 0,
  };

  constructor(options: ServerSessionOptions, nowMs: number) {
    this.#options = options;
    this.#handshake = new ServerHandshake({ randomBytes: options.randomBytes });
    this.#decoder = new ChunkDecoder({ maxMessageBytes: MAX_MESSAGE_BYTES_BEFORE_CONNECT });
    this.#acks = new AckCounter(options.ackWindowBytes);
    this.#liveness = new Liveness(options, nowMs);
    this.#commands = new ServerCommands({
      output: this.#output,
      options,
      counters: this.counters,
      emit: (event) => this.#events.push(event),
    });
  }

  /** Where the connection stands. */
  get state(): ServerSessionState {
    return this.#state;
  }

  /** True while a decision is due: nothing further is read until it is made. */
  get isDecisionDue(): boolean {
    return this.#commands.isDecisionDue;
  }

  /** True when `takeOutput` has something. */
  get hasOutput(): boolean {
    return !this.#output.isEmpty;
  }

  /** True when the next output is S0, S1 and S2, which go alone. */
  get isHandshakeNext(): boolean {
    return this.#output.isHandshakeNext;
  }

  /**
   * Takes in bytes; the view may be reused afterwards. Ignored once closed.
   * @throws RtmpError when the peer broke the protocol; the session is then to be closed
   */
  receive(bytes: Uint8Array): void {
    if (this.#state === ServerSessionState.Closed || bytes.length === 0) return;
    this.#liveness.heard();
    this.#acks.received(bytes.length);
    if (this.isDecisionDue) this.#hold(bytes, 0);
    else this.#read(bytes);
    this.#acknowledge();
  }

  /** Takes whole messages: at least one where there is one, otherwise at most `maxBytes`. Owned by the caller. */
  takeOutput(maxBytes: number): Uint8Array[] {
    return this.#output.take(maxBytes);
  }

  /** Takes the events that came up since the last call, in order. */
  drainEvents(): ServerEvent[] {
    const events = this.#events;
    this.#events = [];
    return events;
  }

  /** Says yes to the connect that is due, and goes on reading. */
  acceptConnect(): void {
    this.#state = ServerSessionState.Connected;
    this.#decoder.maxMessageBytes = this.#options.maxMessageBytes;
    this.#commands.acceptConnect();
    this.#liveness.connected();
    this.#goOn();
  }

  /** Says no to the connect that is due; the session is closed when this was taken. */
  rejectConnect(code: StatusCode, description: string): void {
    this.#commands.rejectConnect(code, description);
    this.#state = ServerSessionState.Closed;
  }

  /** Says yes to the publish that is due, and goes on reading. */
  acceptPublish(): void {
    this.#commands.acceptPublish();
    this.#goOn();
  }

  /** Says no to the publish that is due; the connection stays. */
  rejectPublish(code: StatusCode, description: string): void {
    this.#commands.rejectPublish(code, description);
    this.#goOn();
  }

  /** Says yes to the play that is due, and goes on reading. */
  acceptPlay(): void {
    this.#commands.acceptPlay();
    this.#goOn();
  }

  /** Says no to the play that is due; the connection stays. */
  rejectPlay(code: StatusCode, description: string): void {
    this.#commands.rejectPlay(code, description);
    this.#goOn();
  }

  /** Tells a playing NetStream that its publisher has left. */
  publishEnded(messageStreamId: number): void {
    this.#commands.publishEnded(messageStreamId);
  }

  /** Tells a playing NetStream that a publisher has come. */
  publishStarted(messageStreamId: number): void {
    this.#commands.publishStarted(messageStreamId);
  }

  /** Tells the client something of the connection itself, where it was accepted. [RTMP 7.2.1] */
  sayStatus(level: StatusLevel, code: StatusCode, description: string): void {
    if (this.#state !== ServerSessionState.Connected) return;
    this.#commands.sayStatus(level, code, description);
  }

  /** Tells every publishing and playing NetStream that it is over. */
  endStreams(description: string): void {
    this.#commands.endStreams(description);
  }

  /**
   * Passes time: sends pings, finds silence. To be called at or after `nextDeadlineMs`.
   * @throws RtmpError 'rtmp-handshake-timeout', 'rtmp-connect-timeout', 'rtmp-peer-silent', 'rtmp-message-stalled'
   */
  tick(nowMs: number): void {
    if (this.#state === ServerSessionState.Closed) return;
    const isPingDue = this.#liveness.tick(nowMs, {
      isHandshakeDone: this.#state !== ServerSessionState.Handshake,
      partialBytes: this.#decoder.partialBytes,
    });
    if (!isPingDue) return;
    const ping = encodeUserControl({ type: 'ping-request', timestampMs: Math.floor(nowMs) >>> 0 });
    this.#output.putControl(MessageType.UserControl, ping);
  }

  /** When `tick` is to be called next, on the clock of its argument. */
  nextDeadlineMs(): number {
    return this.#liveness.nextDeadlineMs();
  }

  /** Ends reading. What was said can still be taken. */
  close(): void {
    this.#state = ServerSessionState.Closed;
    this.#heldInput = [];
    this.#heldBytes = 0;
  }

  #read(bytes: Uint8Array): void {
    let offset = 0;
    if (this.#state === ServerSessionState.Handshake) {
      offset = this.#handshake.receive(bytes);
      const answer = this.#handshake.takeOutput();
      if (answer !== null) this.#output.putHandshake(answer);
      if (!this.#handshake.isDone) return;
      this.#state = ServerSessionState.Unconnected;
    }
    while (!this.#isClosed) {
      offset = this.#decoder.receive(bytes, offset, this.#onMessage);
      // WHY: held even where nothing of it is left: the decoder may have looked ahead, and must be asked again.
      if (this.isDecisionDue) return this.#hold(bytes, offset);
      if (offset >= bytes.length) return;
    }
  }

  get #isClosed(): boolean {
    return this.#state === ServerSessionState.Closed;
  }

  /** Reads on with what waited behind a decision. */
  #goOn(): void {
    while (this.#heldInput.length > 0 && !this.isDecisionDue && !this.#isClosed) {
      const bytes = this.#heldInput.shift();
      if (bytes === undefined) return;
      this.#heldBytes -= bytes.length;
      const later = this.#heldInput;
      this.#heldInput = [];
      this.#read(bytes);
      this.#heldInput.push(...later);
    }
    this.#acknowledge();
  }

  #hold(bytes: Uint8Array, offset: number): void {
    const held = bytes.slice(offset);
    this.#heldBytes += held.length;
    if (this.#heldBytes > MAX_HELD_INPUT_BYTES) {
      const message = `expected at most ${MAX_HELD_INPUT_BYTES} bytes before an answer, got ${this.#heldBytes}`;
      throw new RtmpError('rtmp-pending-input-exceeded', message);
    }
    this.#heldInput.push(held);
  }

  /** Acknowledges once for all that was read. [RTMP 5.4.3] */
  #acknowledge(): void {
    if (this.#state !== ServerSessionState.Connected) return;
    const payload = this.#acks.due();
    if (payload !== null) this.#output.putControl(MessageType.Acknowledgement, payload);
  }

  /** Takes in one message; false stops the decoder behind it, for a decision is due or the session is over. */
  #handleMessage(message: RtmpMessage): boolean {
    switch (message.typeId) {
      case MessageType.Audio:
      case MessageType.Video:
        this.#handleMedia(message);
        return true;
      case MessageType.CommandAmf0:
      case MessageType.CommandAmf3:
        this.#commands.handle(message);
        return !this.isDecisionDue && !this.#isClosed;
      case MessageType.DataAmf0:
      case MessageType.DataAmf3:
        this.#handleData(message);
        return true;
      case MessageType.UserControl:
        this.#handleUserControl(message.payload);
        return true;
      case MessageType.SetChunkSize:
      case MessageType.Abort:
      case MessageType.Acknowledgement:
      case MessageType.WindowAcknowledgementSize:
      case MessageType.SetPeerBandwidth:
        this.#handleControl(message);
        return true;
      default:
        this.counters.unknownMessages++;
        return true;
    }
  }

  #handleMedia(message: RtmpMessage): void {
    const { messageStreamId, timestampMs, payload } = message;
    if (!this.#commands.isPublishing(messageStreamId)) {
      this.counters.strayMedia++;
      return;
    }
    const type = message.typeId === MessageType.Audio ? 'audio' : 'video';
    this.#events.push({ type, messageStreamId, timestampMs, payload });
  }

  #handleData(message: RtmpMessage): void {
    const messageStreamId = this.#commands.publishingIdFor(message.messageStreamId);
    if (messageStreamId === null) {
      this.counters.strayMedia++;
      return;
    }
    const data = parseDataMessage(message.payload);
    if (data === null) {
      this.counters.malformedData++;
      return;
    }
    this.#events.push({ type: 'data', messageStreamId, timestampMs: message.timestampMs, data });
  }

  /** Set Chunk Size and Abort have acted in the decoder already. [RTMP 5.4] */
  #handleControl(message: RtmpMessage): void {
    const control = parseControl(message);
    if (control === null) this.counters.malformedControls++;
    else if (control.type === 'window-acknowledgement-size') this.#acks.setWindow(control.windowBytes);
  }

  /** [RTMP 6.2, 7.1.7] */
  #handleUserControl(payload: Uint8Array): void {
    const event = parseUserControl(payload);
    if (event === null) this.counters.malformedControls++;
    else if (event.type === 'ping-request') {
      const pong = encodeUserControl({ type: 'ping-response', timestampMs: event.timestampMs });
      this.#output.putControl(MessageType.UserControl, pong);
    }
  }
}
