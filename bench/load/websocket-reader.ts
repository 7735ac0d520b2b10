// Reads what a WebSocket server sends: the answer to the upgrade, and then frames, however the bytes are split. Payload
// of binary messages is handed on as it comes, without a copy. What a server must not send is an error. [RFC6455 4.1, 5.2]

import { EXPECTED_ACCEPT, Opcode } from './websocket-bytes.ts';

/** Who takes it. */
export interface WebSocketSink {
  /** The server speaks RTMP in WebSocket frames from now on. */
  upgraded(): void;
  /** Some payload of a binary message, a view that is valid until the call returns. */
  payload(bytes: Buffer, from: number, to: number): void;
  /** A whole ping; the payload is a copy. */
  ping(payload: Buffer): void;
  /** The server closes, with this code; 0 where it says none. */
  closing(code: number): void;
}

const HEAD_END = '\r\n\r\n';
/** LIMIT: no server answers an upgrade with more; who does is not understood. */
const MAX_HEAD_CHARS = 4096;
const ACCEPT = /\r\nsec-websocket-accept: *([^\r\n]*)/i;
const PROTOCOL = /\r\nsec-websocket-protocol: *([^\r\n]*)/i;
const MAX_HEADER_BYTES = 10;
const RESERVED_BITS = 0x70;
const FIN = 0x80;
const OPCODE_BITS = 0x0f;
const LENGTH_16 = 126;
const LENGTH_64 = 127;
const MAX_CONTROL_BYTES = 125;

/** Reads one connection. */
export class WebSocketReader {
  readonly #sink: WebSocketSink;
  readonly #header = Buffer.alloc(MAX_HEADER_BYTES);
  readonly #control = Buffer.alloc(MAX_CONTROL_BYTES);
  /** The answer to the upgrade so far; null behind it. */
  #head: string | null = '';
  #headerBytes = 0;
  #neededBytes = 2;
  #opcode = 0;
  /** True from the first frame of a message in parts to its last. */
  #isInParts = false;
  #controlBytes = 0;
  /** Bytes that are left of a frame's payload; null in front of it. */
  #leftBytes: number | null = null;

  constructor(sink: WebSocketSink) {
    this.#sink = sink;
  }

  /** Takes in `bytes[0..lengthBytes)`. @throws Error where a server must not send that */
  receive(bytes: Buffer, lengthBytes: number): void {
    let at = 0;
    while (at < lengthBytes) {
      if (this.#head !== null) at = this.#readHead(this.#head, bytes, at, lengthBytes);
      else if (this.#leftBytes === null) this.#readHeader(bytes[at++] ?? 0);
      else at = this.#readPayload(this.#leftBytes, bytes, at, lengthBytes);
    }
  }

  #readHead(known: string, bytes: Buffer, from: number, to: number): number {
    const text = known + bytes.toString('latin1', from, to);
    const end = text.indexOf(HEAD_END);
    if (end < 0) {
      if (text.length > MAX_HEAD_CHARS) throw new Error('an answer to the upgrade without an end');
      this.#head = text;
      return to;
    }
    const head = text.slice(0, end);
    if (!head.startsWith('HTTP/1.1 101')) throw new Error(`an answer that begins ${head.slice(0, 40)}`);
    if (ACCEPT.exec(head)?.[1] !== EXPECTED_ACCEPT) throw new Error('an answer to another key');
    const [, protocol] = PROTOCOL.exec(head) ?? [];
    if (protocol !== 'rtmp') throw new Error(`expected the subprotocol rtmp, got ${protocol ?? 'none'}`);
    this.#head = null;
    this.#sink.upgraded();
    return from + end + HEAD_END.length - known.length;
  }

  #readHeader(byte: number): void {
    this.#header[this.#headerBytes++] = byte;
    if (this.#headerBytes < this.#neededBytes) return;
    const length7 = this.#header[1] ?? 0;
    if (this.#headerBytes === 2) {
      this.#check(this.#header[0] ?? 0, length7);
      if (length7 >= LENGTH_16) {
        this.#neededBytes = length7 === LENGTH_16 ? 4 : MAX_HEADER_BYTES;
        return;
      }
    }
    this.#headerBytes = 0;
    this.#neededBytes = 2;
    this.#controlBytes = 0;
    this.#leftBytes = length7;
    if (length7 === LENGTH_16) this.#leftBytes = this.#header.readUInt16BE(2);
    else if (length7 === LENGTH_64) this.#leftBytes = Number(this.#header.readBigUInt64BE(2));
    if (this.#leftBytes === 0) this.#frameEnd();
  }

  #check(first: number, length7: number): void {
    const opcode = first & OPCODE_BITS;
    const isLast = (first & FIN) !== 0;
    const isControl = opcode >= Opcode.Close;
    if ((first & RESERVED_BITS) !== 0) throw new Error(`a frame with reserved bits: ${first}`);
    if (length7 > LENGTH_64) throw new Error('a frame that the server masked');
    if (isControl) {
      const isKnown = opcode <= Opcode.Pong && isLast && length7 <= MAX_CONTROL_BYTES;
      if (!isKnown) throw new Error(`a control frame that begins ${first} ${length7}`);
    } else {
      const expected = this.#isInParts ? Opcode.Continuation : Opcode.Binary;
      if (opcode !== expected) throw new Error(`expected a frame of opcode ${expected}, got ${opcode}`);
      this.#isInParts = !isLast;
    }
    this.#opcode = opcode;
  }

  #readPayload(leftBytes: number, bytes: Buffer, from: number, to: number): number {
    const end = Math.min(to, from + leftBytes);
    this.#leftBytes = leftBytes - (end - from);
    if (this.#opcode < Opcode.Close) {
      this.#sink.payload(bytes, from, end);
    } else {
      bytes.copy(this.#control, this.#controlBytes, from, end);
      this.#controlBytes += end - from;
    }
    if (this.#leftBytes === 0) this.#frameEnd();
    return end;
  }

  #frameEnd(): void {
    this.#leftBytes = null;
    const control = this.#control.subarray(0, this.#controlBytes);
    if (this.#opcode === Opcode.Ping) this.#sink.ping(Buffer.from(control));
    else if (this.#opcode === Opcode.Close) {
      this.#sink.closing(control.length < 2 ? 0 : control.readUInt16BE(0));
    }
  }
}
