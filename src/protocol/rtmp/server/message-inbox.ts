// What a server does with each message that comes in: which is whose business, and what is dropped and counted: media
// where nothing is published, what does not parse, and the types 16, 19 and all unknown ones. [RTMP 5.4, 7.1]

import type { AckCounter } from '../ack-counter.ts';
import { unpackAggregate } from '../aggregate.ts';
import type { PeerBandwidthLimit } from '../control-message.ts';
import { parseControl } from '../control-message.ts';
import { parseDataMessage } from '../data-message.ts';
import type { FloodKind, FloodLimits } from '../flood-limits.ts';
import { TINY_MESSAGE_BYTES } from '../limits.ts';
import type { RtmpMessage } from '../message.ts';
import { MessageType } from '../message.ts';
import { parseUserControl } from '../user-control.ts';
import type { OutputQueue } from './output-queue.ts';
import { PeerBandwidth } from './peer-bandwidth.ts';
import type { ServerCommands } from './server-commands.ts';
import type { ServerEvent } from './server-events.ts';
import type { SessionCounters } from './session-counters.ts';

/** What the inbox works on. */
type MessageInboxContext = {
  readonly output: OutputQueue;
  readonly acks: AckCounter;
  readonly commands: ServerCommands;
  readonly counters: SessionCounters;
  readonly floods: FloodLimits;
  /** Window that the answer to connect announces, bytes. */
  readonly ackWindowBytes: number;
  readonly emit: (event: ServerEvent) => void;
};

/** How many good data messages one counts for that nobody can use. */
const UNUSABLE_DATA_COST = 10;

/** The receiving side of one connection, behind the chunk stream. */
export class MessageInbox {
  readonly #context: MessageInboxContext;
  readonly #peerBandwidth: PeerBandwidth;

  constructor(context: MessageInboxContext) {
    this.#context = context;
    this.#peerBandwidth = new PeerBandwidth(context.ackWindowBytes);
  }

  /** Takes in one message. @throws RtmpError of commands, 'rtmp-chunk-size-invalid', 'rtmp-flood' */
  handle(message: RtmpMessage): void {
    switch (message.typeId) {
      case MessageType.Audio:
      case MessageType.Video:
        this.#handleMedia(message);
        break;
      case MessageType.CommandAmf0:
      case MessageType.CommandAmf3:
        this.#context.commands.handle(message);
        break;
      case MessageType.DataAmf0:
      case MessageType.DataAmf3:
        this.#handleData(message);
        break;
      case MessageType.Aggregate:
        this.#handleAggregate(message);
        break;
      case MessageType.UserControl:
        this.#handleUserControl(message.payload);
        break;
      case MessageType.SetChunkSize:
      case MessageType.Abort:
      case MessageType.Acknowledgement:
      case MessageType.WindowAcknowledgementSize:
      case MessageType.SetPeerBandwidth:
        this.#handleControl(message);
        break;
      default:
        this.#drop('unknownMessages', 'stray messages');
    }
  }

  /** Counts what nobody could use of what was published. Media costs no more than what is right. @throws RtmpError 'rtmp-flood' */
  refuse(type: 'audio' | 'video' | 'data'): void {
    if (type === 'data') this.#dropData();
    else this.#context.counters.malformedMedia++;
  }

  /** WHY: not at the rate of what is malformed, for encoders exist that send what no player reads with each picture. */
  #dropData(): void {
    this.#context.counters.malformedData++;
    this.#context.floods.spend('data messages', UNUSABLE_DATA_COST);
  }

  /** Counts what is dropped, and closes where it does not end. */
  #drop(counter: keyof SessionCounters, kind: FloodKind): void {
    this.#context.counters[counter]++;
    this.#context.floods.spend(kind);
  }

  #handleMedia(message: RtmpMessage): void {
    const { commands, emit } = this.#context;
    const { messageStreamId, timestampMs, payload } = message;
    if (!commands.isPublishing(messageStreamId)) {
      this.#drop('strayMedia', 'stray messages');
      return;
    }
    const type = message.typeId === MessageType.Audio ? 'audio' : 'video';
    emit({ type, messageStreamId, timestampMs, payload });
  }

  #handleData(message: RtmpMessage): void {
    const { commands, emit, floods } = this.#context;
    const messageStreamId = commands.publishingIdFor(message.messageStreamId);
    if (messageStreamId === null) {
      this.#drop('strayMedia', 'stray messages');
      return;
    }
    floods.spend('data messages');
    const { timestampMs, payload } = message;
    const isAmf3 = message.typeId === MessageType.DataAmf3;
    const data = parseDataMessage(payload, isAmf3 ? MessageType.DataAmf3 : MessageType.DataAmf0);
    if (data === null) {
      this.#dropData();
      return;
    }
    emit({ type: 'data', messageStreamId, timestampMs, data });
  }

  /** A part that cannot be read is the loss of that part. */
  #handleAggregate(message: RtmpMessage): void {
    const { counters, floods } = this.#context;
    let parts = 0;
    const droppedTags = unpackAggregate(message, (part) => {
      parts++;
      if (part.payload.length < TINY_MESSAGE_BYTES) floods.spend('tiny chunks');
      if (part.typeId === MessageType.Audio || part.typeId === MessageType.Video) this.#handleMedia(part);
      else this.#handleData(part);
    });
    if (droppedTags === 0) return;
    if (parts > 0) counters.malformedMedia++;
    else this.#drop('malformedMedia', 'malformed messages');
  }

  /** Set Chunk Size and Abort have acted in the decoder already. [RTMP 5.4] */
  #handleControl(message: RtmpMessage): void {
    const { acks, floods } = this.#context;
    if (message.typeId === MessageType.Acknowledgement) floods.spend('acknowledgements');
    else if (message.typeId !== MessageType.Abort) floods.spend('control messages');
    const control = parseControl(message);
    if (control === null) this.#drop('malformedControls', 'malformed messages');
    else if (control.type === 'window-acknowledgement-size') acks.setWindow(control.windowBytes);
    else if (control.type === 'set-peer-bandwidth') this.#limitBandwidth(control.windowBytes, control.limit);
  }

  /** Ignored before the answer to connect, which announces a window of its own. [RTMP 5.4.5] */
  #limitBandwidth(wantedBytes: number, limit: PeerBandwidthLimit): void {
    const { commands, output } = this.#context;
    if (!commands.isConnected) return;
    const windowBytes = this.#peerBandwidth.limit(wantedBytes, limit);
    if (windowBytes !== null) output.putControl({ type: 'window-acknowledgement-size', windowBytes });
  }

  /** [RTMP 6.2, 7.1.7] */
  #handleUserControl(payload: Uint8Array): void {
    const { floods, output } = this.#context;
    const event = parseUserControl(payload);
    floods.spend(event?.type === 'ping-request' ? 'pings' : 'control messages');
    if (event === null) this.#drop('malformedControls', 'malformed messages');
    else if (event.type === 'ping-request') {
      output.putUserControl({ type: 'ping-response', timestampMs: event.timestampMs });
    }
  }
}
