// The server's side of one RTMP connection as a state machine without input or output: bytes in, bytes out,
// events out, decisions in, time by `tick`. How input is read is in session-reader.ts, what messages mean in
// message-inbox.ts, what the client asks for by command in server-commands.ts. [RTMP 5, 6, 7]

import { AckCounter } from '../ack-counter.ts';
import { FloodLimits } from '../flood-limits.ts';
import type { RtmpeCipher } from '../handshake/rtmpe.ts';
import { EventQueue } from './event-queue.ts';
import type { LivenessOptions } from './liveness.ts';
import { Liveness } from './liveness.ts';
import { MessageInbox } from './message-inbox.ts';
import { OutputQueue } from './output-queue.ts';
import { ServerCommands } from './server-commands.ts';
import type { ServerEvent } from './server-events.ts';
import type { SessionCounters } from './session-counters.ts';
import { createSessionCounters } from './session-counters.ts';
import { SessionReader } from './session-reader.ts';
import { ServerSessionState } from './session-state.ts';
import type { ReconnectRequest, StatusCode, StatusLevel } from './status.ts';

/** Settings of a server session. Times are ms. */
export type ServerSessionOptions = LivenessOptions & {
  /** Gives `lengthBytes` random bytes, for the handshake. */
  readonly randomBytes: (lengthBytes: number) => Uint8Array;
  /** True where clients that ask for RTMPE get it; they are answered in plain RTMP otherwise. */
  readonly rtmpe: boolean;
  /** Out chunk size, said before the answer to connect and kept for good. */
  readonly chunkSizeBytes: number;
  /** Acknowledgement window that is asked of the peer, and kept towards it. */
  readonly ackWindowBytes: number;
  /** Largest message that is taken in, bytes. */
  readonly maxMessageBytes: number;
  /** Longest app and stream name, in UTF-16 code units. */
  readonly maxNameLengthChars: number;
  /** True where `detach` may be asked for: what comes up to the answer to connect is kept for it. */
  readonly recordsConnect: boolean;
};

/** A connection whose connect is not answered, for somebody who goes on with it. */
export type DetachedConnection = {
  /** What encrypts and decrypts what is sent and comes from here on; null where it goes as it is. */
  readonly cipher: RtmpeCipher | null;
  /** All that came behind the handshake, decrypted. */
  readonly receivedBytes: Uint8Array;
  /** What is to be sent first: the answer to the handshake where nobody has taken it yet, and to pings; encrypted. */
  readonly unsaid: readonly Uint8Array[];
};

/** What was dropped or ignored, by cause. */
export type ServerSessionCounters = SessionCounters;

/** One connection, seen from the server. A decision that is not due, or comes too late, is our bug: a plain Error. */
export class RtmpServerSession {
  readonly #options: ServerSessionOptions;
  readonly #output = new OutputQueue();
  readonly #acks: AckCounter;
  readonly #liveness: Liveness;
  readonly #floods: FloodLimits;
  readonly #commands: ServerCommands;
  readonly #inbox: MessageInbox;
  readonly #reader: SessionReader;
  #isClosed = false;
  /** True once the driver has closed the session: it says nothing further. */
  #isSilent = false;
  readonly #events = new EventQueue();
  readonly counters: ServerSessionCounters = createSessionCounters();

  constructor(options: ServerSessionOptions, nowMs: number) {
    this.#options = options;
    this.#acks = new AckCounter(options.ackWindowBytes);
    this.#liveness = new Liveness(options, nowMs);
    this.#floods = new FloodLimits(nowMs);
    const shared = {
      output: this.#output,
      counters: this.counters,
      floods: this.#floods,
      emit: (event: ServerEvent): void => this.#events.put(event),
    };
    this.#commands = new ServerCommands({ ...shared, options });
    const { ackWindowBytes } = options;
    this.#inbox = new MessageInbox({ ...shared, acks: this.#acks, commands: this.#commands, ackWindowBytes });
    this.#reader = new SessionReader({
      output: this.#output,
      floods: this.#floods,
      randomBytes: options.randomBytes,
      rtmpe: options.rtmpe,
      recordsConnect: options.recordsConnect,
      onMessage: (message) => this.#inbox.handle(message),
      isHeld: () => this.isDecisionDue || this.#events.isFull || this.#output.isOverfull,
      isDecisionDue: () => this.isDecisionDue,
    });
  }

  /** Where the connection stands. */
  get state(): ServerSessionState {
    if (this.#isClosed) return ServerSessionState.Closed;
    if (this.#commands.isConnected) return ServerSessionState.Connected;
    return this.#reader.isHandshakeDone ? ServerSessionState.Unconnected : ServerSessionState.Handshake;
  }

  /** True while a decision is due: nothing further is read until it is made. */
  get isDecisionDue(): boolean {
    return this.#commands.isDecisionDue;
  }

  /** True where the client asked for RTMPE and got it. */
  get isEncrypted(): boolean {
    return this.#reader.isEncrypted;
  }

  /** Gateways that the connection has come through, as its handshake told; 0 before that is done. */
  get hopCount(): number {
    return this.#reader.hopCount;
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
   * Takes in bytes that came at `nowMs`, on the clock of `tick`; not written to any more, for events have views of it. Ignored once closed.
   * MAX_WAITING_EVENTS hold reading back.
   * @throws RtmpError when the peer broke the protocol; the session is closed by it, and a goodbye can be said
   */
  receive(bytes: Uint8Array, nowMs: number): void {
    if (this.#isClosed || bytes.length === 0) return;
    this.#floods.nowMs = nowMs;
    this.#closingOnError(() => {
      this.#liveness.heard();
      this.#acks.received(bytes.length);
      this.#reader.receive(bytes);
      this.#finishReading();
    });
  }

  /** Takes whole messages: at least one where there is one, otherwise at most `maxBytes`. Owned by the caller. */
  takeOutput(maxBytes: number): Uint8Array[] {
    return this.#output.take(maxBytes);
  }

  /** What is sent next and is not the session's own: the very list, or under RTMPE encrypted copies. */
  encryptNext(parts: readonly Uint8Array[]): readonly Uint8Array[] {
    return this.#output.cipher?.encryptNext(parts) ?? parts;
  }

  /**
   * Takes the events that wait, in order; where there are none and reading had stopped for them, reads on first. Empty
   * once nothing is left to read, or a decision is due. @throws RtmpError as `receive` does, behind the events before it
   */
  drainEvents(): readonly ServerEvent[] {
    if (this.#events.isEmpty) {
      this.#events.throwFailure();
      if (this.#reader.isStopped) this.#readOn();
    }
    return this.#events.take();
  }

  /** Says yes to the connect that is due, and goes on reading. @throws RtmpError as `receive` does */
  acceptConnect(): void {
    this.#decide(() => {
      this.#commands.acceptConnect();
      this.#reader.connected(this.#options.maxMessageBytes);
      this.#liveness.connected();
    });
  }

  /** Says no to the connect that is due, and closes the session: it is to be ended when the answer was taken. */
  rejectConnect(code: StatusCode, description: string): void {
    this.#requireOpen();
    this.#commands.rejectConnect(code, description);
    this.close();
  }

  /** What came up to here behind the handshake, decrypted, while a connect is due. A view. */
  get recordedBytes(): Uint8Array {
    return this.#reader.recordedBytes;
  }

  /** Gives the connection away in place of a decision on its connect: nothing is read, and nothing said, any more. */
  detach(): DetachedConnection {
    this.#requireOpen();
    if (this.#commands.isConnected || !this.isDecisionDue) throw new Error('no connect is due');
    const { cipher, recordedBytes: receivedBytes } = this.#reader;
    const unsaid = this.#output.take(Number.POSITIVE_INFINITY);
    this.close();
    return { cipher, receivedBytes, unsaid };
  }

  /** Says yes to the publish that is due, and goes on reading. @throws RtmpError as `receive` does */
  acceptPublish(): void {
    this.#decide(() => this.#commands.acceptPublish());
  }

  /** Says no to the publish that is due; the connection stays. @throws RtmpError as `receive` does */
  rejectPublish(code: StatusCode, description: string): void {
    this.#decide(() => this.#commands.rejectPublish(code, description));
  }

  /** Says yes to the play that is due, and goes on reading. @throws RtmpError as `receive` does */
  acceptPlay(): void {
    this.#decide(() => this.#commands.acceptPlay());
  }

  /** Says no to the play that is due; the connection stays. @throws RtmpError as `receive` does */
  rejectPlay(code: StatusCode, description: string): void {
    this.#decide(() => this.#commands.rejectPlay(code, description));
  }

  /** Says that an event of a publishing NetStream was malformed; it is counted. @throws RtmpError 'rtmp-flood' */
  refuse(type: 'audio' | 'video' | 'data'): void {
    if (!this.#isClosed) this.#closingOnError(() => this.#inbox.refuse(type));
  }

  /** Tells a playing NetStream that its publisher has left. */
  publishEnded(messageStreamId: number): void {
    if (!this.#isSilent) this.#commands.publishEnded(messageStreamId);
  }

  /** Tells a playing NetStream that a publisher has come. */
  publishStarted(messageStreamId: number): void {
    if (!this.#isSilent) this.#commands.publishStarted(messageStreamId);
  }

  /** Tells the client something of the connection itself, where it was accepted; after an error too. [RTMP 7.2.1] */
  sayStatus(level: StatusLevel, code: StatusCode, description: string): void {
    if (!this.#isSilent && this.#commands.isConnected) this.#commands.sayStatus(level, code, description);
  }

  /**
   * Asks the client to connect again, here or elsewhere; it goes on until it leaves. True where it was asked: it is
   * connected, and said that it can. [ERTMP2 "Reconnect Request"]
   */
  requestReconnect(request: ReconnectRequest = {}): boolean {
    return !this.#isClosed && this.#commands.isConnected && this.#commands.requestReconnect(request);
  }

  /** Tells every publishing and playing NetStream that it is over. */
  endStreams(description: string): void {
    if (!this.#isSilent) this.#commands.endStreams(description);
  }

  /**
   * Passes time: sends pings, finds silence. To be called at or after `nextDeadlineMs`.
   * @throws RtmpError 'rtmp-handshake-timeout', 'rtmp-connect-timeout', 'rtmp-peer-silent', 'rtmp-message-stalled',
   * 'rtmp-peer-not-reading'
   */
  tick(nowMs: number): void {
    if (this.#isClosed) return;
    this.#floods.nowMs = nowMs;
    this.#closingOnError(() => {
      if (this.#liveness.tick(nowMs, this.#reader.progress(nowMs))) {
        this.#output.putUserControl({ type: 'ping-request', timestampMs: Math.floor(nowMs) >>> 0 });
      }
      this.#output.requireRoom();
    });
  }

  /** When `tick` is to be called next, on the clock of its argument. */
  nextDeadlineMs(): number {
    return this.#liveness.nextDeadlineMs();
  }

  /** Ends reading and speaking. What was said can still be taken. */
  close(): void {
    this.#stopReading();
    this.#events.forgetFailure();
    this.#isSilent = true;
  }

  #decide(decision: () => void): void {
    this.#requireOpen();
    decision();
    this.#readOn();
  }

  /** Goes on with what was kept. An error waits where events came up before it: they are to be handled first. */
  #readOn(): void {
    try {
      this.#closingOnError(() => {
        this.#reader.goOn();
        this.#finishReading();
      });
    } catch (error) {
      this.#events.fail(error);
    }
  }

  /** Acknowledges once for all that was read, and gives a peer up that lets too much wait. [RTMP 5.4.3] */
  #finishReading(): void {
    const receivedBytes = this.#commands.isConnected ? this.#acks.due() : null;
    if (receivedBytes !== null) this.#output.putControl({ type: 'acknowledgement', receivedBytes });
    this.#output.requireRoom();
  }

  #requireOpen(): void {
    if (this.#isClosed) throw new Error('the session is closed: no decision is due');
  }

  /** Runs what the peer's bytes and time drive. After an error nothing is read any more. */
  #closingOnError(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#stopReading();
      throw error;
    }
  }

  #stopReading(): void {
    this.#isClosed = true;
    this.#reader.stop();
  }
}
