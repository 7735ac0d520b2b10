// How a client keeps its connection in order: acknowledges what it received, answers pings and bandwidths, pings a server
// that is silent, or to see whether it answers, and passes StreamEOF on. Set Chunk Size and Abort act in the chunk decoder.
// [RTMP 5.4, 6.2, 7.1.7]

import { AckCounter } from '../ack-counter.ts';
import { encodeControl, parseControl } from '../control-message.ts';
import { DEFAULT_CHUNK_SIZE_BYTES } from '../limits.ts';
import { MessageType, type RtmpMessage } from '../message.ts';
import { PeerWatch, type PeerWatchOptions } from '../peer-watch.ts';
import { encodeUserControl, parseUserControl } from '../user-control.ts';
import type { ClientEvent } from './client-events.ts';
import type { CompleteClientOptions } from './client-options.ts';
import type { ClientOutput } from './client-output.ts';

/** Window in bytes that is assumed and announced until the server names another, as FFmpeg announces it. */
export const DEFAULT_WINDOW_BYTES = 2_500_000;

/** Largest window that may be announced: peers read it as a signed number. */
const MAX_WINDOW_BYTES = 0x7fffffff;

/** The times that a server is watched by. */
type ClientControlOptions = PeerWatchOptions & Pick<CompleteClientOptions, 'answeredPingMs'>;

/** Protocol control and user control of one connection, seen from the client. */
export class ClientControl {
  readonly #output: ClientOutput;
  readonly #emit: (event: ClientEvent) => void;
  readonly #answeredPingMs: number;
  #times: PeerWatchOptions;
  readonly #acks = new AckCounter(DEFAULT_WINDOW_BYTES);
  #isWatching = false;
  /** Made by the first tick after connect was accepted: the session has no clock of its own. */
  #watch: PeerWatch | null = null;
  /** Whether it is still to be seen that the server answers pings. */
  #probe: 'due' | 'under-way' | 'over';
  #announcedWindowBytes = 0;
  #acknowledgedBytes = 0;

  constructor(output: ClientOutput, emit: (event: ClientEvent) => void, options: ClientControlOptions) {
    this.#output = output;
    this.#emit = emit;
    this.#times = options;
    this.#answeredPingMs = options.answeredPingMs;
    this.#probe = Number.isFinite(options.answeredPingMs) ? 'due' : 'over';
  }

  /** Begins to watch for silence, unless it may last for ever: connect was accepted. */
  watch(): void {
    const { pingIntervalMs, pingTimeoutMs, messageTimeoutMs } = this.#times;
    const leastMs = Math.min(pingIntervalMs, pingTimeoutMs, messageTimeoutMs, this.#answeredPingMs);
    this.#isWatching = Number.isFinite(leastMs);
  }

  /** When to tick next: 0 for at once, since watching just began; null where nothing is watched yet. */
  get nextDeadlineMs(): number | null {
    return this.#watch?.nextDeadlineMs ?? (this.#isWatching ? 0 : null);
  }

  /**
   * Passes time, and pings a server that has been silent. `stillSinceMs` is since when a message has made no progress.
   * @throws RtmpError 'rtmp-peer-silent', 'rtmp-message-stalled'
   */
  tick(nowMs: number, stillSinceMs: number | null): void {
    if (!this.#isWatching) return;
    this.#watch ??= new PeerWatch(this.#times, nowMs);
    const isPingDue = this.#watch.tick(nowMs, stillSinceMs);
    if (!isPingDue && this.#probe !== 'due') return;
    if (this.#probe === 'due') this.#probe = 'under-way';
    const timestampMs = Math.floor(nowMs) >>> 0;
    this.#output.putControl(
      MessageType.UserControl,
      encodeUserControl({ type: 'ping-request', timestampMs }),
    );
  }

  /** Bytes that the server says it has received, u32; a hint, for servers count differently. */
  get acknowledgedBytes(): number {
    return this.#acknowledgedBytes;
  }

  /** Counts received bytes, those of the handshake too. */
  received(lengthBytes: number): void {
    this.#watch?.heard();
    this.#acks.received(lengthBytes);
  }

  /** Acknowledges once for all that was received, where half a window has come since the last time. */
  acknowledge(): void {
    const receivedBytes = this.#acks.due();
    if (receivedBytes === null) return;
    this.#putAnswer(MessageType.Acknowledgement, encodeControl({ type: 'acknowledgement', receivedBytes }));
  }

  /** Announces our own chunk size, and keeps to it from then on. The size that holds anyway is not announced. */
  announceChunkSize(chunkSizeBytes: number): void {
    if (chunkSizeBytes === DEFAULT_CHUNK_SIZE_BYTES) return;
    this.#output.putControl(
      MessageType.SetChunkSize,
      encodeControl({ type: 'set-chunk-size', chunkSizeBytes }),
    );
  }

  /** Announces the window that the server is to acknowledge by, unless it knows this one. [RTMP 5.4.4] */
  announceWindow(windowBytes: number): void {
    if (windowBytes === this.#announcedWindowBytes) return;
    if (windowBytes < 1 || windowBytes > MAX_WINDOW_BYTES) return;
    this.#announcedWindowBytes = windowBytes;
    const payload = encodeControl({ type: 'window-acknowledgement-size', windowBytes });
    this.#putAnswer(MessageType.WindowAcknowledgementSize, payload);
  }

  /** Takes in a message of types 1 to 6; false where it could not be read and was dropped. */
  handle(message: RtmpMessage): boolean {
    return message.typeId === MessageType.UserControl
      ? this.#handleUserControl(message.payload)
      : this.#handleControl(message);
  }

  #handleControl(message: RtmpMessage): boolean {
    const control = parseControl(message);
    if (control === null) return false;
    if (control.type === 'window-acknowledgement-size') this.#acks.setWindow(control.windowBytes);
    else if (control.type === 'set-peer-bandwidth') this.announceWindow(control.windowBytes);
    else if (control.type === 'acknowledgement') this.#acknowledgedBytes = control.receivedBytes;
    return true;
  }

  #handleUserControl(payload: Uint8Array): boolean {
    const event = parseUserControl(payload);
    if (event === null) return false;
    if (event.type === 'ping-request') {
      const pong = encodeUserControl({ type: 'ping-response', timestampMs: event.timestampMs });
      this.#putAnswer(MessageType.UserControl, pong);
    } else if (event.type === 'ping-response' && this.#probe === 'under-way') {
      this.#probe = 'over';
      this.#times = {
        ...this.#times,
        pingIntervalMs: this.#answeredPingMs,
        pingTimeoutMs: this.#answeredPingMs,
      };
      // The next tick, at once, makes another one.
      this.#watch = null;
    } else if (event.type === 'stream-eof') {
      this.#emit({ type: 'stream-eof', messageStreamId: event.messageStreamId });
    }
    return true;
  }

  #putAnswer(typeId: number, payload: Uint8Array): void {
    this.#output.countAnswer();
    this.#output.putControl(typeId, payload);
  }
}
