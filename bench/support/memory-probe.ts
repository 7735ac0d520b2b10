// What a Node process holds once its garbage is collected: asked through Node's inspector, for nothing else can have a
// process collect from outside, and garbage that happens to lie there would make or hide any figure.

import type { PinnedProcess } from './pinned-process.ts';
import { residentBytes } from './process-usage.ts';

/** Environment that the process has to be started with: its inspector on a free port of the loopback. */
export const INSPECTED: Readonly<Record<string, string>> = { NODE_OPTIONS: '--inspect=127.0.0.1:0' };

/** Memory of a process, bytes. */
export type MemoryBytes = {
  /** Resident, behind two collections. */
  readonly resident: number;
  /** Objects that live, of JavaScript and outside of it. */
  readonly live: number;
};

/** A connection to the inspector of one process. */
export class MemoryProbe {
  readonly #socket: WebSocket;
  readonly #pid: number;
  #nextId = 1;

  private constructor(socket: WebSocket, pid: number) {
    this.#socket = socket;
    this.#pid = pid;
  }

  /** Connects to a process that was started with INSPECTED and is ready. @throws Error where it has no inspector */
  static async open(running: PinnedProcess): Promise<MemoryProbe> {
    const [url] = /ws:\/\/\S+/.exec(running.errorOutput()) ?? [];
    if (url === undefined) throw new Error(`no inspector: ${running.errorOutput()}`);
    const socket = new WebSocket(url);
    await new Promise((resolve, reject) => {
      socket.addEventListener('open', resolve);
      socket.addEventListener('error', () => reject(new Error(`no connection to ${url}`)));
    });
    return new MemoryProbe(socket, running.pid);
  }

  /** Collects garbage, and measures. @throws Error where the process does not answer as it should */
  async measure(): Promise<MemoryBytes> {
    await this.#call('HeapProfiler.collectGarbage', {});
    await this.#call('HeapProfiler.collectGarbage', {});
    const expression = 'process.memoryUsage().heapUsed + process.memoryUsage().external';
    const answer = await this.#call('Runtime.evaluate', { expression });
    const [, live] = /"type":"number","value":(\d+)/.exec(answer) ?? [];
    if (live === undefined) throw new Error(`expected a number, got ${answer}`);
    return { resident: residentBytes(this.#pid), live: Number(live) };
  }

  /** Ends the connection; the process goes on. */
  close(): void {
    this.#socket.close();
  }

  /** The text of the answer to a call of the inspector's protocol. */
  async #call(method: string, params: object): Promise<string> {
    const id = this.#nextId++;
    const heard = new AbortController();
    const { signal } = heard;
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const hear = ({ data }: MessageEvent): void => {
      const answer = String(data);
      if (answer.startsWith(`{"id":${id},`)) resolve(answer);
    };
    this.#socket.addEventListener('message', hear, { signal });
    this.#socket.addEventListener('close', () => reject(new Error('the inspector closed')), { signal });
    this.#socket.send(JSON.stringify({ id, method, params }));
    try {
      return await promise;
    } finally {
      heard.abort();
    }
  }
}
