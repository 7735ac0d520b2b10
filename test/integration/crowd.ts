// A crowd around one live stream of a gateway in a process of its own: some who keep up, some who are to stall, and a
// publisher who sends the next group of pictures once those who keep up have the one before. So nobody is slow who is
// not meant to be, however busy the machine is.

import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { FaultKind } from '../../bench/load/fault-list.ts';
import type { Address } from '../../bench/load/open-socket.ts';
import type { GatewayProcess, LogLine } from '../support/gateway-process.ts';
import { PacedPublisher } from '../support/paced-publisher.ts';
import { sleep } from '../support/programs.ts';
import type { WatcherKind } from '../support/watcher.ts';
import { Watcher } from '../support/watcher.ts';

const STREAM_NAME = 'crowded';
const KBPS = 6000;
/** LIMIT: who waits longer waits in vain. */
const LIMIT_MS = 20_000;
const LOOK_MS = 5;
/** LIMIT: so many join at a time. */
const JOIN_AT_ONCE = 25;

/** How many of a crowd are carried by what. */
export type CrowdCounts = Readonly<Partial<Record<WatcherKind, number>>>;

/** Who watches. */
export class Crowd {
  readonly publisher: PacedPublisher;
  readonly healthy: readonly Watcher[];
  readonly stalling: readonly Watcher[];
  readonly #gateway: GatewayProcess;

  private constructor(
    publisher: PacedPublisher,
    parts: Pick<Crowd, 'healthy' | 'stalling'>,
    gateway: GatewayProcess,
  ) {
    this.publisher = publisher;
    this.healthy = parts.healthy;
    this.stalling = parts.stalling;
    this.#gateway = gateway;
  }

  /** Has everybody join a stream that is published, and see its first pictures. */
  static async gather(
    t: TestContext,
    gateway: GatewayProcess,
    counts: { readonly healthy: CrowdCounts; readonly stalling: CrowdCounts },
  ): Promise<Crowd> {
    const address = { host: '127.0.0.1', port: gateway.ports[0] ?? 0 };
    const publisher = await PacedPublisher.start(t, address, STREAM_NAME, KBPS);
    publisher.sendGroup();
    const make = (part: keyof typeof counts): readonly Watcher[] =>
      watchersOf(counts[part], part, address, publisher);
    const crowd = new Crowd(publisher, { healthy: make('healthy'), stalling: make('stalling') }, gateway);
    t.after(() => {
      for (const watcher of crowd.everybody) watcher.stop();
    });
    const waiting = crowd.everybody.values();
    const joinInTurn = async (): Promise<void> => {
      for (const watcher of waiting) assert.notEqual(await watcher.join(), null, watcher.faults.texts[0]);
    };
    await Promise.all(Array.from({ length: JOIN_AT_ONCE }, joinInTurn));
    await crowd.untilAllHave(crowd.everybody);
    return crowd;
  }

  /** All of them. */
  get everybody(): Watcher[] {
    return [...this.healthy, ...this.stalling];
  }

  /** Has those stall who are to. */
  stall(): void {
    for (const { transport } of this.stalling) transport.stall();
  }

  /** Has those of them ask for more who do not read it. */
  askInVain(): void {
    for (const { transport } of this.stalling) transport.askInVain();
  }

  /** Has them go on. */
  goOn(): void {
    for (const { transport } of this.stalling) transport.goOn();
  }

  /** Sends groups of pictures, each once `watchers` have the one before; `eachTime` is called behind each of them. */
  async publish(
    groups: number,
    watchers: readonly Watcher[],
    eachTime: () => Promise<void> | void = () => undefined,
  ): Promise<void> {
    for (let group = 0; group < groups; group++) {
      this.publisher.sendGroup();
      await this.untilAllHave(watchers);
      await eachTime();
    }
  }

  /** Resolves once these have everything that was sent. */
  async untilAllHave(watchers: readonly Watcher[]): Promise<void> {
    await this.until(
      () => watchers.every(({ check }) => check.isComplete),
      'frame that was sent last',
      watchers,
    );
  }

  /** Resolves once `isTrue` holds. @throws Error with the first faults of `watchers` where it does not */
  async until(
    isTrue: () => boolean,
    what: string,
    watchers: readonly Watcher[] = this.everybody,
  ): Promise<void> {
    const deadlineMs = performance.now() + LIMIT_MS;
    while (!isTrue()) {
      if (performance.now() > deadlineMs || this.publisher.failure !== null) {
        const faults = watchers.flatMap(({ faults: { texts } }) => texts).slice(0, 5);
        throw new Error(`no ${what}: ${[this.publisher.failure, ...faults].join('; ')}`);
      }
      await sleep(LOOK_MS);
    }
  }

  /** The lines of ended sessions in the log, of these watchers. */
  endsOf(watchers: readonly Watcher[]): LogLine[] {
    const ports = new Set(watchers.map(({ localPort }) => localPort));
    return this.#gateway.lines.filter((line) => {
      return line.msg === 'session ended' && ports.has(Number(line['remotePort']));
    });
  }

  /** Faults of all of these together, by kind. */
  faultsOf(watchers: readonly Watcher[]): Record<string, number> {
    const sums: Record<string, number> = {};
    for (const { faults } of watchers) {
      for (const [kind, count] of Object.entries(faults.counts)) sums[kind] = (sums[kind] ?? 0) + count;
    }
    return sums;
  }

  /** What is wrong with these but for frames that are missing, the first of it in words. */
  textsOf(watchers: readonly Watcher[]): string {
    const texts = watchers.flatMap((watcher) => watcher.faults.texts);
    return texts
      .filter((text) => !text.startsWith(FaultKind.Lost))
      .slice(0, 5)
      .join('; ');
  }

  /** Messages that these lost. Asserts that each time they went on at a keyframe, all that is in force in front of it. */
  lostAtKeyframes(watchers: readonly Watcher[]): number {
    let lost = 0;
    for (const { name, jumps } of watchers) {
      for (const { lostMessages, ...place } of jumps) {
        assert.deepEqual(place, { isAtKeyframe: true, hasMetadata: true, headerTypes: [8, 9] }, name);
        lost += lostMessages;
      }
    }
    return lost;
  }

  /** Ends everybody's connection, and resolves when the log says so of all. */
  async leave(): Promise<void> {
    const { everybody } = this;
    for (const watcher of everybody) watcher.stop();
    await this.until(() => this.endsOf(everybody).length >= everybody.length, 'end of all sessions');
  }

  /** Asserts that these have everything that was sent, once and in order, byte by byte and at its time. */
  assertPerfect(watchers: readonly Watcher[]): void {
    const faulty = watchers.filter(({ faults }) => Object.keys(faults.counts).length > 0);
    const texts = faulty.flatMap(({ faults }) => faults.texts[0] ?? []);
    assert.deepEqual(texts.slice(0, 5), [], `${faulty.length} of ${watchers.length} are faulty`);
    const incomplete = watchers.filter(({ check }) => !check.isComplete);
    assert.equal(incomplete.length, 0, 'everybody has everything');
  }
}

function watchersOf(
  counts: CrowdCounts,
  part: string,
  address: Address,
  { sent }: PacedPublisher,
): Watcher[] {
  const kinds: readonly WatcherKind[] = ['socket', 'silent-tunnel', 'unread-tunnel'];
  return kinds.flatMap((kind) => {
    return Array.from({ length: counts[kind] ?? 0 }, (_, index) => {
      const name = `${part} ${kind} ${index}`;
      return Watcher.create({ kind, name, address, streamName: STREAM_NAME, sent });
    });
  });
}
