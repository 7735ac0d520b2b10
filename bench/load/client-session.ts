// An RTMP client as far as a load program needs one: plain handshake, connect, createStream, and then play or publish,
// each after the answer to the one before; acknowledgements and pongs after that. It does no I/O: a socket and a
// tunnel drive it alike. [RTMP 5.2, 7.2]

import type { ChunkStream, MessageSink } from './chunk-reader.ts';
import { ChunkReader } from './chunk-reader.ts';
import {
  C0_C1,
  CREATE_STREAM,
  controlBytes,
  MESSAGE_STREAM_ID,
  PACKET_BYTES,
  pongBytes,
  WireType,
} from './rtmp-bytes.ts';

/** What a client says, built once for all clients of a kind. */
export type ClientScript = {
  /** The command `connect`. */
  readonly connect: Buffer;
  /** The command `play` or `publish`; null for a client that stays idle. */
  readonly start: Buffer | null;
};

/** Who hears of a client's progress. */
export interface ClientListener {
  /** Bytes for the server, in order. */
  send(bytes: Buffer): void;
  /** The server has answered all there is to say before playing, and the script says no more. */
  idle(): void;
  /** The status of play or publish: the server's code, such as NetStream.Play.Start. */
  status(code: string): void;
  /** Payload of a data message (metadata); valid until the call returns. */
  data(payload: Buffer): void;
  mediaPiece(stream: ChunkStream, bytes: Buffer, from: number, to: number): void;
  mediaEnd(stream: ChunkStream): void;
}

const GREETING_BYTES = 1 + 2 * PACKET_BYTES;
const PING_REQUEST = 6;
const STATUS_CODE = /Net(?:Stream|Connection)(?:\.\w+)+/;

/** One client's half of the conversation. What the server does wrong throws an Error. */
export class ClientSession implements MessageSink {
  readonly #script: ClientScript;
  readonly #listener: ClientListener;
  readonly #reader = new ChunkReader(this);
  #greeting: Buffer | null = Buffer.alloc(GREETING_BYTES);
  #greetingBytes = 0;
  #step: 'connect' | 'create' | 'started' = 'connect';
  #receivedBytes = 0;
  #acknowledgedBytes = 0;
  #windowBytes = Number.POSITIVE_INFINITY;

  constructor(script: ClientScript, listener: ClientListener) {
    this.#script = script;
    this.#listener = listener;
  }

  /** True where the bytes so far end with a whole message, or the handshake is not over. */
  get isBetweenMessages(): boolean {
    return this.#greeting !== null || this.#reader.isBetweenMessages;
  }

  /** Sends C0 and C1. */
  begin(): void {
    this.#listener.send(C0_C1);
  }

  /** Takes in `bytes[from..to)`, which may be used again when the call returns. */
  receive(bytes: Buffer, from: number, to: number): void {
    this.#receivedBytes += to - from;
    const at = this.#greeting === null ? from : this.#greet(this.#greeting, bytes, from, to);
    this.#reader.receive(bytes, at, to);
    if (this.#receivedBytes - this.#acknowledgedBytes < this.#windowBytes / 2) return;
    this.#acknowledgedBytes = this.#receivedBytes;
    this.#listener.send(controlBytes(WireType.Acknowledgement, this.#receivedBytes >>> 0));
  }

  /** Gathers S0, S1 and S2; answers with C2, which is S1, and connect. Gives the offset behind them. */
  #greet(greeting: Buffer, bytes: Buffer, from: number, to: number): number {
    const taken = Math.min(GREETING_BYTES - this.#greetingBytes, to - from);
    bytes.copy(greeting, this.#greetingBytes, from, from + taken);
    this.#greetingBytes += taken;
    if (this.#greetingBytes === GREETING_BYTES) {
      if (greeting[0] !== 3) throw new Error(`expected S0 = 3, got ${greeting[0]}`);
      this.#listener.send(Buffer.concat([greeting.subarray(1, 1 + PACKET_BYTES), this.#script.connect]));
      this.#greeting = null;
    }
    return from + taken;
  }

  mediaPiece(stream: ChunkStream, bytes: Buffer, from: number, to: number): void {
    this.#listener.mediaPiece(stream, bytes, from, to);
  }

  mediaEnd(stream: ChunkStream): void {
    this.#listener.mediaEnd(stream);
  }

  message(typeId: number, payload: Buffer): void {
    switch (typeId) {
      case WireType.WindowAckSize:
        this.#windowBytes = payload.readUInt32BE(0);
        return;
      case WireType.UserControl:
        if (payload.readUInt16BE(0) === PING_REQUEST) this.#listener.send(pongBytes(payload));
        return;
      case WireType.Data:
        this.#listener.data(payload);
        return;
      case WireType.Command:
        this.#command(payload);
    }
  }

  #command(payload: Buffer): void {
    const name = payload.toString('latin1', 3, 3 + payload.readUInt16BE(1));
    const text = payload.toString('latin1');
    if (name === '_error') throw new Error(`the server answered ${text}`);
    if (name === '_result') this.#answered(payload);
    else if (name === 'onStatus') this.#listener.status(STATUS_CODE.exec(text)?.[0] ?? text);
  }

  #answered(payload: Buffer): void {
    switch (this.#step) {
      case 'connect':
        this.#step = 'create';
        this.#listener.send(CREATE_STREAM);
        return;
      case 'create': {
        const messageStreamId = payload.readDoubleBE(payload.length - 8);
        if (messageStreamId !== MESSAGE_STREAM_ID) {
          throw new Error(`expected message stream id 1, got ${messageStreamId}`);
        }
        this.#step = 'started';
        if (this.#script.start === null) this.#listener.idle();
        else this.#listener.send(this.#script.start);
        return;
      }
      case 'started':
        return;
    }
  }
}
