// RTMP over a socket as it is, in TLS or not.

import type { Socket } from 'node:net';
import type { Address } from './open-socket.ts';
import { openSocket } from './open-socket.ts';
import type { Transport, TransportListener } from './transport.ts';

/** A socket. */
export class SocketTransport implements Transport {
  readonly #address: Address;
  readonly #listener: TransportListener;
  #socket: Socket | null = null;

  constructor(address: Address, listener: TransportListener) {
    this.#address = address;
    this.#listener = listener;
  }

  get queuedBytes(): number {
    return this.#socket?.writableLength ?? 0;
  }

  open(): void {
    const listener = this.#listener;
    this.#socket = openSocket(this.#address, {
      bytes: (bytes, lengthBytes) => listener.received(bytes, 0, lengthBytes),
      failed: (text) => listener.failed(text),
    });
  }

  send(bytes: Buffer): void {
    this.#socket?.write(bytes);
  }

  close(): void {
    this.#socket?.destroy();
  }
}
