// The flood: clients side by side, each of them doing one hostile thing after the other, from addresses of the loopback of
// which a few do most of it. The same seed gives each client the same deeds, but for the moment at which the flood is over.

import { openCrowd } from './hostile-crowd.ts';
import type { HostileKind } from './hostile-kinds.ts';
import { PLAIN_KINDS } from './hostile-kinds.ts';
import { HostileLane } from './hostile-lane.ts';
import { EndedSessions } from './hostile-scene.ts';
import { SESSION_KINDS } from './hostile-session-kinds.ts';
import type { HostileTally } from './hostile-tally.ts';
import { HostileTrickle } from './hostile-trickle.ts';
import type { Address } from './open-socket.ts';
import { SeededRandom } from './seeded-random.ts';

const LANES = 32;
const TRICKLES = 16;
/** Every second connection comes from one of the first few addresses, which also honest viewers have. */
const BUSY_SOURCES = 4;
const SOURCES = 200;
/** Addresses of the crowds. */
const CROWD_SOURCES = { shaken: 240, halfOpen: 241 } as const;
/** Of all requests, a crowd has at most one in so many. */
const CROWD_SHARE = 8;
/** A connection that nothing ends is given up after so many deeds, and its sessions with it. */
const DEEDS_OF_A_CONNECTION = 40;

const KINDS: readonly HostileKind[] = [...PLAIN_KINDS, ...SESSION_KINDS];
const WEIGHT = KINDS.reduce((sum, { weight }) => sum + weight, 0);
/** Weights are told in tenths. */
const FINENESS = 10;

/** What to flood, and how much. */
export type FloodOptions = {
  readonly host: string;
  readonly port: number;
  readonly seed: number;
  readonly requests: number;
  readonly tally: HostileTally;
};

/** Statuses with which sessions were refused that came in crowds; null where none was. */
export type CrowdRefusals = {
  readonly ofOneAddress: number | null;
  readonly withoutHandshake: number | null;
};

/** Sends all requests, and ends all connections. */
export async function flood(options: FloodOptions): Promise<CrowdRefusals> {
  const { tally, seed } = options;
  const ended = new EndedSessions();
  const from = (source: number): Address => addressFrom(options, source);
  const trickle = new HostileTrickle(
    Array.from({ length: TRICKLES }, (_, index) => from(1 + index)),
    tally,
  );
  const lanes = Array.from({ length: LANES }, async (_, index) => {
    const random = new SeededRandom(seed * LANES + index);
    const lane = new HostileLane(() => from(sourceOf(random)), tally);
    for (let deeds = 1; !tally.isSpent; deeds++) {
      const { name, run } = kindOf(random);
      const fault = (text: string): void => tally.fault(`${name}: ${text}`);
      await run({ random, ended, fault, drop: () => lane.drop(), fire: (shot) => lane.fire(name, shot) });
      if (deeds % DEEDS_OF_A_CONNECTION === 0) lane.drop();
    }
    lane.drop();
  });
  const refusals = await crowds(options, from);
  await Promise.all(lanes);
  trickle.stop();
  return refusals;
}

/** Both crowds, one after the other, and then neither. */
async function crowds(
  { requests, tally }: FloodOptions,
  from: (source: number) => Address,
): Promise<CrowdRefusals> {
  const mostRequests = Math.floor(requests / CROWD_SHARE);
  const shaken = new HostileLane(() => from(CROWD_SOURCES.shaken), tally);
  const halfOpen = new HostileLane(() => from(CROWD_SOURCES.halfOpen), tally);
  const ofOneAddress = await openCrowd(shaken, { shakesHands: true, mostRequests });
  shaken.drop();
  const withoutHandshake = await openCrowd(halfOpen, { shakesHands: false, mostRequests });
  halfOpen.drop();
  return { ofOneAddress, withoutHandshake };
}

function kindOf(random: SeededRandom): HostileKind {
  let left = random.below(Math.round(WEIGHT * FINENESS));
  const kind = KINDS.find(({ weight }) => {
    left -= weight * FINENESS;
    return left < 0;
  });
  return kind ?? random.oneOf(KINDS);
}

function sourceOf(random: SeededRandom): number {
  return random.oneIn(2) ? random.between(1, BUSY_SOURCES) : random.between(1, SOURCES);
}

function addressFrom({ host, port }: FloodOptions, source: number): Address {
  return { host, port, localAddress: `127.0.0.${source}` };
}
