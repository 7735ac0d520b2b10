// A viewer over a plain socket.

import type { Socket } from 'node:net';
import { connect } from 'node:net';
import type { ViewerTarget } from './viewer.ts';
import { READ_BUFFER, Viewer } from './viewer.ts';
import type { CheckContext } from './viewer-check.ts';

/** Plays over RTMP. */
export class RtmpViewer extends Viewer {
  readonly #target: ViewerTarget;
  #socket: Socket | null = null;

  constructor(name: string, target: ViewerTarget, context: CheckContext) {
    super(name, target.script, context);
    this.#target = target;
  }

  send(bytes: Buffer): void {
    this.#socket?.write(bytes);
  }

  protected open(): void {
    const { host, port } = this.#target;
    const callback = (lengthBytes: number): boolean => {
      this.handle(() => this.session.receive(READ_BUFFER, 0, lengthBytes));
      return true;
    };
    const socket = connect({ host, port, noDelay: true, onread: { buffer: READ_BUFFER, callback } });
    this.#socket = socket;
    socket.on('error', (error) => this.failed(error.message));
    socket.on('close', () => this.failed('the server closed the connection'));
    this.session.begin();
  }

  protected disconnect(): void {
    this.#socket?.destroy();
  }
}
