// The client's side of one RTMP connection as a state machine without input or output: bytes in, bytes out, events
// out, decisions in, time by `tick`. One NetStream at a time. Authentication (client-auth.ts) and redirects take further
// connections, which are the driver's: the event 'connect-rejected' carries what they need. [RTMP 5, 6, 7]

import type { AmfValue } from '../../amf/amf-value.ts';
import { ProtocolError } from '../../bytes/protocol-error.ts';
import { FloodLimits } from '../flood-limits.ts';
import { MessageType } from '../message.ts';
import { ClientCommands } from './client-commands.ts';
import { ClientControl, DEFAULT_WINDOW_BYTES } from './client-control.ts';
import { ClientEventQueue } from './client-event-queue.ts';
import type { ClientEvent, SessionEnd } from './client-events.ts';
import { ClientGreeting } from './client-greeting.ts';
import { ClientInbox } from './client-inbox.ts';
import {
  type ClientSessionOptions,
  type CompleteClientOptions,
  type ConnectRequest,
  completeOptions,
  PLAY_ANY_START_MS,
} from './client-options.ts';
import { ChunkStreamId, ClientOutput } from './client-output.ts';
import { ClientReader } from './client-reader.ts';
import type { StreamGoal } from './client-stream.ts';
import { earlierMs } from './countdown.ts';

/** States of a connection: 'idle' is after the handshake and before `connect`. */
export type ClientSessionState = 'handshake' | 'idle' | 'connecting' | 'connected' | 'closed';

/** One connection, seen from the client. */
export class ClientSession {
  readonly #options: CompleteClientOptions;
  readonly #greeting: ClientGreeting;
  readonly #output = new ClientOutput();
  readonly #commands: ClientCommands;
  readonly #control: ClientControl;
  readonly #inbox: ClientInbox;
  readonly #reader: ClientReader;
  readonly #floods = new FloodLimits(0);
  #state: ClientSessionState = 'handshake';
  #request: ConnectRequest | null = null;
  readonly #events = new ClientEventQueue();
  readonly #emit = (event: ClientEvent): void => this.#events.put(event);

  /** Begins the handshake: C0 and C1 wait in `takeOutput`. */
  constructor(options: ClientSessionOptions) {
    this.#options = completeOptions(options);
    this.#greeting = new ClientGreeting(this.#options, this.#output);
    this.#control = new ClientControl(this.#output, this.#emit, this.#options);
    this.#commands = new ClientCommands({
      output: this.#output,
      options: this.#options,
      emit: this.#emit,
      connected: () => this.#setConnected(),
      close: (reason) => this.#end(reason),
    });
    this.#inbox = new ClientInbox({
      commands: this.#commands,
      control: this.#control,
      events: this.#events,
      floods: this.#floods,
    });
    this.#reader = new ClientReader({
      greeting: this.#greeting,
      floods: this.#floods,
      greeted: () => this.#setGreeted(),
      onMessage: (message) => this.#inbox.handle(message),
      isHeld: () => this.#events.isFull,
    });
  }

  /** Where the connection stands. */
  get state(): ClientSessionState {
    return this.#state;
  }

  /** True from 'publish-started' until the publishing ends: what is sent then goes out. */
  get isPublishing(): boolean {
    const stream = this.#commands.stream;
    return this.#state === 'connected' && stream?.step === 'started' && stream.goal.kind === 'publish';
  }

  /** Bytes that wait in `takeOutput`; whoever sends media watches it, for nothing is dropped here. */
  get waitingOutputBytes(): number {
    return this.#output.waitingBytes;
  }

  /** Bytes that the server says it has received, u32; a hint, for servers count differently. */
  get acknowledgedBytes(): number {
    return this.#control.acknowledgedBytes;
  }

  /** Messages that were dropped: unreadable, of unknown type, or media that was not asked for. */
  get droppedMessages(): number {
    return this.#inbox.droppedMessages;
  }

  /**
   * Takes in bytes that came at `nowMs`, on the clock of `tick`; not written to any more, for events have views of them.
   * Ignored once closed.
   * MAX_WAITING_CLIENT_EVENTS and MAX_WAITING_VALUE_BYTES hold reading back: `drainEvents` is to be called next.
   * @throws RtmpError when the server broke the protocol; the session is closed then, and 'closed' tells of it too
   */
  receive(bytes: Uint8Array, nowMs: number): void {
    if (this.#state === 'closed' || bytes.length === 0) return;
    this.#floods.nowMs = nowMs;
    this.#endingOnError(() => {
      this.#control.received(bytes.length);
      this.#reader.receive(bytes);
      if (this.#state === 'connected') this.#control.acknowledge();
    });
  }

  /** Takes whole messages: at least one where there is one, otherwise at most `maxBytes`. Never written to again. */
  takeOutput(maxBytes: number): Uint8Array[] {
    return this.#output.take(maxBytes);
  }

  /**
   * Takes the events that wait, in order; where there are none and reading had stopped for them, reads on first. To be
   * called until it is empty. @throws RtmpError as `receive` does, behind the events before it and 'closed'
   */
  drainEvents(): ClientEvent[] {
    if (this.#events.count === 0) {
      this.#events.throwFailure();
      if (this.#reader.isStopped) this.#readOn();
    }
    return this.#events.take();
  }

  /** Names what to connect to: once, at any time; it is sent when the handshake is done. */
  connect(request: ConnectRequest): void {
    if (this.#state === 'closed') return;
    if (this.#request !== null) throw new Error('connect was called already');
    this.#request = request;
    if (this.#state === 'idle') this.#sendConnect(request);
  }

  /**
   * Publishes `name` (perhaps with a query). 'publish-started' or 'publish-rejected' follows. Legal once connected,
   * while no stream is open.
   */
  publish(name: string, publishType: 'live' | 'record' | 'append' = 'live'): void {
    this.#open({ kind: 'publish', name, publishType });
  }

  /**
   * Plays `name`. `startMs`: -2000 any, -1000 live only, from 0 on a recording from there. 'play-started' or
   * 'play-rejected' follows. Legal once connected, while no stream is open.
   */
  play(name: string, startMs: number = PLAY_ANY_START_MS): void {
    this.#open({ kind: 'play', name, startMs });
  }

  /** Sends FLV AUDIODATA; the payload is copied. False where nothing is published (any more): it was not sent. */
  sendAudio(timestampMs: number, payload: Uint8Array): boolean {
    return this.#send(MessageType.Audio, ChunkStreamId.Audio, timestampMs, payload);
  }

  /** Sends FLV VIDEODATA, as `sendAudio`. */
  sendVideo(timestampMs: number, payload: Uint8Array): boolean {
    return this.#send(MessageType.Video, ChunkStreamId.Video, timestampMs, payload);
  }

  /** Sends a data message, as `sendAudio`. The payload is AMF0: '@setDataFrame', 'onMetaData', values; or any other. */
  sendData(timestampMs: number, payload: Uint8Array): boolean {
    return this.#send(MessageType.DataAmf0, ChunkStreamId.Data, timestampMs, payload);
  }

  /** Pauses or resumes what plays, at `positionMs`. The server's 'status' follows. False where nothing plays. */
  pause(isPaused: boolean, positionMs: number): boolean {
    return this.#state === 'connected' && this.#commands.pause(isPaused, positionMs);
  }

  /** Ends publishing or playing; without effect where there is none. Another may begin at once. */
  closeStream(): void {
    if (this.#state === 'connected') this.#commands.closeStream();
  }

  /** Calls a procedure of the server. Returns the transaction id that 'call-result' will carry; null once closed. */
  call(name: string, ...args: readonly AmfValue[]): number | null {
    if (this.#state === 'closed') return null;
    this.#requireConnected('call');
    return this.#commands.call(name, args);
  }

  /**
   * Passes time, on any clock that does not go back.
   * @throws RtmpError 'rtmp-handshake-timeout', 'rtmp-connect-timeout', 'rtmp-peer-silent' (to a command too),
   *   'rtmp-message-stalled'; the session is closed then, and 'closed' tells of it too
   */
  tick(nowMs: number): void {
    if (this.#state === 'closed') return;
    this.#floods.nowMs = nowMs;
    this.#endingOnError(() => {
      this.#greeting.tick(nowMs);
      this.#commands.tick(nowMs);
      this.#control.tick(nowMs, this.#reader.stillSinceMs(nowMs));
    });
  }

  /** When to tick next, on the clock of `tick`: 0 for at once, since a timeout just began; null for not at all. */
  nextDeadlineMs(): number | null {
    if (this.#state === 'closed') return null;
    const commandMs = earlierMs(this.#greeting.nextDeadlineMs, this.#commands.nextDeadlineMs);
    return earlierMs(commandMs, this.#control.nextDeadlineMs);
  }

  /** Ends the session. An open stream is given back first, in what `takeOutput` still gives. */
  close(reason: SessionEnd): void {
    this.closeStream();
    this.#end(reason);
    this.#events.forgetFailure();
  }

  /** Goes on with what was kept. An error waits until the events before it were taken, 'closed' among them. */
  #readOn(): void {
    try {
      this.#endingOnError(() => {
        this.#reader.goOn();
        if (this.#state === 'connected') this.#control.acknowledge();
      });
    } catch (error) {
      this.#events.fail(error);
    }
  }

  #setGreeted(): void {
    this.#state = 'idle';
    if (this.#request !== null) this.#sendConnect(this.#request);
  }

  #sendConnect(request: ConnectRequest): void {
    this.#control.announceChunkSize(this.#options.outChunkSizeBytes);
    this.#state = 'connecting';
    this.#commands.connect(request);
  }

  #setConnected(): void {
    this.#state = 'connected';
    this.#reader.setMaxMessageBytes(this.#options.maxMessageBytes);
    this.#control.watch();
  }

  #open(goal: StreamGoal): void {
    if (this.#state === 'closed') return;
    this.#requireConnected(goal.kind);
    if (goal.kind === 'play') this.#control.announceWindow(DEFAULT_WINDOW_BYTES);
    this.#commands.open(goal);
  }

  #send(typeId: number, chunkStreamId: number, timestampMs: number, payload: Uint8Array): boolean {
    if (!this.isPublishing) return false;
    const messageStreamId = this.#commands.stream?.messageStreamId ?? 0;
    this.#output.put({ typeId, chunkStreamId, messageStreamId, timestampMs: timestampMs >>> 0, payload });
    return true;
  }

  #requireConnected(decision: string): void {
    if (this.#state !== 'connected') throw new Error(`${decision} in state ${this.#state}`);
  }

  /** Runs what the server's bytes and time drive: a fault of the server ends the session. */
  #endingOnError(work: () => void): void {
    try {
      work();
    } catch (error) {
      if (error instanceof ProtocolError) this.#end({ code: error.code, message: error.message });
      throw error;
    }
  }

  #end(reason: SessionEnd): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#reader.stop();
    this.#events.close(reason);
  }
}
