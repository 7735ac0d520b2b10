// A crowd of connections that say nothing, or too little, and stay until they are closed: in a process of its own, for so
// many would hold up whoever tests. Run as a program: `node silent-crowd.ts PORT COUNT [HEX]` opens so many connections
// to the loopback, has each say those bytes, and tells on stderr when all stand and when all were closed.

import { connect } from 'node:net';
import { type Cleaner, type RunningProgram, startProgram } from './programs.ts';

const LIMIT_MS = 60_000;
/** LIMIT: connections that are on their way at a time; more would only wait in the system's queue. */
const AT_ONCE = 500;

/** A crowd that was sent. */
export type SilentCrowd = {
  /** Resolves when all connections are open at the same time. */
  untilStanding(): Promise<void>;
  /** Resolves when the other end has closed all of them. */
  untilClosed(): Promise<void>;
};

/** Sends `count` connections to `port`, each of which says `words` and no more. */
export function sendSilentCrowd(
  cleaner: Cleaner,
  port: number,
  count: number,
  words: Uint8Array = new Uint8Array(0),
): SilentCrowd {
  const program: RunningProgram = startProgram(cleaner, {
    title: 'a silent crowd',
    command: process.execPath,
    args: [import.meta.filename, String(port), String(count), Buffer.from(words).toString('hex')],
    limitMs: LIMIT_MS,
  });
  return {
    untilStanding: () => program.waitForOutput(new RegExp(`^${count} stand$`, 'm'), LIMIT_MS),
    untilClosed: () => program.waitForOutput(new RegExp(`^${count} were closed$`, 'm'), LIMIT_MS),
  };
}

/** Opens the connections of a crowd. */
function stand(port: number, count: number, words: Uint8Array): void {
  let openedCount = 0;
  let standingCount = 0;
  let closedCount = 0;
  let isWhole = false;
  const open = (): void => {
    if (openedCount === count) return;
    openedCount++;
    const socket = connect({ port, host: '127.0.0.1' });
    socket.once('connect', () => {
      if (words.length > 0) socket.write(words);
      standingCount++;
      isWhole ||= standingCount === count;
      if (standingCount === count) process.stderr.write(`${count} stand\n`);
      open();
    });
    socket.on('error', (error) => {
      if (!isWhole) process.stderr.write(`${error.message}\n`);
    });
    socket.on('close', () => {
      standingCount--;
      closedCount++;
      if (closedCount === count) process.stderr.write(`${count} were closed\n`);
    });
    socket.resume();
  };
  for (let n = 0; n < AT_ONCE; n++) open();
}

if (import.meta.main) {
  const [port, count, hex = ''] = process.argv.slice(2);
  stand(Number(port), Number(count), Buffer.from(hex, 'hex'));
}
