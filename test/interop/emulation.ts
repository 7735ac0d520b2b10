// The emulated clients of test/support/clients beside the programs that they emulate: shown the same server, which does
// everything right but for one thing, both say the same, request for request and byte for byte.

import assert from 'node:assert/strict';
import type { Address } from '../support/clients/raw-http.ts';
import type { ScriptedRequest } from '../support/clients/scripted-server.ts';
import {
  type AnswerChange,
  changeOnly,
  PROPER_HEADER_LINES,
  type ProperAnswer,
  replyWith,
  startScriptedTunnel,
} from '../support/clients/scripted-tunnel.ts';
import type { PlayingClient } from '../support/clients/tunnel-client.ts';
import type { Cleaner, RunningProgram } from '../support/programs.ts';

/** A server's peculiarity, made anew for each client. */
export type Peculiarity = {
  readonly title: string;
  readonly sessionId?: string;
  readonly change: () => AnswerChange;
};

/** Makes peculiarities of one answer: that to the request of this verb with this index, from 0. */
export function onlyIn(base: AnswerChange) {
  return (verb: string, index: number, change: (proper: ProperAnswer) => Buffer) => (): AnswerChange => {
    const changed = changeOnly(verb, index, change);
    return (request, proper) => changed(request, proper) ?? base(request, proper);
  };
}

/** The proper body under another status line. */
export function withStatus(
  statusLine: string,
  headerLines = PROPER_HEADER_LINES,
): (proper: ProperAnswer) => Buffer {
  return ({ body }) => replyWith(statusLine, headerLines, body);
}

/** One request as text, without what differs from run to run: the port, the bytes of C1, the version of FFmpeg. */
function textOf({ requestLine, headerLines, body, path }: ScriptedRequest, port: number): string {
  const isC1 = /^\/send\/[^/]*\/0$/.test(path);
  const said = isC1 ? Buffer.concat([body.subarray(0, 1), body.subarray(5, 9)]) : body;
  const text = [requestLine, ...headerLines, body.length, said.toString('latin1')].join('\n');
  // A chunk may end in the middle of the port.
  const digits = new RegExp([...String(port)].join('\xc3?'), 'g');
  return text.replaceAll(digits, 'PORT').replaceAll(/Lavf[\d.]+/g, 'Lavf');
}

/** What is compared: the first so many requests, or all of them, to the end of the connections. */
type Extent = number | 'to the end';

/** The requests of something that talks to a server with this peculiarity, as text. */
async function saidTo(
  cleaner: Cleaner,
  { sessionId, change }: Peculiarity,
  extent: Extent,
  talk: (address: Address) => Promise<unknown>,
): Promise<string[]> {
  const server = await startScriptedTunnel(cleaner, change(), sessionId);
  await talk(server);
  if (extent === 'to the end') await server.connectionsOver();
  else await server.requestsReached(extent);
  const count = extent === 'to the end' ? server.requests.length : extent;
  return server.requests.slice(0, count).map((request) => textOf(request, server.port));
}

/** Asserts that a program says what its emulation says. */
export async function assertLike(
  cleaner: Cleaner,
  peculiarity: Peculiarity,
  extent: Extent,
  emulate: (address: Address) => Promise<unknown>,
  start: (url: string) => RunningProgram,
): Promise<void> {
  const emulated = await saidTo(cleaner, peculiarity, extent, emulate);
  const real = await saidTo(cleaner, peculiarity, extent, async ({ port }) => {
    const program = start(`rtmpt://127.0.0.1:${port}/app/s`);
    if (extent === 'to the end') await program.ended;
  });
  assert.deepEqual(emulated, real);
}

/** Plays until something breaks the player, before the server says that it plays or later. */
export async function playToTheEnd(player: PlayingClient): Promise<void> {
  const isPlaying = await player.play('app', 's').then(
    () => true,
    () => false,
  );
  if (isPlaying) await player.received.waitForFailure();
}
