// What a client does with each message that comes in: which of them are whose business, and how many were nobody's.

import { ChunkDecoder } from '../chunk-decoder.ts';
import { MAX_MESSAGE_BYTES_BEFORE_CONNECT } from '../limits.ts';
import { MessageType, type RtmpMessage } from '../message.ts';
import type { ReadingProgress } from '../peer-watch.ts';
import { SameTimeHabit } from '../same-time-habit.ts';
import type { ClientCommands } from './client-commands.ts';
import type { ClientControl } from './client-control.ts';
import type { ClientEvent } from './client-events.ts';
import { emitMedia } from './client-media.ts';
import { findStatus } from './client-status.ts';

/** What the inbox hands messages to. */
export type ClientInboxContext = {
  readonly commands: ClientCommands;
  readonly control: ClientControl;
  readonly emit: (event: ClientEvent) => void;
  /** False once the session is closed: what follows is not read any more. */
  readonly isOpen: () => boolean;
};

/** The receiving side of one connection, behind the handshake. */
export class ClientInbox {
  readonly #context: ClientInboxContext;
  readonly #decoder = new ChunkDecoder(
    { maxMessageBytes: MAX_MESSAGE_BYTES_BEFORE_CONNECT },
    new SameTimeHabit(),
  );
  #droppedMessages = 0;
  readonly #onMessage = (message: RtmpMessage): boolean => {
    if (!this.#handle(message)) this.#droppedMessages += 1;
    return this.#context.isOpen();
  };
  readonly #onMedia = (event: ClientEvent): void => {
    this.#context.emit(event);
    if (event.type === 'data' && event.name === 'onPlayStatus') {
      this.#context.commands.handlePlayStatus(findStatus(event.values));
    }
  };

  constructor(context: ClientInboxContext) {
    this.#context = context;
  }

  /** Messages that were dropped: unreadable, of unknown type, or media that was not asked for. */
  get droppedMessages(): number {
    return this.#droppedMessages;
  }

  /** How far it has come, for who watches the time. */
  get progress(): ReadingProgress {
    const { partialBytes } = this.#decoder;
    return { partialBytes, unfinishedMark: partialBytes === 0 ? 0 : this.#decoder.unfinishedMark };
  }

  /** Largest message taken from now on, bytes. */
  setMaxMessageBytes(maxMessageBytes: number): void {
    this.#decoder.maxMessageBytes = maxMessageBytes;
  }

  /**
   * Reads chunks from `offset` on.
   * @throws RtmpError of the chunk decoder, of control messages and of commands
   */
  receive(bytes: Uint8Array, offset: number): void {
    this.#decoder.receive(bytes, offset, this.#onMessage);
  }

  /** Takes in one message; false where it is dropped. */
  #handle(message: RtmpMessage): boolean {
    const { commands, control } = this.#context;
    switch (message.typeId) {
      case MessageType.Audio:
      case MessageType.Video:
      case MessageType.Aggregate:
      case MessageType.DataAmf0:
      case MessageType.DataAmf3: {
        const stream = commands.stream;
        if (stream === null || stream.goal.kind !== 'play' || !stream.owns(message.messageStreamId))
          return false;
        return emitMedia(message, this.#onMedia);
      }
      case MessageType.CommandAmf0:
      case MessageType.CommandAmf3:
        return commands.handle(message);
      case MessageType.SetChunkSize:
      case MessageType.Abort:
      case MessageType.Acknowledgement:
      case MessageType.UserControl:
      case MessageType.WindowAcknowledgementSize:
      case MessageType.SetPeerBandwidth:
        return control.handle(message);
      default:
        return false;
    }
  }
}
