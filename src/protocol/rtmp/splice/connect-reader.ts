// Reads a client's chunk stream up to the end of its connect, for a splice that passes everything on: what connect says,
// and the bytes themselves. In front of it clients send control messages (OBS a chunk size, others a window).
// [RTMP 5.3, 5.4, 7.2.1.1]

import { ChunkDecoder } from '../chunk-decoder.ts';
import { parseCommand } from '../command-message.ts';
import { HeldInput } from '../held-input.ts';
import { MAX_MESSAGE_BYTES_BEFORE_CONNECT } from '../limits.ts';
import { MessageType, type RtmpMessage } from '../message.ts';
import { RtmpError } from '../rtmp-error.ts';
import { readConnect } from '../server/connect-command.ts';
import type { ConnectEvent } from '../server/server-events.ts';
import { ChunkWalker } from './chunk-walker.ts';
import { joined } from './joined.ts';
import { MAX_BYTES_BEFORE_CONNECT, MAX_MESSAGES_BEFORE_CONNECT } from './limits.ts';
import type { HeaderInForce } from './message-start.ts';

/** Where a chunk of connect stands in the bytes up to the end of it. */
export type ConnectChunk = {
  readonly startBytes: number;
  readonly payloadStartBytes: number;
  readonly endBytes: number;
};

/** A connect as it came. */
export type IncomingConnect = {
  /** What it says; names in it are not judged. */
  readonly connect: ConnectEvent;
  /** Finite and not negative: what its answer has to echo. */
  readonly transactionId: number;
  /** The message, with chunk stream and time; its payload is a copy. */
  readonly message: RtmpMessage;
  /** The client's chunk size in force behind it, 1..0xFFFFFF bytes. */
  readonly chunkSizeBytes: number;
  /** Everything from the first byte to the end of connect: a copy. */
  readonly rawBytes: Uint8Array;
  /** Its chunks, in order; between them others may stand. */
  readonly chunks: readonly ConnectChunk[];
  /** What its first chunk inherited, or says. */
  readonly headerInForce: HeaderInForce;
  /** What came behind it: perhaps a view of the bytes that came last. */
  readonly rest: Uint8Array;
};

const LIMITS = {
  maxMessageBytes: MAX_MESSAGE_BYTES_BEFORE_CONNECT,
  maxPartialBytes: 2 * MAX_MESSAGE_BYTES_BEFORE_CONNECT,
};

/** Reads one client's bytes, decrypted, from behind C2 on. After a throw or a connect it must not be used again. */
export class ConnectReader {
  readonly #decoder = new ChunkDecoder(LIMITS);
  readonly #raw = new HeldInput();
  #rawBytes = 0;
  #messages = 0;
  #connect: Pick<IncomingConnect, 'connect' | 'transactionId' | 'message'> | null = null;
  readonly #onMessage = (message: RtmpMessage): boolean => {
    this.#messages += 1;
    if (isControl(message)) this.#requireFew();
    else this.#takeConnect(message);
    return this.#connect === null;
  };

  /**
   * Takes in what came next. Returns the connect once it is whole, null before.
   * @throws RtmpError of the chunk decoder; 'rtmp-command-before-connect' for anything but control messages and connect,
   * 'rtmp-command-malformed', 'rtmp-connect-invalid', 'rtmp-flood' for too many messages or bytes before it
   */
  receive(bytes: Uint8Array): IncomingConnect | null {
    const usedBytes = this.#decoder.receive(bytes, 0, this.#onMessage);
    this.#rawBytes += usedBytes;
    if (this.#rawBytes > MAX_BYTES_BEFORE_CONNECT) {
      const text = `expected a connect within ${MAX_BYTES_BEFORE_CONNECT} bytes, got ${this.#rawBytes} without`;
      throw new RtmpError('rtmp-flood', text);
    }
    this.#raw.add(bytes.subarray(0, usedBytes));
    if (this.#connect === null) return null;
    const used = this.#raw.bytes;
    const place = placeOf(used, this.#connect.message.chunkStreamId, this.#messages);
    // WHY: the decoder may have looked up to three bytes ahead for a timestamp.
    const ahead = used.subarray(place.endBytes);
    const behind = bytes.subarray(usedBytes);
    return {
      ...this.#connect,
      chunkSizeBytes: this.#decoder.chunkSizeBytes,
      rawBytes: used.subarray(0, place.endBytes),
      chunks: place.chunks,
      headerInForce: place.headerInForce,
      rest: ahead.length === 0 ? behind : joined(ahead, behind),
    };
  }

  #requireFew(): void {
    if (this.#messages <= MAX_MESSAGES_BEFORE_CONNECT) return;
    const text = `expected connect behind at most ${MAX_MESSAGES_BEFORE_CONNECT} control messages, got one more`;
    throw new RtmpError('rtmp-flood', text);
  }

  #takeConnect(message: RtmpMessage): void {
    if (message.typeId !== MessageType.CommandAmf0 && message.typeId !== MessageType.CommandAmf3) {
      throw notConnect(`a message of type ${message.typeId}`);
    }
    const command = parseCommand(message);
    if (command.name !== 'connect') throw notConnect('another command');
    const { transactionId } = command;
    const payload = Uint8Array.from(message.payload);
    this.#connect = { connect: readConnect(command), transactionId, message: { ...message, payload } };
  }
}

/** Finds the chunks of the last of `messages` messages in `bytes`, which came on `chunkStreamId`. */
function placeOf(bytes: Uint8Array, chunkStreamId: number, messages: number) {
  let chunks: ConnectChunk[] = [];
  let headerInForce: HeaderInForce | null = null;
  let endedMessages = 0;
  const walker = new ChunkWalker(LIMITS, ({ stream, startBytes, payloadStartBytes, payloadBytes }) => {
    const endBytes = payloadStartBytes + payloadBytes;
    if (stream.id === chunkStreamId) {
      if (stream.receivedBytes === 0) {
        // Chunks of a message that was given up stay what they are.
        chunks = [];
        const { typeId, deltaMs, hasExtendedTimestamp, extendedTimestampMs } = stream;
        headerInForce = { typeId, deltaMs, hasExtendedTimestamp, extendedTimestampMs };
      }
      chunks.push({ startBytes, payloadStartBytes, endBytes });
    }
    if (stream.receivedBytes + payloadBytes === stream.lengthBytes) endedMessages += 1;
    return endedMessages < messages;
  });
  walker.walk(bytes);
  const endBytes = chunks.at(-1)?.endBytes;
  if (headerInForce === null || endBytes === undefined)
    throw new Error('connect was read and not found again');
  return { chunks, headerInForce, endBytes };
}

function isControl({ typeId }: RtmpMessage): boolean {
  return typeId >= MessageType.SetChunkSize && typeId <= MessageType.SetPeerBandwidth;
}

function notConnect(what: string): RtmpError {
  return new RtmpError(
    'rtmp-command-before-connect',
    `expected connect or a control message first, got ${what}`,
  );
}
