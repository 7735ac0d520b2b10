// What a client does with each message that comes in: which of them are whose business, how many were nobody's, and how
// many of those are borne.

import { unpackAggregate } from '../aggregate.ts';
import type { FloodKind, FloodLimits } from '../flood-limits.ts';
import { TINY_MESSAGE_BYTES } from '../limits.ts';
import { MessageType, type RtmpMessage } from '../message.ts';
import type { ClientCommands } from './client-commands.ts';
import type { ClientControl } from './client-control.ts';
import type { ClientEventQueue } from './client-event-queue.ts';
import type { ClientEvent } from './client-events.ts';
import { emitMedia } from './client-media.ts';
import { findStatus } from './client-status.ts';

/** LIMIT: bytes of data messages in one aggregate, 256 KiB: about as many values as one message may have. */
const MAX_AGGREGATED_DATA_BYTES = 256 * 1024;

/** How many data messages one counts for that cannot be read: as on the server, servers pass on what encoders send. */
const UNREADABLE_DATA_COST = 10;

/** What the inbox hands messages to. */
export type ClientInboxContext = {
  readonly commands: ClientCommands;
  readonly control: ClientControl;
  readonly events: ClientEventQueue;
  readonly floods: FloodLimits;
};

/** The receiving side of one connection, behind the chunk stream. */
export class ClientInbox {
  readonly #context: ClientInboxContext;
  #droppedMessages = 0;
  readonly #onMedia = (event: ClientEvent): void => {
    this.#context.events.put(event);
    if (event.type === 'data' && event.name === 'onPlayStatus') {
      this.#context.commands.handlePlayStatus(findStatus(event.values));
    }
  };

  constructor(context: ClientInboxContext) {
    this.#context = context;
  }

  /** Messages that were dropped, in whole or in part: unreadable, of unknown type, or media that was not asked for. */
  get droppedMessages(): number {
    return this.#droppedMessages;
  }

  /** Takes in one message. @throws RtmpError of control messages and of commands; 'rtmp-flood' */
  handle(message: RtmpMessage): void {
    const { events } = this.#context;
    const countBefore = events.count;
    this.#dispatch(message);
    if (events.count > countBefore && hasValues(message.typeId)) events.weigh(message.payload.length);
  }

  #dispatch(message: RtmpMessage): void {
    const { commands, control } = this.#context;
    switch (message.typeId) {
      case MessageType.Audio:
      case MessageType.Video:
      case MessageType.DataAmf0:
      case MessageType.DataAmf3:
        if (!this.#isPlayed(message.messageStreamId)) this.#drop('stray messages');
        else if (!this.#emit(message)) this.#droppedMessages++;
        break;
      case MessageType.Aggregate:
        if (!this.#isPlayed(message.messageStreamId)) this.#drop('stray messages');
        else this.#handleAggregate(message);
        break;
      case MessageType.CommandAmf0:
      case MessageType.CommandAmf3:
        if (!commands.handle(message)) this.#drop('malformed messages');
        break;
      case MessageType.SetChunkSize:
      case MessageType.Abort:
      case MessageType.Acknowledgement:
      case MessageType.UserControl:
      case MessageType.WindowAcknowledgementSize:
      case MessageType.SetPeerBandwidth:
        if (!control.handle(message)) this.#drop('malformed messages');
        break;
      default:
        this.#drop('stray messages');
    }
  }

  /** Counts what is dropped, and ends where it does not end. */
  #drop(kind: FloodKind): void {
    this.#droppedMessages++;
    this.#context.floods.spend(kind);
  }

  /** WHY: only of a NetStream that was created, for media on id 0 would be anybody's before. */
  #isPlayed(messageStreamId: number): boolean {
    const { stream } = this.#context.commands;
    if (stream === null || stream.goal.kind !== 'play' || stream.messageStreamId === 0) return false;
    return stream.owns(messageStreamId);
  }

  /** Hands on audio, video or data; false where it is data that cannot be read. */
  #emit(message: RtmpMessage): boolean {
    if (emitMedia(message, this.#onMedia)) return true;
    this.#context.floods.spend('data messages', UNREADABLE_DATA_COST);
    return false;
  }

  /** A part that cannot be read, or data past the limit, is the loss of that part. */
  #handleAggregate(message: RtmpMessage): void {
    const { floods } = this.#context;
    let parts = 0;
    let dataBytes = 0;
    let isWhole = true;
    const droppedTags = unpackAggregate(message, (part) => {
      parts++;
      if (part.payload.length < TINY_MESSAGE_BYTES) floods.spend('tiny chunks');
      if (hasValues(part.typeId)) dataBytes += part.payload.length;
      if (dataBytes > MAX_AGGREGATED_DATA_BYTES && hasValues(part.typeId)) isWhole = false;
      else if (!this.#emit(part)) isWhole = false;
    });
    if (droppedTags > 0 && parts === 0) this.#drop('malformed messages');
    else if (droppedTags > 0 || !isWhole) this.#droppedMessages++;
  }
}

/** True for messages that are read value by value, and for those that may hold such. */
function hasValues(typeId: number): boolean {
  switch (typeId) {
    case MessageType.CommandAmf0:
    case MessageType.CommandAmf3:
    case MessageType.DataAmf0:
    case MessageType.DataAmf3:
    case MessageType.Aggregate:
      return true;
    default:
      return false;
  }
}
