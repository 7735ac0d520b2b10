// What carries a client's RTMP bytes: a socket, a tunnel or a WebSocket. Clients do not know which.

/** Who hears of a transport. */
export interface TransportListener {
  /** RTMP bytes of the server: a view, valid until the call returns. What it throws is a failure. */
  received(bytes: Buffer, from: number, to: number): void;
  /** A tunnel's reply is whole; `requestNumber` says which. */
  replied(requestNumber: number): void;
  /** The connection is of no use any more; may be said more than once, and after a close. */
  failed(text: string): void;
}

/** One client's way to the server. */
export interface Transport {
  /** Bytes that wait in this process because the server does not take them. */
  readonly queuedBytes: number;
  /** Connects. Bytes may be sent at once. */
  open(): void;
  /** Sends bytes, in order; they must not change afterwards. */
  send(bytes: Buffer): void;
  /** Ends the connection. */
  close(): void;
}

/** Makes a transport for one client. */
export type TransportFactory = (listener: TransportListener) => Transport;
