// What a server session has to say and has not said yet: whole messages, ready for the wire, each with a full chunk
// header (fmt 0). It never interleaves two messages: clients exist that cannot take it. [RTMP 5.3.1]

import type { AmfValue } from '../../amf/amf-value.ts';
import { chunkedLengthBytes, writeChunkedMessage } from '../chunk-encoder.ts';
import { type CommandTypeId, encodeCommand } from '../command-message.ts';
import type { ControlMessage } from '../control-message.ts';
import { encodeControl } from '../control-message.ts';
import type { RtmpeCipher } from '../handshake/rtmpe.ts';
import { DEFAULT_CHUNK_SIZE_BYTES } from '../limits.ts';
import type { RtmpMessage } from '../message.ts';
import { MessageType } from '../message.ts';
import { RtmpError } from '../rtmp-error.ts';
import type { UserControlEvent } from '../user-control.ts';
import { encodeUserControl } from '../user-control.ts';

/** Chunk stream ids of what a session itself says; media has its own. */
export const ChunkStreamId = { Control: 2, Command: 3, StreamCommand: 5 } as const;

/** LIMIT: bytes of answers that wait for a peer that does not read; 16 KiB would serve every honest one. */
const MAX_WAITING_OUTPUT_BYTES = 1024 * 1024;

/** Type ids of the control messages that a server sends. */
const CONTROL_TYPES = {
  'set-chunk-size': MessageType.SetChunkSize,
  abort: MessageType.Abort,
  acknowledgement: MessageType.Acknowledgement,
  'window-acknowledgement-size': MessageType.WindowAcknowledgementSize,
  'set-peer-bandwidth': MessageType.SetPeerBandwidth,
} as const;

/** Output of a session, in order. */
export class OutputQueue {
  #handshake: Uint8Array | null = null;
  #messages: Uint8Array[] = [];
  #waitingBytes = 0;
  #isOverfull = false;
  /** Chunk size of what is written from now on, bytes. */
  chunkSizeBytes = DEFAULT_CHUNK_SIZE_BYTES;
  /** Encrypts messages as they are taken; null without RTMPE. */
  cipher: RtmpeCipher | null = null;
  /** Type of the commands that are put from now on: that of the request they answer. */
  commandTypeId: CommandTypeId = MessageType.CommandAmf0;

  /** True when there is nothing to take. */
  get isEmpty(): boolean {
    return this.#handshake === null && this.#messages.length === 0;
  }

  /** True when S0, S1 and S2 are what comes next. */
  get isHandshakeNext(): boolean {
    return this.#handshake !== null;
  }

  /** True once a message was dropped because too much waited: the peer is to be given up. */
  get isOverfull(): boolean {
    return this.#isOverfull;
  }

  /** Puts S0, S1 and S2 in front of everything; they are taken alone, for some clients drop what follows them in
   * the same reply. */
  putHandshake(bytes: Uint8Array): void {
    this.#handshake = bytes;
  }

  /**
   * Puts a message. Where too much waits it is dropped, with all that follows, and `isOverfull` says so.
   * WHY: it does not throw, for a goodbye is said where nobody may throw any more. Who reads input asks afterwards.
   */
  put(message: RtmpMessage): void {
    const { payload, timestampMs, chunkStreamId } = message;
    const lengthBytes = chunkedLengthBytes(payload.length, timestampMs, chunkStreamId, this.chunkSizeBytes);
    this.#isOverfull ||= this.#waitingBytes + lengthBytes > MAX_WAITING_OUTPUT_BYTES;
    if (this.#isOverfull) return;
    const bytes = new Uint8Array(lengthBytes);
    writeChunkedMessage(bytes, 0, message, this.chunkSizeBytes);
    this.#waitingBytes += lengthBytes;
    this.#messages.push(bytes);
  }

  /** Puts a protocol control message. */
  putControl(control: ControlMessage): void {
    this.#putOnControl(CONTROL_TYPES[control.type], encodeControl(control));
  }

  /** Puts a user control message. */
  putUserControl(event: UserControlEvent): void {
    this.#putOnControl(MessageType.UserControl, encodeUserControl(event));
  }

  /** Puts a command: `name`, transaction id, command object, arguments. */
  putCommand(
    messageStreamId: number,
    name: string,
    transactionId: number,
    commandObject: AmfValue,
    args: AmfValue[],
  ): void {
    const typeId = this.commandTypeId;
    const payload = encodeCommand({ name, transactionId, commandObject, args }, typeId);
    const chunkStreamId = messageStreamId === 0 ? ChunkStreamId.Command : ChunkStreamId.StreamCommand;
    this.put({ typeId, chunkStreamId, messageStreamId, timestampMs: 0, payload });
  }

  /** @throws RtmpError 'rtmp-peer-not-reading' where the queue is overfull */
  requireRoom(): void {
    if (!this.#isOverfull) return;
    const text = `expected the peer to read its answers, but ${this.#waitingBytes} bytes of them wait`;
    throw new RtmpError('rtmp-peer-not-reading', text);
  }

  /** Takes whole messages: at least one where there is one, otherwise at most `maxBytes`. Owned by the caller. */
  take(maxBytes: number): Uint8Array[] {
    if (this.#handshake !== null) {
      const alone = [this.#handshake];
      this.#handshake = null;
      return alone;
    }
    let count = 0;
    let takenBytes = 0;
    for (const message of this.#messages) {
      if (count > 0 && takenBytes + message.length > maxBytes) break;
      takenBytes += message.length;
      count++;
    }
    this.#waitingBytes -= takenBytes;
    const taken = this.#messages.splice(0, count);
    if (this.cipher !== null) for (const message of taken) this.cipher.encrypt(message);
    return taken;
  }

  #putOnControl(typeId: number, payload: Uint8Array): void {
    this.put({ typeId, chunkStreamId: ChunkStreamId.Control, messageStreamId: 0, timestampMs: 0, payload });
  }
}
