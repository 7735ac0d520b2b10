// What a gateway's process holds once its garbage is collected: asked through Node's inspector, for nothing else can have
// a process collect from outside, and what is garbage by chance would hide or feign a leak of many MiB.

import { readFileSync } from 'node:fs';
import type { GatewayProcess } from '../support/gateway-process.ts';

/** Environment that a gateway has to be started with: its inspector on a free port of the loopback. */
export const INSPECTED: Readonly<Record<string, string>> = { NODE_OPTIONS: '--inspect=127.0.0.1:0' };

/** What Node itself says of its inspector, on stderr. */
const INSPECTOR_WORDS = /^(Debugger listening on|For help, see|Debugger attached|Debugger ending on).*$/gm;

const MIB = 1024 * 1024;

/** Memory of a process, in MiB. */
export type MemoryMib = {
  /** Resident, as the system has it, with its garbage. */
  readonly rssWithGarbage: number;
  /** Resident, as the system has it, behind two collections. */
  readonly rss: number;
  /** Objects that live, of JavaScript and outside of it. */
  readonly live: number;
};

/** A connection to the inspector of one gateway. */
export class MemoryProbe {
  readonly #socket: WebSocket;
  readonly #pid: number;
  #nextId = 1;

  private constructor(socket: WebSocket, pid: number) {
    this.#socket = socket;
    this.#pid = pid;
  }

  /** Connects to a gateway that was started with INSPECTED. */
  static async open(gateway: GatewayProcess): Promise<MemoryProbe> {
    const [url] = /ws:\/\/\S+/.exec(gateway.output()) ?? [];
    if (url === undefined) throw new Error(`no inspector: ${gateway.output()}`);
    const socket = new WebSocket(url);
    await new Promise((resolve, reject) => {
      socket.addEventListener('open', resolve);
      socket.addEventListener('error', reject);
    });
    return new MemoryProbe(socket, gateway.pid);
  }

  /** What a gateway wrote that was no log line, without the words of the inspector. */
  static outputOf(gateway: GatewayProcess): string {
    return gateway.output().replaceAll(INSPECTOR_WORDS, '').trim();
  }

  /** Collects garbage, and measures. */
  async measure(): Promise<MemoryMib> {
    const rssWithGarbage = this.#rssMib();
    await this.#call('HeapProfiler.collectGarbage', {});
    await this.#call('HeapProfiler.collectGarbage', {});
    const expression = 'process.memoryUsage().heapUsed + process.memoryUsage().external';
    const answer = await this.#call('Runtime.evaluate', { expression });
    const [, liveBytes] = /"type":"number","value":(\d+)/.exec(answer) ?? [];
    if (liveBytes === undefined) throw new Error(`expected a number, got ${answer}`);
    return { rssWithGarbage, rss: this.#rssMib(), live: Math.round((10 * Number(liveBytes)) / MIB) / 10 };
  }

  close(): void {
    this.#socket.close();
  }

  #rssMib(): number {
    const status = readFileSync(`/proc/${this.#pid}/status`, 'utf8');
    const [, kilobytes] = /^VmRSS:\s+(\d+) kB$/m.exec(status) ?? [];
    return Math.round(Number(kilobytes) / 1024);
  }

  /** The text of the answer to a call of the inspector's protocol. */
  #call(method: string, params: object): Promise<string> {
    const id = this.#nextId++;
    return new Promise((resolve) => {
      const hear = ({ data }: MessageEvent): void => {
        const answer = String(data);
        if (!answer.startsWith(`{"id":${id},`)) return;
        this.#socket.removeEventListener('message', hear);
        resolve(answer);
      };
      this.#socket.addEventListener('message', hear);
      this.#socket.send(JSON.stringify({ id, method, params }));
    });
  }
}
