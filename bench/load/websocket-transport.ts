// RTMP over WebSocket: a binary message for whatever is sent at once. What is said before the server has answered the
// upgrade waits for that.

import type { Socket } from 'node:net';
import type { Address } from './open-socket.ts';
import { openSocket } from './open-socket.ts';
import type { Transport, TransportListener } from './transport.ts';
import { clientFrame, closeFrame, Opcode, upgradeRequest } from './websocket-bytes.ts';
import type { WebSocketSink } from './websocket-reader.ts';
import { WebSocketReader } from './websocket-reader.ts';

/** A WebSocket. */
export class WebSocketTransport implements Transport, WebSocketSink {
  readonly #address: Address;
  readonly #listener: TransportListener;
  readonly #reader = new WebSocketReader(this);
  #socket: Socket | null = null;
  /** What waits for the answer to the upgrade; null behind it. */
  #outbox: Buffer[] | null = [];
  #isClosed = false;

  constructor(address: Address, listener: TransportListener) {
    this.#address = address;
    this.#listener = listener;
  }

  get queuedBytes(): number {
    const waiting = this.#outbox?.reduce((bytes, { length }) => bytes + length, 0) ?? 0;
    return waiting + (this.#socket?.writableLength ?? 0);
  }

  open(): void {
    this.#socket = openSocket(this.#address, {
      bytes: (bytes, lengthBytes) => this.#reader.receive(bytes, lengthBytes),
      failed: (text) => this.#listener.failed(text),
    });
    this.#socket.write(upgradeRequest(this.#address));
  }

  send(bytes: Buffer): void {
    if (this.#outbox === null) this.#socket?.write(clientFrame(Opcode.Binary, bytes));
    else this.#outbox.push(bytes);
  }

  /** Says so to the server too; its answer is not waited for. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    if (this.#outbox === null) this.#socket?.write(closeFrame());
    this.#socket?.destroySoon();
  }

  upgraded(): void {
    const waiting = this.#outbox ?? [];
    this.#outbox = null;
    for (const bytes of waiting) this.send(bytes);
  }

  payload(bytes: Buffer, from: number, to: number): void {
    this.#listener.received(bytes, from, to);
  }

  ping(payload: Buffer): void {
    this.#socket?.write(clientFrame(Opcode.Pong, payload));
  }

  closing(code: number): void {
    this.#listener.failed(`the server closed the WebSocket with code ${code}`);
  }
}
