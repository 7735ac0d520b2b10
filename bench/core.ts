// The work of the case `core`, in a process of its own. `check peer|alone` does every piece of work and says what there
// is and what was wrong; `time peer|alone ours|theirs NAME` times one piece on one side, so that nothing that ran
// before leaves its traces in heap and compiler. The answer is one JSON line on standard output.

import { amfWorks } from './core/amf-works.ts';
import { chunkWorks } from './core/chunk-works.ts';
import { handshakeWorks } from './core/handshake-works.ts';
import { NodeMediaServer } from './core/node-media-server.ts';
import type { CheckedWork, Work } from './core/work.ts';

function allWorks(withPeer: boolean): Work[] {
  const peer = withPeer ? new NodeMediaServer() : null;
  return [...chunkWorks(peer), ...amfWorks(peer), ...handshakeWorks(peer)];
}

function check(withPeer: boolean): CheckedWork[] {
  return allWorks(withPeer).map(({ name, wireBytes, target, theirs, findFaults }) => {
    return { name, wireBytes, target, hasTheirs: theirs !== null, faults: findFaults() };
  });
}

async function time(side: string, withPeer: boolean, name: string): Promise<number> {
  const work = allWorks(withPeer).find((candidate) => candidate.name === name);
  const call = side === 'theirs' ? work?.theirs : work?.ours;
  if (call === undefined || call === null) throw new Error(`no work "${name}" of ${side}`);
  // WHY: loaded here alone, so that a check needs no package.
  const { timeCallNs } = await import('./core/time-work.ts');
  return timeCallNs(call);
}

const [mode, company, side = '', name = ''] = process.argv.slice(2);
const hasPeer = company === 'peer';
const answer = mode === 'check' ? check(hasPeer) : await time(side, hasPeer, name);
process.stdout.write(`${JSON.stringify(answer)}\n`);
