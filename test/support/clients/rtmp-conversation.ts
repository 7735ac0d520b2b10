// The RTMP half of the emulated clients that take bytes however the tunnel cuts them: S0, S1 and S2 are gathered, then
// messages are read, kept, and handed to the client, which answers them as the real one does. [RTMP 5.2, 5.3]

import { MessageReader, statusCodeIn } from './message-reader.ts';
import { type MediaMessage, setDataFrame } from './numbered-media.ts';
import type { ReceivedMessages } from './received-messages.ts';
import { ChunkWriter, MessageType, type RtmpMessage, SERVER_HANDSHAKE_BYTES } from './rtmp-bytes.ts';

/** Commands in AMF3: a zero, and then mostly AMF0 all the same. [RTMP 7.1.1] */
export const COMMAND_AMF3 = 17;

/** Type of the user control messages of which clients answer the first by the second, with its time. [RTMP 7.1.7] */
const PING_REQUEST = 6;
const PING_RESPONSE = 7;

/** What the client does with what comes. What it throws breaks the client. */
export type ConversationListener = {
  /** S0, S1 and S2 are whole; `restBytes` more came with their last byte. */
  readonly greeted: (greeting: Buffer, restBytes: number) => void;
  /** A message came, and is in `received` when this returns. */
  readonly message: (message: RtmpMessage) => void;
};

/** One client's conversation. */
export class RtmpConversation {
  readonly writer = new ChunkWriter();
  readonly #received: ReceivedMessages;
  readonly #listener: ConversationListener;
  readonly #reader = new MessageReader();
  #greeting: Buffer | null = Buffer.alloc(0);

  constructor(received: ReceivedMessages, listener: ConversationListener) {
    this.#received = received;
    this.#listener = listener;
  }

  /** True while S0, S1 and S2 are not whole. */
  get isGreeting(): boolean {
    return this.#greeting !== null;
  }

  /** Takes in what the tunnel brought, without the polling byte. */
  receive(bytes: Uint8Array): void {
    let rest = bytes;
    if (this.#greeting !== null) {
      const gathered = Buffer.concat([this.#greeting, bytes]);
      this.#greeting = gathered;
      if (gathered.length < SERVER_HANDSHAKE_BYTES) return;
      this.#greeting = null;
      rest = gathered.subarray(SERVER_HANDSHAKE_BYTES);
      this.#listener.greeted(gathered.subarray(0, SERVER_HANDSHAKE_BYTES), rest.length);
    }
    for (const message of this.#reader.receive(rest)) {
      const plain = plainCommand(message);
      this.#listener.message(plain);
      this.#received.add(plain);
    }
  }

  /** Waits for the answer to a call. @throws Error where it is `_error` */
  async result(transactionId: number, title: string): Promise<readonly unknown[]> {
    const { name, values } = await this.#received.waitForCommand(
      (command) => /^_(result|error)$/.test(command.name) && command.transactionId === transactionId,
      `the answer to ${title}`,
    );
    if (name === '_error') throw new Error(`${title} was answered _error ${JSON.stringify(values)}`);
    return values;
  }

  /** Waits for the id that createStream is answered with. */
  async streamId(transactionId: number): Promise<number> {
    const [, id] = await this.result(transactionId, 'createStream');
    if (typeof id !== 'number' || id < 1)
      throw new Error(`came stream id ${String(id)}; needed a number from 1`);
    return id;
  }

  /** Waits until a publish or a play has begun; `code` says so. @throws Error at a status of level error */
  async begun(code: string): Promise<void> {
    const isError = ({ values }: { readonly values: readonly unknown[] }): boolean =>
      JSON.stringify(values[1] ?? null).includes('"level":"error"');
    const status = await this.#received.waitForCommand(
      (command) => command.name === 'onStatus' && (statusCodeIn(command) === code || isError(command)),
      code,
    );
    if (statusCodeIn(status) !== code)
      throw new Error(`came ${String(statusCodeIn(status))}; needed ${code}`);
  }
}

/** The answer to a ping; null where the message is none. */
export function pongFor(message: RtmpMessage, writer: ChunkWriter): Buffer | null {
  if (message.typeId !== MessageType.UserControl) return null;
  const payload = Buffer.from(message.payload);
  if (payload.readUInt16BE(0) !== PING_REQUEST) return null;
  return writer.userControl(PING_RESPONSE, payload.readUInt32BE(2));
}

/** Chunk streams that a publisher uses. */
export type MediaChunkStreams = { readonly audio: number; readonly video: number; readonly data: number };

/** A media message as a publisher puts it on its stream: metadata with its @setDataFrame. */
export function publishedMessage(
  message: MediaMessage,
  messageStreamId: number,
  chunkStreams: MediaChunkStreams,
): RtmpMessage {
  const { typeId, timestampMs, payload } = message;
  const stream = { messageStreamId, timestampMs, typeId };
  switch (typeId) {
    case MessageType.Audio:
      return { ...stream, chunkStreamId: chunkStreams.audio, payload };
    case MessageType.Video:
      return { ...stream, chunkStreamId: chunkStreams.video, payload };
    default:
      return { ...stream, chunkStreamId: chunkStreams.data, payload: setDataFrame(message) };
  }
}

/** A command in AMF3 as the one in AMF0 that it holds; other messages as they are. */
function plainCommand(message: RtmpMessage): RtmpMessage {
  if (message.typeId !== COMMAND_AMF3) return message;
  if (message.payload[0] !== 0) throw new Error('came an AMF3 command that does not begin with 0');
  return { ...message, typeId: MessageType.Command, payload: message.payload.subarray(1) };
}
