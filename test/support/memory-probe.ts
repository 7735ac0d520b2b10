// What a Node process holds once its garbage is collected: asked through Node's inspector, for nothing else can have a
// process collect from outside, and garbage that happens to lie there would make or hide any figure.

import { readFileSync } from 'node:fs';

/** Environment that the process has to be started with: its inspector on a free port of the loopback. */
export const INSPECTED: Readonly<Record<string, string>> = { NODE_OPTIONS: '--inspect=127.0.0.1:0' };

/** What Node itself says of its inspector, on stderr. */
const INSPECTOR_WORDS = /^(Debugger listening on|For help, see|Debugger attached|Debugger ending on).*$/gm;

/** Memory of a process, bytes. */
export type MemoryBytes = {
  /** Resident, its garbage with it. */
  readonly residentWithGarbage: number;
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

  /**
   * Connects to a process that was started with INSPECTED and is ready; `errorOutput` is what it wrote on stderr.
   * @throws Error where it has no inspector
   */
  static async open(pid: number, errorOutput: string): Promise<MemoryProbe> {
    const [url] = /ws:\/\/\S+/.exec(errorOutput) ?? [];
    if (url === undefined) throw new Error(`no inspector: ${errorOutput}`);
    const socket = new WebSocket(url);
    await new Promise((resolve, reject) => {
      socket.addEventListener('open', resolve);
      socket.addEventListener('error', () => reject(new Error(`no connection to ${url}`)));
    });
    return new MemoryProbe(socket, pid);
  }

  /** What a process wrote on stderr, without the words of its inspector. */
  static withoutInspector(errorOutput: string): string {
    return errorOutput.replaceAll(INSPECTOR_WORDS, '').trim();
  }

  /** Collects garbage, and measures. @throws Error where the process does not answer as it should */
  async measure(): Promise<MemoryBytes> {
    const residentWithGarbage = this.#residentBytes();
    await this.#call('HeapProfiler.collectGarbage', {});
    await this.#call('HeapProfiler.collectGarbage', {});
    const expression = 'process.memoryUsage().heapUsed + process.memoryUsage().external';
    const answer = await this.#call('Runtime.evaluate', { expression });
    const [, live] = /"type":"number","value":(\d+)/.exec(answer) ?? [];
    if (live === undefined) throw new Error(`expected a number, got ${answer}`);
    return { residentWithGarbage, resident: this.#residentBytes(), live: Number(live) };
  }

  /** What keeps its event loop busy, by kind: timers, sockets. @throws Error where the process does not answer as it should */
  async resources(): Promise<Record<string, number>> {
    const expression = 'process.getActiveResourcesInfo().join(" ")';
    const answer = await this.#call('Runtime.evaluate', { expression });
    const [, text] = /"type":"string","value":"([\w ]*)"/.exec(answer) ?? [];
    if (text === undefined) throw new Error(`expected a text, got ${answer}`);
    const counts: Record<string, number> = {};
    for (const kind of text.split(' ').toSorted()) counts[kind] = (counts[kind] ?? 0) + 1;
    return counts;
  }

  /** Ends the connection; the process goes on. */
  close(): void {
    this.#socket.close();
  }

  #residentBytes(): number {
    const [, kilobytes] =
      /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${this.#pid}/status`, 'utf8')) ?? [];
    return 1024 * Number(kilobytes);
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
