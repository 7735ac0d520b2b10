// What a client session has to say and has not said yet: whole messages, ready for the wire, in the order they were
// put and with the short headers that an encoder uses. Nothing that was put is dropped. [RTMP 5.3.1]

import type { AmfValue } from '../../amf/amf-value.ts';
import { ChunkEncoder } from '../chunk-encoder.ts';
import { encodeCommand } from '../command-message.ts';
import { MessageType, type RtmpMessage } from '../message.ts';
import { RtmpError } from '../rtmp-error.ts';
import { MAX_WAITING_ANSWERS } from './client-options.ts';

/** Chunk stream ids of a client, as FFmpeg uses them; data has its own. Some servers take none from 32 on. */
export const ChunkStreamId = {
  Control: 2,
  Command: 3,
  Audio: 4,
  Data: 5,
  Video: 6,
  StreamCommand: 8,
} as const;

/** Output of a client session, in order. */
export class ClientOutput {
  readonly #encoder = new ChunkEncoder();
  #messages: Uint8Array[] = [];
  #waitingBytes = 0;
  #waitingAnswers = 0;

  /** Bytes that wait to be taken. */
  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  /** Puts bytes of the handshake, which are no chunks. */
  putHandshake(bytes: Uint8Array): void {
    this.#push(bytes);
  }

  /** Puts a message; its payload is copied. A Set Chunk Size holds for what is put behind it. */
  put(message: RtmpMessage): void {
    this.#push(this.#encoder.encode(message));
  }

  /** Puts a protocol control or user control message. [RTMP 5.4, 6.2] */
  putControl(typeId: number, payload: Uint8Array): void {
    this.put({ typeId, chunkStreamId: ChunkStreamId.Control, messageStreamId: 0, timestampMs: 0, payload });
  }

  /**
   * Counts an answer to something that the server sent unasked; it is put next.
   * @throws RtmpError 'rtmp-peer-not-reading' where too many wait to be taken
   */
  countAnswer(): void {
    this.#waitingAnswers += 1;
    if (this.#waitingAnswers <= MAX_WAITING_ANSWERS) return;
    const text = `expected the server to read its answers, but ${this.#waitingAnswers} of them wait`;
    throw new RtmpError('rtmp-peer-not-reading', text);
  }

  /** Takes whole messages: at least one where there is one, otherwise at most `maxBytes`. Never written to again. */
  take(maxBytes: number): Uint8Array[] {
    if (this.#waitingBytes <= maxBytes) {
      const all = this.#messages;
      if (all.length > 0) this.#messages = [];
      this.#waitingBytes = 0;
      this.#waitingAnswers = 0;
      return all;
    }
    let count = 0;
    let takenBytes = 0;
    for (const message of this.#messages) {
      if (count > 0 && takenBytes + message.length > maxBytes) break;
      takenBytes += message.length;
      count += 1;
    }
    this.#waitingBytes -= takenBytes;
    const taken = this.#messages.splice(0, count);
    this.#waitingAnswers = Math.min(this.#waitingAnswers, this.#messages.length);
    return taken;
  }

  #push(bytes: Uint8Array): void {
    this.#messages.push(bytes);
    this.#waitingBytes += bytes.length;
  }
}

/** A command in AMF0: `name`, transaction id, command object, arguments. [RTMP 7.2] */
export function commandMessage(
  messageStreamId: number,
  name: string,
  transactionId: number,
  commandObject: AmfValue,
  args: readonly AmfValue[],
): RtmpMessage {
  const payload = encodeCommand({ name, transactionId, commandObject, args: [...args] });
  const chunkStreamId = messageStreamId === 0 ? ChunkStreamId.Command : ChunkStreamId.StreamCommand;
  return { typeId: MessageType.CommandAmf0, chunkStreamId, messageStreamId, timestampMs: 0, payload };
}
